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
# # 6. From the perceptron to the multilayer perceptron
#
# After this lesson you can say which problems one neuron solves and how many mistakes it makes until then,
# why a second layer solves more, and what stands between the two layers. You will watch a network bend its border
# around data that no line divides.
#
# You need gradient descent ([lesson 4](04_linear_regression.py)), and logits and the cross-entropy
# ([lesson 5](05_softmax_regression.py)).
#
# It takes about 120 minutes with the exercises, and is one of the harder lessons.
#
# ## A question first
#
# Here are four points, each with an answer: $(0, 0)$ no, $(0, 1)$ yes, $(1, 0)$ yes, $(1, 1)$ no. Find three numbers
# $w_1$, $w_2$ and $b$ such that $w_1 x_1 + w_2 x_2 + b$ is above 0 for the two "yes", and not above 0 for the two
# "no". If you find none, write the four conditions under each other and show that there are none.

# %%
from functools import partial

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots

# %% [markdown]
# ## A neuron that learns from its mistakes
#
# A neuron multiplies each input by a weight and adds up. The *perceptron* says +1 if the sum is positive, −1 if it
# is negative. It looks at one sample after the other. If its answer is right, it does nothing. If it is wrong, it
# adds the sample to the weights, with the sign of the right answer:
#
# $$w \leftarrow w + y \, x \qquad \text{if} \qquad y \, (w \cdot x) \le 0$$
#
# Here $x$ is the input and $y$, +1 or −1, the right answer. The product $y \, (w \cdot x)$ is positive if both have
# the same sign. A sum of exactly 0 counts as a mistake. After an epoch without a mistake it stops.


# %%
def perceptron(points, labels, epochs=1000):
    """The weights at the start and after each mistake, until an epoch is without one."""
    w = np.zeros(points.shape[1])
    history = [w]
    for _ in range(epochs):
        before = len(history)
        for x, y in zip(points, labels):
            if y * (w @ x) <= 0:
                w = w + y * x
                history.append(w)
        if len(history) == before:
            break
    return np.array(history)


two_points, two_labels = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1, -1])
print(perceptron(two_points, two_labels))
assert len(perceptron(two_points, two_labels)) == 1 + 5

# %% [markdown]
# Follow it on paper. At $w = (0, 0)$ the first point gives 0, a mistake, so $w$ becomes $(2, 1)$. The second gives
# $2 + 3 = 5$ and should be negative, so $w$ becomes $(2, 1) - (1, 3) = (1, -2)$. After five mistakes $w = (4, -3)$
# answers both rightly: $8 - 3 = 5$ and $4 - 9 = -5$.
#
# The rule looks made up. It is gradient descent with a learning rate of 1. The loss is 0 for a right answer, and the
# size of the sum for a wrong one: $\max(0, -y \, (w \cdot x))$. Its gradient by $w$ is $-y\,x$ for a mistake, and 0
# for a right answer. At a sum of exactly 0 the loss has an edge, and no slope: on one side it is 0, on the other
# $-y\,x$. The rule takes the second, or it would never leave its start at $w = (0, 0)$. Here is the second mistake;
# the 1 beside the score is $-y$.

# %%
w1, w2 = tg.Value(2.0, name="w1"), tg.Value(1.0, name="w2")
x, y = np.array([1.0, 3.0]), -1.0
score = w1 * x[0] + w2 * x[1]
loss = tg.relu(-y * score)
score.name, loss.name = "score", "loss"
loss.backward()
assert (w1.grad, w2.grad) == tuple(-y * x)
tg.draw(loss, direction="TB")

