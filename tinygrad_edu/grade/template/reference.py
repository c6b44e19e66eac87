"""Your own solution. It must score everything."""


def mul_backward(upstream, x, y):
    """The gradients of x and y, for out = x * y, given the gradient of out."""
    return upstream * y, upstream * x
