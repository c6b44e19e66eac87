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
# # 5. Softmax regression
#
# After this lesson you can turn scores into probabilities, say in one number how wrong they are, derive the gradient
# of this number on paper, and train a program that reads more than 94 % of handwritten digits that it has never seen.
#
# You need gradients ([lesson 1](01_a_graph_of_numbers.py)), their shapes ([lesson 2](02_tensors.py)) and minibatch
# gradient descent ([lesson 4](04_linear_regression.py)).
#
# It takes about 85 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# A model looks at a picture and gives three classes a score: cat 2, dog 1, hen 0. The picture shows a dog. Training
# will now move each score a little.
#
# 1. Which scores go up, which go down, and which moves most? Write down three numbers that say by how much.
# 2. Would they be others if all three scores were 100 higher?
#
# A guess will do; the lesson comes back to both.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots

# %% [markdown]
# ## Scores become probabilities
#
# The scores that a model gives to classes are called *logits*. They are any numbers, of any sign. Probabilities are
# positive and sum to 1. Two steps lead from one to the other: $e^s$ is positive for every $s$, and dividing by the
# sum makes the sum 1. Together they are the *softmax*:
#
# $$p_i = \frac{e^{s_i}}{\sum_j e^{s_j}}$$


# %%
def softmax(logits):
    """Probabilities from logits, along the last axis."""
    e = np.exp(logits)
    return e / e.sum(axis=-1, keepdims=True)


s = np.array([2.0, 1.0, 0.0])
print(softmax(s).round(3))

# %% [markdown]
# A difference of two logits is a ratio of two probabilities: the cat is $e^{2-1} \approx 2.72$ times as probable as
# the dog. So only differences count. Adding the same number to all logits changes nothing.

# %%
p_cat, p_dog, p_hen = softmax(s)
assert np.isclose(p_cat / p_dog, np.e)
assert np.allclose(softmax(s + 5.0), softmax(s))

# %% [markdown]
# ## Large logits
#
# The formula is right, and the program above is not yet: $e^{1000}$ is too large for a float.

# %%
large = np.array([1000.0, 999.0, 998.0])
with np.errstate(all="ignore"):
    print(np.exp(1000.0), softmax(large))

# %% [markdown]
# Infinity divided by infinity is `nan`, not a number. The way out was just shown: only differences count, so take the
# largest logit away from all of them first. Then the largest exponential is $e^0 = 1$, and the others lie between 0
# and 1.


