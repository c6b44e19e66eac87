"""Matrix products of the engine use one thread of BLAS, and give the others back."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.engine import blas, primitives
from tinygrad_edu.engine.blas import multiplier, multiply, multiply_by_rows, one_thread, product


class Openblas:
    """Counts threads as OpenBLAS does, and how often the number was set."""

    def __init__(self) -> None:
        self.threads, self.calls = 4, 0

    def set(self, threads: int) -> None:
        self.threads, self.calls = threads, self.calls + 1


@pytest.fixture(name="openblas")
def _openblas(monkeypatch: pytest.MonkeyPatch) -> Iterator[Openblas]:
    fake = Openblas()
    monkeypatch.setattr(blas, "get_threads", lambda: fake.threads)
    monkeypatch.setattr(blas, "set_threads", fake.set)
    yield fake
    assert fake.threads == 4


@pytest.mark.parametrize(
    "shapes",
    [((3, 4), (4, 2)), ((80, 90), (90, 70)), ((2, 3, 4), (4, 5)), ((3, 4), (4,)), ((4,), (4, 3)), ((4,), (4,))],
)
def test_a_product_is_numpys(shapes: Any, openblas: Openblas) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=shape) for shape in shapes)
    assert np.allclose(product(x, y), x @ y, rtol=1e-14)
    z = product(tg.tensor(x, requires_grad=True), y)
    assert isinstance(z, tg.Tensor)
    assert z.requires_grad


@pytest.mark.parametrize("unpacked", [1, 2000, 10**6])
@pytest.mark.parametrize("leading", [(), (4,)])
@pytest.mark.parametrize("columns", [0, 1, 17, 32, 48, 96])
@pytest.mark.parametrize("rows", [0, 3, 40, 41])
def test_many_products_with_one_matrix_are_numpys(
    rows: int, columns: int, leading: tuple[int, ...], unpacked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blas, "UNPACKED", unpacked)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(rows, 5)), rng.normal(size=(*leading, columns, 5)).swapaxes(-1, -2)
    out = np.empty((*leading, rows, columns))
    multiplier(y, rows)(x, out)
    assert np.allclose(out, x @ y, rtol=1e-14)


@pytest.mark.parametrize("dtypes", ["ff", "dd", "fd", "ld"])
@pytest.mark.parametrize("columns", [64, 100, 128])
@pytest.mark.parametrize("rows", [255, 256, 257, 1000])
def test_products_of_many_rows_are_numpys(
    rows: int, columns: int, dtypes: str, openblas: Openblas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blas, "UNPACKED", 100_000)
    rng = np.random.default_rng(0)
    x, y = (rng.normal(0, 9, size).astype(dtype) for size, dtype in zip([(rows, 60), (60, columns)], dtypes))
    for a, b in ((x, y), (x, np.asfortranarray(y)), (np.asfortranarray(x), y)):
        found = product(a, b)
        assert found.dtype == (a @ b).dtype
        assert np.allclose(found, a @ b, rtol=1e-5 if dtypes == "ff" else 1e-12, atol=1e-3 if dtypes == "ff" else 0)


@pytest.mark.parametrize("unpacked", [500, 50_000, 10**6])
@pytest.mark.parametrize("leading", [(), (4,)])
@pytest.mark.parametrize(("rows", "columns"), [(3, 1), (3, 1021), (3, 8192), (70, 2048)])
def test_products_of_wide_matrices_are_numpys(
    rows: int, columns: int, leading: tuple[int, ...], unpacked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blas, "UNPACKED", unpacked)
    rng = np.random.default_rng(0)
    x, y, z = (rng.normal(size=(*leading, *size)) for size in ((rows, 5), (5, columns), (rows, columns)))
    out = np.empty((*leading, rows, columns))
    assert multiply(x, y, out) is out
    assert np.allclose(out, x @ y, rtol=1e-14)
    for a, b in ((z, y), (y, z)):
        sums = np.empty((a.shape[-2], b.shape[-2]))
        assert multiply_by_rows(a, b, sums) is sums
        assert np.allclose(sums, (a @ b.swapaxes(-1, -2)).reshape(-1, *sums.shape).sum(0), rtol=1e-11, atol=1e-11)


def test_a_product_of_middle_size_has_one_thread(openblas: Openblas, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.ones((64, 64))
    product(x, x)
    assert openblas.calls == 2
    product(x, x[:, :63])  # below SMALL
    monkeypatch.setattr(blas, "LARGE", 64**3 - 1)
    product(x, x)
    assert openblas.calls == 2


def test_after_an_error_the_threads_are_back(openblas: Openblas) -> None:
    with pytest.raises(ValueError, match="mismatch"):
        product(np.ones((64, 64)), np.ones((65, 64)))


def test_contexts_that_overlap_give_the_threads_back(openblas: Openblas) -> None:
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    assert openblas.threads == 1
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)


def test_threads_that_another_gives_back_meanwhile_stay(openblas: Openblas, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked_before_they_are_back() -> int:
        openblas.threads = 4
        return 1

    monkeypatch.setattr(blas, "get_threads", asked_before_they_are_back)
    with one_thread():
        pass


def in_a_process(program: str, threads: int) -> str:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads)}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    return ran.stdout


@pytest.mark.skipif(blas.thread_count()[0].__name__ == "<lambda>", reason="NumPy's BLAS is not OpenBLAS")
def test_openblas_has_its_threads_after_products_in_several_threads() -> None:
    program = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from tinygrad_edu.engine import blas

x = np.ones((70, 70))
before = blas.get_threads()
with blas.one_thread():
    inside = blas.get_threads()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(lambda _: blas.product(x, x), range(2000)))
print(before, inside, blas.get_threads())
"""
    before, inside, after = map(int, in_a_process(program, threads=2).split())
    assert before == after
    assert inside == 1


