# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 19. Two networks against each other
#
# So far a network learned to answer. Now it shall *make* something: points, or handwritten digits that
# nobody wrote. There is no right answer to compare with. So a second network judges, and the two train
# each other: a *generative adversarial network*, GAN. In this lesson you build both, find out where the
# gradient must stop, see how such a pair fails, and make digits out of noise.
#
# You need logits and the cross-entropy for two classes from [lesson 6](06_multilayer_perceptron.py), and
# Adam and batch normalisation from [lesson 8](08_keeping_numbers_alive.py).
#
# It takes about 60 minutes with the exercises, and is of medium difficulty: the code is short, the
# behaviour is not simple.
#
# ## A question first
#
# The *discriminator* $D$ says how likely it is that an example is real, a number between 0 and 1. Its
# loss is $-\log D(x)$ for a real example $x$, plus $-\log(1 - D(y))$ for one, $y$, that was made by the
# *generator*.
#
# 1. A discriminator says 1/2 to everything. What is its loss?
# 2. The generator is new, and $D$ sees through it: $D(y) = 0.001$. Two losses are proposed for the
#    generator, $\log(1 - D(y))$ and $-\log D(y)$; both become smaller as $D(y)$ grows. Which has the
#    larger slope now?
# 3. When the discriminator learns, should the generator get a gradient as well?
#
# Write your answers down.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn, optim, plots

# %% [markdown]
# ## A game of two
#
# The generator $G$ takes *noise* $z$, a vector of random numbers, and makes an example $G(z)$ of it. It
# never sees the real data. All that it learns comes through the discriminator, which compares:
#
# $$ L_D = -\frac{1}{n} \sum_i \log D(x_i) - \frac{1}{n} \sum_i \log\left(1 - D(G(z_i))\right) $$
#
# That is the cross-entropy of a classifier of two classes, real and made. $D$ makes it small, and $G$
# wants it to be large.
#
# First with single numbers. The real number is 3. The generator is a line, $G(z) = a z + b$, the
# discriminator a line and a sigmoid, $D(x) = \sigma(w x + v)$.


# %%
def softplus(x):
    """log(1 + e^x): −log σ(x) is softplus(−x), and −log(1 − σ(x)) is softplus(x)."""
    return tg.softplus(x)


a, b = tg.Value(1.0, name="a"), tg.Value(0.0, name="b")
w, v = tg.Value(0.5, name="w"), tg.Value(-1.0, name="v")
z, x = 0.4, 3.0

fake = a * z + b
fake.name = "fake"
loss_d = softplus(-(w * x + v)) + softplus(w * fake + v)
loss_d.name = "L_D"
tg.draw(loss_d)

# %% [markdown]
# The picture shows the mistake before it happens: the gradient of the discriminator's loss flows on,
# through $G(z)$, which is `fake`, to $a$ and $b$. If an optimiser moved these along it, the generator
# would help to be found out. Here the gradient must stop. `detach()` gives the same number, without its
# history.

# %%
loss_d = softplus(-(w * x + v)) + softplus(w * fake.detach() + v)
loss_d.name = "L_D"
tg.draw(loss_d)

# %%
loss_d.backward()
assert a.grad == b.grad == 0  # nothing came here
print(f"w receives {w.grad:.3f}, v receives {v.grad:.3f}")

# %% [markdown]
# That answers question 3: no. The generator has a step of its own. There the gradient must go *through*
# the discriminator, because this is how the generator learns what would convince it; but only $a$ and
# $b$ are moved. Play it from the end to the beginning.

# %%
loss_g = softplus(-(w * fake + v))
loss_g.name = "L_G"
tg.steps(loss_g)

# %%
loss_g.backward()
print(f"a receives {a.grad:.3f}, b receives {b.grad:.3f}")
assert a.grad < 0
assert b.grad < 0

