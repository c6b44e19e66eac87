"""How the tests run here: in one thread each; hypothesis with the same examples every time, for a few minutes."""

import os

from hypothesis import HealthCheck, settings

# Before NumPy is imported. The threads of several workers would wait for each other: that takes ten times as long.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

settings.register_profile(
    "project",
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("thorough", settings.get_profile("project"), max_examples=500, derandomize=False)
settings.load_profile("project")  # another: pytest --hypothesis-profile=thorough
