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
# # 4. Linear regression, three ways
#
# After this lesson you can fit a line, or a plane, to data in three ways: by a formula, by a descent
# that you write yourself, and with the library's layers and optimisers. All networks of the later lessons
# are trained as the second way does it, and written as the third.
#
# You need gradients from [lesson 1](01_a_graph_of_numbers.py), arrays from [lesson 2](02_tensors.py),
# and `no_grad` from [lesson 3](03_automatic_differentiation.py).
#
# It takes about 95 minutes with the exercises, and is of medium difficulty.

# %% [markdown]
# ## A question first
#
# 1. Three points are given: $(0, 1)$, $(1, 2)$ and $(2, 6)$. Of all lines $y = wx + b$, which one has the
#    smallest sum of squared vertical distances to them? Guess $w$ and $b$ from a sketch. Does the best line go
#    through any of the points?
# 2. Somebody begins with $w = 0$, $b = 0$ and looks at the point $(1, 2)$ alone. In which direction should each
#    of the two numbers be changed?
#
# Write your answers down. Each comes up again below.

# %%
import time

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots

# %% [markdown]
# ## What "best" means
#
# A *linear model* predicts $\hat y = wx + b$. The *weight* $w$ and the *bias* $b$ are its *parameters*: the
# numbers that are to be found. For a given line, the difference $\hat y - y$ at a point is called the *residual*.
# The *loss* says in one number how bad the line is. Here it is the mean of the squared
# residuals, which is smallest where their sum is smallest.

# %%
x3, y3 = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 6.0])


def loss_of(w, b):
    return np.mean((w * x3 + b - y3) ** 2)


for w, b in [(0.0, 0.0), (2.0, 1.0), (3.0, 0.0)]:
    print(f"y = {w} x + {b}: residuals {w * x3 + b - y3}, loss {loss_of(w, b):.3f}")

# %% [markdown]
# Each line $y = wx + b$ is a pair $(w, b)$, and so one point of the plane below. Take its loss as the height of
# the land there. The curves join points of equal height. They are ellipses, and the best line is somewhere inside
# the smallest.

# %%
plots.contours(
    np.vectorize(loss_of),  # calls it for every point of the plane
    x=(-1.5, 6.5),
    y=(-2.5, 3.5),
    log=True,
    xlabel="w",
    ylabel="b",
    title="The loss of every line",
)

# %% [markdown]
# ## First way: the formula
#
# At the lowest place both derivatives are 0. By the chain rule,
#
# $$\frac{\partial L}{\partial w} = \frac{2}{N}\sum (w x_i + b - y_i)\, x_i = 0, \qquad
# \frac{\partial L}{\partial b} = \frac{2}{N}\sum (w x_i + b - y_i) = 0.$$
#
# The second equation says that the residuals add up to 0, so the line goes through the mean point
# $(\bar x, \bar y)$, which means $b = \bar y - w \bar x$. Put this into the first one, and it says
# $w \sum x_i (x_i - \bar x) = \sum x_i (y_i - \bar y)$. In both sums $x_i$ may be replaced by $x_i - \bar x$, for
# deviations from a mean add up to 0: $\sum \bar x (x_i - \bar x) = 0$, and the same with $y$. So
#
# $$w = \frac{\sum (x_i - \bar x)(y_i - \bar y)}{\sum (x_i - \bar x)^2}.$$

# %%
w3 = np.sum((x3 - x3.mean()) * (y3 - y3.mean())) / np.sum((x3 - x3.mean()) ** 2)
b3 = y3.mean() - w3 * x3.mean()
print(f"w = {w3}, b = {b3}, residuals {w3 * x3 + b3 - y3}, loss {loss_of(w3, b3)}")
plots.points(
    {"the points": np.column_stack([x3, y3])},
    lines={"the best line": (x3, w3 * x3 + b3)},
    xlabel="x",
    ylabel="y",
)

