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
# # 7. Fitting too little and too much
#
# A model can be right on everything it has seen and useless on everything else. After this lesson
# you can tell when that happens, measure it with the data you have, and turn the knobs that prevent
# it.
#
# You need gradient descent ([lesson 4](04_linear_regression.py)) and, for the last two sections, a
# network with a hidden layer ([lesson 6](06_multilayer_perceptron.py)).
#
# It takes about 115 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# Four measurements:
#
# | $x$ | 1 | 2 | 3 | 4 |
# |-----|---|---|---|---|
# | $y$ | 1.1 | 1.9 | 3.2 | 3.8 |
#
# Draw the straight line that comes closest to them, by eye. Then imagine the cubic, the curve of
# degree 3, that passes through all four.
#
# 1. What does each of the two say about $x = 5$? Which would you believe?
# 2. Could you justify that with these four points alone, without knowing the fifth?
#
# Write down two numbers, and a way to decide.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots, train

# %% [markdown]
# ## Two answers to the question
#
# A polynomial of degree $d$ is $w_0 + w_1 x + w_2 x^2 + \ldots + w_d x^d$. It is linear in its
# weights, so the *least squares* fit, the one with the smallest sum of squared errors, is a linear
# regression on the *features* $1, x, x^2, \ldots$ NumPy solves it directly.


# %%
def features(x, degree):
    return x[:, None] ** np.arange(degree + 1)  # a row for each x: 1, x, x², ...


def fit(x, y, degree):
    return np.linalg.lstsq(features(x, degree), y, rcond=None)[0]


def predict(w, x):
    return features(x, len(w) - 1) @ w


def mse(w, x, y):
    """The mean squared error."""
    return np.mean((predict(w, x) - y) ** 2)


four_x, four_y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.1, 1.9, 3.2, 3.8])
fitted = {"line": fit(four_x, four_y, 1), "cubic": fit(four_x, four_y, 3)}
for name, w in fitted.items():
    error, at_5 = mse(w, four_x, four_y), predict(w, np.array([5.0]))[0]
    print(f"{name:5}: mean squared error {error:.4f}; at x = 5 it says {at_5:.2f}")

# %%
places = np.linspace(0.8, 5.2, 100)
points = {"measured": np.stack([four_x, four_y], axis=1), "the fifth": [[5.0, 5.0]]}
curves = {name: (places, predict(w, places)) for name, w in fitted.items()}
plots.points(points, lines=curves, xlabel="x", ylabel="y")

# %% [markdown]
# The points were made as $y = x$, plus small errors; the fifth would be 5. The cubic has no error
# on the four because it has four weights for four points: it follows the measurement errors as
# faithfully as it follows the line. At $x = 5$ it answers 2.5, and the line 4.85.
#
# Now the second part of the question. Leave one point out, fit the other three, and ask about the
# one that was left out. Do it with each of the four in turn. A model that has learned the line does
# well; one that has learned the points does not. (The curve through three points is a parabola:
# degree 2.)


# %%
def leave_one_out(x, y, degree):
    errors = []
    for i in range(len(x)):
        others = np.arange(len(x)) != i
        w = fit(x[others], y[others], degree)
        errors.append(mse(w, x[[i]], y[[i]]))
    return np.mean(errors)


print(f"line:     {leave_one_out(four_x, four_y, 1):.3f}")
print(f"parabola: {leave_one_out(four_x, four_y, 2):.3f}")
assert 11 < leave_one_out(four_x, four_y, 2) / leave_one_out(four_x, four_y, 1) < 12

# %% [markdown]
# The error of the parabola is more than eleven times that of the line: the four points alone speak
# for the line. Everything below is this idea with more data.
#
# ## Training error and generalisation error
#
# Take thirty points of the curve $y = \sin(3x) + x^2$, each with a random error of standard
# deviation 0.3. To know the truth, we allow ourselves what you never have outside a lesson: a
# thousand more points.
#
# The error on the points that a model was fitted to is its *training error*. The error on fresh
# points is its *generalisation error*, and that is the one you pay for.

# %%
rng = np.random.default_rng(2)


def sample(n):
    x = rng.uniform(-1, 1, n)
    return x, np.sin(3 * x) + x**2 + 0.3 * rng.standard_normal(n)


x, y = sample(30)
fresh_x, fresh_y = sample(1000)

degrees = range(13)
training = [mse(fit(x, y, d), x, y) for d in degrees]
fresh = [mse(fit(x, y, d), fresh_x, fresh_y) for d in degrees]
for d in (0, 1, 3, 6, 12):
    print(f"degree {d:2}: training {training[d]:.3f}, fresh {fresh[d]:.3f}")

