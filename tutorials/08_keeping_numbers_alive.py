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
# # 8. Keeping the numbers alive
#
# A network of ten layers can be right in every formula and still not learn at all, because the
# numbers that flow through it become too small or too large. After this lesson you can see where
# that happens, say why, and repair it.
#
# You need a network with hidden layers ([lesson 6](06_multilayer_perceptron.py)) and its training
# on handwritten digits ([lesson 5](05_softmax_regression.py)).
#
# It takes about 125 minutes with the exercises, and is one of the harder lessons.
#
# ## A question first
#
# A gradient travels back through fifty layers.
#
# 1. Each layer multiplies it by 0.9. What part of it reaches the first layer: about a half, about a
#    tenth, or less than a hundredth?
# 2. Each layer multiplies it by 1.1 instead. How many times larger does it arrive?
#
# Write two guesses down.

# %%
from functools import partial

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots, train

print(f"{0.9**50:.4f} and {1.1**50:.0f}")
assert 0.9**50 < 1 / 100
assert 1.1**50 > 100

# %% [markdown]
# About a two-hundredth, and over a hundred times as much. This is the whole problem: products of
# many numbers go to 0 or to infinity unless the numbers are very near 1.
#
# ## A chain of sigmoids
#
# The chain rule multiplies the local derivatives along a path. That of the sigmoid,
# $\sigma' = \sigma (1 - \sigma)$, is at most $1/4$, at 0. Three in a row, each with a weight of 1:

# %%
x = tg.Value(0.0, name="x")
h1 = tg.sigmoid(x)
h2 = tg.sigmoid(h1)
h3 = tg.sigmoid(h2)
h1.name, h2.name, h3.name = "h1", "h2", "h3"
tg.steps(h3)

# %% [markdown]
# Play it to the end. The gradient begins as 1 and is multiplied three times, each time by $1/4$ or
# less. It arrives at `x` as 0.013. Longer chains:

# %%


def chain(depth):
    x = tg.Value(0.0)
    h = x
    for _ in range(depth):
        h = tg.sigmoid(h)
    h.backward()
    return x.grad


for depth in (1, 3, 10, 20):
    print(f"{depth:2} sigmoids: {chain(depth):.1e}")
assert chain(20) < 0.25**20

# %% [markdown]
# These are *vanishing gradients*: only $10^{-13}$ of the gradient reaches the first of twenty
# layers. Its weights will not move.
#
# Weights can balance it. If each layer multiplies by $w$ before the sigmoid, each factor is
# $w \sigma'$. But where weights are so large that the factors are above 1, there are *exploding
# gradients*. So the size of the weights decides.
#
# ## In a network
#
# Ten hidden layers of 64 sigmoids, and the digits as input. The weights begin as normal random
# numbers with a standard deviation of 0.1, or *of size 0.1* for short. It looks like a harmless
# choice.
#
# First by hand, without the engine: forward, layer by layer, then backward. `g` is the upstream
# gradient, the gradient by the output of a layer.

# %%
learn, test = data.digits().split()
images, labels = learn.images.reshape(-1, 64) / 16, learn.labels.astype(int)
test_images, test_labels = test.images.reshape(-1, 64) / 16, test.labels.astype(int)

rng = np.random.default_rng(0)
weights = [0.1 * rng.standard_normal((64, 64)) for _ in range(10)]

outputs = [images[:100]]
for W in weights:
    outputs.append(1 / (1 + np.exp(-outputs[-1] @ W.T)))

g = np.ones((100, 64))  # of the sum of all outputs of the last layer
by_hand = []
for W, h_in, h_out in zip(weights[::-1], outputs[-2::-1], outputs[::-1]):
    g = g * h_out * (1 - h_out)  # back through the sigmoid
    by_hand.append(g.T @ h_in)  # the gradient of W
    g = g @ W  # back to the layer's input
by_hand = by_hand[::-1]

for i in (0, 3, 6, 9):
    print(f"layer {i + 1:2}: the gradient has norm {np.linalg.norm(by_hand[i]):.1e}")

# %% [markdown]
# Layer by layer, $g$ was multiplied by the *Jacobian* of the layer, the matrix of all derivatives of
# its outputs by its inputs:
#
# $$ \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(\sigma'(a_t)) \, W_t $$
#
# Through ten layers that is a product of ten matrices. It vanishes or explodes as a product of
# numbers does.
#
# The *norm* of a gradient is the root of the sum of its squares: its length as one long vector.
# From the tenth layer to the first it falls by a factor of four million. The engine says the same:

# %%
tensors = [tg.tensor(W, requires_grad=True) for W in weights]
h = images[:100]
for W in tensors:
    h = tg.sigmoid(h @ W.T)
h.sum().backward()
for W, ours in zip(tensors, by_hand):
    assert np.allclose(W.grad, ours, rtol=1e-9, atol=0)

# %% [markdown]
# From here on we let the library build such networks, and look at one number of each layer, the
# norm of the gradient of its weights.


# %%
def network(activation, first_weights, normalised=False):
    """Ten hidden layers of 64 units; `first_weights` fills each weight matrix."""
    tg.manual_seed(0)
    layers = []
    for _ in range(10):
        layers.append(nn.Linear(64, 64))
        if normalised:
            layers.append(nn.BatchNorm1d(64))
        layers.append(activation())
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    for parameter in model.parameters():
        if parameter.ndim == 2:
            first_weights(parameter)
    return model


def gradient_norms(model, inputs):
    """The norm of the gradient of each weight matrix, first layer first."""
    nn.CrossEntropyLoss()(model(inputs[:200]), labels[:200]).backward()
    return [float(np.linalg.norm(p.grad)) for p in model.parameters() if p.ndim == 2]


small, large = partial(nn.init.normal_, std=0.1), partial(nn.init.normal_, std=1.0)
vanishing = gradient_norms(network(nn.Sigmoid, small), images)
exploding = gradient_norms(network(nn.Tanh, large), images)
for name, norms in {"sigmoid": vanishing, "tanh": exploding}.items():
    factor = (norms[0] / norms[-1]) ** (1 / 10)
    print(f"{name}: a factor of {factor:.1f} a layer on the way back")

curves = {"sigmoid, weights of size 0.1": vanishing, "tanh, of size 1": exploding}
plots.lines(curves, xlabel="layer", ylabel="norm of the gradient", logy=True)

# %% [markdown]
# The vertical axis is logarithmic: a straight line there is a constant factor from layer to layer.
# (Layer 11 is the output.) Read it from right to left: one network's gradients vanish on the way to
# the first layer, the other's explode.

# %% tags=["hide-cell"]
assert vanishing[0] < 1e-6 * vanishing[-1]
assert exploding[0] > 100 * exploding[-1]

# %% [markdown]
# ## How large should weights be?
#
# A unit computes $y = w_1 x_1 + \ldots + w_n x_n$. Let the weights be independent random numbers
# with mean 0. Their *variance* $\operatorname{Var}(w)$ is the square of their standard deviation.
# Then the variances of the $n$ terms add up:
#
# $$ \operatorname{Var}(y) = n \cdot \operatorname{Var}(w) \cdot \operatorname{mean}(x_i^2) $$
#
# So a layer multiplies the mean square of the signals by $n \operatorname{Var}(w)$, and their size
# by the root of that. For $n = 64$ inputs and weights of size 0.05 the root is $8 \cdot 0.05 =
# 0.4$, and after ten layers the size is $0.4^{10} \approx 0.0001$ of what it was.

# %%
rng = np.random.default_rng(0)
for std in (0.05, 1 / 8, 0.3):
    h = rng.standard_normal((500, 64))
    for _ in range(10):
        h = h @ (std * rng.standard_normal((64, 64))).T
    expected, found = (8 * std) ** 10, h.std()
    print(f"weights of size {std:.3f}: expected {expected:9.4f}, found {found:9.4f}")

# %% [markdown]
# Signals keep their size where $n \operatorname{Var}(w) = 1$, here with weights of size $1/8$.
# Going back, a unit's gradient is a sum over the units that it feeds, so for gradients the $n$ to
# take is the number of outputs. The two are called *fan-in* and *fan-out*.
#
# - *Xavier initialisation* takes the mean of the two for $n$:
#   $\operatorname{Var}(w) = 2 / (\text{fan-in} + \text{fan-out})$.
# - A ReLU sets half of the numbers to 0, which halves the mean square. *Kaiming initialisation*
#   makes up for it: $\operatorname{Var}(w) = 2 / \text{fan-in}$.

# %%
W = tg.zeros((200, 300))
nn.init.xavier_normal_(W, seed=0)
assert np.isclose(W.std().item(), np.sqrt(2 / 500), rtol=0.01)
nn.init.kaiming_normal_(W, nonlinearity="relu", seed=0)
assert np.isclose(W.std().item(), np.sqrt(2 / 300), rtol=0.01)

