"""Matrices at which a formula could fail: singular ones, and equal eigenvalues; and what must hold for all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing import assert_gradients

SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, -1.0]])


@pytest.mark.parametrize("x", [SINGULAR, np.ones((3, 3)), np.zeros((2, 2)), np.zeros((1, 1))])
def test_the_derivative_of_a_determinant_of_0_is_right(x: np.ndarray) -> None:
    assert_gradients(tg.det, x, order=1)


def test_the_derivative_of_a_determinant_with_nan_is_refused_in_its_name() -> None:
    with np.errstate(invalid="ignore"), pytest.raises(tg.ShapeError, match=r"det: .* not finite"):
        tg.grad(tg.det)(np.full((2, 2), np.nan))


def test_equal_eigenvalues_do_not_harm_functions_of_eigenvalues_alone() -> None:
    x = np.eye(3) * 2.0
    assert np.array_equal(tg.grad(lambda x: tg.eigvalsh(x).sum())(x), np.eye(3))
    np.testing.assert_allclose(tg.grad(lambda x: tg.log(tg.svdvals(x)).sum())(x), np.eye(3) / 2, atol=1e-15)
    np.testing.assert_allclose(tg.grad(lambda x: np.linalg.norm(x, "nuc"))(x), np.eye(3), atol=1e-15)


def test_how_vectors_of_equal_eigenvalues_turn_is_not_a_number() -> None:
    with np.errstate(all="ignore"):
        slopes: Any = tg.grad(lambda x: tg.eigh(x).eigenvectors[0, 1])(np.eye(2) * 2.0)
    assert not np.isfinite(slopes).all()


def test_parts_of_a_decomposition_make_the_matrix_again() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 3))
    u, s, vh = tg.svd(x, full_matrices=False)
    np.testing.assert_allclose((u * s[:, None, :]) @ vh, x, atol=1e-12)

    def again(x: Any) -> Any:
        u, s, vh = tg.svd(x, full_matrices=False)
        return (u * tg.expand_dims(s, -2)) @ vh

    assert_gradients(again, x)  # the identity, whose second derivative is 0


def test_a_gaussian_process_by_cholesky_and_by_solve_is_one() -> None:
    """log N(y; 0, K) with K of a length scale: both ways to compute it, and the derivative by the length."""
    x, y = np.linspace(0, 1, 5), np.array([0.1, 0.4, -0.2, 0.3, 0.9])
    squares = (x[:, None] - x) ** 2

    def by_solve(length: Any) -> Any:
        k = tg.exp(-squares / length**2) + 0.1 * np.eye(5)
        return -0.5 * y @ tg.solve(k, y) - 0.5 * np.linalg.slogdet(k)[1]

    def by_cholesky(length: Any) -> Any:
        low = tg.cholesky(tg.exp(-squares / length**2) + 0.1 * np.eye(5))
        return -0.5 * tg.sum(tg.solve(low, y) ** 2) - tg.sum(tg.log(tg.diag(low)))

    by_length: list[Any] = [tg.grad(by_solve), tg.grad(by_cholesky), tg.hessian(by_solve), tg.hessian(by_cholesky)]
    first, same_first, second, same_second = (float(f(0.7)) for f in by_length)
    assert float(by_solve(0.7)) == pytest.approx(float(by_cholesky(0.7)), rel=1e-10)
    assert (first, second) == pytest.approx((same_first, same_second), rel=1e-8)


def test_einsum_sums_the_axes_under_an_ellipsis_that_the_result_leaves_out() -> None:
    x, y = np.arange(12.0).reshape(2, 2, 3), np.array([1.0, 3.0])
    out, pull = tg.vjp(lambda x, y: tg.einsum("...ij,i->j", x, y), x, y)
    np.testing.assert_array_equal(out, np.einsum("kij,i->j", x, y))
    for found, expected in zip(pull(np.ones(3)), [np.broadcast_to(y[:, None], (2, 2, 3)), x.sum((0, 2))]):
        np.testing.assert_array_equal(found, expected)


def test_einsum_takes_lists_of_axes_and_stretches_axes_of_one() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.array([[2.0], [3.0]])
    calls: list[Any] = [
        lambda x, y: np.einsum(x, [0, 1], y, [0, 1]),
        lambda x, y: np.einsum(x, [..., 1], y, [..., 1], [1, ...]),
        lambda x, y: np.einsum("ij,ij->i", x, y),
        lambda x, y: np.einsum("...j,...j", x, y, optimize=True),
        lambda x, y: np.einsum("ij,ik", x, y),
    ]
    for call in calls:
        assert np.array_equal(call(tg.tensor(x), y).data, call(x, y))
        assert_gradients(call, x, y)


def test_numbers_are_read_and_filled_in_by_columns() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    for shape in (24, (4, -1), [6, 4], (3, 2, 4)):
        assert np.array_equal(np.reshape(tg.tensor(x), shape, order="F").data, np.reshape(x, shape, order="F"))


@pytest.mark.parametrize("uplo", ["L", "U"])
@pytest.mark.parametrize("of_matrix", [lambda w, v: w @ np.arange(3.0), lambda w, v: (v[0] ** 2) @ np.arange(3.0)])
def test_the_gradient_of_eigh_is_that_of_both_triangles_together(uplo: str, of_matrix: Any) -> None:
    a = np.array([[2.0, 0.3, -0.5], [0.7, 1.0, 0.4], [-0.2, 0.6, 3.5]])
    triangle = np.tril(a) if uplo == "L" else np.triu(a)
    symmetric = triangle + triangle.T - np.diag(np.diag(a))
    slope = tg.grad(lambda x: of_matrix(*tg.eigh(x, uplo)))
    np.testing.assert_allclose(slope(a), slope(symmetric), rtol=1e-12)
    step = np.array([[1.0, 0.5, -1.0], [0.5, 2.0, 0.25], [-1.0, 0.25, -0.5]]) * 1e-6
    rise = of_matrix(*np.linalg.eigh(symmetric + step)) - of_matrix(*np.linalg.eigh(symmetric - step))
    assert np.sum(slope(a) * step) * 2 == pytest.approx(rise, rel=1e-5)


@pytest.mark.parametrize("n", [0, 1, 5, -2])
def test_powers_of_a_stack_of_stacks(n: int) -> None:
    x = np.eye(3) * 2 + 0.1 * np.arange(72.0).reshape(2, 4, 3, 3) % 0.7
    np.testing.assert_allclose(tg.matrix_power(tg.tensor(x), n).data, np.linalg.matrix_power(x, n))
    assert tg.matrix_power(np.array([[1, 2], [3, 4]]), n).dtype == np.float64
