"""The differences between two graphs: matching, and what is left over."""