# %% [markdown]
# The mean point is $(1, 3)$. The numerator is $(-1)(-2) + 0 + 1 \cdot 3 = 5$, the denominator $1 + 0 + 1 = 2$, so
# $w = 2.5$ and $b = 3 - 2.5 = 0.5$. That answers question 1: the best line misses all three points, by 0.5, 1
# and 0.5.
#
# Books write the slope in other forms, too. Multiply the products out, with $\sum x_i \bar y = \sum \bar x y_i =
# N \bar x \bar y$, and you find them:
#
# $$w = \frac{N \sum x_i y_i - \sum x_i \sum y_i}{N \sum x_i^2 - (\sum x_i)^2}
#     = \frac{\sum y_i (x_i - \bar x)}{\sum x_i^2 - \frac{1}{N} (\sum x_i)^2}
#     = \frac{\sum x_i (y_i - \bar y)}{\sum x_i^2 - \bar x \sum x_i}.$$
#
# On paper all four are equal. In float32, with $x$ far from 0, they are not:

# %%
far, y_far = np.array([5000, 5001, 5002], np.float32), np.array([1, 2, 6], np.float32)


def slopes(x, y):
    centred = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    n = len(x)
    of_sums = (n * (x * y).sum() - x.sum() * y.sum()) / (n * (x * x).sum() - x.sum() ** 2)
    mixed = (y * (x - x.mean())).sum() / ((x * x).sum() - x.sum() ** 2 / n)
    other = (x * (y - y.mean())).sum() / ((x * x).sum() - x.mean() * x.sum())
    return [float(w) for w in (centred, of_sums, mixed, other)]


print("x = 0, 1, 2:         ", slopes(x3, y3))
with np.errstate(divide="ignore"):
    print("x = 5000, 5001, 5002:", slopes(far, y_far))

# %% [markdown]
# All but the first subtract two numbers of many millions that are nearly equal, and little is left of
# their digits. Subtract the mean first. (Lesson 8 does so with the inputs of a network, for another reason.)
#
# The engine agrees with the best line. Both derivatives are 0 there, and not at $(2, 1)$:


# %%
def loss_of_line(w, b):
    return ((w * x3 + b - y3) ** 2).mean()


gradient = tg.grad(loss_of_line, argnums=(0, 1))
print("at the best line:", gradient(2.5, 0.5), " at (2, 1):", gradient(2.0, 1.0))
assert (w3, b3) == (2.5, 0.5)
assert np.allclose(slopes(x3, y3), 2.5)
with np.errstate(divide="ignore"):
    assert slopes(far, y_far)[0] == 2.5
    assert 2.5 not in slopes(far, y_far)[1:]
assert np.allclose(gradient(2.5, 0.5), 0.0)

# %% [markdown]
# With several inputs, or *features*, there is a weight for each: $\hat y = w_1 x_1 + w_2 x_2 + b$. Put
# the $N$ *samples*, the points with their features, into the rows of a matrix $X$, and give it one more column
# of ones, whose weight is the bias. With all parameters in one vector $\theta$, the residuals are
# $X \theta - y$. The two equations above become one: the gradient $\frac{2}{N} X^\top (X \theta - y)$ is 0 where
#
# $$X^\top X\, \theta = X^\top y.$$
#
# These are the *normal equations*, as many as there are parameters.

# %% [markdown]
# To see whether a method finds the truth, one has to know the truth. So the data are made up: 1000
# points with two features, and targets from known numbers $w = (2, -3.4)$ and $b = 4.2$. A
# little noise is added to each target. The features are drawn from the normal distribution with standard
# deviation 1, the noise from that with 0.01: 95 % of such numbers lie between −0.02 and 0.02.

# %%
true_w, true_b = np.array([2.0, -3.4]), 4.2


def made_up(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 2))
    return X, X @ true_w + true_b + 0.01 * rng.standard_normal(n)


def least_squares(X, y):
    with_ones = np.column_stack([X, np.ones(len(X))])
    return np.linalg.solve(with_ones.T @ with_ones, with_ones.T @ y)