h = rng.standard_normal((500, 64))
for _ in range(10):
    W = tg.zeros((64, 64))
    nn.init.kaiming_normal_(W, nonlinearity="relu", seed=rng)
    h = np.maximum(h @ W.numpy().T, 0)
print(f"mean square after ten layers of ReLU: {np.mean(h**2):.2f}")
assert 0.3 < np.mean(h**2) < 3

# %% [markdown]
# What of other activations? Near 0, $\tanh x \approx x$: a layer with small sums hardly notices it,
# and Xavier's rule holds. But $\sigma(x) \approx \frac{1}{2} + \frac{x}{4}$, which shifts and shrinks.
# Stretched to $4 \sigma(x) - 2 \approx x$, the sigmoid would keep the sizes too.
#
# With Xavier's first weights instead of the large ones, the same ten layers of tanh have gradients
# of about one size:

# %%
balanced = gradient_norms(network(nn.Tanh, nn.init.xavier_normal_), images)
print("largest / smallest:", round(max(balanced) / min(balanced), 1))
assert max(balanced) < 5 * min(balanced)
assert np.isclose(np.tanh(0.1), 0.1, rtol=0.01)
assert np.isclose(4 / (1 + np.exp(-0.1)) - 2, 0.1, rtol=0.01)

# %% [markdown]
# ## Standardised inputs
#
# The inputs are the signals of layer 0, and their sizes matter as much. Predict the price of a flat
# from its area in square metres, 60 to 140, and its number of rooms, 1 to 6. The loss
# $L(w_1, w_2)$ is a bowl, and the *Hessian*, its matrix of second derivatives, says how strongly
# the bowl curves in each direction.

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
for name in hessians:
    flat, steep = np.linalg.eigvalsh(hessians[name])
    print(f"{name:12}: curvature {flat:.2f} to {steep:.2f}, ratio {steep / flat:.0f}")

# %% [markdown]
# The two *eigenvalues* of the Hessian are the curvatures along the bowl's flattest and its steepest
# direction. Their ratio is the *condition number*. Gradient descent must keep its learning rate
# below 2 / (the steepest curvature), or it leaps from wall to wall, higher each time. So the
# flattest direction takes a number of steps in proportion to the condition number. We take half the
# highest rate that is allowed, begin at $w = (0, 0)$, and count the steps until each weight is
# within 1 % of its best:


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
# The loss alone does not show it. It falls quickly on the raw features too, along the steep
# direction; but the number of rooms hardly gets its share of the price, since that lies along the
# flat one.
#
# *Standardisation* is each column minus its mean, divided by its standard deviation. (Columns with
# mean 0 cannot explain a price with another mean, so the mean of the price was taken away too. A
# bias would do the same.) Take the mean and the standard deviation from the training data, and use
# the same two numbers for everything that comes later.

# %% [markdown]
# ## Batch normalisation
#
# Standardising the inputs is good, so why not standardise what goes into every layer? The signals
# inside change with each step of the training, so it has to be done inside the graph, for each
# batch anew. For a column $x$ of the batch, with mean $\mu$ and variance $\sigma^2$:
#
# $$ \hat{x} = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \gamma \hat{x} + \beta $$
#
# $\epsilon$ is tiny and keeps the root away from 0. The weight $\gamma$ and the bias $\beta$ are
# learned, so that the layer can undo what does not help.


# %%
def batch_norm(x, eps=1e-5):
    centred = x - x.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    return centred / np.sqrt(variance + eps)


column = tg.tensor([1.0, 3.0, 8.0], requires_grad=True, name="x")
centred = column - column.mean()
first = (centred / tg.sqrt((centred**2).mean()))[0]  # the first of three outputs
centred.name, first.name = "centred", "first"
tg.draw(first, direction="TB")

# %% [markdown]
# The graph shows why this layer is special: through the mean and the variance, every example of the
# batch influences every other. `x` reaches the output along several paths, and its gradient is
# their sum.
#
# The output does not change when all of $x$ is shifted, or stretched ($\epsilon$ aside). Two facts
# about the gradient $g$ of a column follow from it:
#
# - A shift makes every $x_i$ larger by $t$, and so the output by $t \sum_i g_i$ for a small $t$.
#   Nothing changes, so $\sum_i g_i = 0$.
# - A stretch makes every $x_i$ larger by $t x_i$, and so the output by $t \sum_i g_i x_i$. Nothing
#   changes, so $\sum_i g_i x_i = 0$.