# %% [markdown]
# Both are negative, so a step of gradient descent makes $a$ and $b$ larger, and $G(z)$ moves from 0.4
# towards the real 3. The generator has never seen the 3.
#
# Each network has an optimiser of its own, which knows its parameters alone. So whatever else has got a
# gradient on the way stays where it is.
#
# ## What the best discriminator says
#
# At some place $x$, let real examples have the density $p$ and made ones $q$. The part of the loss that
# belongs to this place is $-p \log d - q \log(1 - d)$, where $d$ is the answer there. Its derivative,
# $-p/d + q/(1-d)$, is 0 at
#
# $$ d = \frac{p}{p + q} $$

# %%
p, q = 0.6, 0.2
answers = np.linspace(0.001, 0.999, 999)
best = answers[np.argmin(-p * np.log(answers) - q * np.log(1 - answers))]
assert np.isclose(best, p / (p + q), atol=1e-3)

# %% [markdown]
# If the generator is perfect, $p = q$ everywhere, and the best answer is 1/2. Then the loss is
# $-\log \frac12 - \log \frac12 = 2 \log 2 \approx 1.386$. That is question 1, and a number to look for:
# a loss near it says that the discriminator cannot tell.

# %% tags=["hide-cell"]
assert np.isclose(models.discriminator_loss(tg.zeros(4), tg.zeros(4)).item(), 2 * np.log(2))
assert round(2 * np.log(2), 3) == 1.386

# %% [markdown]
# ## Two losses for the generator
#
# The game as it was written first, *minimax*, has one loss: $G$ makes $\log(1 - D(G(z)))$ small. The
# other is the *non-saturating* one, $-\log D(G(z))$. Both pull in the same direction. But look at their
# slopes, by the logit $l$ of the discriminator, where $D = \sigma(l)$.

# %%
logits = np.linspace(-8, 4, 121)
slopes = {}
for kind in ("minimax", "non-saturating"):
    of_d = tg.tensor(logits, requires_grad=True)
    loss = models.generator_loss(of_d, kind) * len(logits)  # the sum, not the mean
    slopes[kind] = tg.gradients(loss, [of_d])[0]
plots.lines(
    {kind: (logits, slope) for kind, slope in slopes.items()},
    xlabel="logit of D for what was made",
    ylabel="slope of the generator's loss",
)

# %% [markdown]
# On the left, where the discriminator is sure that it sees a fake, the slope of the first is nearly 0:
# the generator learns nothing just when it has most to learn. The second has the slope −1 there. For
# question 2, at $D = 0.001$ they are $-0.001$ and $-0.999$.

# %%
logit = tg.Value(np.log(0.001 / 0.999))
both = -tg.softplus(logit), tg.softplus(-logit)
minimax_slope, other_slope = (tg.gradients(loss, [logit])[0] for loss in both)
assert np.isclose(minimax_slope, -0.001)
assert np.isclose(other_slope, -0.999)
assert np.allclose(slopes["minimax"] - slopes["non-saturating"], 1 - 2 / (1 + np.exp(-logits)))

# %% [markdown]
# ## Points on a ring
#
# The real data are eight clouds of points on a circle. A network of two hidden layers shall make such
# points from noise in two dimensions, another shall judge.

# %%
CENTRES = np.array([[np.cos(t), np.sin(t)] for t in 2 * np.pi * np.arange(8) / 8])


def real_points(n, rng):
    points = CENTRES[rng.integers(8, size=n)] + 0.05 * rng.normal(size=(n, 2))
    return points.astype(np.float32)


def perceptron(inputs, outputs, activation, size=32):
    return nn.Sequential(
        nn.Linear(inputs, size),
        activation,
        nn.Linear(size, size),
        activation,
        nn.Linear(size, outputs),
    )


# %% [markdown]
# One step of each: the discriminator on real points and on detached ones, then the generator through
# the discriminator. The examples that were made are used twice. What is a good step changes with the
# opponent, so Adam's mean of the gradients shall forget sooner: its $\beta_1$ is 0.5, not 0.9. The
# discriminator takes steps five times as large as the generator's, to be ahead of it. Its leaky ReLU has
# a slope everywhere, so that every example that was made gets a gradient.


