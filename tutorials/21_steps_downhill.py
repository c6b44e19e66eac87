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
# # 21. Steps downhill
#
# The gradient says which way is down. How far to go is not in it. After this lesson you can say how
# long a step may be and why, what standardised inputs have to do with that, write every common
# optimiser in three lines, and keep a step from leaping over a cliff.
#
# You need gradient descent ([lesson 4](04_linear_regression.py)), second derivatives
# ([lesson 3](03_automatic_differentiation.py)) and Adam from
# [lesson 8](08_keeping_numbers_alive.py). No later lesson is needed.
#
# It takes about 85 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# 1. $f(w) = 10 w^2$, and a descent begins at $w = 1$. Where is it after one step and after two, with
#    a learning rate of 0.05? And with 0.1?
# 2. The price of a flat is learned from its area, 60 to 140 square metres, and its rooms, 1 to 6.
#    Somebody brings both columns to mean 0 and standard deviation 1 first. How many times fewer
#    steps does the descent need: 2 times, 100 times, more than 1000 times?
#
# Write your answers down.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import optim, plots

# %% [markdown]
# ## How long may a step be?
#
# Take $f(w) = \frac{c}{2} w^2$. Its slope is $c w$, and $c$ is its second derivative, the
# *curvature*. So one step makes of $w$
#
# $$ w - \eta \, c \, w = (1 - \eta c) \, w, $$
#
# the same factor every time. With $c = 20$, the $f$ of question 1:

# %%
for rate in (0.01, 0.05, 0.09, 0.1, 0.11):
    w, path = 1.0, []
    for _ in range(4):
        w = w - rate * 20 * w
        path.append(w)
    print(f"rate {rate}: a factor of {1 - 20 * rate:4.1f}, so w is", np.round(path, 2) + 0.0)

# %% [markdown]
# Play the step with 0.05. The last two steps of the player move the number.

# %%
w = tg.Value(1.0, name="w")
f = 10 * w**2
f.name = "f"
tg.steps(f, optim.SGD([w], lr=0.05))

# %% [markdown]
# With 0.05 the first step ends in the minimum, and the second stays there. With 0.1 the descent leaps
# from 1 to −1 and back for ever; with more, further each time. **The learning rate has to be below 2 /
# curvature, and is best at 1 / curvature.**
#
# ## Two curvatures at once
#
# With two weights a valley can be steep in one direction and flat in another. The *ravine*
# $f(x, y) = \frac{1}{2} x^2 + 10 y^2$ has the curvatures 1 and 20. There is one learning rate for
# both, and the steeper decides: below 2 / 20. Half of that, 0.05, is perfect for $y$, and makes of
# $x$ only 0.95 in each step: 90 steps until a hundredth is left. The ratio of the two curvatures, 20, is the
# *condition number*. The number of steps grows with it.
#
# Most ravines do not lie along the axes. This one is turned by 45 degrees. Its second derivatives form
# a matrix, the *Hessian*. There are directions $v$ in which the matrix only stretches, $H v = c v$;
# they are its *eigenvectors*, and the factors $c$, its *eigenvalues*, are the curvatures along them.

# %%


def turned(w):
    along, across = (w[0] + w[1]) / np.sqrt(2), (w[0] - w[1]) / np.sqrt(2)
    return across**2 / 2 + 10 * along**2


hessian = tg.hessian(turned)(np.zeros(2))
curvatures, directions = np.linalg.eigh(hessian)
print(hessian.round(2), "curvatures", curvatures.round(2))
print("steepest direction", directions[:, 1].round(3))
assert np.allclose(hessian @ directions[:, 1], 20 * directions[:, 1])
assert np.allclose(curvatures, [1, 20])
assert np.isclose(abs(directions[0, 1]), np.sqrt(1 / 2))
assert 0.95**89 > 1 / 100 > 0.95**90

# %% [markdown]
# ## Standardised inputs
#
# Nobody chooses such valleys. They come from the data. Here are the flats of question 2. The loss is
# half the mean squared error of a linear model, and its Hessian is computed from the inputs alone.