TRAINING = """
import numpy as np, tinygrad_edu as tg
from tinygrad_edu import models, nn, optim

tg.manual_seed(0)
digits = tg.data.Digits(size=28)
for model in (models.mlp(), models.lenet(), models.rnn()):
    loader = tg.data.DataLoader(tg.data.Subset(digits, range(256)), batch_size=128)
    history = tg.train.fit(model, loader, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), 1)
    print(history.steps, [float(p.data.sum()) for p in model.parameters()])
"""


@pytest.mark.slow
def test_a_training_gives_the_same_numbers_on_any_number_of_cores() -> None:
    assert in_a_process(TRAINING, threads=1) == in_a_process(TRAINING, threads=2)


def test_the_fused_rows_multiply_by_product_alone() -> None:
    for name in (
        "attention", "channel_statistics", "convolution", "fused", "normalization", "pooling", "recurrent",
        "row_by_row", "row_statistics",
    ):  # fmt: skip
        source = Path(str(primitives.__file__)).with_name(f"{name}.py").read_text(encoding="utf-8")
        found = [
            ast.unparse(node)
            for node in ast.walk(ast.parse(source))
            if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
            or (isinstance(node, ast.Attribute) and node.attr in ("dot", "matmul", "einsum", "tensordot"))
        ]
        assert set(found) <= {
            "np.matmul",  # of a convolution, which writes to a part of its result, in a context of one thread
            "np.einsum",  # in C, without BLAS
        }


@pytest.mark.parametrize("function", [tg.inv, tg.det, tg.slogdet, tg.cholesky, tg.eigh, tg.svd, tg.pinv, tg.solve])
def test_decompositions_and_their_gradients_have_one_thread(
    function: Any, openblas: Openblas, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def watch(name: str, theirs: Any) -> None:
        def watched(*args: Any, **kwargs: Any) -> Any:
            found.append(openblas.threads)
            return theirs(*args, **kwargs)

        monkeypatch.setattr(np.linalg, name, watched)

    for name in ("inv", "det", "slogdet", "cholesky", "eigh", "svd", "pinv", "solve"):
        watch(name, getattr(np.linalg, name))
    x = tg.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
    out = function(x, x) if function is tg.solve else function(x)
    out = out if isinstance(out, tg.Tensor) else out[-1]
    assert openblas.calls
    asked = openblas.calls
    out.sum().backward()
    assert openblas.calls > asked, "its rule multiplies on all threads"
    assert set(found) == {1}
