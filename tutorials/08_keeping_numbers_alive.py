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
# It takes about 95 minutes with the exercises, and is one of the harder lessons.
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

# %% tags=["hide-cell"]
h3.backward()
assert round(x.grad, 3) == 0.013

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
learn, test = data.Digits(), data.Digits(train=False)
images, labels = learn.images.reshape(-1, 64), learn.labels
test_images, test_labels = test.images.reshape(-1, 64), test.labels

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
# numbers does. One remedy is to make sums of the products: a layer that *adds* to what it gets has the
# Jacobian $I + \ldots$, which passes a gradient on even where the rest of it is 0. Lessons
# [12](12_deep_networks.py) and [16](16_gates.py) are about that. This lesson keeps the factors near 1.
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
assert outputs[-1].std(axis=0).max() < 1e-5  # nearly the same for every digit

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
assert 3e6 < np.linalg.norm(by_hand[9]) / np.linalg.norm(by_hand[0]) < 5e6
assert 1e-13 < chain(20) / chain(1) < 1e-12
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
# With Xavier's initial weights instead of the large ones, the same ten layers of tanh have gradients
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
# The inputs are the signals of layer 0, and the rule for the weights counts on their size, too.
# Pixels between 0 and 1 have a mean above 0, which all of them have in common and which says nothing.
# So each input is *standardised*: its mean is subtracted, and the rest divided by its standard deviation.
# The two numbers come from the training data, and are used for all that comes later.

# %%
spread = np.maximum(images.std(axis=0), 0.05)  # some pixels never change
standard = (images - images.mean(axis=0)) / spread
test_standard = (test_images - images.mean(axis=0)) / spread
print(f"mean {images.mean():.2f} before, {abs(standard.mean()):.2f} after")
assert np.allclose(standard.mean(axis=0), 0, atol=1e-5)

# %% [markdown]
# [Lesson 21](21_steps_downhill.py) shows the other reason for it: the valley that the descent goes
# down becomes round.

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
# switches dropout off. (For images, [lesson 12](12_deep_networks.py) writes the layer with all that.)
#
# The network of sigmoids with its bad weights again, now with batch normalisation before each
# activation:

# %%
rescued = gradient_norms(network(nn.Sigmoid, small, normalised=True), images)
print(f"first layer without: {vanishing[0]:.1e}, with: {rescued[0]:.1e}")
assert rescued[0] > 1e5 * vanishing[0]

# %% [markdown]
# ## Steps of a size of their own
#
# The third remedy changes the steps. *Adam* keeps two running means: $m$ of the gradients, and $s$
# of their squares. It divides one by the root of the other, so that each weight makes steps of
# about the same size, whatever the size of its gradient. Since $m$ and $s$ begin at 0, they are too
# small at first. In step $t$, two divisions correct that:
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad s \leftarrow \beta_2 s + (1 - \beta_2) g^2 $$
#
# $$ w \leftarrow w - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon} $$
#
# Here $\eta$ is the learning rate, $\beta_1 = 0.9$, $\beta_2 = 0.999$ and $\epsilon = 10^{-8}$.
# Squares, roots and quotients are taken number by number. (You will write Adam yourself in the
# exercises.) In the first step $m / (1 - \beta_1)$ is $g$, and $s / (1 - \beta_2)$ is $g^2$: the step is
# $\eta$ in the direction of the sign, for a gradient of 1,000 as for one of 0.001.

# %%
w = tg.tensor([1.0, 1.0, 1.0], requires_grad=True)
optimizer = optim.Adam([w], lr=0.1)
(w * np.array([1000.0, 0.001, -1.0])).sum().backward()
optimizer.step()
print(w)
assert np.allclose(w.data, [0.9, 0.9, 1.1])

# %% [markdown]
# That makes up for gradients of different sizes, not for signals that are all alike: whether it can
# rescue the network of sigmoids is a question at the end. Momentum, the other optimisers, and what
# a good step is at all are the subject of [lesson 21](21_steps_downhill.py).