# %%
places = np.linspace(-1, 1, 200)
shown = {f"degree {d}": (places, predict(fit(x, y, d), places)) for d in (1, 3, 12)}
points = np.stack([x, y], axis=1)
plots.points({"training points": points}, lines=shown, xlabel="x", ylabel="y")

# %% [markdown]
# Degree 1 cannot bend. It is wrong on the training points and equally wrong on fresh ones: it
# *underfits*. Degree 12 has the smallest training error of the three, and swings out wildly at both
# ends, where points are few: it *overfits*.
#
# The training error never rises from one degree to the next. It cannot: a polynomial of degree 5 is
# one of degree 6 whose last weight is 0, so the larger family does at least as well on the points
# it is fitted to.

# %% tags=["hide-cell"]
assert np.all(np.diff(training) <= 1e-12)

# %% [markdown]
# So the training error cannot choose the degree. It would always choose the largest.
#
# No degree brings the error on fresh points below $0.3^2 = 0.09$. That is the mean square of the
# random errors, which nobody can predict. A *training* error can be below that: each weight takes
# away some of the errors, even where the form of the curve is right. With $k$ weights and $n$
# points, $0.09 \cdot (1 - k / n)$ is left on average. Try it with degree 6, which has seven weights:

# %%
assert training[12] < 0.09 < min(fresh)
left = np.mean([mse(fit(*points, 6), *points) for points in (sample(30) for _ in range(300))])
print(f"training error with seven weights: expected {0.09 * (1 - 7 / 30):.3f}, found {left:.3f}")

# %% [markdown]
# So a training error a little below 0.09 says nothing. What says something is the distance between
# the two errors: with degree 12, 0.067 on the training points and 1.513 on fresh ones.

# %% tags=["hide-cell"]
assert np.isclose(left, 0.09 * (1 - 7 / 30), rtol=0.05)
assert (round(training[12], 3), round(fresh[12], 3)) == (0.067, 1.513)

# %% [markdown]
# ## Choosing with the data you have: k-fold cross-validation
#
# Leaving out one point at a time means as many fits as there are points. The usual compromise:
# shuffle the data, cut them into $k$ parts of about equal size, the *folds*. Each fold is the
# *validation set* once, while the other $k - 1$ are trained on. The mean of the $k$ validation
# errors estimates the generalisation error.
#
# The library's `data.k_fold` does the cutting: it gives $k$ pairs of subsets of a dataset, whose
# `indices` say which examples they hold. (You will write it yourself in the exercises.)


# %%
def folds(x, y, k):
    """k pairs of index arrays: (training, validation)."""
    return [(t.indices, v.indices) for t, v in data.k_fold(data.TensorDataset(x, y), k)]


def cross_validate(x, y, degree, k=10):
    pairs = folds(x, y, k)
    return np.mean([mse(fit(x[t], y[t], degree), x[v], y[v]) for t, v in pairs])


for i, (t, v) in enumerate(folds(x[:10], y[:10], 5)):
    print(f"fold {i}: train on {t}, validate on {v}")

# %% [markdown]
# Now the picture that this lesson is about: the three errors of each degree.

# %%
validated = [cross_validate(x, y, d) for d in degrees]
best = int(np.argmin(validated))
print("chosen by cross-validation: degree", best)
print(f"on fresh points: error {fresh[best]:.3f}; the least of all {min(fresh):.3f}")

errors = {"training": training, "10-fold validation": validated, "fresh points": fresh}
curves = {name: (degrees, values) for name, values in errors.items()}
plots.lines(curves, xlabel="degree", ylabel="mean squared error", logy=True)

# %% [markdown]
# The training error falls all the way. The other two are roughly a *U*: they fall, reach a bottom,
# and rise again. Left of the bottom the model underfits, to the right it overfits. Validation has
# seen only the thirty points, and finds a degree whose error on fresh points is close to the best.

# %% tags=["hide-cell"]
assert best == 4
assert fresh[best] < 1.1 * min(fresh)
assert validated[12] > 10 * validated[3] > training[3]

# %% [markdown]
# And with more data? Degree 12 again, with 15 to 1000 training points. Sets of points differ by luck,
# so of each size we take twenty, and their median error:

# %%
amounts = (15, 30, 100, 300, 1000)


def median_errors(n):
    """Of degree 12, on the n points that it is fitted to, and on fresh ones."""
    errors = []
    for _ in range(20):
        more = sample(n)
        w = fit(*more, 12)
        errors.append([mse(w, *more), mse(w, fresh_x, fresh_y)])
    return np.median(errors, axis=0)


on_own, on_others = np.transpose([median_errors(n) for n in amounts])
by_amount = {"training": (amounts, on_own), "fresh points": (amounts, on_others)}
axes = {"xlabel": "training points", "ylabel": "mean squared error", "logx": True, "logy": True}
plots.lines(by_amount, title="Degree 12", **axes)