# %% [markdown]
# ## It stops, and one can say when
#
# Each mistake changes all the weights, and may spoil answers that were right. Yet the perceptron ends after a limited
# number of mistakes whenever some line divides the data. Two numbers say how many:
#
# - $R$, the length of the longest input;
# - $\gamma$, the *margin*: how far the nearest point is from a dividing line.
#
# Let $w^*$ be the weights of that line: it consists of the points with $w^* \cdot x = 0$. Take $w^*$ of length 1. Then
# $w^* \cdot x$ is the distance of $x$ from the line, positive on one side and negative on the other, and so
# $y \, (w^* \cdot x) \ge \gamma$ for every point.
#
# Look at $w$, which began at 0, after $k$ mistakes. Each of them added $y\,x$ to $w$, and so at least $\gamma$ to
# $w \cdot w^*$. Therefore
#
# $$w \cdot w^* \ge k \gamma$$
#
# And the length of $w$, written $\left|w\right|$, cannot grow fast. A step is only made where
# $y \, (w \cdot x) \le 0$, so
#
# $$\left|w + y\,x\right|^2 = \left|w\right|^2 + 2 \, y \, (w \cdot x) + \left|x\right|^2 \le \left|w\right|^2 + R^2$$
#
# Each mistake adds at most $R^2$, so after $k$ of them $\left|w\right|^2 \le k R^2$. As $w^*$ has length 1,
# $w \cdot w^*$ is at most $\left|w\right|$. Put together, this is *Novikoff's bound*:
#
# $$k \gamma \le w \cdot w^* \le \left|w\right| \le \sqrt{k} \, R \qquad \text{so} \qquad k \le (R / \gamma)^2$$
#
# For the two points above, $R^2 = 10$. The weights $w^* = (4, -3)/5$ have length 1 and give $5/5$ and $-5/5$: a margin
# of 1. So there are at most 10 mistakes, and there were 5.
#
# Now 400 points at a distance of 1 from the origin, so $R = 1$, on both sides of a line, with a strip around the line
# left empty. With 2 inputs the points lie on a circle, with 20 on a sphere in 20 dimensions.


# %%
def divided(margin, inputs):
    """400 points of length 1, all `margin` off a line; their sides of it; the line."""
    w_star = np.ones(inputs) / np.sqrt(inputs)
    points = np.random.default_rng(0).normal(size=(4000, inputs))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points = points[np.abs(points @ w_star) > margin][:400]
    return points, np.sign(points @ w_star), w_star


print("margin   mistakes with 2 inputs   with 20   bound")
for margin in (0.3, 0.1, 0.03, 0.01):
    points, labels, _ = divided(margin, inputs=2)
    few = len(perceptron(points, labels)) - 1
    points, labels, _ = divided(margin, inputs=20)
    many = len(perceptron(points, labels)) - 1
    bound = (1 / margin) ** 2
    print(f"{margin:6} {few:24} {many:9} {bound:7.0f}")
    assert max(few, many) <= bound

# %% [markdown]
# The bound holds, and it is generous: it has to hold for the worst points in the worst order. Neither the number of
# points nor the number of inputs is in it. Here are its three inequalities while the perceptron learns, with a margin
# of 0.03:

# %%
points, labels, w_star = divided(0.03, inputs=2)
R, gamma = 1.0, (labels * (points @ w_star)).min()
history = perceptron(points, labels)
k = np.arange(len(history))
lengths, along = np.linalg.norm(history, axis=1), history @ w_star
assert (k * gamma <= along + 1e-9).all()
assert (along <= lengths + 1e-9).all()
assert (lengths <= np.sqrt(k) * R + 1e-9).all()
w = history[-1]
ends = np.array([-1.0, 1.0])
plots.row(
    plots.lines(
        {
            "√k · R": (k, np.sqrt(k) * R),
            "|w|": (k, lengths),
            "w · w*": (k, along),
            "k · γ": (k, k * gamma),
        },
        xlabel="mistakes k",
        title="The three inequalities",
    ),
    plots.points(
        {"+1": points[labels > 0], "−1": points[labels < 0]},
        lines={"w · x = 0": (ends, -w[0] / w[1] * ends)},
        equal=True,
        xlabel="x1",
        ylabel="x2",
        title="The line found",
    ),
)

