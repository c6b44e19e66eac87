"""The losses of the two networks are those of the paper, and each step moves one network alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import data, models, optim
from tinygrad_edu.errors import OutOfRangeError

LOGITS = st.lists(st.floats(-9, 9), min_size=1, max_size=5)


@given(real=LOGITS, fake=LOGITS)
def test_the_losses_are_the_logarithms_of_the_paper(real: list[float], fake: list[float]) -> None:
    of_real, of_fake = (1 / (1 + np.exp(-np.array(x))) for x in (real, fake))
    at_real, at_fake = tg.tensor(np.array(real)), tg.tensor(np.array(fake))
    expected = -np.log(of_real).mean() - np.log(1 - of_fake).mean()
    assert models.discriminator_loss(at_real, at_fake).item() == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert models.generator_loss(at_fake).item() == pytest.approx(-np.log(of_fake).mean(), rel=1e-6, abs=1e-9)
    minimax = models.generator_loss(at_fake, "minimax").item()
    assert minimax == pytest.approx(np.log(1 - of_fake).mean(), rel=1e-6, abs=1e-9)


def test_both_losses_stay_finite_where_the_discriminator_is_certain() -> None:
    logits = tg.tensor([-800.0, 800.0], requires_grad=True)
    for loss in (
        models.discriminator_loss(logits, logits),
        models.generator_loss(logits),
        models.generator_loss(logits, "minimax"),
    ):
        assert np.isfinite(loss.item())
        assert np.isfinite(tg.gradients(loss, [logits])[0]).all()


def test_another_kind_of_loss_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="kind is 'non-saturating' or 'minimax', not 'wasserstein'"):
        models.generator_loss(tg.zeros(2), "wasserstein")  # type: ignore[arg-type]


def test_the_discriminators_loss_gives_the_generator_no_gradient() -> None:
    gan = models.gan((3,), latent=2, hidden=5, image=False)
    logits = gan(tg.randn(4, 3))
    assert logits.shape == (4, 2)
    models.discriminator_loss(logits[:, 0], logits[:, 1]).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    assert all(p.grad is not None for p in gan.discriminator.parameters())


@pytest.mark.parametrize("kind", ["non-saturating", "minimax"])
def test_each_optimiser_moves_its_network(kind: Any) -> None:
    tg.manual_seed(0)
    gan = models.gan((3,), latent=2, hidden=5, image=False)
    still = optim.SGD(gan.generator.parameters(), lr=1e-30), optim.SGD(gan.discriminator.parameters(), lr=0.1)
    before = {name: p.data.copy() for name, p in gan.named_parameters()}
    gan.step(tg.randn(6, 3), still, kind)
    moved = {name for name, p in gan.named_parameters() if not np.allclose(p.data, before[name], atol=1e-20)}
    assert moved
    assert all(name.startswith("discriminator.") for name in moved)


def test_it_learns_where_the_real_points_are() -> None:
    tg.manual_seed(0)
    gan = models.gan((2,), latent=2, hidden=16, image=False)
    of_generator, of_discriminator = (
        optim.Adam(part.parameters(), lr=0.01, betas=(0.5, 0.999)) for part in (gan.generator, gan.discriminator)
    )
    rng = np.random.default_rng(0)
    for _ in range(150):
        gan.step(tg.tensor(rng.normal([3, -2], 0.3, size=(32, 2)).astype(np.float32)), (of_generator, of_discriminator))
    gan.eval()
    with tg.no_grad():
        made = gan.generate(200, seed=1).data
    np.testing.assert_allclose(made.mean(axis=0), [3, -2], atol=0.5)


def test_images_lie_between_paper_and_ink() -> None:
    made = models.gan().generate(3, seed=0).data
    assert made.shape == (3, *data.Digits().images.shape[1:])
    assert ((made > 0) & (made < 1)).all()
