"""A drawing as a file: JSON, DOT, Mermaid, a page in HTML, PNG and PDF; one table says which there are."""