# %% [markdown]
# ## Four points that no line divides
#
# All these lines go through the origin. For others the sum needs a bias $b$. It takes no new rule: append an input
# that is always 1, and its weight is the bias.
#
# The four points of the question are *XOR*, "one or the other, not both". Let the perceptron try.

# %%
xor_points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
xor_labels = np.array([-1, 1, 1, -1])
with_one = np.hstack([xor_points, np.ones((4, 1))])
history = perceptron(with_one, xor_labels)
print(len(history) - 1, "mistakes in 1000 epochs; the last weights were")
print(history[-8:])
assert (history[-4:] == history[-8:-4]).all()

# %% [markdown]
# It goes round in a circle: the last four weights are the four before them. This answers the question: there are no
# such numbers. The four conditions prove it. "No" at $(0, 0)$, "yes" at $(0, 1)$ and $(1, 0)$, "no" at $(1, 1)$ mean
#
# $$b \le 0, \qquad w_2 + b > 0, \qquad w_1 + b > 0, \qquad w_1 + w_2 + b \le 0$$
#
# Add the middle two: $w_1 + w_2 + 2b > 0$. Add the outer two: $w_1 + w_2 + 2b \le 0$. Both cannot be. No line divides
# these points, and no way of training one neuron changes that.
#
# ## Two neurons in front of a third
#
# Let two neurons look at the points first, and give what they find to a third. Neurons between the input and the
# output are a *hidden layer*. What a hidden neuron passes on is not its sum but a function of it, the *activation*.
# Here it is the *ReLU*, rectified linear unit: $\text{relu}(a) = \max(a, 0)$. These weights were found by thinking:
#
# $$h_1 = \text{relu}(x_1 + x_2), \qquad h_2 = \text{relu}(x_1 + x_2 - 1), \qquad z = h_1 - 2 h_2$$
#
# The first counts the ones. The second is 1 only if there are two of them, and takes them away again.


# %%
def by_thought(x1, x2):
    """XOR, with its two hidden neurons."""
    h1 = tg.relu(x1 + x2)
    h2 = tg.relu(x1 + x2 - 1)
    return h1, h2, h1 - 2 * h2


for x1, x2 in xor_points:
    h1, h2, z = by_thought(float(x1), float(x2))
    print(f"x = ({x1}, {x2})   h = ({h1:.0f}, {h2:.0f})   z = {z:.0f}")
    assert z == (x1 != x2)

# %% [markdown]
# The output neuron is as simple as before: it can only divide by a line. But it looks at another plane, that of $h_1$
# and $h_2$. There the two "yes" are one point, and a line will do.

# %%
hidden = np.array([by_thought(float(x1), float(x2))[:2] for x1, x2 in xor_points])
yes = xor_labels > 0
plots.row(
    plots.points(
        {"yes": xor_points[yes], "no": xor_points[~yes]},
        equal=True,
        xlabel="x1",
        ylabel="x2",
        title="What comes in",
    ),
    plots.points(
        {"yes": hidden[yes], "no": hidden[~yes]},
        lines={"z = 1/2": (np.array([0.0, 2.0]), np.array([-0.25, 0.75]))},
        equal=True,
        xlabel="h1",
        ylabel="h2",
        title="What the output neuron sees",
    ),
)

# %% [markdown]
# How would such weights be learned? By the chain rule, back through the activation. The ReLU is a gate: where its sum
# is positive its derivative is 1 and the gradient passes; elsewhere it is 0 and nothing passes. Below, $s$ is
# $x_1 + x_2$ for the point $(0, 1)$, and each hidden neuron has a weight, $u_1$ or $u_2$. Before you play it: which
# of the two weights gets no gradient?