# %% [markdown]
# The two errors come together, near 0.09: more data is the best cure of all. What follows is for those
# who cannot have more.

# %% tags=["hide-cell"]
assert by_amount["fresh points"][1][0] > 10
assert np.isclose(by_amount["training"][1][-1], 0.09, atol=0.01)
assert np.isclose(by_amount["fresh points"][1][-1], 0.09, atol=0.01)

# %% [markdown]
# One caution. Whoever tries a thousand models and keeps the one with the smallest validation error
# has fitted the *choice* to the validation set, and that error is then too good to be true. So
# another part of the data, the *test set*, is put aside and looked at once, in the end.

# %% [markdown]
# ## Bias and variance
#
# Why is it a *U*? There are two ways to be wrong. Let two hundred people measure at our thirty places
# anew, each with random errors of their own, and fit a curve. At a fresh place their curves say
# different things; call the mean of what they say $m$.
#
# - Even $m$ may be off the truth: a straight line cannot bend, whoever fits it. The distance of $m$
#   from the truth is the *bias*.
# - The single curves differ from $m$, because each follows the random errors of its own points. The
#   mean square of these differences is the *variance*.
#
# The three parts of an error have nothing to do with each other, so their squares add up, on average:
#
# $$ \text{error on fresh points} = \text{bias}^2 + \text{variance} + 0.3^2 $$
#
# Before you run it: which of the first two grows with the degree?

# %%
noise_of = np.random.default_rng(0)


def truth_at(x):
    return np.sin(3 * x) + x**2


def measured_anew(x):
    return truth_at(x) + 0.3 * noise_of.standard_normal(len(x))


biases, variances = [], []
for d in degrees:
    # a row for each person
    said = np.array([predict(fit(x, measured_anew(x), d), fresh_x) for _ in range(200)])
    biases.append(((said.mean(axis=0) - truth_at(fresh_x)) ** 2).mean())
    variances.append(said.var(axis=0).mean())
    if d in (1, 3, 12):
        print(f"degree {d:2}: bias² {biases[d]:.3f}, variance {variances[d]:.3f}")

sums = np.array(biases) + variances + 0.09
parts = {"bias²": biases, "variance": variances, "both, with the noise": sums}
curves = {name: (degrees, values) for name, values in parts.items()}
plots.lines(curves, xlabel="degree", ylabel="mean squared error", logy=True)

# %% [markdown]
# The bias falls until the curve can bend as the truth does, and the variance rises with each weight.
# So the sum is a *U*, with its bottom where the one has gone and the other has not yet come. To
# underfit is to have too much bias, to overfit is to have too much variance.

# %% tags=["hide-cell"]
assert int(np.argmin(sums)) == 3
assert biases[1] > 10 * variances[1]
assert variances[12] > 100 * biases[12]
assert np.all(np.diff(variances) > 0)
assert np.isclose(((said - fresh_y) ** 2).mean(), sums[12], rtol=0.05)

# %% [markdown]
# ## Weight decay
#
# The degree is a coarse knob, with steps of one. A finer one keeps all thirteen features and makes
# large weights expensive. To the training loss it adds a *penalty*:
#
# $$ L(w) = \frac{1}{2} \cdot \text{mean squared error} + \frac{\lambda}{2} \sum_i w_i^2 $$
#
# $\lambda$ (lambda) says how expensive. The derivative of the penalty by $w_i$ is $\lambda w_i$: a
# spring that pulls each weight towards 0, the harder the further away it is.
#
# Take one weight. The data want it to be 0.3: their part of the loss is $\frac{1}{2} (w - 0.3)^2$,
# with the gradient $w - 0.3$. Let $\lambda$ be 0.5, and the weight begin at 0.3. There the gradient
# of the data is 0 and the penalty's is $0.5 \cdot 0.3 = 0.15$, so a step of gradient descent makes
# the weight smaller. It comes to rest where the two balance: $w - 0.3 + 0.5 w = 0$, which is
# $w = 0.2$. Play the first step:

# %%
w = tg.Value(0.3, name="w")
misfit, penalty = 0.5 * (w - 0.3) ** 2, 0.5 / 2 * w**2
loss = misfit + penalty
misfit.name, penalty.name, loss.name = "misfit", "penalty", "L"
tg.steps(loss, optim.SGD([w], lr=0.1))

# %% [markdown]
# Since the penalty only ever adds $\lambda w$ to the gradient, the optimisers have it built in, as
# `weight_decay`. One step of gradient descent is then
# $w \leftarrow w - \eta (g + \lambda w) = (1 - \eta\lambda) w - \eta g$: the weights *decay* by a
# constant factor. Here $\eta$ (eta) is the learning rate, and $g$ the gradient of the data's part.