X, y = made_up(1000, seed=0)
noise = y - (X @ true_w + true_b)
assert np.isclose(np.mean(np.abs(noise) < 0.02), 0.95, atol=0.02)
best = least_squares(X, y)
print("found:", best.round(5))
first = np.column_stack([X[:300, 0], y[:300]])
second = np.column_stack([X[:300, 1], y[:300]])
plots.row(
    plots.points({"300 samples": first}, xlabel="first feature", ylabel="y"),
    plots.points({"300 samples": second}, xlabel="second feature", ylabel="y"),
)

# %% [markdown]
# Seen along one feature, the points are a cloud that goes up with slope 2, and along the other a
# narrower one that goes down with slope $-3.4$. The width of each cloud is what the other feature does. The noise
# is too small to be seen.
#
# The library has the same data as `data.linear_regression`, in float32, the dtype of its networks.

# %%
truth = np.array([*true_w, true_b])
dataset = data.linear_regression([2.0, -3.4], 4.2, n=1000, noise=0.01, seed=0)
assert np.allclose(dataset.arrays[0], X, atol=1e-6)
assert np.allclose(dataset.arrays[1][:, 0], y, atol=1e-5)
assert np.abs(best - truth).max() < 1e-3

# %% [markdown]
# ### Why 1000 samples
#
# All three numbers are right to 0.001. Is this luck? The noise of the samples partly cancels. What remains
# in each parameter has a standard deviation of about $0.01/\sqrt N$, the *standard error*: 0.001 for 100
# samples, 0.00032 for 1000. Here are the errors of $w_1$ on 300 sets of data of each size.

# %%
errors = {}
for n in (100, 1000):
    found = np.array([least_squares(*made_up(n, seed)) for seed in range(300)])
    errors[n] = found - truth
    spread = errors[n][:, 0].std()
    near = np.mean(np.abs(errors[n]).max(axis=1) < 1e-3)
    print(f"N = {n}: standard deviation {spread:.5f}; all right to 0.001: {near:.1%}")
plots.histogram(
    {f"N = {n}": errors[n][:, 0] for n in errors},
    xlabel="error of the first weight",
)

# %% [markdown]
# It is not luck. With 100 samples the *data* determine the parameters only to about 0.001, whatever the method.
# With 1000, an error of 0.001 is three standard errors, and rare.

# %% tags=["hide-cell"]
assert abs(errors[100][:, 0].std() / 0.001 - 1) < 0.15
assert abs(errors[1000][:, 0].std() / 0.00032 - 1) < 0.15
assert np.mean(np.abs(errors[1000]).max(axis=1) < 1e-3) > 0.98

# %% [markdown]
# ## Second way: downhill
#
# Hardly any other model has a formula for its best parameters. What one can always do is to begin
# somewhere and go downhill. The gradient points in the direction in which the loss rises most, so each parameter
# takes a small step the other way:
#
# $$w \leftarrow w - \eta\, \frac{\partial L}{\partial w}.$$
#
# This is *gradient descent*, and the step size $\eta$ is the *learning rate*. In the simplest program, $L$ is the
# loss of a single sample, and the samples take turns.
#
# The model is a *neuron*: a weight for each input, and a bias. `step` moves the parameters, and forgets their
# gradients, because the next `backward()` would add to them.


# %%
class Neuron:
    def __init__(self, inputs):
        self.w = [tg.Value(0.0, name=f"w{i + 1}") for i in range(inputs)]
        self.b = tg.Value(0.0, name="b")

    def __call__(self, x):
        out = self.b
        for w, number in zip(self.w, x):
            out = out + w * number
        return out

    def parameters(self):
        return [*self.w, self.b]


def step(parameters, lr):
    for p in parameters:
        p.data -= lr * p.grad
        p.grad = None


# %% [markdown]
# Now question 2. The neuron has one input, its parameters are 0, and it sees the
# sample $(1, 2)$.

# %%
neuron = Neuron(1)
prediction = neuron([1.0])
prediction.name = "ŷ"
loss = (prediction - 2.0) ** 2
loss.name = "L"
tg.draw(loss, direction="TB")

# %% [markdown]
# The prediction, 0, is too small. Both derivatives are $2 \cdot (0 - 2) = -4$: the loss falls if either number
# grows. With $\eta = 0.1$ both become 0.4. The player goes through it number by number. Its last two steps move
# the parameters, as the library's *optimiser* `optim.SGD` does it.