# %%
s = tg.Value(1.0, name="s")
u1, u2 = tg.Value(1.0, name="u1"), tg.Value(1.0, name="u2")
h1, h2 = tg.relu(u1 * s), tg.relu(u2 * s - 1.0)
z = h1 - 2.0 * h2
h1.name, h2.name, z.name = "h1", "h2", "z"
z.backward()
assert (u1.grad, u2.grad) == (1.0, 0.0)
tg.steps(z)

# %% [markdown]
# It is $u_2$. The second neuron is *closed* at this point: its sum is exactly 0, and there the derivative of the ReLU
# counts as 0. It learns from other points, where it is *open*. A neuron that is closed at all points learns nothing
# any more.
#
# ## Without an activation, layers are one layer
#
# Suppose the hidden neurons passed on their sums as they are. Then two layers would be
#
# $$(x W_1 + b_1) W_2 + b_2 = x \, (W_1 W_2) + (b_1 W_2 + b_2)$$
#
# which is one layer with other weights. A hundred layers would be no better. Without the bend in the activation, more
# layers are of no use.

# %%
rng = np.random.default_rng(0)
W1, b1, W2, b2 = (rng.normal(size=shape) for shape in ((2, 5), (5,), (5, 3), (3,)))
x = rng.normal(size=(7, 2))
one_layer = x @ (W1 @ W2) + (b1 @ W2 + b2)
assert np.allclose((x @ W1 + b1) @ W2 + b2, one_layer)
assert not np.allclose(np.maximum(x @ W1 + b1, 0) @ W2 + b2, one_layer)

# %% [markdown]
# With it, one hidden layer is enough for a great deal: with sufficiently many neurons it comes as close as you like to
# any continuous function on a bounded region. This is the *universal approximation theorem*. For one input and ReLU you
# can see why: each neuron adds a bend at a place of its own, and enough bends follow any curve.

# %%
bends = np.linspace(0, np.pi, 8)  # neuron i is open from bends[i] on
chords = np.diff(np.sin(bends)) / np.diff(bends)
changes = np.diff(chords, prepend=0.0)  # the slope changes by this at each bend
places = np.linspace(0, np.pi, 500)
bent = np.maximum(places[:, None] - bends[:-1], 0) @ changes
print(f"sin by 7 ReLU neurons: off by {np.abs(bent - np.sin(places)).max():.3f} at most")
plots.lines({"sin": (places, np.sin(places)), "7 neurons": (places, bent)}, xlabel="x")

# %% [markdown]
# The theorem says that such weights exist. It does not say that a descent finds them, nor that they are few.

# %% tags=["hide-cell"]
assert np.abs(bent - np.sin(places)).max() < 0.03

# %% [markdown]
# ## Four activations and their slopes
#
# - *ReLU*, $\max(a, 0)$.
# - *PReLU*, parametric ReLU: $a$ where it is positive, elsewhere $\alpha a$. The slope $\alpha$ is learned like a
#   weight, so no side is closed. With a fixed $\alpha$, often 0.01, it is called *leaky ReLU*: the usual cure where
#   too many neurons are closed for good.
# - *Sigmoid*, $\sigma(a) = 1 / (1 + e^{-a})$, between 0 and 1.
# - *Tanh*, the hyperbolic tangent, between −1 and 1.
#
# What matters for learning is the slope, by which every gradient is multiplied on its way back. The engine knows it:
# the gradient of the sum of $f(a_i)$ by $a_i$ is $f'(a_i)$.

# %%
activations = {
    "ReLU": tg.relu,
    "PReLU": lambda a: nn.functional.prelu(a, tg.tensor([0.25], dtype="float64")),
    "sigmoid": tg.sigmoid,
    "tanh": tg.tanh,
}
a = np.linspace(-4, 4, 161)
curves = {name: (a, f(a)) for name, f in activations.items()}


def slope(f, a):
    """The slope of f at each a."""
    return tg.grad(lambda a: f(a).sum())(a)


