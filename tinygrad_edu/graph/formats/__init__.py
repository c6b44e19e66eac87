"""A drawing as a file: a page in HTML, DOT, Mermaid, JSON, PNG and PDF, and the table of these formats."""