# %%
rng = np.random.default_rng(0)
area = rng.uniform(60, 140, 200)
rooms = np.clip(np.round(area / 30 + rng.normal(0, 1, 200)), 1, 6)
price = 3 * area + 20 * rooms + rng.normal(0, 20, 200)


def flat_loss(features, target):
    return lambda w: ((features @ w - target) ** 2).mean() / 2


def standardise(numbers):
    """Mean 0 and standard deviation 1 in each column."""
    return (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)


raw = np.stack([area, rooms], axis=1)
losses = {
    "raw": flat_loss(raw, price),
    "standardised": flat_loss(standardise(raw), price - price.mean()),
}
hessians = {name: tg.hessian(loss)(np.zeros(2)) for name, loss in losses.items()}
assert np.allclose(hessians["raw"], raw.T @ raw / 200)
for name in hessians:
    flat, steep = np.linalg.eigvalsh(hessians[name])
    print(f"{name:12}: curvature {flat:.2f} to {steep:.2f}, condition number {steep / flat:.0f}")

# %% [markdown]
# We take half the highest rate that is allowed, begin at $w = (0, 0)$, and count the steps until each
# weight is within 1 % of its best:


# %%
def steps_to_one_percent(loss, hessian):
    """How many steps a descent from 0 takes until each weight is within 1 % of its best."""
    best = np.linalg.solve(hessian, -tg.grad(loss)(np.zeros(2)))
    rate = 1 / np.linalg.eigvalsh(hessian)[-1]
    w, steps = np.zeros(2), 0
    while np.any(np.abs(w - best) > 0.01 * np.abs(best)):
        w, steps = w - rate * hessian @ (w - best), steps + 1
    return steps


steps = {name: steps_to_one_percent(losses[name], hessians[name]) for name in losses}
for name in steps:
    print(f"{name:12}: {steps[name]:,} steps")
assert steps["raw"] > 1000 * steps["standardised"]

# %% [markdown]
# That is question 2: more than 1000 times fewer. The loss alone does not show it. It falls quickly on
# the raw columns too, along the steep direction; but the number of rooms hardly gets its share of the
# price, since that lies along the flat one.
#
# *Standardisation* is each column minus its mean, divided by its standard deviation. (Columns with mean
# 0 cannot explain a price with another mean, so the mean of the price was taken away too. A bias would
# do the same.) Take the mean and the standard deviation from the training data, and use the same two
# numbers for everything that comes later. To bring columns to the range from 0 to 1 is the poor
# relation of this: it makes the sizes alike, but leaves a mean that all columns have in common.

# %%
to_one = (raw - raw.min(axis=0)) / (raw.max(axis=0) - raw.min(axis=0))
conditions = {
    "raw": np.linalg.cond(hessians["raw"]),
    "0 to 1": np.linalg.cond(to_one.T @ to_one / 200),
    "standardised": np.linalg.cond(hessians["standardised"]),
}
print({name: round(float(number), 1) for name, number in conditions.items()})
assert conditions["raw"] > 1000 * conditions["standardised"]
assert conditions["raw"] > conditions["0 to 1"] > conditions["standardised"]

# %% [markdown]
# ## Momentum
#
# Not every valley can be made round. In a ravine plain descent zigzags between the walls. *Momentum*
# keeps a velocity and steps by it:
#
# $$ v \leftarrow \mu v + g, \qquad w \leftarrow w - \eta v $$
#
# Gradients that point back and forth cancel in $v$; those that agree add up. If all agree, $v$ grows
# to $g (1 + \mu + \mu^2 + \ldots) = g / (1 - \mu)$: with $\mu = 0.9$, steps become ten times as long.
#
# *Nesterov's* momentum looks ahead. The next step will go by $\mu v$ anyway, so that is added at once:
# $w \leftarrow w - \eta (g + \mu v)$. Each weight is always where the velocity is about to carry it, and the
# gradient that is measured there brakes in time.
#
# How much is it worth? With the best settings for each, the steps of plain descent grow with the
# condition number, those of momentum with its root:


# %%
def steps_to_a_hundredth(condition, momentum):
    """In a ravine with the curvatures 1 and `condition`, from (1, 1), with the best rate."""
    root = np.sqrt(condition)
    mu = ((root - 1) / (root + 1)) ** 2 if momentum else 0.0
    rate = (2 / (root + 1)) ** 2 if momentum else 2 / (1 + condition)
    c, w, v, steps = np.array([1.0, condition]), np.ones(2), np.zeros(2), 0
    while np.abs(w).max() > 0.01:
        v = mu * v + c * w
        w, steps = w - rate * v, steps + 1
    return steps


print("condition number   plain   momentum")
for condition in (20, 200, 2000):
    plain, momentum = (steps_to_a_hundredth(condition, m) for m in (False, True))
    print(f"{condition:16}   {plain:5}   {momentum:8}")
assert plain > 4000
assert momentum < 400

# %% [markdown]
# ## A rate for each weight
#
# The other idea: divide each coordinate of the gradient by its own usual size. Then the steep direction
# loses its advantage. The optimisers differ in how they measure "usual size". Each is two or three
# lines, so here they are, as functions that take the memory `m` of the steps before and give the step:


# %%
def adagrad(g, m):
    """Divide by the root of the sum of all squares so far."""
    m["s"] = m["s"] + g**2
    return g / np.sqrt(m["s"])


def rmsprop(g, m, alpha=0.9):
    """The same with a running mean, which forgets."""
    m["s"] = alpha * m["s"] + (1 - alpha) * g**2
    return g / np.sqrt(m["s"])


def adadelta(g, m, alpha=0.9, eps=1e-6):
    """RMSprop, times the usual size of its own steps: no rate has to be chosen."""
    m["s"] = alpha * m["s"] + (1 - alpha) * g**2
    d = g * np.sqrt(m["u"] + eps) / np.sqrt(m["s"] + eps)
    m["u"] = alpha * m["u"] + (1 - alpha) * d**2
    return d


def adam(g, m, beta1=0.9, beta2=0.999):
    """Momentum divided by the root of a running mean, both corrected for their beginning at 0."""
    m["t"] = m["t"] + 1
    m["v"] = beta1 * m["v"] + (1 - beta1) * g
    m["s"] = beta2 * m["s"] + (1 - beta2) * g**2
    return m["v"] / (1 - beta1 ** m["t"]) / np.sqrt(m["s"] / (1 - beta2 ** m["t"]))


# %% [markdown]
# (Where a size can be 0, a tiny number is added below the line. Adadelta needs its $\epsilon$: without it
# the first step would be 0, and all others too.) *AdamW* is Adam with weight decay beside the gradient,
# not in it: before the step, $w \leftarrow w - \eta \lambda w$. Inside the gradient the decay would be
# divided by the usual size, like everything else.
#
# These are the library's. We let each of them take a hundred steps down the ravine, and beside it ours:


# %%
def ravine(x, y):
    return x**2 / 2 + 10 * y**2


START = np.array([-4.0, 1.2])


def descend(make, steps=100):
    """The path that an optimiser of the library takes down the ravine."""
    w = tg.tensor(START, requires_grad=True)
    optimizer = make([w])
    path = [START]
    for _ in range(steps):
        optimizer.zero_grad()
        ravine(w[0], w[1]).backward()
        optimizer.step()
        path.append(w.numpy())
    return np.array(path)


def by_hand(step, lr, decay=0.0, steps=100):
    """The path of one of the functions above."""
    w, memory, path = START, {"s": 0.0, "u": 0.0, "v": 0.0, "t": 0}, [START]
    for _ in range(steps):
        g = w * np.array([1, 20])
        w = w - lr * decay * w
        w = w - lr * step(g, memory)
        path.append(w)
    return np.array(path)