slopes = {name: (a, slope(f, a)) for name, f in activations.items()}
plots.row(
    plots.lines(curves, xlabel="a", title="Activation"),
    plots.lines(slopes, xlabel="a", title="Its slope"),
)

# %% [markdown]
# Sigmoid and tanh are flat far from 0. There a neuron is *saturated*: it gets next to no gradient. The steepest slope
# of the sigmoid is only $1/4$, that of tanh is 1. Both slopes can be computed from the result alone: they are
# $\sigma (1 - \sigma)$ and $1 - \tanh^2$. And tanh is a stretched sigmoid: $\tanh(a) = 2 \sigma(2a) - 1$.

# %%
assert np.isclose(slopes["sigmoid"][1].max(), 1 / 4)
assert np.isclose(slopes["tanh"][1].max(), 1)
sigma = curves["sigmoid"][1]
assert np.allclose(slopes["sigmoid"][1], sigma * (1 - sigma))
assert np.allclose(tg.tanh(a), 2 * tg.sigmoid(2 * a) - 1)

# %% [markdown]
# The slope $\alpha$ of a PReLU gets a gradient of its own: $a$ from each place where $a$ is negative, and 0 from the
# others.

# %%
alpha = tg.tensor([0.25], requires_grad=True, name="α")
sums = tg.tensor([-3.0, -1.0, 2.0], name="a")
out = nn.functional.prelu(sums, alpha).sum()
out.backward()
assert alpha.grad == -3.0 + -1.0

# %% [markdown]
# ## A network that finds XOR itself
#
# The *multilayer perceptron*, MLP for short, is a hidden layer, an activation, and an output layer. Its output for
# "yes or no" is one logit $z$, and $\sigma(z)$ is the probability of "yes". That is the softmax of lesson 5 for the
# two logits $z$ and 0. The loss is the cross-entropy again:
#
# $$\text{loss} = \log(e^z + e^0) - y z, \qquad \frac{\partial\,\text{loss}}{\partial z} = \sigma(z) - y$$
#
# The first term is called *softplus*. The data are 200 points around the four corners $(\pm 1, \pm 1)$.

# %%
X, y = data.xor(200, noise=0.35).arrays
print(X.shape, y[:8])


def start(hidden, seed=1):
    """Weights and biases of an MLP with 2 inputs and 1 output, at random."""
    rng = np.random.default_rng(seed)
    arrays = {
        "W1": rng.normal(size=(2, hidden)),
        "b1": np.zeros(hidden),
        "W2": rng.normal(size=(hidden, 1)) / np.sqrt(hidden),
        "b2": np.zeros(1),
    }
    return [tg.tensor(x, requires_grad=True, name=name) for name, x in arrays.items()]


def network(x, parameters):
    """The logits (N,) of points (N, 2)."""
    W1, b1, W2, b2 = parameters
    return (tg.relu(x @ W1 + b1) @ W2 + b2).reshape(len(x))


def loss_of(z, y):
    """The mean cross-entropy of logits (N,) and answers 0 or 1."""
    return (tg.softplus(z) - y * z).mean()


z = np.array([-1.0, 0.5, 2.0])
assert np.allclose(tg.grad(lambda z: 3 * loss_of(z, y[:3]))(z), tg.sigmoid(z) - y[:3])

parameters = start(hidden=8)
z = network(X[:3], parameters)
z.name = "z"
tg.draw(z, direction="TB", gradients=False)

# %% [markdown]
# That is the network for three points. Training is gradient descent on all 200 at once. Copies of the parameters are
# kept at a few steps, to see later what the network said at that time.


# %%
def train(parameters, X, y, steps, lr, look_at):
    """The losses of gradient descent; the parameters at the steps in `look_at`."""
    losses, copies = [], {}
    for step in range(steps + 1):
        if step in look_at:
            copies[step] = [p.numpy() for p in parameters]
        loss = loss_of(network(X, parameters), y)
        losses.append(loss.item())
        for p in parameters:
            p.zero_grad()
        loss.backward()
        with tg.no_grad():
            for p in parameters:
                p -= lr * p.grad
    return losses, copies


