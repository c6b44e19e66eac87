"""The garbage collector is as it was before, whatever happened."""

from __future__ import annotations

import gc

import pytest

from tinygrad_edu._support.collector import uncollected


def test_the_collector_goes_on_after_an_error_and_stays_off_where_it_was() -> None:
    with pytest.raises(ValueError, match=r"^inside$"), uncollected():
        raise ValueError("inside")
    assert gc.isenabled()
    with uncollected(), uncollected():
        pass
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
