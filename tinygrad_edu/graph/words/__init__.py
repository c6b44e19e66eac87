"""A graph in words and formulas: the expression, the printed derivative, the worked example."""
