"""How the tests run here: in one thread each, the slow ones first; hypothesis with the same examples every time."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# Before NumPy is imported. The threads of several workers would wait for each other: that takes ten times as long.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

settings.register_profile(
    "project",
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("wide", settings.get_profile("project"), max_examples=20)  # CI
settings.register_profile("thorough", settings.get_profile("project"), max_examples=500, derandomize=False)
settings.load_profile("project")  # another: pytest --hypothesis-profile=thorough


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that no worker is left with one at the end while the others wait."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What was imported and collected stays, and the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