losses, copies = train(parameters, X, y, steps=200, lr=0.5, look_at=(0, 10, 50, 200))


def answers(points, parameters):
    """The probability of "yes" at each point, with the parameters as arrays."""
    return tg.sigmoid(network(points, parameters))


def right(X, y, parameters):
    """The share of points that are answered rightly."""
    return ((answers(X, parameters) > 0.5) == y).mean()


def pictures(X, y, losses, copies):
    """What the network said of every place in the plane, at each of the copies."""
    views = []
    for step, copy in copies.items():
        print(f"step {step:4}: loss {losses[step]:.3f}, right {right(X, y, copy):.1%}")
        said = partial(answers, parameters=copy)
        views.append(plots.regions(said, X, y, title=f"step {step}"))
    return views


views = pictures(X, y, losses, copies)
assert right(X, y, copies[200]) > 0.98
plots.row(*views[:2])

# %%
plots.row(*views[2:])

# %% [markdown]
# Triangles are "yes". The black line is the border, where the probability is one half. It is made of straight pieces:
# each hidden neuron can bend it once, where the sum of that neuron is 0.
#
# Two hidden neurons are enough for XOR, as you have seen. To *find* such weights from a random start is another
# matter. Below, six starts with 4 hidden neurons, and six with 16.

# %%
for hidden in (4, 16):
    shares = []
    for seed in range(6):
        _, last = train(start(hidden, seed), X, y, steps=200, lr=0.5, look_at=[200])
        shares.append(right(X, y, last[200]))
    print(hidden, "hidden neurons:", " ".join(f"{share:.1%}" for share in shares))
    assert sum(share < 0.98 for share in shares) == (2 if hidden == 4 else 0)

# %% [markdown]
# Two of the small networks have learned only two corners. At the other two, a "yes" and a "no", all four neurons are
# closed. The network says the same at both, one half, and happens to be right at one of them. No gradient reaches the
# hidden weights from these points. Among 16 neurons, some are open at every corner. Networks are made larger than the
# problem needs so that they can be trained.
#
# The weights have to begin at random. If all began equal, all hidden neurons would compute the same, get the same
# gradient, and stay the same for ever. Eight such neurons can do no more than one:

# %%
equal = [tg.tensor(np.full(p.shape, 0.5), requires_grad=True) for p in start(hidden=8)]
train(equal, X, y, steps=50, lr=0.5, look_at=())
print(equal[0].data.round(3))
assert (equal[0].data == equal[0].data[:, :1]).all()

# %% [markdown]
# ## The same with the library
#
# `nn.Linear` keeps its weight as (outputs, inputs), the transpose of ours. `nn.Flatten(0)` makes `(N,)` of the outputs
# `(N, 1)`. `nn.BCEWithLogitsLoss`, binary cross-entropy with logits, is our `loss_of`. From the same start, both
# programs have the same loss in every step, up to the rounding of float32.

# %%
W1, b1, W2, b2 = start(hidden=8)
model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Flatten(0))
ours = (W1.numpy().T, b1.numpy(), W2.numpy().T, b2.numpy())
model.load_state_dict(dict(zip(("0.weight", "0.bias", "2.weight", "2.bias"), ours)))
criterion, optimizer = nn.BCEWithLogitsLoss(), optim.SGD(model.parameters(), lr=0.5)
library_losses = []
for _ in range(201):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    library_losses.append(loss.item())
assert np.allclose(library_losses, losses, rtol=1e-3)
tg.draw(model(X), depth=1, gradients=False)

# %% [markdown]
# ## Two moons
#
# The last problem has no corners: two half circles, each reaching into the other. One neuron can only draw a line.