def momentum(g, m, mu=0.8):
    m["v"] = mu * m["v"] + g
    return m["v"]


def nesterov(g, m, mu=0.8):
    return g + mu * momentum(g, m, mu)


plain = {
    "SGD": lambda p: optim.SGD(p, lr=0.09),
    "momentum": lambda p: optim.SGD(p, lr=0.04, momentum=0.8),
    "Nesterov": lambda p: optim.SGD(p, lr=0.04, momentum=0.8, nesterov=True),
}
adaptive = {
    "Adagrad": lambda p: optim.Adagrad(p, lr=1.0),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.1, alpha=0.9),
    "Adadelta": lambda p: optim.Adadelta(p, lr=20.0),
    "Adam": lambda p: optim.Adam(p, lr=0.3),
    "AdamW": lambda p: optim.AdamW(p, lr=0.3, weight_decay=0.1),
}
ours = {
    "momentum": by_hand(momentum, 0.04),
    "Nesterov": by_hand(nesterov, 0.04),
    "Adagrad": by_hand(adagrad, 1.0),
    "RMSprop": by_hand(rmsprop, 0.1),
    "Adadelta": by_hand(adadelta, 20.0),
    "Adam": by_hand(adam, 0.3),
    "AdamW": by_hand(adam, 0.3, decay=0.1),
}
ways = {name: descend(make) for name, make in {**plain, **adaptive}.items()}
for name, path in ours.items():
    assert np.allclose(ways[name], path, atol=1e-4), name

for name, path in ways.items():
    height = ravine(*path.T)
    print(f"{name:8}: {height[10]:6.3f} after 10 steps, {height[100]:.0e} after 100")

# %%


def seen_from_above(names):
    paths = {name: ways[name][:40] for name in names}
    return plots.contours(ravine, x=(-4.5, 1.5), y=(-1.6, 1.6), paths=paths)


plots.row(seen_from_above(plain), seen_from_above(adaptive))

# %% [markdown]
# The numbers are the values of $f$. On the left, SGD zigzags. Momentum swings like a heavy ball, and
# Nesterov's version brakes before the turn. On the right, all but AdamW leave the start at the same
# angle: both coordinates change equally fast, though the gradient points almost straight across. That
# is the division. In the first step of Adam and of Adagrad, the size of the gradient does not matter
# at all. AdamW's decay adds a pull towards 0, which is longer for the longer coordinate.
#
# The same division keeps RMSprop from coming to rest: its steps stay about as large as its learning
# rate, however small the gradient is. It needs a learning rate that falls.
#
# Do not read a ranking from it. A ravine has no noise, the learning rates were chosen by hand for it,
# and AdamW's decay pulls towards 0, where the minimum happens to lie.

# %%
first_steps = {name: ways[name][1] - ways[name][0] for name in adaptive}
for name, rate in (("Adam", 0.3), ("Adagrad", 1.0)):
    assert np.allclose(first_steps[name], [rate, -rate])
equally_fast = [name for name, step in first_steps.items() if np.isclose(step[0], -step[1])]
assert equally_fast == ["Adagrad", "RMSprop", "Adadelta", "Adam"], "all but AdamW"
assert ravine(*ways["Nesterov"][30]) < ravine(*ways["SGD"][30])
assert np.abs(np.diff(ways["RMSprop"][-5:], axis=0)).max() > 0.1, "as large as at first"

# %% [markdown]
# ## A rate that falls
#
# Minibatches make the gradient noisy, and then no fixed rate comes to rest
# ([lesson 4](04_linear_regression.py)): a large one arrives soon and shakes about the minimum, a small
# one comes near and takes long. So begin with a large rate and let it fall. Such a plan is a *schedule*.
# Two hundred steps down the ravine, with noise of size 1 in each coordinate of the gradient; the mean
# height of a hundred such runs:


# %%
def noisy(rate_at, steps=200, runs=100):
    """The mean height after each step."""
    rng = np.random.default_rng(0)
    w, heights = np.tile(START, (runs, 1)), []
    for step in range(steps):
        gradient = w * [1, 20] + rng.normal(size=w.shape)
        w = w - rate_at(step / steps) * gradient
        heights.append(ravine(*w.T).mean())
    return heights


plans = {
    "0.08": lambda part: 0.08,
    "0.01": lambda part: 0.01,
    "0.08 to 0, half a cosine": lambda part: 0.04 * (1 + np.cos(np.pi * part)),
}
noisy_runs = {name: noisy(plan) for name, plan in plans.items()}
print({name: round(float(heights[-1]), 4) for name, heights in noisy_runs.items()})
plots.lines(noisy_runs, xlabel="step", ylabel="mean height", logy=True)

# %%
ends = [heights[-1] for heights in noisy_runs.values()]
assert 10 * ends[2] < min(ends[:2])

# %% [markdown]
# The library's schedules are in `optim.lr_scheduler`; `CosineAnnealingLR` is this one. A few steps of a
# small rate *before* the large one, a *warm-up*, keep the first gradients from throwing everything about;
# [lesson 14](14_where_in_the_picture.py) trains with `OneCycleLR`, which does both.
#
# ## Clipping
#
# A *recurrent* network ([lesson 15](15_sequences.py)) uses the same weight at every step of a sequence,
# and so its gradient has high powers of it. The smallest example: $L(w) = (w^{20} - 1)^2$, which is
# almost flat below 1 and a cliff above. Its slope at four places:


# %%
def cliff(w):
    h = 1.0
    for _ in range(20):
        h = h * w
    return (h - 1) ** 2


print([f"{tg.grad(cliff)(w):,.2f}" for w in (0.8, 1.0, 1.1, 1.2)])

# %% [markdown]
# At 1.2 the slope is over 47,000. One step with a learning rate of 0.001 goes from 1.2 to −46.5, from
# where there is no way back. The direction was right, and only the length was wrong.
#
# *Clipping* keeps the direction and limits the length. If the norm of the gradient, over all parameters
# together, is above a bound, all of it is multiplied by bound / norm.


# %%
def go_down(steps, most=np.inf):
    w = tg.Value(1.2)
    optimizer = optim.SGD([w], lr=0.001)
    path = [w.data]
    for _ in range(steps):
        optimizer.zero_grad()
        cliff(w).backward()
        optim.clip_grad_norm_([w], most)
        optimizer.step()
        path.append(w.data)
    return path


print("without:", [f"{w:.3g}" for w in go_down(2)])
clipped = go_down(60, most=10.0)
print("clipped:", [f"{w:.3g}" for w in clipped[:4]], "...", f"{clipped[-1]:.4f}")
assert abs(clipped[-1] - 1) < 1e-6 < abs(go_down(2)[-1])
assert abs(go_down(200, most=1.0)[-1] - 1) < 1e-3  # and what is said at the end of the lesson:
assert np.allclose(go_down(2, most=100.0), [1.2, 1.1, 1.0])
assert np.allclose(go_down(3, most=10_000.0), [1.2, -8.8, 1.2, -8.8])

a = tg.tensor([3.0, 0.0], requires_grad=True)
b = tg.tensor([[4.0]], requires_grad=True)
((a**2).sum() / 2 + (b**2).sum() / 2).backward()
assert optim.clip_grad_norm_([a, b], 1.0) == 5.0, "it answers the norm before"
assert np.allclose(a.grad, [3 / 5, 0])
assert np.allclose(b.grad, [[4 / 5]])

# %% [markdown]
# ## Which, when?
#
# - Begin with Adam or AdamW and a rate of 0.001 to 0.003. Their steps do not depend on the size of the
#   loss, so a rate that suits one network is near what suits another.
# - SGD with momentum needs its rate measured ([lesson 20](20_when_it_does_not_learn.py) has a test for
#   that), and a schedule. Many networks for images are trained with it.
# - Standardise the inputs in any case, and clip where a network is recurrent.
# - Let the rate fall to 0 at the end.
#
# The first can be checked: multiply the loss by 100. Adam takes the same steps. Momentum needs a rate that
# is a hundred times smaller, and is far away without it.

