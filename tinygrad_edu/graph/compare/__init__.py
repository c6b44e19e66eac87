"""What differs between two graphs."""