# %%
X, y = data.moons(300, noise=0.12).arrays


def fit(model, steps, lr):
    """Gradient descent on all points at once; gives the loss of each step."""
    optimizer, losses = optim.SGD(model.parameters(), lr=lr), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


tg.manual_seed(0)
one_neuron = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
of_one_neuron = fit(one_neuron, steps=1000, lr=1.0)


def share_right(model):
    """The share of points that a model answers rightly."""
    return ((model(X).data > 0) == y).mean()


print(f"one neuron: {share_right(one_neuron):.1%} right")

# %% [markdown]
# With 16 hidden neurons the border is nearly a line after 30 steps, too, because that is the quickest way down. Then it
# bends.

# %%
looks = (0, 30, 200, 1000)
losses, copies = train(start(hidden=16), X, y, steps=1000, lr=1.0, look_at=looks)
views = pictures(X, y, losses, copies)
plots.row(*views[:2])

# %%
plots.row(*views[2:])

# %% [markdown]
# And with the other activations? The same start for all four; only what stands between the layers differs.

# %%
models, curves = {}, {"one neuron": of_one_neuron}
for activation in (nn.ReLU(), nn.PReLU(), nn.Sigmoid(), nn.Tanh()):
    tg.manual_seed(0)
    name = type(activation).__name__
    model = nn.Sequential(nn.Linear(2, 16), activation, nn.Linear(16, 1), nn.Flatten(0))
    models[name], curves[name] = model, fit(model, steps=1000, lr=1.0)
    print(f"{name:8} loss {curves[name][-1]:.3f}, right {share_right(model):.1%}")
plots.lines(curves, xlabel="step", ylabel="cross-entropy", title="Two moons", logy=True)

# %%
plots.row(
    plots.regions(lambda at: tg.sigmoid(models["ReLU"](at)).data, X, y, title="ReLU"),
    plots.regions(lambda at: tg.sigmoid(models["Tanh"](at)).data, X, y, title="Tanh"),
)

# %% [markdown]
# The border of ReLU has corners, that of tanh is a curve. The curve of the PReLU zigzags: there its steps are too long,
# and each leaps over the valley. The sigmoid is far behind: its slope is at most $1/4$, so
# the gradient of the first layer is small, and for 600 steps the network is hardly better than one neuron. It needs
# another 1000. In deeper networks the factor $1/4$ comes once for each layer, which is what
# [lesson 8](08_keeping_numbers_alive.py) is about.

# %%
fit(models["Sigmoid"], steps=1000, lr=1.0)
print(f"sigmoid after 2000 steps: {share_right(models['Sigmoid']):.1%} right")
assert share_right(models["Sigmoid"]) > 0.98

# %% [markdown]
# The slope $\alpha$ of the PReLU began at 0.25. It has learned to be negative: now a neuron rises on both sides of its
# edge, like an absolute value.

# %%
print(models["PReLU"][1].weight.data.round(2))
assert right(X, y, copies[1000]) > 0.98
assert all(share_right(models[name]) > 0.98 for name in ("ReLU", "PReLU", "Tanh"))
assert np.isclose(curves["Sigmoid"][600], of_one_neuron[600], rtol=0.02)
assert models["PReLU"][1].weight.data < 0
assert np.sum(np.diff(curves["PReLU"]) > 0) > 50  # the steps at which its loss rises
assert share_right(one_neuron) < 0.9

# %% [markdown]
# ## Digits, with a hidden layer
#
# Lesson 5 reads about 95 % of the test digits with one layer. Put 64 ReLU neurons in between, and nothing else has to
# be invented: ten outputs, the softmax of lesson 5 on top, and minibatches.