# %%
first.backward()
assert abs(column.grad.sum()) < 1e-6
assert abs((column.grad * column.data).sum()) < 1e-6

signals = np.random.default_rng(0).normal(5, 3, size=(7, 4))
layer = nn.BatchNorm1d(4).double()
assert np.allclose(layer(signals).numpy(), batch_norm(signals))
assert np.allclose(layer(signals).numpy().mean(axis=0), 0)

# %% [markdown]
# A single example has no variance, so after training the layer takes a mean and a variance that it
# has collected on the way, `running_mean` and `running_var`. `model.eval()` switches to them, as it
# switches dropout off.
#
# The network of sigmoids with its bad weights again, now with batch normalisation before each
# activation:

# %%
rescued = gradient_norms(network(nn.Sigmoid, small, normalised=True), images)
print(f"first layer without: {vanishing[0]:.1e}, with: {rescued[0]:.1e}")
assert rescued[0] > 1e5 * vanishing[0]

# %% [markdown]
# ## All optimisers on one ravine
#
# Not every valley can be made round. The *ravine* $f(x, y) = \frac{1}{2} x^2 + 10 y^2$ has a
# condition number of 20. Gradient descent zigzags between its walls. The optimisers of
# `tinygrad_edu.optim` are answers to that.
#
# *Momentum* keeps a velocity, $v \leftarrow \mu v + g$, and steps by it. Gradients that point back
# and forth cancel in it; those that agree add up.
#
# *Adam* keeps two running means: $m$ of the gradients, and $s$ of their squares. It divides one by
# the root of the other, so that each coordinate gets steps of about the same size. Since $m$ and
# $s$ begin at 0, they are too small at first. In step $t$, two divisions correct that:
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad s \leftarrow \beta_2 s + (1 - \beta_2) g^2 $$
#
# $$ w \leftarrow w - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon} $$
#
# Here $\eta$ is the learning rate, $\beta_1 = 0.9$, $\beta_2 = 0.999$ and $\epsilon = 10^{-8}$.
# Squares, roots and quotients are taken number by number. (You will write Adam yourself in the
# exercises.)


# %%
def ravine(x, y):
    return x**2 / 2 + 10 * y**2


START = np.array([-4.0, 1.2])


def descend(make, steps=100):
    """The path that an optimiser takes down the ravine."""
    w = tg.tensor(START, requires_grad=True)
    optimizer = make([w])
    path = [START]
    for _ in range(steps):
        optimizer.zero_grad()
        ravine(w[0], w[1]).backward()
        optimizer.step()
        path.append(w.numpy())
    return np.array(path)


def momentum_by_hand(lr, mu, steps):
    w, v = START.copy(), np.zeros(2)
    for _ in range(steps):
        g = w * [1, 20]
        v = mu * v + g
        w = w - lr * v
    return w


theirs = descend(lambda p: optim.SGD(p, lr=0.04, momentum=0.8), steps=9)
assert np.allclose(theirs[-1], momentum_by_hand(0.04, 0.8, steps=9))

# %% [markdown]
# These are the optimisers of the library. We let all of them start from the same place:
#
# | optimiser | what it does |
# |---|---|
# | SGD | $w \leftarrow w - \eta g$ |
# | with momentum | $v \leftarrow \mu v + g$, and $w \leftarrow w - \eta v$ |
# | with Nesterov's momentum | the same, but the step looks ahead: $w \leftarrow w - \eta (g + \mu v)$ |
# | Adagrad | $s \leftarrow s + g^2$, and $w \leftarrow w - \eta g / \sqrt{s}$ |
# | RMSprop | the same with a running mean: $s \leftarrow \alpha s + (1 - \alpha) g^2$ |
# | Adadelta | RMSprop whose learning rate is the running size of its own steps |
# | Adam | momentum over the root of RMSprop's $s$, both corrected for their beginning |
# | AdamW | Adam with weight decay beside the gradient, not in it |
#
# Adadelta in formulas: the step is $d = g \sqrt{u} / \sqrt{s}$, then $w \leftarrow w - \eta d$, and
# $u \leftarrow \alpha u + (1 - \alpha) d^2$ is the running mean of $d^2$. (Both roots have a tiny
# number added inside, or the first step would be 0.)

# %%
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
ways = {name: descend(make) for name, make in {**plain, **adaptive}.items()}
for name, path in ways.items():
    height = ravine(*path.T)
    print(f"{name:8}: {height[10]:6.3f} after 10 steps, {height[100]:.0e} after 100")