# %%
def softmax(logits):
    """Probabilities from logits of any size, along the last axis."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


print(softmax(large).round(3))
assert np.allclose(softmax(large), softmax(s))

# %% [markdown]
# Soon the logarithm of a probability is needed, the natural one, as always here:
# $\log p_i = s_i - \log \sum_j e^{s_j}$. The second term is the *log-sum-exp* of the logits. It is kept from
# overflowing in the same way: with $m$ for the largest logit,
#
# $$\log \sum_j e^{s_j} = m + \log \sum_j e^{s_j - m}$$


# %%
def log_sum_exp(logits):
    """log Σ exp(logits) for logits of any size, along the last axis."""
    m = logits.max(axis=-1, keepdims=True)
    return (m + np.log(np.exp(logits - m).sum(axis=-1, keepdims=True))).squeeze(-1)


for logits in (s, 10 * s, large):
    print(logits, log_sum_exp(logits).round(4))
assert np.allclose(s - log_sum_exp(s), np.log(softmax(s)))

# %% [markdown]
# The formula also says what log-sum-exp is: the largest logit, plus a little. The sum on the right has a term that is
# 1 and others between 0 and 1, so for $C$ classes its logarithm lies between 0 and $\log C$. Log-sum-exp is a maximum
# with its corner rounded off, and softmax is its slope.

# %%
x = np.linspace(-5, 5, 101)
plots.lines(
    {
        "max(x, 0)": (x, np.maximum(x, 0)),
        "log-sum-exp of x and 0": (x, log_sum_exp(np.stack([x, 0 * x], axis=1))),
    },
    xlabel="x",
    title="A maximum, and a soft one",
)

# %% [markdown]
# The library has both functions. Each is one operation, with a derivative of its own.

# %% tags=["hide-cell"]
assert np.allclose(tg.softmax(large), softmax(large))
assert np.allclose(tg.logsumexp(large), log_sum_exp(large))

# %% [markdown]
# ## Likelihood: how probable was what happened?
#
# Below are a model's probabilities for four pictures, and what the pictures show (0 is cat, 1 dog, 2 hen). A good
# model gave a high probability to what turned out to be true.

# %%
P = np.array(
    [[0.665, 0.245, 0.090], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]],
)
labels = np.array([1, 1, 2, 0])
p_true = P[np.arange(4), labels]
print(p_true, p_true.prod().round(4))

# %% [markdown]
# The product is the probability that the model gave to all four answers together: its *likelihood*. For two thousand
# pictures at one half each, the product $0.5^{2000}$ is too small for a float.

# %%
print(0.5**2000)
nll = -np.log(p_true)
print(nll.round(3), nll.sum().round(4), -np.log(p_true.prod()).round(4))

# %% [markdown]
# The logarithm turns the product into a sum, which stays of a reasonable size. With a minus it is positive, and
# smaller is better. Its mean over the pictures is the *negative log-likelihood*, the loss of this lesson.
#
# Does a small loss make good probabilities? Try it on a coin that fell heads 7 times out of 10. The model has the
# logit $z$ for heads and 0 for tails, and $z$ is learned by gradient descent, with a learning rate of 1.

# %%
z = tg.Value(0.0, name="z")
for _ in range(100):
    log_p_heads = z - tg.logsumexp(tg.stack([z, 0.0]))
    log_p_tails = 0.0 - tg.logsumexp(tg.stack([z, 0.0]))
    loss = -(7 * log_p_heads + 3 * log_p_tails) / 10
    z.zero_grad()
    loss.backward()
    z.data -= z.grad
p_heads = softmax(np.array([z.data, 0.0]))[0]
print(p_heads.round(4))
assert np.isclose(p_heads, 0.7)

# %% [markdown]
# The loss is least where the model gives heads a probability of 0.7, the share of the throws that fell heads. To choose
# the numbers of a model so that what happened was as probable as possible is called *maximum likelihood*.
#
# The squared error of lesson 4 is such a loss, too. Suppose that $y$ is what the model predicts, $\hat y$, plus an
# error from the normal distribution with standard deviation $\sigma$. The bell curve says how probable $y$ is, and
# minus its logarithm is a square:
#
# $$\frac{1}{\sigma \sqrt{2 \pi}} \, e^{-(y - \hat y)^2 / (2 \sigma^2)} \qquad
# -\log(\ldots) = \frac{(y - \hat y)^2}{2 \sigma^2} + \log\left(\sigma \sqrt{2 \pi}\right)$$
#
# The second term does not depend on the prediction. So the line that makes the data most probable is the line of least
# squares. Somebody who expects a large error now and then, as with $e^{-\left|y - \hat y\right|}$, gets another
# loss, the absolute error. Which *one* number predicts these five best, one of which is badly wrong?

# %%
measured = np.array([1.0, 2.0, 3.0, 4.0, 90.0])
guesses = np.linspace(0, 100, 1001)
errors = measured - guesses[:, None]  # a row for each guess
losses = {"squares": (errors**2).sum(axis=1), "absolute values": abs(errors).sum(axis=1)}
for name, loss in losses.items():
    print(f"least {name}: {guesses[loss.argmin()]:.0f}")
assert (measured.mean(), np.median(measured)) == (20, 3)

# %% [markdown]
# The mean, 20, is pulled away by the one wrong number. The median, 3, is not: a loss says which errors you expect.
#
# ## Entropy and cross-entropy
#
# There is a second way to the same loss. The *surprise* of an event is $-\log p$: 0 for what is certain, 0.693 for
# the fall of a fair coin, 2.303 for a chance of one in ten. Its mean, when events happen with the probabilities $q$,
# is the *entropy* of $q$:
#
# $$H(q) = -\sum_i q_i \log q_i$$
#
# If you expect $p$ while events happen with $q$, your mean surprise is the *cross-entropy*:
#
# $$H(q, p) = -\sum_i q_i \log p_i$$


# %%
def cross_entropy(q, p):
    """The mean surprise of someone who expects p, while events happen with q."""
    return -(q * np.log(p)).sum(axis=-1)


q = np.array([0.7, 0.3])
fair = np.array([0.5, 0.5])
print(cross_entropy(fair, fair).round(4), cross_entropy(q, q).round(4))
print(cross_entropy(q, fair).round(4))
assert round(float(cross_entropy(q, fair) - cross_entropy(q, q)), 3) == 0.082

# %% [markdown]
# The coin with 0.7 surprises less (0.6109) than the fair one (0.6931), because it is easier to guess. Someone who
# takes it for a fair coin is surprised 0.6931 on average, 0.082 more than necessary. This excess,
# $H(q, p) - H(q)$, is the *Kullback–Leibler divergence*. It is never negative: nobody is less surprised than someone
# who knows $q$. (For $\log t \le t - 1$, and so $\sum_i q_i \log (p_i / q_i) \le \sum_i (p_i - q_i) = 0$. That 0.6931
# stands here twice is no accident: who expects ½ of both sides is surprised $\log 2$ by either.)

# %%
heads = np.linspace(0.05, 0.95, 91)
expected = np.stack([heads, 1 - heads], axis=1)
losses = cross_entropy(q, expected)
assert (losses >= cross_entropy(q, q) - 1e-12).all()
assert np.isclose(heads[losses.argmin()], 0.7)
plots.lines(
    {
        "cross-entropy": (heads, losses),
        "entropy": (heads, np.full_like(heads, cross_entropy(q, q))),
    },
    xlabel="expected probability of heads",
    ylabel="mean surprise",
    title="A coin that falls heads with 0.7",
)

# %% [markdown]
# A label says that one class is certain. Written as probabilities it is *one-hot*: 1 at the label, 0 elsewhere. Then
# a single term of the cross-entropy is left, $-\log p_{\text{label}}$, the negative log-likelihood. The two losses
# are one.
#
# This also tells you the loss of a model that knows nothing. If it gives each of ten digits 0.1, its loss is
# $\log 10$.

# %%
one_hot = np.eye(3)[labels]
assert np.allclose(cross_entropy(one_hot, P), nll)
print(np.log(10).round(4))

# %% [markdown]
# ## The gradient, path by path
#
# Back to the dog. The loss $L$ is $-\log p_{\text{dog}}$, which is log-sum-exp less the dog's score. It is built here
# from floats in the graph. Follow the arrows from `dog` to `L`: there are two ways.

# %%
cat = tg.Value(2.0, name="cat")
dog = tg.Value(1.0, name="dog")
hen = tg.Value(0.0, name="hen")
e_cat, e_dog, e_hen = tg.exp(cat), tg.exp(dog), tg.exp(hen)
total = e_hen + e_cat + e_dog
loss = tg.log(total) - dog
e_cat.name, e_dog.name, e_hen.name = "e_cat", "e_dog", "e_hen"
total.name, loss.name = "Σ", "L"
tg.draw(loss, direction="TB")

# %% [markdown]
# The cat's score reaches the loss through the sum alone. On this path two factors are not 1: the derivative of the
# logarithm, one over the sum, which is 0.09, and that of the exponential, 7.389. Their product 0.665 is the
# probability of the cat.
#
# The dog's score has a second path, past the sum. This is its gradient, written out.

# %%
tg.explain(loss, dog)

# %% [markdown]
# The path through the sum gives 0.245, the probability of the dog. The other gives −1, exactly. The same holds for
# all numbers. In
#
# $$L = \log \sum_j e^{s_j} - s_{\text{dog}}$$
#
# the first term has the derivative $e^{s_i} / \sum_j e^{s_j} = p_i$ by every logit $s_i$, and the second has the
# derivative −1 by the dog's logit alone. With $q$ for the one-hot label:
#
# $$\frac{\partial L}{\partial s_i} = p_i - q_i$$

# %%
loss.backward()
gradient = np.array([cat.grad, dog.grad, hen.grad])
print(gradient.round(3))
assert round(e_cat.data, 3) == 7.389
assert round(1 / total.data, 2) == 0.09
assert np.allclose(gradient, softmax(s) - np.array([0, 1, 0]))
assert np.isclose(gradient.sum(), 0)

# %% [markdown]
# This answers question 1. Descent goes against the gradient: the dog's score goes up by 0.755 times the learning
# rate, the cat's goes down by 0.665 times, the hen's by 0.090 times. The three sum to 0. And question 2: they would
# be the same with all scores 100 higher, because adding the same number to all logits changes no probability.
#
# Play the derivation. On the way back, wait for `dog`, the only number that receives two contributions.

# %%
tg.steps(loss)

# %% [markdown]
# On arrays the two paths are two boxes. Log-sum-exp sends the softmax back, and picking the label's logit sends −1 to
# one place.

# %%
logits = tg.tensor(s, requires_grad=True, name="s")
loss = tg.logsumexp(logits) - logits[1]
loss.name = "loss"
tg.draw(loss)

# %% [markdown]
# The library's `cross_entropy` is the same function in one operation. Its backward graph reads like the formula: on
# the left a softmax, from which the one-hot label is taken away. The boxes on the right bring the upstream gradient, 1.

# %%
logits = tg.tensor(s[None], requires_grad=True, name="s")
loss = nn.functional.cross_entropy(logits, [1], reduction="sum")
loss.name = "loss"
loss.backward()
assert np.allclose(logits.grad, gradient)
tg.draw(loss, "backward", direction="TB")

# %% [markdown]
# ## Why not the squared error?
#
# The squared distance of $p$ from $q$ is a loss, too. Let a model be sure of the wrong class, with logits 10, 0, 0
# and the label 1, and compare the gradients.


# %%
def squared_error(logits):
    return ((tg.softmax(logits) - np.array([0, 1, 0])) ** 2).sum()


def negative_log_likelihood(logits):
    return tg.logsumexp(logits) - logits[1]


sure = np.array([10.0, 0.0, 0.0])
losses = (squared_error, negative_log_likelihood)
flat, steep = (np.abs(tg.grad(loss)(sure)).max() for loss in losses)
print(f"largest slope of the squared error {flat:.5f}, of the cross-entropy {steep:.5f}")
assert flat < 1e-3 < 0.99 < steep

# %% [markdown]
# The gradient of the squared error is multiplied by the slope of the softmax, which is nearly 0 there. The model is
# as wrong as can be, and hardly learns. In the cross-entropy the logarithm undoes the exponential, so the gradient is
# the error $p - q$ itself.
#
# A third loss asks for no probabilities, only for a *margin*: the score of the right class $y$ shall be larger than
# every other by 1. What is missing is the loss, $\sum_{i \ne y} \max(0,\; 1 - s_y + s_i)$. First the dog again, with
# the scores 2, 1, 0, and then with 2, 4, 0.


# %%
def margin_loss(scores):
    return tg.relu(1 - scores[1] + scores[[0, 2]]).sum()


for scores in np.array([[2.0, 1.0, 0.0], [2.0, 4.0, 0.0]]):
    gradient = tg.grad(margin_loss)(scores)
    print(scores, "loss", margin_loss(scores), "gradient", gradient)

# %% [markdown]
# Only the cat is too near to the dog: it is pushed down, the dog up, and the hen is left alone. Once the margin is kept
# there is no gradient any more, while the cross-entropy goes on for ever. (The library's `nn.MultiMarginLoss` divides
# by the number of classes.)
#
# ## From pixels to logits
#
# A picture of 8×8 pixels is a row of 64 numbers. The simplest model of ten classes gives each class a weight for each
# pixel, and a bias, which does not depend on the picture. For $N$ pictures, the rows of $X$:
#
# $$S = XW + b, \qquad X: (N, 64), \quad W: (64, 10), \quad b: (10), \quad S: (N, 10)$$
#
# The loss is the mean over the pictures, so each row of its gradient $G$ by $S$ is $(p - q)/N$. From there the rules
# of lesson 2 go on: the matrix product sends $X^\top G$ to $W$, and broadcasting sends the sum over the rows to $b$.


# %%
def loss_and_gradients(X, labels, W, b):
    """The mean cross-entropy of X @ W + b, and its gradients by W and b."""
    rows = np.arange(len(labels))
    S = X @ W + b
    loss = (log_sum_exp(S) - S[rows, labels]).mean()
    G = softmax(S)
    G[rows, labels] -= 1
    G /= len(labels)
    return loss, X.T @ G, G.sum(axis=0)


# %% [markdown]
# The engine has to find the same on random numbers. The sizes differ on purpose: a wrong axis would show.

# %%
rng = np.random.default_rng(0)
X, labels = rng.normal(size=(5, 4)), rng.integers(3, size=5)
W = tg.tensor(rng.normal(size=(4, 3)), requires_grad=True)
b = tg.tensor(rng.normal(size=3), requires_grad=True)
loss = nn.functional.cross_entropy(X @ W + b, labels)
loss.backward()
by_hand, grad_W, grad_b = loss_and_gradients(X, labels, W.numpy(), b.numpy())
assert np.isclose(loss.item(), by_hand)
assert np.allclose(W.grad, grad_W)
assert np.allclose(b.grad, grad_b)

# %% [markdown]
# ## Reading digits
#
# The package carries 1,797 digits written by 13 people; ink is shown white. Two thirds are for training. The others
# are for the test: no step of the training uses them.

# %%
train, test = data.Digits(), data.Digits(train=False)
X, X_test = train.images.reshape(-1, 64), test.images.reshape(-1, 64)
print(X.shape, X_test.shape)
assert len(X) + len(X_test) == 1797
plots.images(train.images[:10, 0], titles=train.labels[:10].astype(str), columns=10)

# %% [markdown]
# Training is minibatch gradient descent, as in lesson 4, with a learning rate of 1. All weights begin at 0, so the
# first loss has to be $\log 10$. If it is not, something is wrong before training has begun.

# %%
W, b = np.zeros((64, 10)), np.zeros(10)
first_loss = loss_and_gradients(X, train.labels, W, b)[0]
assert np.isclose(first_loss, np.log(10))


def batches(epoch):
    """The training pictures in a new order for each epoch, 32 at a time."""
    order = np.random.default_rng(epoch).permutation(len(X))
    return np.array_split(order, len(X) // 32)


train_loss, test_loss = [], []
for epoch in range(40):
    for chosen in batches(epoch):
        _, grad_W, grad_b = loss_and_gradients(X[chosen], train.labels[chosen], W, b)
        W -= grad_W
        b -= grad_b
    train_loss.append(loss_and_gradients(X, train.labels, W, b)[0])
    test_loss.append(loss_and_gradients(X_test, test.labels, W, b)[0])

answers = (X_test @ W + b).argmax(axis=1)
accuracy = (answers == test.labels).mean()
print(f"loss {first_loss:.3f} -> {train_loss[-1]:.3f}, test accuracy {accuracy:.1%}")
assert accuracy > 0.94

# %%
plots.lines(
    {"training": train_loss, "test": test_loss},
    xlabel="epoch",
    ylabel="cross-entropy",
    title="Softmax regression on digits",
)

# %% [markdown]
# The weights of one class can be laid out as a picture. Ink on a red pixel speaks for the digit, ink on a blue one
# against it. The 0 wants no ink in its middle.

# %%
plots.images(W.T.reshape(10, 8, 8), titles=list("0123456789"), columns=5, signed=True)

# %% [markdown]
# And these were misread. Some of them you would misread, too.

# %%
wrong = np.flatnonzero(answers != test.labels)
print(len(wrong), "of", len(X_test))
plots.images(
    test.images[wrong[:10], 0],
    titles=[f"{test.labels[i]}, read as {answers[i]}" for i in wrong[:10]],
    columns=5,
)

# %% [markdown]
# ## The same with the library
#
# `nn.Flatten` makes rows of the pictures. `nn.Linear` is $XW^\top + b$, with one row of the weight for each class.
# `nn.CrossEntropyLoss` takes logits, not probabilities: it contains the softmax. Beginning at 0, with the same
# batches, both programs take the same steps.

# %%
model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
nn.init.zeros_(model[1].weight)
nn.init.zeros_(model[1].bias)
cross_entropy_loss = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=1.0)
for epoch in range(40):
    for chosen in batches(epoch):
        optimizer.zero_grad()
        cross_entropy_loss(model(train.images[chosen]), train.labels[chosen]).backward()
        optimizer.step()

assert np.allclose(model[1].weight.numpy().T, W, atol=1e-3)
assert np.allclose(model[1].bias.numpy(), b, atol=1e-3)
assert tg.train.accuracy(model(test.images), test.labels) > 0.94

# %% [markdown]
# ## In five lines
#
# - Softmax turns any scores into probabilities; adding the same number to all scores changes nothing.
# - The cross-entropy is minus the logarithm of the probability that the right class was given.
# - Its gradient by the scores is what was said less what was right: $p - q$.
# - Subtract the largest score first, and no exponential can overflow.
# - One layer of weights on the pixels reads about 95 % of the digits.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy `exercises/05_softmax_regression/starter.py` to
# `my_answers.py`, fill it in with NumPy alone, and have it graded:
#
# ```sh
# tinygrad-edu grade exercises/05_softmax_regression my_answers.py --show
# ```
#
# 1. `log_sum_exp(logits)`, for logits near 1 and in the thousands (2 points). If yours is right for small ones only,
#    you are told so.
# 2. `soft_gradient(logits, targets)`: the gradient of the mean cross-entropy where the targets are probabilities,
#    such as 0.9 for one class and 0.1 for another, again for logits of any size (3 points). Go over the derivation
#    again: where was it used that $q$ is one-hot? If you forget the mean, mix up the axes or leave the softmax out,
#    you are told which.
# 3. `learn(images, labels, others)`: learn to read digits, and read others (3 points). The aim is 93 %, a
#    little less than above, because the pictures are divided anew for each student. You are told how many you read.
#
# ## What to read in the source
#
# - `tinygrad_edu/engine/primitives/reductions.py`, `logsumexp` and `softmax`: where the maximum is taken away, and a
#   rule of one line each.
# - `tinygrad_edu/engine/primitives/fused.py`, `softmax_cross_entropy`: the gradient of this lesson, as the rule of one
#   operation.
# - `tinygrad_edu/nn/losses.py`, `cross_entropy`: class weights, soft targets and label smoothing around it.
# - `tinygrad_edu/cli/demo.py`, `_handwritten_digits`: this model again, trained with the bare engine.
# - `tinygrad_edu/train/metrics.py`, `confusion_matrix`: which digit is taken for which.
#
# ## Where this comes from
#
# - Entropy: C. E. Shannon, *A Mathematical Theory of Communication* (1948), section 6. Surprise as $-\log p$: M.
#   Tribus, *Thermostatics and Thermodynamics* (1961).
# - That the cross-entropy is least at $p = q$: S. Kullback and R. A. Leibler, *On Information and Sufficiency*
#   (1951), section 3.
# - The softmax as the output of a network, and its gradient $p - q$: J. S. Bridle, *Probabilistic Interpretation of
#   Feedforward Classification Network Outputs* (1990).
# - Likelihood as the measure of a fit: R. A. Fisher, *On the Mathematical Foundations of Theoretical Statistics*
#   (1922).
# - The digits: E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0.