# %%
by_penalty, built_in = tg.Value(0.3), tg.Value(0.3)
((by_penalty - 0.1) ** 2 / 2 + 0.5 * by_penalty**2 / 2).backward()
optim.SGD([by_penalty], lr=0.1).step()
((built_in - 0.1) ** 2 / 2).backward()
optim.SGD([built_in], lr=0.1, weight_decay=0.5).step()
assert np.isclose(by_penalty.data, built_in.data)
assert np.isclose(by_penalty.data, (1 - 0.1 * 0.5) * 0.3 - 0.1 * (0.3 - 0.1))

# %% [markdown]
# The picture of such a loss for two layers: $J$, what is made smaller, is the misfit $L$ plus the
# penalty $s$ on both matrices of weights. The first matrix gets a gradient along both branches:
# $\partial J/\partial W_1 = (\partial L/\partial a)^\top x + \lambda W_1$, with the sums $a$ and the
# inputs $x$.

# %%
inputs = np.array([[0.5, -1.0]])
W1 = tg.tensor([[0.4, -0.2], [0.1, 0.3]], requires_grad=True, name="W1")
W2 = tg.tensor([[0.7, -0.5]], requires_grad=True, name="W2")
a = inputs @ W1.T
L = ((tg.tanh(a) @ W2.T - 1.0) ** 2).sum() / 2
s = 0.1 / 2 * ((W1**2).sum() + (W2**2).sum())
J = L + s
a.name, L.name, s.name, J.name = "a", "L", "s", "J"
(by_a,) = tg.gradients(L, [a])
J.backward()
assert np.allclose(W1.grad, by_a.T @ inputs + 0.1 * W1.data)
tg.draw(J, direction="TB", gradients=False)

# %% [markdown]
# One can also forbid large weights instead of making them expensive: the smallest loss among all
# weights with $\sum_i w_i^2 \le \theta$. For each $\theta$ there is a $\lambda$ with the same result,
# the larger, the smaller $\theta$ is; if the best weights of all are inside the bound, $\lambda$ is 0.
# Here are two weights whose best values are 3 and 1; the second derivatives of the loss are 2 and 1. A
# descent that goes back to the bound after each step ends where weight decay ends:

# %%
# the loss is (bends · (w − best)²).sum() / 2
best_two, bends = np.array([3.0, 1.0]), np.array([2.0, 1.0])
for strength in (0.5, 2.0):
    decayed = bends * best_two / (bends + strength)
    theta, w = (decayed**2).sum(), np.zeros(2)
    for _ in range(500):
        w = w - 0.1 * bends * (w - best_two)
        w = w * min(1.0, np.sqrt(theta / (w**2).sum()))
    print(f"λ = {strength}: θ = {theta:.2f}, weights {w.round(3)} and {decayed.round(3)}")
    assert np.allclose(w, decayed, atol=1e-6)

# %% [markdown]
# Squared errors with the penalty can still be solved directly. Setting the gradient to 0 gives
# *ridge regression*: $(X^\top X / n + \lambda I)\, w = X^\top y / n$, with the identity matrix
# $I$. We leave $w_0$ out of the penalty, as is usual: how high the curve lies is no sign of
# overfitting. The engine confirms that the gradient is 0 at the solution.


# %%
def ridge(x, y, strength, degree=12):
    X = features(x, degree)
    penalised = np.diag(np.arange(degree + 1) > 0).astype(float)
    return np.linalg.solve(X.T @ X / len(x) + strength * penalised, X.T @ y / len(x))


def penalised_loss(w, strength):
    error = features(x, 12) @ w - y
    return (error**2).mean() / 2 + strength / 2 * (w[1:] ** 2).sum()


gradient = tg.grad(lambda w: penalised_loss(w, 0.001))(ridge(x, y, 0.001))
assert np.allclose(gradient, 0, atol=1e-10)

strengths = 10.0 ** np.arange(-8, 1.5, 0.5)
fits = [ridge(x, y, strength) for strength in strengths]
on_training = [mse(w, x, y) for w in fits]
on_fresh = [mse(w, fresh_x, fresh_y) for w in fits]
curves = {"training": (strengths, on_training), "fresh points": (strengths, on_fresh)}
axes = {"xlabel": "λ", "ylabel": "mean squared error", "logx": True, "logy": True}
plots.lines(curves, title="Degree 12 with weight decay", **axes)

# %% [markdown]
# The U again, the other way round: little penalty on the left overfits, much on the right
# underfits. At the bottom a polynomial of degree 12 does about as well as degree 3, though it has
# 13 weights instead of 4. What counts is not how many weights a model has but how freely they may
# move. How much a model can follow is called its *capacity*.
#
# In the terms from above, the penalty buys a much smaller variance for a little bias. The two hundred
# people once more, with degree 12 and $\lambda = 0.001$:

# %%
said = np.array([predict(ridge(x, measured_anew(x), 0.001), fresh_x) for _ in range(200)])
bias = ((said.mean(axis=0) - truth_at(fresh_x)) ** 2).mean()
print(f"bias² {biases[12]:.3f} without and {bias:.3f} with the penalty")
print(f"variance {variances[12]:.3f} without and {said.var(axis=0).mean():.3f} with it")

# %% tags=["hide-cell"]
assert min(on_fresh) < fresh[3]
assert min(on_fresh[0], on_fresh[-1]) > 2 * min(on_fresh)
assert biases[12] < bias < 0.1
assert said.var(axis=0).mean() < variances[12] / 50

# %% [markdown]
# ## L1: weights that are exactly zero
#
# The other common penalty takes sizes instead of squares: $\lambda \sum_i |w_i|$, called *L1* after
# the norm. (Weight decay is L2.) Its derivative is $\lambda$ for a positive weight and $-\lambda$
# for a negative one: the pull does not weaken when the weight is small. The same weight again,
# close to 0:

# %%
w = tg.Value(0.1, name="w")
misfit, penalty = 0.5 * (w - 0.3) ** 2, 0.5 * abs(w)
loss = misfit + penalty
misfit.name, penalty.name, loss.name = "misfit", "penalty", "L"
tg.explain(loss, w)

# %% [markdown]
# At $w = 0.1$ the data pull up with $-0.2$, the penalty pulls down with $0.5$. The data never pull
# up with more than 0.3 while $w > 0$, so the penalty wins there; below 0 both pull up. So the
# smallest loss is at $w = 0$, exactly.
#
# For one weight with squared error, the minimum can be written down. If the data want the weight
# $a$:
#
# | penalty | minimum of $\frac{1}{2} (w-a)^2 + {}$penalty | $a = 0.3$, $\lambda = 0.5$ | $a = 3$, $\lambda = 0.5$ |
# |---|---|---|---|
# | L2, $\frac{\lambda}{2} w^2$ | $a / (1 + \lambda)$ | 0.2 | 2 |
# | L1, $\lambda \lvert w \rvert$ | $a$ moved towards 0 by $\lambda$, and 0 if it would cross | 0 | 2.5 |
#
# L2 shrinks all weights by the same *factor*, L1 by the same *amount*. The second is called the
# *soft threshold*:


# %%
def soft_threshold(a, amount):
    return np.sign(a) * np.maximum(np.abs(a) - amount, 0.0)


grid = np.linspace(-4, 4, 80_001)
for a in (0.3, 3.0, -1.0):
    losses = (grid - a) ** 2 / 2 + 0.5 * np.abs(grid)
    assert np.isclose(grid[losses.argmin()], soft_threshold(a, 0.5), atol=1e-3)

# %% [markdown]
# Plain gradient descent on $|w|$ would hop back and forth across 0 and never stand on it. So a step
# is taken in two halves: a step down the gradient of the data's part, which the engine computes,
# then a soft threshold by $\eta\lambda$. This is *proximal gradient descent*.
#
# The test: 40 examples with 12 features, of which three matter. Both penalties get $\lambda = 0.2$, chosen
# by hand here; cross-validation would choose it.

# %%
rng = np.random.default_rng(3)
true_w = np.zeros(12)
true_w[[1, 5, 10]] = 2.0, -3.4, 1.5
X = rng.standard_normal((40, 12))
target = X @ true_w + rng.standard_normal(40)


def half_mse(w):
    return ((X @ w - target) ** 2).mean() / 2


def least_l1(strength, rate=0.1, steps=500):
    w = np.zeros(12)
    for _ in range(steps):
        w = soft_threshold(w - rate * tg.grad(half_mse)(w), rate * strength)
    return w


least_squares = np.linalg.lstsq(X, target, rcond=None)[0]
decayed = np.linalg.solve(X.T @ X / 40 + 0.2 * np.eye(12), X.T @ target / 40)
sparse = least_l1(0.2)
found = {"least squares": least_squares, "weight decay": decayed, "L1": sparse}
for name, w in found.items():
    count, away = np.count_nonzero(w), np.linalg.norm(w - true_w)
    print(f"{name:13}: {count:2} weights not 0; distance to the truth {away:.2f}")

# %%
weights = {"truth": true_w, "weight decay": decayed, "L1": sparse}
plots.bars(range(12), weights, ylabel="weight of feature")