# %%
as_it_was = {name: ways[name][-1] for name in ("momentum", "Adam")}


def ravine(x, y):
    return 100 * (x**2 / 2 + 10 * y**2)


with np.errstate(all="ignore"):  # what leaps ever higher ends in infinity
    times_100 = {name: descend({**plain, **adaptive}[name])[-1] for name in as_it_was}
for name in as_it_was:
    print(f"{name:8}: x is {as_it_was[name][0]:.1e} after 100 steps; with 100 times the loss {times_100[name][0]:.1e}")
assert np.allclose(as_it_was["Adam"], times_100["Adam"])
assert abs(times_100["momentum"][0]) > 1000

# %% [markdown]
# ## In five lines
#
# - The learning rate has to be below 2 / the largest curvature; the flattest direction then takes a number
#   of steps in proportion to the condition number.
# - Standardised inputs make the valley round.
# - Momentum adds up what agrees, and needs about the root of the steps.
# - Adagrad, RMSprop, Adadelta and Adam divide each coordinate by its usual size.
# - A rate that falls ends the shaking; clipping keeps the direction of a gradient and limits its length.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/21_steps_downhill/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `largest_rate(X)`: the rate below which a descent on half the mean squared error of the linear model
#    `X @ w` comes to rest (2 points).
# 2. `adadelta(w, gradients, lr)`: the parameters after each step (3 points). You are told in which step
#    yours depart, and often why.
# 3. `clip_by_norm(gradients, most)`: a list of arrays, scaled together (3 points).
#
# Then ask for your points:
#
# ```sh
# tinygrad-edu grade exercises/21_steps_downhill my_answers.py --show
# ```
#
# And some questions to answer by changing this page:
#
# - Make the ravine twenty times steeper. Which optimisers still work with the same learning rate, and why
#   just these?
# - What does `go_down` do with a bound of 1, of 100 and of 10,000?
#
# <details><summary>Answers</summary>
#
# - Adagrad, Adadelta, Adam and AdamW: they divide by the size of the gradients, so that a steeper wall
#   makes no longer steps. So does RMSprop, but its steps of 0.1 are now steps up a steep wall. SGD, with or
#   without momentum, leaps ever higher: its rate has to stay below 2 / 400.
# - With 1 it arrives within 200 steps of 0.001. With 100 it is there after two. With 10,000 the first
#   step is 10 long and ends at −8.8, from where the second comes back to 1.2, and so on for ever.
#
# </details>
#
# ## What to read in the source
#
# - `tinygrad_edu/optim/algorithms.py`: each `update` is the formula of this lesson, in place.
# - `tinygrad_edu/optim/clipping.py`, `clip_grad_norm_`: what happens where the norm is infinite.
# - `tinygrad_edu/optim/lr_scheduler/`: the schedules, and how they are chained.
# - `tinygrad_edu/engine/derivatives.py`, `hessian`: second derivatives, a row at a time.
#
# ## Where this comes from
#
# - Standardised inputs and curvature: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, *Efficient BackProp*
#   (1998).
# - Momentum, and the root of the condition number: B. T. Polyak, *Some methods of speeding up the
#   convergence of iteration methods* (1964). Looking ahead: Y. Nesterov (1983), in the form of I.
#   Sutskever et al., *On the importance of initialization and momentum in deep learning* (2013).
# - Adagrad: J. Duchi et al. (2011). RMSprop: T. Tieleman and G. Hinton (2012). Adadelta: M. D. Zeiler
#   (2012). Adam: D. Kingma and J. Ba (2015). AdamW and the cosine: I. Loshchilov and F. Hutter (2019, 2017).
# - Clipping: R. Pascanu, T. Mikolov and Y. Bengio, *On the difficulty of training recurrent neural
#   networks* (2013).