# %% [markdown]
# ## Before and after
#
# The network of sigmoids, repaired in two ways: with tanh, Xavier's initial weights and standardised
# inputs; or as it was, with batch normalisation. The gradient of every layer, before and after:

# %%
xavier = gradient_norms(network(nn.Tanh, nn.init.xavier_normal_), standard)
norms = {"before": vanishing, "Xavier": xavier, "batch norm": rescued}
plots.bars(range(1, 12), norms, ylabel="norm of the gradient", logy=True)

# %% [markdown]
# And does it learn? Five epochs with the training digits, the same for all three.


# %%
def taught(model, inputs, test_inputs, kind=optim.SGD, lr=0.1):
    """The accuracy on the test digits after five epochs."""
    dataset = data.TensorDataset(inputs, labels)
    loader = data.DataLoader(dataset, batch_size=32, shuffle=True)
    optimizer = kind(model.parameters(), lr=lr)
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
by_adam = [  # what is said at the end of the lesson
    taught(network(nn.Tanh, large), images, test_images, optim.Adam, 0.003),
    taught(network(nn.Sigmoid, small), images, test_images, optim.Adam, 0.003),
]
assert max(by_adam) < 0.15

# %% [markdown]
# ## In five lines
#
# - Signals and gradients are multiplied in each layer; unless the factors are near 1, they vanish
#   or explode.
# - Weights with a variance of 1 over the number of inputs keep the size of the signals.
# - Inputs are standardised once, from the training data; batch normalisation does it in every layer,
#   for each batch anew.
# - Through batch normalisation a gradient has two properties: it sums to 0, alone and times $x$.
# - Adam gives each weight steps of its own size, whatever the size of its gradient.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/08_keeping_numbers_alive/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `first_weights(inputs, outputs, kind, seed)`: random weights of the size that Xavier's or
#    Kaiming's rule says (3 points).
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
# - How does `network(nn.Tanh, large)` do with Adam in place of SGD? Which of the remedies mends the
#   cause?
# - Take away the batch normalisation of `after_norm`, and train with Adam and a rate of 0.003. Do the
#   sigmoids learn now?
#
# <details><summary>Answers</summary>
#
# - By the root of 1/2, about 0.7: Xavier makes up for no activation, and a ReLU halves the mean
#   square.
# - It reads one digit in ten, no more than guessing does. Adam changes the length of the steps, but the
#   signals stay saturated: each tanh says −1 or 1, whatever the digit. Only other initial weights, or
#   batch normalisation, mend that.
# - No, one digit in ten again. Behind ten layers of sigmoids the signals differ by less than 0.00001
#   from digit to digit, and no length of step makes a difference of that.
#
# </details>
#
# ## What to read in the source
#
# - `tinygrad_edu/nn/init.py`, `_xavier` and `_kaiming`: the two formulas, and `GAINS`, what each
#   activation does to the size.
# - `tinygrad_edu/engine/primitives/normalization.py`, `_normalize_rule`: the backward pass of batch
#   normalisation in three lines, whose two subtractions are the two facts from above.
# - `tinygrad_edu/optim/algorithms.py`, `Adam.update`: the formula, with fewer passes over the arrays.
# - `tinygrad_edu/nonfinite/`: how `tg.find_nan` finds the operation that gave the first nan.
#
# ## Where this comes from
#
# - Vanishing gradients: S. Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen* (1991); Y.
#   Bengio, P. Simard and P. Frasconi, *Learning long-term dependencies with gradient descent is
#   difficult* (1994).
# - Initial weights: X. Glorot and Y. Bengio, *Understanding the difficulty of training deep
#   feedforward neural networks* (2010); K. He et al., *Delving deep into rectifiers* (2015).
# - Standardised inputs: Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, *Efficient BackProp* (1998).
# - Batch normalisation: S. Ioffe and C. Szegedy, *Batch normalization: accelerating deep network
#   training by reducing internal covariate shift* (2015).
# - Adam: D. P. Kingma and J. Ba, *Adam: a method for stochastic optimization* (2015).
#
# [Lesson 9](09_layers_and_blocks.py) looks at how layers are put together.
