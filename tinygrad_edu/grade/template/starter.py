"""What students begin with. It must score nothing."""


def mul_backward(upstream, x, y):
    """The gradients of x and y, for out = x * y, given the gradient of out."""
    raise NotImplementedError
