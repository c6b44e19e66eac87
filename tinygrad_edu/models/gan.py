"""A generative adversarial network: one network makes examples of noise, another tells them from real ones.

I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, "Generative
adversarial nets" (2014).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any, Literal, get_args

from .. import nn
from ..engine.creation import randn
from ..engine.messages import one_of
from ..engine.primitives.arithmetic import negative
from ..engine.primitives.elementwise import softplus
from ..engine.primitives.reductions import mean
from ..engine.primitives.shape import stack
from ..errors import OutOfRangeError

__all__ = ["GAN", "discriminator_loss", "gan", "generator_loss"]

Kind = Literal["non-saturating", "minimax"]


def discriminator_loss(real: Any, fake: Any) -> Any:
    """The mean of -log D(x) plus that of -log(1 - D(G(z))), from the logits of D: equation 1 of the paper, negated.

    It is 2 log 2 for a discriminator that always says "one half".

    >>> import tinygrad_edu as tg
    >>> round(discriminator_loss(tg.zeros(3), tg.zeros(4)).item(), 4)
    1.3863
    """
    return mean(softplus(negative(real))) + mean(softplus(fake))


def generator_loss(fake: Any, kind: Kind = "non-saturating") -> Any:
    """What the generator minimises, from the logits of D on its examples.

    "minimax" is the mean of log(1 - D(G(z))), which the discriminator maximises. Where D is sure of itself the slope is
    nearly 0, and the generator learns nothing. "non-saturating" is the mean of -log D(G(z)), whose slope is large
    just there; section 3 of the paper. Raises `OutOfRangeError` for another kind.

    >>> import tinygrad_edu as tg
    >>> logits = tg.tensor([-6.0], requires_grad=True)
    >>> [round(tg.gradients(generator_loss(logits, kind), [logits])[0].item(), 4) for kind in get_args(Kind)]
    [-0.9975, -0.0025]
    """
    one_of(get_args(Kind), "generator_loss", OutOfRangeError, kind=kind)
    return mean(softplus(negative(fake))) if kind == "non-saturating" else -mean(softplus(fake))


class GAN(nn.Module):
    """A generator, noise (N, latent) → examples (N, *shape), and a discriminator, examples → logits (N,).

    Both have two hidden layers: the generator with batch norm and ReLU, the discriminator with leaky ReLU and dropout.
    The examples lie between 0 and 1 where `image` is true, and anywhere where it is not. A. Radford, L. Metz, S.
    Chintala, "Unsupervised representation learning with deep convolutional generative adversarial networks" (2016).

    >>> gan = GAN((1, 8, 8), latent=16)
    >>> fake = gan.generate(5)
    >>> fake.shape, gan.discriminator(fake).shape
    ((5, 1, 8, 8), (5,))
    """

    def __init__(
        self, shape: Iterable[int] = (1, 8, 8), latent: int = 16, hidden: int = 128, image: bool = True
    ) -> None:
        self.shape, self.latent = tuple(shape), latent
        end = [nn.Sigmoid()] if image else []
        self.generator = nn.Sequential(
            nn.Linear(latent, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, prod(self.shape)),
            *end,
            nn.Unflatten(1, self.shape),
        )
        self.discriminator = nn.Sequential(
            nn.Flatten(),
            nn.Linear(prod(self.shape), hidden),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(hidden, 1),
            nn.Flatten(0),
        )

    def generate(self, n: int, seed: Any = None) -> Any:
        """Examples (n, *shape) made of standard normal noise."""
        return self.generator(randn(n, self.latent, seed=seed))

    def forward(self, examples: Any) -> Any:
        """The logits (N, 2) of the discriminator: of these examples, and of as many from the generator, detached."""
        fake = self.generate(len(examples)).detach()
        return stack([self.discriminator(examples), self.discriminator(fake)], axis=1)

    def step(self, real: Any, optimizers: tuple[Any, Any], kind: Kind = "non-saturating") -> tuple[float, float]:
        """One step of each network, first of the discriminator; gives their losses.

        `optimizers` are that of the generator's parameters and that of the discriminator's.
        """
        of_generator, of_discriminator = optimizers
        fake = self.generate(len(real))
        judged = discriminator_loss(self.discriminator(real), self.discriminator(fake.detach()))
        of_discriminator.zero_grad()
        judged.backward()
        of_discriminator.step()
        made = generator_loss(self.discriminator(fake), kind)
        of_generator.zero_grad()
        made.backward()
        of_generator.step()
        return judged.item(), made.item()


def gan(shape: Iterable[int] = (1, 8, 8), latent: int = 16, hidden: int = 128, image: bool = True) -> GAN:
    """A new `GAN`."""
    return GAN(shape, latent, hidden, image)