# %%
tg.steps(loss, optim.SGD(neuron.parameters(), lr=0.1))

# %%
loss.backward()
step(neuron.parameters(), lr=0.1)
assert [p.data for p in neuron.parameters()] == [0.4, 0.4]

# %% [markdown]
# One such step for each of the three points is an *epoch*: every sample has been seen once. Here
# are 300 epochs, with three learning rates.


# %%
def fit_by_samples(neuron, X, y, lr):
    """One epoch: a step for each sample."""
    for x, target in zip(X.tolist(), y.tolist()):
        loss = (neuron(x) - target) ** 2
        loss.backward()
        step(neuron.parameters(), lr)


for lr in (0.1, 0.01, 0.001):
    neuron = Neuron(1)
    for _ in range(300):
        fit_by_samples(neuron, x3[:, None], y3, lr)
    w, b = neuron.parameters()
    print(f"learning rate {lr}: w = {w:.4f}, b = {b:.4f}")

# %% [markdown]
# None of them gives exactly $(2.5, 0.5)$. At the best line the *mean* of the gradients is 0, but each single sample
# still pulls, because each has a residual. The step for the last point, $(2, 6)$, has just been taken, so the line
# leans towards it. With 0.1 it even goes through it: $2 \cdot 2.8261 + 0.3478 = 6.0000$. The step takes the whole
# residual of this point away, because $2 \cdot 0.1 \cdot (2^2 + 1) = 1$. With 0.01 it leans less. With 0.001, 300
# epochs are not enough to arrive.
#
# A plane fits the 1000 samples well, so the single samples hardly pull there. And one epoch is 1000 steps:

# %%
neuron = Neuron(2)
fit_by_samples(neuron, X, y, lr=0.01)
one_by_one = np.array([p.data for p in neuron.parameters()])
print("found: ", one_by_one.round(5))
print("errors:", (one_by_one - truth).round(5))
assert np.abs(one_by_one - truth).max() < 2e-3

# %% [markdown]
# ### Minibatches
#
# A *minibatch* of $B$ samples is a compromise between one sample and all of them. Its gradient is the mean of
# $B$ single ones, so their pulls partly cancel, and what is left of the noise goes down as
# $1/\sqrt B$. Going downhill in this way is called *minibatch stochastic gradient descent*, SGD for short.
# "Stochastic" says that the samples are drawn by chance.
#
# The predictions of a whole minibatch are one product of a matrix and a vector.


# %%
def predict(X, w, b):
    return X @ w + b


def mean_squared_error(prediction, target):
    return ((prediction - target) ** 2).mean()


w = tg.tensor(np.zeros(2), requires_grad=True, name="w")
b = tg.tensor(0.0, dtype="float64", requires_grad=True, name="b")
loss = mean_squared_error(predict(X[:20], w, b), y[:20])
loss.name = "L"
loss.backward()
tg.draw(loss, direction="TB")

# %% [markdown]
# The same few boxes serve 20 samples; the shapes stand in them. The gradient is the mean of the 20 single ones:

# %%
singles = []
for x, target in zip(X[:20], y[:20]):
    neuron = Neuron(2)
    ((neuron(x.tolist()) - float(target)) ** 2).backward()
    singles.append([p.grad for p in neuron.parameters()])
print("mean of 20:", np.mean(singles, axis=0).round(4))
print("minibatch: ", w.grad.round(4), b.grad.round(4))
assert np.allclose(np.mean(singles, axis=0), [*w.grad, b.grad])

# %% [markdown]
# Twelve epochs of 50 minibatches, in a new random order each time:


# %%
def minibatches(X, y, size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), size):
        chosen = order[start : start + size]
        yield X[chosen], y[chosen]  # hands out a minibatch, and goes on from here when the next is asked for


