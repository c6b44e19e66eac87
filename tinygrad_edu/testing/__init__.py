"""Strategies and checks for your own tests of derivatives; the project's tests use them too. Needs hypothesis.

>>> from hypothesis import given, settings
>>> from tinygrad_edu.testing import arrays, assert_gradients, shapes
>>> @settings(max_examples=5)
... @given(arrays(shapes(min_side=1)))
... def test_my_activation(x):
...     assert_gradients(lambda x: x * x.sigmoid(), x)
>>> test_my_activation()
"""

from importlib import import_module

try:
    import_module("hypothesis")
except ImportError:
    raise ImportError("tinygrad_edu.testing needs hypothesis: pip install hypothesis") from None

from .gradients import assert_gradients
from .program import Line, Program, programs
from .strategies import Layout, arrays, axes, broadcastable_shapes, indices, layouts, numbers, shapes, window

__all__ = [
    "Layout", "Line", "Program", "arrays", "assert_gradients", "axes", "broadcastable_shapes", "indices", "layouts",
    "numbers", "programs", "shapes", "window",
]  # fmt: skip
