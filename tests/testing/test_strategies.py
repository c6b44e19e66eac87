"""The strategies give what they say, and all of what they say."""

from __future__ import annotations

import subprocess
import sys
from math import inf, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu.testing import arrays, axes, broadcastable_shapes, indices, layouts, numbers, shapes, window

ANY_SIZE = settings(max_examples=3000, phases=[Phase.generate])
"""To find an example, not the smallest one, which takes many more."""


@given(shapes(1, 3, 0, 5))
def test_shapes_keep_their_bounds(shape: tuple[int, ...]) -> None:
    assert 1 <= len(shape) <= 3
    assert all(0 <= size <= 5 for size in shape)


@given(broadcastable_shapes(3))
def test_broadcastable_shapes_broadcast(drawn: tuple[tuple[int, ...], ...]) -> None:
    assert len(drawn) == 3
    np.broadcast_shapes(*drawn)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda a, b: a == b and len(a) == 2,
        lambda a, b: len(a) > len(b) > 0,
        lambda a, b: any(n == 1 < m for n, m in zip(a, b)),
        lambda a, b: any(n == 1 == k and m > 1 < j for n, m, k, j in zip(a, b, b[1:], a[1:])),
        lambda a, b: 0 in a and 1 in b,
    ],
)
def test_broadcasting_of_every_sort_occurs(wanted: Any) -> None:
    find(broadcastable_shapes(2), lambda pair: wanted(*pair), settings=ANY_SIZE)


@given(st.data())
def test_axes_are_axes(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    np.zeros(shape).sum(axis=data.draw(axes(shape)))


@pytest.mark.parametrize("wanted", [None, 1, -3, (), (2, 0), (-1, 0)])
def test_axes_of_every_sort_occur(wanted: Any) -> None:
    assert find(axes((2, 3, 4)), lambda axis: axis == wanted, settings=ANY_SIZE) == wanted


@given(st.data())
def test_indices_are_indices(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    index = data.draw(indices(shape))
    assert isinstance(np.zeros(shape)[index], (np.ndarray, float))


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda p: isinstance(p, slice) and p.step not in (None, 1),
        lambda p: isinstance(p, int) and p < 0,
        lambda p: p is None,
        lambda p: p is Ellipsis,
        lambda p: isinstance(p, np.ndarray) and p.dtype == bool and p.ndim == 1,
        lambda p: isinstance(p, np.ndarray) and p.dtype == bool and p.ndim == 2,
        lambda p: isinstance(p, np.ndarray) and p.dtype == int and len(set((p % 3).ravel())) < p.size,
        lambda p: isinstance(p, np.ndarray) and p.dtype == int and p.ndim == 2,
    ],
)
def test_indices_of_every_sort_occur(wanted: Any) -> None:
    find(indices((4, 3)), lambda index: any(wanted(p) for p in _parts(index)), settings=ANY_SIZE)


@pytest.mark.parametrize("domain", [(-inf, inf), (0, inf), (-inf, 2), (-1, 1), tg.log1p, tg.tan])
def test_arrays_stay_inside_a_domain(domain: Any) -> None:
    low, high = window(domain)
    bounds = domain.domain if hasattr(domain, "domain") else domain
    assert bounds[0] < low < high < bounds[1]
    assert high - low <= 6

    @given(arrays((3, 2), domain=domain))
    def check(x: Any) -> None:
        assert x.shape == (3, 2)
        assert ((low <= x) & (x <= high)).all()

    check()


@given(arrays(shapes(), domain=(-1, 1), avoid=[0.0, 0.5]), st.sampled_from([0.0, 0.5]))
def test_arrays_keep_away_from_points(x: Any, point: float) -> None:
    assert (np.abs(x - point) > 0.01).all()


@given(arrays(shapes(), avoid=[0.0], distinct=True))
def test_distinct_numbers_are_well_apart(x: Any) -> None:
    gaps = np.diff(np.sort(x.ravel()))
    assert (gaps > 2.0 / max(x.size, 1)).all()


@given(arrays((2,), dtype="float32"), numbers())
def test_dtypes(x: Any, number: Any) -> None:
    assert x.dtype == np.float32
    assert type(number) is float


@given(st.data())
def test_layouts_are_views_of_the_shape(data: st.DataObject) -> None:
    shape = data.draw(shapes())
    layout = data.draw(layouts(shape))
    base = np.arange(float(prod(layout.base_shape))).reshape(layout.base_shape)
    seen = layout.view(base)
    assert seen.shape == shape
    assert not seen.size or np.shares_memory(seen, base)
    assert np.array_equal(layout.view(tg.tensor(base, requires_grad=True)).data, seen)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda x: x.flags.c_contiguous,
        lambda x: x.flags.f_contiguous and not x.flags.c_contiguous,
        lambda x: min(x.strides) < 0,
        lambda x: 0 in x.strides,
        lambda x: min(x.strides) > x.itemsize,
        lambda x: not x.flags.c_contiguous and not x.flags.f_contiguous and min(x.strides) == x.itemsize,
    ],
)
def test_layouts_of_every_sort_occur(wanted: Any) -> None:
    find(layouts((2, 3, 4)), lambda layout: wanted(layout.view(np.zeros(layout.base_shape))), settings=ANY_SIZE)


def test_without_hypothesis_one_line_says_how_to_get_it() -> None:
    program = "import sys; sys.modules['hypothesis'] = None; import tinygrad_edu as tg; tg.Value(1.0); tg.testing"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == "ImportError: tinygrad_edu.testing needs hypothesis: pip install hypothesis"


def test_the_engine_alone_does_not_import_hypothesis() -> None:
    program = "import tinygrad_edu, sys; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