def fit_by_minibatches(lr, size, epochs):
    rng = np.random.default_rng(0)
    w = tg.tensor(np.zeros(2), requires_grad=True)
    b = tg.tensor(0.0, dtype="float64", requires_grad=True)
    for epoch in range(1, epochs + 1):
        for X_batch, y_batch in minibatches(X, y, size, rng):
            mean_squared_error(predict(X_batch, w, b), y_batch).backward()
            with tg.no_grad():
                for p in (w, b):
                    p -= lr * p.grad
                    p.grad = None
        if epoch % 3 == 0:
            loss = mean_squared_error(predict(X, w.data, b.data), y)
            print(f"epoch {epoch:2}: loss {loss:.6f}")
    return np.array([*w.data, b.data])


by_minibatches = fit_by_minibatches(lr=0.01, size=20, epochs=12)
print("errors:", (by_minibatches - truth).round(5))

# %% [markdown]
# All three are right to 0.001. The loss has stopped at about 0.0001. That is $0.01^2$, the mean square of the
# noise, which no plane can predict.
#
# Two things decide how near the descent comes: the data, whose noise moves the best plane by about 0.0003, and the
# minibatches, which keep the parameters moving about it. The second can be made small, by larger minibatches or by a
# smaller learning rate. With a learning rate of 0.1 the descent arrives sooner and is farther off:

# %%
faster = fit_by_minibatches(lr=0.1, size=20, epochs=12)
print("away from the best plane with 0.1: ", np.abs(faster - best).max().round(5))
print("away from the best plane with 0.01:", np.abs(by_minibatches - best).max().round(5))
assert np.abs(by_minibatches - truth).max() < 1e-3
assert np.abs(by_minibatches - best).max() < 3e-4 < np.abs(faster - best).max()

# %% [markdown]
# ## Third way: the concise form
#
# Each part that you have just written has a name in the library:
#
# - the model, with its parameters: `nn.Linear(2, 1)`, from 2 features to 1 number;
# - the loss: `nn.MSELoss()`, where MSE stands for mean squared error;
# - the minibatches in random order: `data.DataLoader`;
# - the step, and forgetting the gradients: `optim.SGD`.


# %%
def train(seed):
    tg.manual_seed(seed)
    model = nn.Linear(2, 1)
    loss_function = nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    loader = data.DataLoader(dataset, batch_size=20, shuffle=True, seed=seed)
    for _ in range(12):
        for X_batch, y_batch in loader:
            optimizer.zero_grad()
            loss_function(model(X_batch), y_batch).backward()
            optimizer.step()
    return np.array([*model.weight.data[0], model.bias.data[0]])


concise = train(seed=0)
print("found: ", concise.round(4))
print("errors:", (concise - truth).round(5))

# %% [markdown]
# The four lines of the inner loop are the same for every network in this course. `nn.Linear` begins with small
# random weights instead of 0, which makes no difference here. It will from [lesson 6](06_multilayer_perceptron.py) on.
#
# Do the second and the third way compute the same? Begin at the same place, take the same minibatch, and compare
# after one step.

# %%
X_batch, y_batch = next(iter(data.DataLoader(dataset, batch_size=20)))  # the first minibatch
model = nn.Linear(2, 1)
w = model.weight.data[0].copy()
b = model.bias.data[0].copy()

optimizer = optim.SGD(model.parameters(), lr=0.01)
nn.MSELoss()(model(X_batch), y_batch).backward()
optimizer.step()

residual = X_batch.data @ w + b - y_batch.data[:, 0]
w -= 0.01 * 2 * X_batch.data.T @ residual / 20
b -= 0.01 * 2 * residual.mean()
print("ours: ", w, b)
print("layer:", model.weight.data[0], model.bias.data[0])
assert np.allclose(model.weight.data[0], w, atol=1e-6)
assert np.allclose(model.bias.data[0], b, atol=1e-6)
assert np.abs(concise - truth).max() < 1e-3

# %% [markdown]
# ## The descent, seen from above
#
# The loss over the plane of the two weights, and three descents from $(0, 0)$ with the same learning rate of 0.05. One
# takes a step for each sample, one for each minibatch of 5, one for all 1000 together. Each takes 40 steps. Before
# you look: which path will be smooth, and which will cost most?