def seen_from_above(names):
    paths = {name: ways[name][:40] for name in names}
    return plots.contours(ravine, x=(-4.5, 1.5), y=(-1.6, 1.6), paths=paths)


plots.row(seen_from_above(plain), seen_from_above(adaptive))

# %% [markdown]
# The numbers are the values of $f$. On the left, SGD zigzags. Momentum swings like a heavy ball,
# and Nesterov's version brakes before the turn. On the right, all but AdamW leave the start at the
# same angle: both coordinates change equally fast, though the gradient points almost straight
# across. That is the division by the root of $s$. In the first step of Adam and of Adagrad, the
# size of the gradient does not matter at all. AdamW's decay adds a pull towards 0, which is longer
# for the longer coordinate.
#
# The same division keeps RMSprop from coming to rest: its steps stay about as large as its
# learning rate, however small the gradient is. It needs a learning rate that falls.
#
# Do not read a ranking from it. A ravine has no noise, the learning rates were chosen by hand for
# it, and AdamW's decay pulls towards 0, where the minimum happens to lie.

# %%
first_steps = {name: ways[name][1] - ways[name][0] for name in adaptive}
for name, rate in (("Adam", 0.3), ("Adagrad", 1.0)):
    assert np.allclose(first_steps[name], [rate, -rate])
equally_fast = [name for name, step in first_steps.items() if np.isclose(step[0], -step[1])]
assert equally_fast == ["Adagrad", "RMSprop", "Adadelta", "Adam"], "all but AdamW"
assert ravine(*ways["Nesterov"][30]) < ravine(*ways["SGD"][30])
assert np.abs(np.diff(ways["RMSprop"][-5:], axis=0)).max() > 0.1, "as large as at first"

# %% [markdown]
# ## Clipping
#
# A *recurrent* network uses the same weight at every step of a sequence, and so its gradient has
# high powers of it. The smallest example: $L(w) = (w^{20} - 1)^2$, which is almost flat below 1 and
# a cliff above. Its slope at four places:


# %%
def cliff(w):
    h = 1.0
    for _ in range(20):
        h = h * w
    return (h - 1) ** 2


print([f"{tg.grad(cliff)(w):,.2f}" for w in (0.8, 1.0, 1.1, 1.2)])

# %% [markdown]
# At 1.2 the slope is over 47,000. One step with a learning rate of 0.001 goes from 1.2 to −46.5,
# from where there is no way back. The direction was right, and only the length was wrong.
#
# *Clipping* keeps the direction and limits the length. If the norm of the gradient, over all
# parameters together, is above a bound, all of it is multiplied by bound / norm.


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

a = tg.tensor([3.0, 0.0], requires_grad=True)
b = tg.tensor([[4.0]], requires_grad=True)
((a**2).sum() / 2 + (b**2).sum() / 2).backward()
assert optim.clip_grad_norm_([a, b], 1.0) == 5.0, "it answers the norm before"
assert np.allclose(a.grad, [3 / 5, 0])
assert np.allclose(b.grad, [[4 / 5]])

# %% [markdown]
# ## Before and after
#
# The network of sigmoids, repaired in two ways: with tanh, Xavier's first weights and standardised
# inputs; or as it was, with batch normalisation. The gradient of every layer, before and after:

# %%
spread = np.maximum(images.std(axis=0), 0.05)  # some pixels never change
standard = (images - images.mean(axis=0)) / spread
test_standard = (test_images - images.mean(axis=0)) / spread

xavier = gradient_norms(network(nn.Tanh, nn.init.xavier_normal_), standard)
norms = {"before": vanishing, "Xavier": xavier, "batch norm": rescued}
plots.bars(range(1, 12), norms, ylabel="norm of the gradient", logy=True)

# %% [markdown]
# And does it learn? Five epochs with the training digits, the same for all three.


# %%
def taught(model, inputs, test_inputs):
    dataset = data.TensorDataset(inputs, labels)
    loader = data.DataLoader(dataset, batch_size=32, shuffle=True)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loss = nn.CrossEntropyLoss()
    train.fit(model, loader, loss, optimizer, epochs=5, progress=False)
    with tg.no_grad():
        return train.accuracy(model.eval()(test_inputs), test_labels)


before = taught(network(nn.Sigmoid, small), images, test_images)
after = taught(network(nn.Tanh, nn.init.xavier_normal_), standard, test_standard)
after_norm = taught(network(nn.Sigmoid, small, normalised=True), images, test_images)
print(f"before {before:.0%}, Xavier {after:.0%}, batch norm {after_norm:.0%}")