# %% [markdown]
# Least squares and weight decay use all twelve features, the useless ones too. L1 sets eight
# weights to exactly 0: a *sparse* model, which says which features it needs. Beside the three true
# ones it has kept feature 6, with a weight too small to see (0.03).
#
# Weight decay ends further from the truth than no penalty at all. It takes most from the large
# weights, and here these are the right ones. L1 takes the same amount from each.
#
# At the minimum, every weight that is not 0 has a gradient of size $\lambda$, which balances the
# penalty. Every weight that is 0 has a smaller one, too weak to leave.

# %%
gradient = tg.grad(half_mse)(sparse)
assert np.allclose(np.abs(gradient[sparse != 0]), 0.2, atol=1e-6)
assert np.all(np.abs(gradient[sparse == 0]) < 0.2)
assert np.count_nonzero(least_squares) == np.count_nonzero(decayed) == 12
assert np.array_equal(np.flatnonzero(sparse), [1, 5, 6, 10])
assert np.isclose(sparse[6], 0.03, atol=0.005)

# %% [markdown]
# ### A penalty is an opinion
#
# Where do the two penalties come from? Take the weight $w$ itself as something that is more or less
# probable. Before there are data, small weights seem more probable than large ones; that is the
# *prior*. By Bayes' rule, after the data the probability of $w$ is in proportion to the likelihood
# times the prior. Minus its logarithm is a sum:
#
# $$ -\log P(w \mid \text{data}) = -\log P(\text{data} \mid w) - \log P(w) + \text{const} $$
#
# The first term is the loss ([lesson 5](05_softmax_regression.py)), and so the second is the penalty:
# $\frac{\lambda}{2} w^2$ if the prior is a bell curve with the variance $1 / \lambda$, and
# $\lambda \lvert w \rvert$ if it is $e^{-\lambda \lvert w \rvert}$, which has a peak at 0. Here are
# the most probable weights for the data that want 0.3, with $\lambda = 0.5$. They are the two of the
# table:

# %%
priors = {"bell curve": np.exp(-0.5 * grid**2 / 2), "peak": np.exp(-0.5 * np.abs(grid))}
for name, prior in priors.items():
    probability = np.exp(-((0.3 - grid) ** 2) / 2) * prior
    print(f"prior a {name}: most probable weight {abs(grid[probability.argmax()]):.2f}")

# %% [markdown]
# ## Early stopping
#
# The third knob is time. A network begins with a smooth function and needs many steps to bend it
# around single points. So watch the validation error as training goes, and stop when it no longer
# falls: when its best epoch is a certain number of epochs ago, the *patience*.
#
# The thirty points again, and a network of 4,353 weights, which is trained for far too long. To
# validate with, we take a hundred of the fresh points.


# %%
def column(numbers):
    return numbers[:, None].astype(np.float32)


def curve_fitting(epochs, callbacks=()):
    tg.manual_seed(0)
    hidden = nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh()
    model = nn.Sequential(*hidden, nn.Linear(64, 1))
    # Adam: gradient descent that chooses the length of its steps; lesson 8 explains it
    assert sum(p.size for p in model.parameters()) == 4353
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    known = [(column(x), column(y))]  # all in one batch
    held_out = [(column(fresh_x[-100:]), column(fresh_y[-100:]))]
    settings = {"validation": held_out, "callbacks": callbacks, "progress": False}
    return train.fit(model, known, nn.MSELoss(), optimizer, epochs, **settings)


history = curve_fitting(epochs=2000)
best, last = min(history["val_loss"]), history["val_loss"][-1]
print(f"validation error: {best:.3f} at best, {last:.3f} after 2000 epochs")

curves = {"training error": history["loss"], "validation error": history["val_loss"]}
plots.lines(curves, xlabel="epoch", ylabel="mean squared error", logy=True)

# %% [markdown]
# The third U: the training error goes on falling, far below 0.09, and the validation error has long
# begun to rise. The library's `train.EarlyStopping` is a *callback*, something that `train.fit`
# calls as it goes. It stops a hundred epochs after the best one.

# %%
rule = train.EarlyStopping("val_loss", patience=100)
stopped = curve_fitting(epochs=2000, callbacks=[rule])
epochs = len(stopped.epochs)
print(f"stopped after {epochs} epochs")
assert np.argmin(stopped["val_loss"]) == epochs - 1 - 100
assert min(stopped["val_loss"]) < 0.7 * last
assert history["loss"][-1] < 0.09, "it has learned the random errors"

# %% [markdown]
# ## Dropout
#
# The last knob is made for networks. In each step of the training, every neuron of a layer, also called
# a *unit*, is switched off with probability $p$: its output is 0. The idea is that no unit can rely on
# another one being there, to correct its mistakes on single examples.
#
# What remains is divided by $1 - p$, so that the mean stays what it was: an output $h$ becomes
# $h / (1 - p)$ with probability $1 - p$ and 0 otherwise, on average $h$. After training, nothing is
# switched off.


