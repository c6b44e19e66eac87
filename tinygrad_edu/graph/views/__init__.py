"""Views of a plain graph: clusters closed, repetitions folded, nodes paired with their gradients, or totals."""