# %% [markdown]
# Guessing among ten digits is right in one case of ten, and the first network does no better. It
# has as many units as the other two, and was trained on the same digits.

# %% tags=["hide-cell"]
assert before < 0.15
assert min(after, after_norm) > 0.85
assert max(xavier) < 5 * min(xavier)
assert max(rescued) < 5 * min(rescued)

# %% [markdown]
# ## In five lines
#
# - Signals and gradients are multiplied in each layer; unless the factors are near 1, they vanish
#   or explode.
# - Weights with a variance of 1 over the number of inputs keep the size of the signals.
# - Standardised inputs make the valley round, and batch normalisation does it in every layer.
# - Momentum adds up what agrees; Adam gives each coordinate steps of its own size.
# - Clipping keeps the direction of a gradient and limits its length.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/08_keeping_numbers_alive/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `clip_by_norm(gradients, most)`: a list of arrays, scaled together (3 points).
# 2. `batch_norm_backward(upstream, x)`: the gradient of $x$ through $\hat{x}$, for a batch of shape
#    (N, C) (4 points). The grader tells you which of the two facts from above fails.
# 3. `adam(w, gradients, lr)`: the parameters after each step of Adam (3 points). You are told in
#    which step yours depart, and often why.
#
# Then ask for your points:
#
# ```sh
# tinygrad-edu grade exercises/08_keeping_numbers_alive my_answers.py --show
# ```
#
# And some questions to answer by changing this page:
#
# - Give ReLU Xavier's weights. By which factor do the signals shrink in each layer?
# - How does `network(nn.Tanh, large)` do with clipping, and how with Adam? Which of the remedies
#   mends the cause?
# - Make the ravine twenty times steeper. Which optimisers still work with the same learning rate,
#   and why just these?
#
# <details><summary>Answers</summary>
#
# - By the root of 1/2, about 0.7: Xavier makes up for no activation, and a ReLU halves the mean
#   square.
# - With clipping and with Adam too, it reads about as many digits after five epochs as guessing
#   does. Both change the length of the steps, but the signals stay saturated: each tanh says −1 or
#   1, whatever the digit. Only other first weights, or batch normalisation, mend that.
# - Adagrad, RMSprop, Adadelta, Adam and AdamW: they divide by the size of the gradients, so that a
#   steeper wall makes no longer steps. SGD, with or without momentum, leaps ever higher: its rate
#   has to stay below 2 / 400.
#
# </details>
#
# ## What to read in the source
#
# - `tinygrad_edu/nn/init.py`, `_xavier` and `_kaiming`: the two formulas, and `GAINS`, what each
#   activation does to the size.
# - `tinygrad_edu/engine/primitives/normalization.py`, `_normalize_rule`: the backward pass of batch
#   normalisation in three lines, whose two subtractions are the two facts from above.
# - `tinygrad_edu/optim/algorithms.py`: each `update` is the formula of its row in the table.
# - `tinygrad_edu/optim/clipping.py`, `clip_grad_norm_`: what happens where the norm is infinite.
# - `tinygrad_edu/nonfinite.py`: how `tg.find_nan` finds the operation that gave the first nan.
#
# ## Where this comes from
#
# - Vanishing gradients: S. Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen* (1991); Y.
#   Bengio, P. Simard and P. Frasconi, *Learning long-term dependencies with gradient descent is
#   difficult* (1994).
# - First weights: X. Glorot and Y. Bengio, *Understanding the difficulty of training deep
#   feedforward neural networks* (2010); K. He et al., *Delving deep into rectifiers* (2015).
# - Standardised inputs and curvature: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, *Efficient
#   BackProp* (1998).
# - Batch normalisation: S. Ioffe and C. Szegedy, *Batch normalization: accelerating deep network
#   training by reducing internal covariate shift* (2015).
# - Clipping: R. Pascanu, T. Mikolov and Y. Bengio, *On the difficulty of training recurrent neural
#   networks* (2013).
# - Momentum: B. T. Polyak (1964) and Y. Nesterov (1983). Adagrad: J. Duchi et al. (2011). RMSprop:
#   T. Tieleman and G. Hinton (2012). Adadelta: M. D. Zeiler (2012). Adam: D. Kingma and J. Ba
#   (2015). AdamW: I. Loshchilov and F. Hutter (2019).
#
# [Lesson 9](09_layers_and_blocks.py) looks at how layers are put together.