# %%
def descent(size, lr=0.05, steps=40):
    """The parameters before the first step and after each."""
    rng, theta, path = np.random.default_rng(1), np.zeros(3), [np.zeros(3)]
    while len(path) <= steps:
        for X_batch, y_batch in minibatches(X, y, size, rng):
            residual = X_batch @ theta[:2] + theta[2] - y_batch
            gradient = np.array([*(X_batch.T @ residual), residual.sum()])
            theta = theta - lr * 2 * gradient / len(residual)
            path.append(theta)
    return np.array(path[: steps + 1])


def height(w1, w2):
    """The loss at these weights and the best bias."""
    heights = 0.0
    for (x1, x2), target in zip(X, y):
        heights = heights + (w1 * x1 + w2 * x2 + best[2] - target) ** 2 / len(X)
    return heights


paths = {"1 a step": descent(1), "5 a step": descent(5), "1000 a step": descent(1000)}
plots.contours(
    height,
    x=(-2.8, 5.4),
    y=(-4.6, 0.8),
    paths={name: path[:, :2] for name, path in paths.items()},
    xlabel="first weight",
    ylabel="second weight",
    title="40 steps downhill",
)

# %% [markdown]
# The gradient of all samples is at right angles to the curves of equal loss, so that path is smooth. It also costs
# most: 40,000 samples were looked at. The path of single samples staggers, since each step is right for one sample
# only, and it cost 40. Minibatches of 5 stagger less, and cost 200.
#
# So count in samples instead of steps: 1000 steps of one sample cost as much as 50 steps of 20, and as one step
# of 1000.


# %%
def loss_at(theta):
    return np.mean((X @ theta[:2] + theta[2] - y) ** 2)