# %%
learn, test = data.Digits(), data.Digits(train=False)
images, test_images = (part.images.reshape(-1, 64) for part in (learn, test))
rng = np.random.default_rng(0)
sizes = {"W1": (64, 64), "b1": 64, "W2": (64, 10), "b2": 10}
scales = {"W1": 1 / 8, "b1": 0.0, "W2": 1 / 8, "b2": 0.0}
first = {name: scales[name] * rng.normal(size=sizes[name]) for name in sizes}
parameters = [tg.tensor(x, requires_grad=True, name=name) for name, x in first.items()]


def scores(x):
    W1, b1, W2, b2 = parameters
    return tg.relu(x @ W1 + b1) @ W2 + b2


for _ in range(20):
    for chosen in np.array_split(rng.permutation(len(images)), len(images) // 32):
        for p in parameters:
            p.zero_grad()
        nn.functional.cross_entropy(scores(images[chosen]), learn.labels[chosen]).backward()
        with tg.no_grad():
            for p in parameters:
                p -= 0.5 * p.grad
said = scores(test_images).data.argmax(axis=1)
print(f"{(said == test.labels).mean():.1%} of the test digits")  # one layer: 95 %
assert (said == test.labels).mean() > 0.955

# %% [markdown]
# ## In five lines
#
# - One neuron divides the plane by a line; the perceptron finds such a line if there is one.
# - Hidden neurons give the last one another plane to look at, where a line is enough.
# - Without an activation between them, two layers are one.
# - The slope of the activation multiplies every gradient on its way back.
# - Weights begin at random, or all neurons stay the same; and there are more neurons than the problem needs.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy `exercises/06_multilayer_perceptron/starter.py`
# to `my_answers.py`, fill it in with NumPy alone, and have it graded:
#
# ```sh
# tinygrad-edu grade exercises/06_multilayer_perceptron my_answers.py --show
# ```
#
# 1. `perceptron(points, labels, epochs)`: the weights found, and the number of mistakes (3 points). If you change the
#    weights after right answers too, or lose the label on the way, you are told which.
# 2. `xor_weights()`: the weights of a network with two hidden ReLU neurons that computes XOR for inputs −1 and 1
#    instead of 0 and 1 (2 points). Find them by thinking. You are told for which of the four inputs they are wrong,
#    and what the hidden neurons give there.
# 3. `gradients(x, y, W1, b1, W2, b2)`: back through the whole MLP, with tanh (4 points). What you leave out on the
#    way, the slope of tanh or the mean over the points, is named.
#
# ## What to read in the source
#
# - `tinygrad_edu/engine/primitives/elementwise.py`, `relu`, `sigmoid` and `tanh`: three rows, of one line each for the
#   slope.
# - `tinygrad_edu/nn/activations.py`, `prelu`: where $\alpha$ gets its gradient from.
# - `tinygrad_edu/engine/primitives/fused.py`, `linear`: a layer, and what it sends back to its input, weight and bias.
# - `tinygrad_edu/models/mlp.py`, `mlp`: the network of this lesson for pictures.
# - `tinygrad_edu/data/synthetic.py`, `xor` and `moons`: how the data are made.
#
# ## Where this comes from
#
# - The perceptron: F. Rosenblatt, *The Perceptron: A Probabilistic Model for Information Storage and Organization in
#   the Brain* (1958).
# - The bound: A. B. J. Novikoff, *On Convergence Proofs on Perceptrons* (1962).
# - That one layer cannot compute XOR and its relatives: M. Minsky and S. Papert, *Perceptrons* (1969).
# - Hidden layers trained by the chain rule: D. E. Rumelhart, G. E. Hinton and R. J. Williams, *Learning
#   Representations by Back-Propagating Errors* (1986).
# - XOR with two ReLU neurons: I. Goodfellow, Y. Bengio and A. Courville, *Deep Learning* (2016), section 6.1.
# - ReLU: V. Nair and G. E. Hinton, *Rectified Linear Units Improve Restricted Boltzmann Machines* (2010). PReLU: K.
#   He et al., *Delving Deep into Rectifiers* (2015), equation 1.