# %%
def step(generator, discriminator, optimizers, real, noise):
    of_generator, of_discriminator = optimizers
    fake = generator(noise)

    loss_d = softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
    of_discriminator.zero_grad()
    loss_d.backward()
    of_discriminator.step()

    loss_g = softplus(-discriminator(fake)).mean()
    of_generator.zero_grad()
    loss_g.backward()
    of_generator.step()
    return loss_d.item(), loss_g.item()


def play(rate_g, rate_d, steps=1500):
    """The losses, and what the generator makes of the same noise at six moments."""
    tg.manual_seed(0)
    rng = np.random.default_rng(0)
    generator = perceptron(2, 2, nn.ReLU())
    discriminator = perceptron(2, 1, nn.LeakyReLU(0.2))
    optimizers = (
        optim.Adam(generator.parameters(), lr=rate_g, betas=(0.5, 0.999)),
        optim.Adam(discriminator.parameters(), lr=rate_d, betas=(0.5, 0.999)),
    )
    losses, moments = [], []
    for i in range(steps):
        noise = tg.randn(128, 2)
        losses.append(step(generator, discriminator, optimizers, real_points(128, rng), noise))
        if (i + 1) % (steps // 6) == 0:
            with tg.no_grad():
                moments.append(generator(tg.randn(1000, 2, seed=1)).data)
    return np.array(losses), moments


def clouds_hit(points):
    """How many clouds at least 2 % of the points are in, and how many points are in one at all."""
    distances = np.linalg.norm(points[:, None] - CENTRES, axis=2)
    inside = distances.min(axis=1) < 0.25
    counts = np.bincount(distances.argmin(axis=1)[inside], minlength=8)
    return int((counts > 0.02 * len(points)).sum()), inside.mean()


losses, moments = play(rate_g=0.001, rate_d=0.005)
hit, inside = clouds_hit(moments[-1])
print(f"{hit} of 8 clouds, {inside:.0%} of the points in one")
assert hit == 8
assert inside > 0.7

# %%
target = real_points(300, np.random.default_rng(1))


def beside_real(moments, k):
    clouds = {"real": target, "made": moments[k][:300]}
    return plots.points(clouds, equal=True, title=f"after {250 * (k + 1)} steps")


plots.row(*(beside_real(moments, k) for k in (0, 2, 5)))

# %% [markdown]
# The losses of a GAN do not fall as those of a classifier do. Each network makes the task of the other
# harder. That of the discriminator comes near $2 \log 2$: it can hardly tell any more.


# %%
def smooth(curve):
    return np.convolve(curve, np.full(50, 1 / 50), "valid")


plots.lines(
    {"discriminator": smooth(losses[:, 0]), "generator": smooth(losses[:, 1])},
    xlabel="step",
    ylabel="loss",
)

# %%
late = losses[-300:, 0].mean()
print(f"loss of the discriminator at the end {late:.2f}, 2 log 2 = {2 * np.log(2):.2f}")
assert 1.1 < late < 1.45

# %% [markdown]
# ## Collapse
#
# Now the other way round: the steps of the generator are five times as large.

# %%
collapsed_losses, collapsed = play(rate_g=0.005, rate_d=0.001)
for k, points in enumerate(collapsed):
    hit, inside = clouds_hit(points)
    print(f"after {250 * (k + 1)} steps: {hit} of 8 clouds, centre {points.mean(axis=0).round(1)}")

plots.row(*(beside_real(collapsed, k) for k in (0, 3, 5)))

# %% [markdown]
# It makes one kind of point, whatever the noise. This is *mode collapse*. One kind is enough to convince
# a discriminator that has not caught up; when it has, the generator moves on to another kind, and the
# chase goes round the circle. Nothing in the loss asks for all kinds: the generator is judged example by
# example.

# %%
clouds_of_the_collapsed = max(clouds_hit(points)[0] for points in collapsed)
assert clouds_of_the_collapsed <= 2
spread = [np.linalg.norm(points - points.mean(axis=0), axis=1).mean() for points in collapsed]
assert min(spread) < 0.2 < np.linalg.norm(target - target.mean(axis=0), axis=1).mean()

# %% [markdown]
# The loss of the discriminator looks no worse: it is near $2 \log 2$ as well, because a fast generator is
# never found out for long. Do not trust the losses; look at what is made.

# %%
late_collapsed = collapsed_losses[-300:, 0].mean()
print(f"loss of the discriminator at the end {late_collapsed:.2f}")
assert 1.1 < late_collapsed < 1.6

# %% [markdown]
# ## Digits from noise
#
# The same step, on the digits that ship with the package. An example has 64 numbers now, each between 0
# and 1, so the generator ends in a sigmoid. Two things of earlier lessons make the game more even: batch
# normalisation in the generator (lesson 8), and dropout in the discriminator (lesson 7), which keeps it
# from learning the 1,198 images by heart.

# %%
digits = data.Digits()
tg.manual_seed(0)
generator = nn.Sequential(
    nn.Linear(16, 128),
    nn.BatchNorm1d(128),
    nn.ReLU(),
    nn.Linear(128, 128),
    nn.BatchNorm1d(128),
    nn.ReLU(),
    nn.Linear(128, 64),
    nn.Sigmoid(),
)
discriminator = nn.Sequential(
    nn.Linear(64, 128),
    nn.LeakyReLU(0.2),
    nn.Dropout(0.3),
    nn.Linear(128, 128),
    nn.LeakyReLU(0.2),
    nn.Dropout(0.3),
    nn.Linear(128, 1),
)
optimizers = (
    optim.Adam(generator.parameters(), lr=0.001, betas=(0.5, 0.999)),
    optim.Adam(discriminator.parameters(), lr=0.001, betas=(0.5, 0.999)),
)
loader = data.DataLoader(digits, batch_size=64, shuffle=True, drop_last=True)


def made(n):
    """Images (n, 8, 8) of the same noise each time."""
    generator.eval()
    with tg.no_grad():
        images = generator(tg.randn(n, 16, seed=1)).data
    generator.train()
    return images.reshape(n, 8, 8)


before = made(8)
for epoch in range(80):
    for images, _ in loader:
        noise = tg.randn(64, 16)
        step(generator, discriminator, optimizers, images.reshape(64, 64), noise)
    if epoch == 4:
        early = made(8)
after = made(500)
plots.images(np.concatenate([before, early, after[:24]]))

# %% [markdown]
# The first row is noise through a new generator, the second is after 5 passes over the digits, the others
# after 80. Are these images of the training set? And are there all ten digits? Compare each with the real
# image next to it.

# %%
training = digits.images.reshape(-1, 64)
others = data.Digits(train=False).images.reshape(-1, 64)


def nearest(images):
    """The distance of each image to the nearest of the training set, and which digit that is."""
    squares = (images**2).sum(axis=1)[:, None] + (training**2).sum(axis=1) - 2 * images @ training.T
    distances = np.sqrt(squares.clip(0))
    return distances.min(axis=1), digits.labels[distances.argmin(axis=1)]


apart, kinds = nearest(after.reshape(-1, 64))
apart_before, _ = nearest(before.reshape(-1, 64))
apart_real, _ = nearest(others)
counts = np.bincount(kinds, minlength=10)
print(
    f"distance to the nearest: noise {apart_before.mean():.2f}, made {apart.mean():.2f}, "
    f"other real digits {apart_real.mean():.2f}"
)
print("nearest digit, 0 to 9:", *counts)
assert apart_real.mean() < apart.mean() < 1.6 * apart_real.mean()
assert apart_before.mean() > 2.5 * apart_real.mean()
assert apart.min() > 0.1
assert (counts > 5).all()

# %% [markdown]
# No image is a copy, and all ten digits are there. What was made is about one and a half times as far
# from the nearest real digit as other real digits are; noise was three times as far. Between two points
# of noise there is a way, and what is made changes along it from one digit to another.

# %%
share = np.linspace(0, 1, 8)[:, None]
ends = tg.randn(2, 16, seed=4).data
generator.eval()
with tg.no_grad():
    way = generator((1 - share) * ends[0] + share * ends[1]).data.reshape(8, 8, 8)
plots.images(way)

# %% [markdown]
# `models.gan` is this pair in one module, with both losses and the step.
#
# ## In five lines
#
# - A generator makes examples of noise, a discriminator tells them from real ones; each trains the other.
# - The discriminator's step stops at the examples, by `detach`; the generator's goes through the
#   discriminator, and moves the generator alone. So there are two optimisers.
# - Train the generator with $-\log D(G(z))$: its slope is large where the generator is bad.
# - At $2 \log 2$ the discriminator cannot tell; but losses say little, and samples much.
# - Mode collapse: the generator makes one kind of example, because nothing asks it for all kinds.

# %% [markdown]
# ## To think about
#
# 1. The generator gets its gradient through the discriminator. What does it get from one that says 1/2
#    to everything, whatever the example?
# 2. In `step` the discriminator is moved before the generator's loss is computed. Would anything be
#    refused if `loss_g` were computed before, and its `backward()` called after?
# 3. Why does the generator not simply learn the training set by heart?
#
# <details><summary>Answers</summary>
#
# 1. Nothing: the logit does not change with the example, so its gradient by the example is 0. A
#    discriminator that has learned nothing teaches nothing.
# 2. Yes. Its weights would have changed in place after they were used, and the way back needs them as
#    they were: an `InPlaceError`.
# 3. It never sees it. It knows only in which direction an example should change to look more real.
#
# </details>

# %%
loss_g = softplus(-discriminator(generator(tg.randn(4, 16)))).mean()
optimizers[1].zero_grad()
softplus(discriminator(np.zeros((4, 64), np.float32))).mean().backward()
optimizers[1].step()
try:
    loss_g.backward()
except tg.InPlaceError as refusal:
    print(str(refusal).splitlines()[0])
else:
    raise AssertionError("it was not refused")

# %% [markdown]
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/19_two_networks/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `best_answer(p, q)`: of the discriminator, where real and made examples have these densities (2
#    points).
# 2. `discriminator_backward(real, fake)`: the gradients of its loss by the logits of both (3 points).
# 3. `generator_backward(fake, kind)`: the gradient of the generator's loss by the logits (3 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/19_two_networks my_answers.py --show
# ```
#
# Real and made exchanged, a mean that was forgotten, the other of the two losses: each is recognised and
# named.
#
# ## What to read in the source
#
# - `tinygrad_edu/models/gan.py`, `GAN.step`: the step of this lesson, on a page with both losses.
# - `tinygrad_edu/engine/operators.py`, `detach`: the same number outside the graph, in a few lines.
# - `tinygrad_edu/engine/inplace.py`: how a weight that was changed too early is noticed.
# - `tinygrad_edu/nn/losses.py`, `BCEWithLogitsLoss`: the discriminator's loss under the name that
#   classifiers know it by.
#
# ## Where this comes from
#
# - GAN, both losses, and the best discriminator: I. Goodfellow and others, "Generative adversarial nets",
#   NeurIPS 2014.
# - Batch normalisation, leaky ReLU and Adam's 0.5 for GANs: A. Radford, L. Metz, S. Chintala,
#   "Unsupervised representation learning with deep convolutional generative adversarial networks", ICLR
#   2016.
# - The ring of clouds: L. Metz, B. Poole, D. Pfau, J. Sohl-Dickstein, "Unrolled generative adversarial
#   networks", ICLR 2017.
# - Different rates for the two: M. Heusel and others, "GANs trained by a two time-scale update rule
#   converge to a local Nash equilibrium", NeurIPS 2017.
# - The digits: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine
#   Learning Repository, 1998, under CC BY 4.0.