curves = {}
for size in (1, 20, 1000):
    path = descent(size, steps=4000 // size)
    every = max(1, len(path) // 200)
    curves[f"{size} a step"] = (
        size * np.arange(len(path))[::every],
        [loss_at(theta) for theta in path[::every]],
    )
plots.lines(curves, xlabel="samples seen", ylabel="loss", logy=True, title="Four epochs")

# %%
after = {name: losses[-1] for name, (_, losses) in curves.items()}
print({name: round(float(loss), 6) for name, loss in after.items()})

# %% [markdown]
# After four epochs the descent with all samples has taken four steps and hardly begun. The one with single samples
# came down first, and stays a little above the floor of 0.0001, because each sample moves it. Minibatches of
# 20 need more samples to arrive, and come nearer.
#
# Do they need more time? Two things decide that. The first is how long a step takes. One epoch, in the form of
# the second way, with the gradients of each minibatch:


# %%
def seconds_an_epoch(size):
    w = tg.tensor(np.zeros(2), requires_grad=True)
    b = tg.tensor(0.0, dtype="float64", requires_grad=True)
    begin = time.perf_counter()
    for X_batch, y_batch in minibatches(X, y, size, np.random.default_rng(0)):
        mean_squared_error(predict(X_batch, w, b), y_batch).backward()
    return time.perf_counter() - begin


seconds = {size: min(seconds_an_epoch(size) for _ in range(5)) for size in (1, 5, 20, 1000)}
for size in seconds:
    steps = 1000 // size
    each = 1e6 * seconds[size] / steps
    print(f"{size:4} a step: {steps:4} steps in {seconds[size]:.4f} s, {each:4.0f} µs each")

# %% [markdown]
# A step with 20 samples takes about as long as one with a single sample: most of the time goes into calling the
# operations, and there are as many of them. So an epoch of single samples takes many times as long.
#
# The second is how large a step may be. A mean over many samples is less noisy, so larger minibatches bear a larger
# learning rate. Here are the steps until the loss is below 0.0002, at the best of eight rates for each size:

# %%
rates = [0.0125, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.8]


def steps_needed(size, lr):
    """How many steps until the loss is below 0.0002; infinity if it does not come there in 200."""
    with np.errstate(all="ignore"):  # too large a rate ends in infinity
        losses = [loss_at(theta) for theta in descent(size, lr, steps=200)]
    return next((i for i, loss in enumerate(losses) if loss < 2e-4), np.inf)


needed, against_time = {}, {}
for size in seconds:
    needed[size], rate = min((steps_needed(size, lr), lr) for lr in rates)
    print(f"{size:4} a step: {needed[size]:2} steps at a rate of {rate}, {needed[size] * size:4} samples")
    milliseconds = 1e3 * seconds[size] / (1000 // size) * np.arange(31)
    losses = [loss_at(theta) for theta in descent(size, rate, steps=30)]
    against_time[f"{size} a step"] = milliseconds, losses
plots.lines(
    against_time,
    xlabel="milliseconds",
    ylabel="loss",
    logy=True,
    title="Each at its best rate",
)

# %% [markdown]
# Single samples need the fewest samples, all samples together the fewest steps. The time is the steps times what each
# of them takes, and there minibatches in between are best as soon as a step with all samples takes long: with a million
# samples instead of a thousand. That is why networks are trained on minibatches. Two more reasons: the samples need not
# all be in memory, and processors compute many at once. Usual sizes are 32 to 256. (The noise that is left is said to
# help networks to be right on new data, too. A line has a single minimum, so this lesson cannot show it.)

# %% tags=["hide-cell"]
assert after["1000 a step"] > 10
assert 1.005e-4 < after["1 a step"] < 2e-4
assert after["20 a step"] < 0.01
assert seconds[1] > 5 * seconds[20]
assert needed[1] > needed[5] > needed[20] > needed[1000]
assert needed[1] < 5 * needed[5] < 20 * needed[20] < 1000 * needed[1000]

# %% [markdown]
# ## In five lines
#
# - The best line has the smallest mean of squared distances, and a formula gives it.
# - Gradient descent needs no formula: step by step against the gradient, by the learning rate.
# - A minibatch gives nearly the gradient of all samples, at a small part of its price.
# - The noise in the data bounds how well any model can do.
# - The model, the loss, the optimiser and the loader: the same four lines train every network of this course.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy `exercises/04_linear_regression/starter.py` to
# `my_answers.py` and fill it in:
#
# 1. `fit_line(x, y)`: the best line by its formula (2 points).
# 2. `gradients(X, y, w, b)`: the gradients of the mean squared error by $w$ and $b$, in NumPy, without the
#    engine (3 points).
# 3. `epoch(X, y, w, b, lr, size)`: one epoch of minibatches in the given order. The last one may be smaller (5 points).
#
# Then ask for your points:
#
# ```sh
# tinygrad-edu grade exercises/04_linear_regression my_answers.py --show
# ```
#
# If a known mistake gives just your numbers, such as a last minibatch that was left out or divided by the wrong
# size, you are told which.

# %% [markdown]
# ## What to read in the source
#
# - `tinygrad_edu/nn/layers.py`, `Linear`: a layer is its parameters, how they begin, and `forward`.
# - `tinygrad_edu/nn/losses.py`, `mse_loss`: your `mean_squared_error`, and a mistake of
#   shapes that it refuses.
# - `tinygrad_edu/optim/algorithms.py`, `SGD.update`: the step, and what momentum adds to it.
# - `tinygrad_edu/optim/optimizer.py`, `Optimizer.step` and `zero_grad`: what all optimisers share.
# - `tinygrad_edu/data/loader.py`, `DataLoader.__iter__`: your `minibatches`, and how its random order can be
#   had again.
# - `tinygrad_edu/data/synthetic.py`, `linear_regression`: the data of this lesson.

# %% [markdown]
# ## Where this comes from
#
# - Least squares: A.-M. Legendre, *Nouvelles méthodes pour la détermination des orbites des comètes*, 1805, appendix.
# - The normal equations and the standard error: T. Hastie, R. Tibshirani and J. Friedman, *The Elements of Statistical
#   Learning*, 2nd edition, 2009, section 3.2.
# - Steps by noisy gradients: H. Robbins and S. Monro, *A stochastic approximation method*, 1951.
# - These data, with $w = (2, -3.4)$ and $b = 4.2$: A. Zhang, Z. Lipton, M. Li and A. Smola, *Dive into Deep Learning*,
#   2023, chapter 3.