# %%
def dropout(h, p, rng):
    keep = rng.random(h.shape, np.float32) >= p  # 32 bits, as the library
    return h * keep / (1 - p)


h = np.array([1.0, 2.0, 3.0, 4.0])
ours = dropout(h, 0.5, np.random.default_rng(8))
print(ours)
assert np.array_equal(ours, nn.functional.dropout(h, 0.5, seed=8))

# %% [markdown]
# (Some books do not divide in training, and multiply all outputs by $1 - p$ afterwards instead. On
# average that is the same.)
#
# Dropout is a product with 0 or $1/(1-p)$, and so is its backward pass: a unit that was switched
# off gets no gradient. So each step trains another part of the network. There are as many parts as
# ways to switch units off, they share their weights, and the whole network, with nothing switched
# off, is roughly their average: an *ensemble* of networks at the price of one.

# %%
h = tg.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True, name="h")
total = nn.functional.dropout(h, 0.5, seed=8).sum()
total.name = "total"
total.backward()
assert np.array_equal(h.grad == 0, ours == 0)
tg.draw(total)

# %% [markdown]
# To see it work, take 300 handwritten digits and spoil the labels of a fifth of them: they get a
# random class. A network with 256 hidden units can learn the wrong labels by heart. Does it?

# %%
learn, test = data.Digits(), data.Digits(train=False)
images, test_images = learn.images[:300].reshape(-1, 64), test.images.reshape(-1, 64)
labels, test_labels = learn.labels[:300].copy(), test.labels
rng = np.random.default_rng(0)
spoilt = rng.random(300) < 0.2
labels[spoilt] = rng.integers(0, 10, spoilt.sum())


STEPS = range(5, 201, 5)  # when we look


def accuracy_by_step(p):
    tg.manual_seed(0)
    hidden = nn.Linear(64, 256), nn.ReLU(), nn.Dropout(p)
    model = nn.Sequential(*hidden, nn.Linear(256, 10))
    optimizer, loss = optim.Adam(model.parameters(), lr=0.003), nn.CrossEntropyLoss()
    seen = []
    for _ in STEPS:
        for _ in range(5):
            optimizer.zero_grad()
            loss(model.train()(images), labels).backward()
            optimizer.step()
        with tg.no_grad():
            model.eval()  # nothing is switched off
            on_training = train.accuracy(model(images), labels)
            on_test = train.accuracy(model(test_images), test_labels)
        seen.append([on_training, on_test])
    return np.array(seen), model


without, _ = accuracy_by_step(0.0)
with_dropout, model = accuracy_by_step(0.7)
for name, seen in {"without dropout": without, "with p = 0.7": with_dropout}.items():
    (known, new), best = seen[-1], seen[:, 1].max()
    print(f"{name:15}: training {known:.0%}, test {new:.0%} (at best {best:.0%})")

# %%
curves = {
    "test, without dropout": (STEPS, without[:, 1]),
    "test, p = 0.7": (STEPS, with_dropout[:, 1]),
    "training, without dropout": (STEPS, without[:, 0]),
    "training, p = 0.7": (STEPS, with_dropout[:, 0]),
}
plots.lines(curves, xlabel="step", ylabel="accuracy")

# %% [markdown]
# Without dropout the network ends up agreeing with every training label, wrong ones included. On
# the way it reads fresh digits worse and worse: 71 % of the test digits in the end. With dropout it
# keeps disagreeing with one training label in eight, and reads 86 % of the test digits.
#
# At its best the network without dropout was as good: it could have been stopped early. With
# dropout it does not matter much when you stop.
#
# Is the whole network an average of its parts? Ask a hundred parts, each with its own seven in ten
# hidden units switched off, and take the mean of their probabilities:

# %%
with tg.no_grad():
    model.train()
    parts = [tg.softmax(model(test_images), axis=1).data for _ in range(100)]
    whole = model.eval()(test_images).data.argmax(axis=1)
alone = np.mean([train.accuracy(part, test_labels) for part in parts])
together = np.mean(parts, axis=0).argmax(axis=1)
print(f"a part alone {alone:.0%}, a hundred together {(together == test_labels).mean():.0%} of the test digits")
print(f"the hundred and the whole network say the same of {(together == whole).mean():.0%}")

