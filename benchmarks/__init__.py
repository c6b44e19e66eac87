"""Benchmarks of the project beside hand-written code and beside its peers. Run `python -m benchmarks`.

Everything runs on one thread: these variables must be set before NumPy is imported, so they are set here.
"""

import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_variable] = "1"
