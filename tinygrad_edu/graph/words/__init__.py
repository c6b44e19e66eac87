"""A graph in words and formulas: its expression, its printed derivatives, and the chain rule with numbers."""