# %% tags=["hide-cell"]
assert without[-1, 0] > 0.99
assert without[-1, 1] < 0.75
assert with_dropout[-1, 0] < 0.92
assert with_dropout[-1, 1] > 0.84
assert alone + 0.05 < (together == test_labels).mean()
assert (together == whole).mean() > 0.95
stronger = least_l1(0.25)  # what is said at the end of the lesson:
assert np.array_equal(np.flatnonzero(stronger), [1, 5, 10])
assert np.allclose(sparse[[1, 5, 10]], [1.72, -3.27, 1.31], atol=0.005)
assert np.allclose(stronger[[1, 5, 10]], [1.68, -3.20, 1.26], atol=0.005)
assert all(np.argmin([cross_validate(x, y, d, k) for d in degrees]) == 3 for k in (2, 30))
assert round(1 / (1 - with_dropout[-1, 0])) == 8
rng = np.random.default_rng(2)
tenfold = sample(300)
assert np.argmin([cross_validate(*tenfold, d) for d in degrees]) == 5
assert mse(fit(*tenfold, 12), fresh_x, fresh_y) < 1.05 * min(mse(fit(*tenfold, d), fresh_x, fresh_y) for d in degrees)

# %% [markdown]
# ## Which knob, when?
#
# More data comes first, where they are to be had. With features that one chooses, cross-validation says
# how many; if few of many matter, L1 finds them. With networks, weight decay and early stopping cost next
# to nothing, so take both, and dropout where layers are wide. The settings of all of them are chosen by
# validation, never by the test set.

# %% [markdown]
# ## In five lines
#
# - The training error falls with every weight that a model gets; the error on fresh points falls
#   and then rises, for it is the sum of bias, variance and noise.
# - Cross-validation measures the second with the data one has.
# - Weight decay makes all weights smaller, L1 makes some of them exactly 0.
# - Early stopping ends the training where the validation error is least.
# - Dropout switches units off at random, so that none can rely on a single other one.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/07_underfitting_overfitting/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `folds(n, k)`: the index arrays of a k-fold cross-validation, for any $n$ and $k$ (4 points).
#    If an index is lost or stands in two parts, you are told.
# 2. `penalty_backward(upstream, w, l1, l2)`: the gradient of
#    $\lambda_1 \sum |w_i| + \frac{\lambda_2}{2} \sum w_i^2$ (3 points).
# 3. `dropout_backward(upstream, h, keep, p)`: the gradient of $h$ through a dropout whose mask is
#    given (3 points). If the factor is forgotten, you are told so.
#
# Then ask for your points:
#
# ```sh
# tinygrad-edu grade exercises/07_underfitting_overfitting my_answers.py --show
# ```
#
# And some questions to answer by changing this page:
#
# - With ten times as many training points, which degree does cross-validation choose? Which knob
#   matters less then?
# - Raise `strength` in `least_l1` until only the three true weights are left. What has happened to
#   their sizes?
# - Which degree does 2-fold choose, which 30-fold? Why is the curve of 2-fold higher at large
#   degrees?
#
# <details><summary>Answers</summary>
#
# - Degree 5 instead of 4: more data bear more weights. The degree matters less then. With 300
#   points, even degree 12 is nearly as good on fresh points as the best, as the plot of the amounts
#   shows.
# - From 0.25 on only features 1, 5 and 10 are left. But their sizes go down by the same amount that
#   silences the others: from 1.72, −3.27 and 1.31 to 1.68, −3.20 and 1.26. Often they are fitted
#   once more without the penalty.
# - 2-fold and 30-fold both choose degree 3. In 2-fold each fit sees only 15 points; with 13 weights
#   it follows them nearly exactly, and swings far out between them.
#
# </details>
#
# ## What to read in the source
#
# - `tinygrad_edu/data/dataset.py`, `k_fold`: to compare with your first answer.
# - `tinygrad_edu/optim/algorithms.py`, `SGD.update` and `AdamW.update`: where weight decay enters,
#   and where the two differ.
# - `tinygrad_edu/nn/layers.py`, `dropout`: why nothing else is needed for the backward pass.
# - `tinygrad_edu/train/callbacks.py`, `EarlyStopping.should_stop`: patience, asked of the history.
# - `tinygrad_edu/engine/primitives/elementwise.py`, the row of `abs`: what its derivative is at 0.
#
# ## Where this comes from
#
# - Cross-validation: M. Stone, *Cross-validatory choice and assessment of statistical predictions*
#   (1974).
# - Ridge regression: A. E. Hoerl and R. W. Kennard, *Ridge regression: biased estimation for
#   nonorthogonal problems* (1970).
# - L1 and sparse weights: R. Tibshirani, *Regression shrinkage and selection via the lasso* (1996).
# - Soft thresholds in gradient descent: I. Daubechies, M. Defrise and C. De Mol, *An iterative
#   thresholding algorithm for linear inverse problems with a sparsity constraint* (2004).
# - Early stopping: L. Prechelt, *Early stopping: but when?* (1998).
# - Dropout: N. Srivastava et al., *Dropout: a simple way to prevent neural networks from
#   overfitting* (2014).
#
# [Lesson 8](08_keeping_numbers_alive.py) is about networks that do not learn at all, and what to do
# about it.
