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
# # 20. When it does not learn
#
# The program runs, no error is raised, and the loss does not fall. Every other lesson shows a
# network that learns in the end. This one is about the days before. After it you can find out, in a
# few minutes and in a fixed order, whether the program, the numbers or the settings are to blame.
#
# You need the training loop of [lesson 4](04_linear_regression.py), the digits of
# [lesson 5](05_softmax_regression.py) and initial weights from
# [lesson 8](08_keeping_numbers_alive.py). No later lesson is needed.
#
# It takes about 90 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# Somebody trains a network to tell ten digits apart. After each epoch the loss is printed: 2.303,
# 2.303, 2.303.
#
# 1. Which number is 2.303, and what has the network learned so far?
# 2. Here are four reasons that are possible: the optimiser never changes these weights; the rate is
#    far too small; images and labels do not belong together; all neurons are closed. Which *one*
#    quick test tells most of them apart?
#
# Write down a guess.

# %%
import time

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots, train

learn, test = data.digits().split()
grey = learn.images.reshape(-1, 64).astype(np.float32)  # 0 to 16, as they come
images, labels = grey / 16, learn.labels.astype(int)
test_images = test.images.reshape(-1, 64).astype(np.float32) / 16
test_labels = test.labels.astype(int)
cross_entropy = nn.CrossEntropyLoss()


def network(hidden=64):
    """64 pixels to 10 scores, always with the same initial weights."""
    tg.manual_seed(0)
    return nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))


# %% [markdown]
# ## The loss before the first step
#
# A network that knows nothing should give each of ten digits about the same probability. Then the
# cross-entropy is $\log 10 = 2.303$: that is question 1. The loss before the first step has to be
# near it. Here it is for pixels from 0 to 1, from 0 to 16 as they come, and from 0 to 255 as in most
# image files; and for initial weights that are ten times too large:

# %%
bold = network()
for parameter in bold.parameters():
    parameter.data = 10 * parameter.data
first_losses = {
    "scaled": cross_entropy(network()(images), labels).item(),
    "0 to 16": cross_entropy(network()(grey), labels).item(),
    "0 to 255": cross_entropy(network()(grey * 16), labels).item(),
    "large weights": cross_entropy(bold(images), labels).item(),
}
for name, loss in first_losses.items():
    print(f"{name:13}: {loss:5.2f}, guessing {np.log(10):.2f}")

# %% [markdown]
# A first loss of 16 or 35 says that the network is *sure* of wrong answers before it has seen
# anything. The numbers that go in, or the weights, are too large. With another loss you can work
# out the number too: the mean squared error of a network that says 0 is the mean square of the
# targets.

# %% tags=["hide-cell"]
assert abs(first_losses["scaled"] - np.log(10)) < 0.05
assert round(np.log(10), 3) == 2.303
assert round(first_losses["0 to 255"]) == 35
assert round(first_losses["large weights"]) == 16

# %% [markdown]
# ## Learn one batch by heart
#
# Now question 2. Take 32 examples, always the same, and train on nothing else. A network that has
# 150 numbers for each of them can learn them by heart: the loss has to go to 0. If it does not, it
# is the *program*, for neither the amount of data nor its difficulty can be the reason. The test
# takes a second.
#
# A correct program, and four with a mistake that raises no error:

# %%
few, few_labels = images[:32], labels[:32]


def by_heart(model, trained=None, loss_of=cross_entropy, forget=True, steps=200):
    """The losses of training on 32 examples."""
    optimizer = optim.SGD((trained or model).parameters(), lr=0.5)
    losses = []
    for _ in range(steps):
        if forget:
            optimizer.zero_grad()
        loss = loss_of(model(few), few_labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def after_softmax(scores, labels):
    """A softmax before a loss that takes one itself."""
    return cross_entropy(tg.softmax(scores, axis=1), labels)


runs = {
    "correct": by_heart(network()),
    "another model's optimiser": by_heart(network(), trained=network()),
    "softmax twice": by_heart(network(), loss_of=after_softmax),
    "a ReLU at the end": by_heart(nn.Sequential(*network(), nn.ReLU())),
    "no zero_grad": by_heart(network(), forget=False),
}
for name, losses in runs.items():
    print(*(f"{losses[i]:.3f}" for i in (0, 20, 100, 199)), name, sep="  ")

# %%
shown = {name: np.maximum(losses, 1e-3) for name, losses in runs.items()}
plots.lines(shown, xlabel="step", ylabel="loss on 32 examples", logy=True)

# %% [markdown]
# Four of the five curves speak for themselves. A line that is perfectly flat means that nothing
# changes the weights: look at the optimiser, at `requires_grad`, at a `no_grad` that is too large.
# "Softmax twice" cannot reach 0: scores between 0 and 1 cannot make anything certain. A ReLU at the
# end takes away all scores below 0, and for some examples everything.
#
# The fifth, without `zero_grad`, passes the test, and faster than the correct program: gradients
# that are never forgotten add up, and each step goes on in the direction of all those before it. It
# fails later, when it cannot brake. So the test finds most mistakes of this kind, not all; read the
# five lines of the loop as well.

# %% tags=["hide-cell"]
assert runs["correct"][-1] < 0.02
assert len(set(runs["another model's optimiser"])) == 1
assert runs["softmax twice"][-1] > np.log(np.e + 9) - 1
assert runs["a ReLU at the end"][-1] > 0.5
assert runs["no zero_grad"][-1] < runs["correct"][-1]
assert sum(p.size for p in network().parameters()) // 32 == 150

# %% [markdown]
# ## Labels of other images
#
# Suppose the images were shuffled and the labels were not. One batch can be learned by heart then,
# too, whatever its labels are. What tells is the difference between what the network has seen and
# what it has not.


# %%
def fit(model, x, y, optimizer, epochs=20):
    """Train; the accuracy on the training images and on the test images."""
    loader = data.DataLoader(data.TensorDataset(x, y), batch_size=32, shuffle=True, seed=0)
    for _ in range(epochs):
        for x_batch, y_batch in loader:
            optimizer.zero_grad()
            cross_entropy(model(x_batch), y_batch).backward()
            optimizer.step()
    with tg.no_grad():
        return train.accuracy(model(x), y), train.accuracy(model(test_images), test_labels)


def with_adam(model, x, y, epochs=20):
    return fit(model, x, y, optim.Adam(model.parameters(), lr=0.003), epochs)


strangers = np.random.default_rng(0).permutation(labels)
for name, y in {"their own labels": labels, "those of others": strangers}.items():
    seen, unseen = with_adam(network(), images, y)
    print(f"{name:16}: {seen:.0%} of what was seen, {unseen:.0%} of the test digits")

# %% [markdown]
# One in ten on the test digits is what guessing gives. (The network could learn the right labels by
# heart as well. It finds what the digits of a kind have in common instead; why, is not fully understood.)
#
# Before you blame a network, look at ten
# examples with their labels, drawn, *as they come out of the loader*, behind all scaling and
# shuffling. It is the quickest test of all, and finds upside-down images, wrong labels and borders
# of nothing.

# %%
loader = data.DataLoader(data.TensorDataset(images, labels), batch_size=8, shuffle=True, seed=0)
some, their_labels = next(iter(loader))
plots.images(some.data.reshape(-1, 8, 8), titles=their_labels.data)

# %% [markdown]
# ## The detective
#
# If the loss is nan, the question is where the first nan was made, since everything behind it is
# nan as well. `tg.find_nan` goes through the graph and tells you. Here somebody wrote the
# cross-entropy by hand, and one probability has become 0:

# %%
x = tg.tensor([[800.0, 0.0]], requires_grad=True, name="scores")
p = tg.softmax(x, axis=1)
p.name = "p"
with np.errstate(divide="ignore", invalid="ignore"):
    loss = -(np.array([[0.0, 1.0]]) * tg.log(p)).sum()
print(tg.find_nan(loss))

# %% [markdown]
# It names the operation, the number and the usual remedy. Inside `with tg.trace():` it also names
# the line of your program. (And [lesson 5](05_softmax_regression.py) says why
# `nn.CrossEntropyLoss` takes scores, and has no such place.)

# %% tags=["hide-cell"]
assert tg.find_nan(loss)
assert not tg.find_nan(cross_entropy(x, np.array([1])))

# %% [markdown]
# ## How large may the learning rate be?
#
# Too small a rate learns nothing in the time there is; too large a rate destroys what was learned.
# Between the two lie several powers of ten, so do not guess: *measure*. (What sets
# the limit, a curvature, is the subject of [lesson 21](21_steps_downhill.py).) In a *range test* the rate
# grows with every step, from far too small to far too large, and one looks at what the loss does.


# %%
def range_test(model, lowest=1e-3, highest=30.0, steps=120):
    """The rates, and the loss at each, until it is ten."""
    optimizer = optim.SGD(model.parameters(), lr=lowest)
    rng = np.random.default_rng(0)
    rates, losses = np.geomspace(lowest, highest, steps), []
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        chosen = rng.integers(len(images), size=64)
        optimizer.zero_grad()
        loss = cross_entropy(model(images[chosen]), labels[chosen])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] > 10:
            break
    return rates[: len(losses)], losses


rates, losses = range_test(network())
plots.lines(
    {"loss": (np.log10(rates), losses)},
    xlabel="logarithm of the rate, to the base 10",
    ylabel="loss of a batch",
)

# %% [markdown]
# Up to a rate of about 0.1 hardly anything happens; around 1 the loss falls fastest; behind it, it
# leaps. A good first choice is a third of the rate at which it begins to leap. The test took 120
# steps. Here is what five epochs at several rates come to:

# %%
reached = {}
for rate in (0.01, 0.1, 0.5, 1.0, 2.0):
    model = network()
    seen, unseen = fit(model, images, labels, optim.SGD(model.parameters(), lr=rate), epochs=5)
    closed = np.mean(np.all(model[:2](images).data == 0, axis=0))
    reached[rate] = unseen
    print(f"rate {rate:4}: {unseen:.0%} of the test digits, {closed:.0%} of the neurons closed for good")

# %% [markdown]
# At 2 the network says one and the same digit for ever. A few steps have thrown the biases so far
# down that nearly every hidden neuron is *closed* for every image. A closed neuron gets no gradient
# ([lesson 6](06_multilayer_perceptron.py)), and so no later step repairs it: the loss is 2.3 again,
# as in the question, and stays there at any rate.

# %% tags=["hide-cell"]
assert min(losses[: np.searchsorted(rates, 0.1)]) > 2
assert 0.5 < rates[np.argmin(losses)] < 2
assert max(losses[np.searchsorted(rates, 2) :]) > 3
assert reached[1.0] > 0.9 > 0.6 > reached[0.01]
assert reached[2.0] < 0.15
assert closed > 0.9

# %% [markdown]
# ## Look inside
#
# A network of many layers can fail in one of them. Draw what each layer gives, and what comes back
# to its weights. Below, eight layers of tanh with initial weights of three sizes. The signals first:


# %%
def deep(size):
    """Eight layers of tanh; the weights have `size` times the standard deviation of Xavier's."""
    tg.manual_seed(0)
    layers = []
    for _ in range(8):
        layers += [nn.Linear(64, 64), nn.Tanh()]
    model = nn.Sequential(*layers, nn.Linear(64, 10))
    for parameter in model.parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=size / 8)
        else:
            nn.init.zeros_(parameter)
    return model


def signals(model):
    """What each tanh gives for 200 images."""
    h, given = images[:200] - images.mean(axis=0), []
    with tg.no_grad():
        for layer in model:
            h = layer(h)
            if isinstance(layer, nn.Tanh):
                given.append(h.data)
    return given


sizes = {"too small": 0.4, "right": 1.0, "too large": 4.0}


def three_layers(size):
    given = signals(deep(size))
    return {f"layer {i + 1}": given[i].ravel() for i in (0, 3, 7)}


plots.row(*(plots.histogram(three_layers(size), title=name) for name, size in sizes.items()))

# %% [markdown]
# Too small: deeper down all signals are nearly 0. Too large: they stand at −1 and 1, where the tanh
# is flat. A histogram in the middle that hardly changes from layer to layer is what you want.
#
# Now the way back. The norm of a gradient alone says little, since weights differ in size. Compare
# the *step* with the weight that it changes: the norm of rate · gradient over the norm of the
# weights. About 1/1000 is a usual number. Where it is a hundred times less, that layer stands still;
# where it is a hundred times more, it is thrown about.

# %%
relative = {}
for name, size in sizes.items():
    model = deep(size)
    cross_entropy(model(images[:200] - images.mean(axis=0)), labels[:200]).backward()
    weights = [p for p in model.parameters() if p.ndim == 2]
    relative[name] = [0.1 * np.linalg.norm(w.grad) / np.linalg.norm(w.data) for w in weights]
plots.bars(range(1, 10), relative, ylabel="step / weight, at a rate of 0.1", logy=True)

# %% [markdown]
# Where the weights are too small, no layer moves to speak of. Where they are too large, the first
# layer is thrown about ten times as far as the eighth.

# %%
for name, steps in relative.items():
    print(f"{name:9}: first layer {steps[0]:.0e}, eighth {steps[7]:.0e}")
assert max(relative["too small"]) < 1e-4 < min(relative["right"])
assert 5 < relative["too large"][0] / relative["too large"][7] < 20

# %% [markdown]
# ## How wide, and what against overfitting?
#
# When the program is right and the rate is found, two numbers tell you what to turn: the accuracy
# on what was seen and on what was not.

# %%
print("hidden   seen   unseen   numbers learned")
table = {}
for hidden in (2, 4, 16, 64, 256):
    model = network(hidden)
    seen, unseen = table[hidden] = with_adam(model, images, labels)
    numbers = sum(p.size for p in model.parameters())
    print(f"{hidden:6}   {seen:4.0%}   {unseen:6.0%}   {numbers:15,}")

# %% [markdown]
# - *Both low* (2 and 4 neurons): the network is too small, or it was trained too little. More
#   neurons, more layers, more epochs. Nothing against overfitting helps here.
# - *Seen high, unseen lower*: more data is the best cure, or changed copies of the data there are;
#   then weight decay, dropout, an earlier stop ([lesson 7](07_underfitting_overfitting.py)).
# - *Both high and close*: stop turning knobs.
#
# Make it larger until it learns what it has seen, and only then work on the difference. From 64 to
# 256 neurons, four times as many numbers bring next to nothing; when a step no longer pays, stop.
# For the same reason stop training when the validation loss has not fallen for some epochs.

# %% tags=["hide-cell"]
assert table[2][0] < 0.75
assert table[64][0] > 0.98
assert abs(table[256][1] - table[64][1]) < 0.03

# %% [markdown]
# ## What a training costs
#
# *Memory*: each number that is learned is kept four times when Adam trains it: itself, its gradient
# and Adam's two means. Plain gradient descent keeps two. In addition the graph keeps the results of
# all layers for the backward pass, once for each example of the batch.
#
# *Time*: a layer of $n$ inputs and $m$ outputs does $n m$ multiplications and additions for each
# example going forward, and about twice as many going back (once for the weights, once for the
# inputs). So a step of training takes about three times as long as a prediction, if the layers are
# large enough for the arithmetic to count.

# %%
hidden = nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU()
model = nn.Sequential(*hidden, nn.Linear(512, 10))
numbers = sum(p.size for p in model.parameters())
kept = 64 * (64 + 4 * 512 + 10)  # the input and the result of each layer, for 64 examples
print(f"numbers learned {numbers:,}: {4 * 4 * numbers / 1e6:.1f} MB with Adam, in float32")
print(f"results of the layers: {4 * kept / 1e6:.1f} MB")


def seconds(call, times=30):
    """The least of several measured times."""
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        found.append(time.perf_counter() - begin)
    return min(found)


def predict():
    with tg.no_grad():
        model(images[:64])


forward = seconds(predict)
both = seconds(lambda: cross_entropy(model(images[:64]), labels[:64]).backward())
print(f"forward {1000 * forward:.1f} ms, forward and backward {1000 * both:.1f} ms")
assert both > forward

# %% [markdown]
# ## The order in which to look
#
# 1. Look at ten examples with their labels, as the loader gives them.
# 2. Is the loss before the first step what guessing gives?
# 3. Can the network learn one batch by heart? If not, read the five lines of the loop, and what
#    stands between the last layer and the loss.
# 4. Is anything nan? `tg.find_nan`.
# 5. A range test for the rate.
# 6. Signals and relative steps, layer by layer.
# 7. Seen against unseen: larger, or less overfitting?
# 8. Change *one* thing at a time, with the same seed, and write down what came out.
#
# ## In five lines
#
# - A number is known before the first step: guessing gives $\log$ of the number of classes.
# - A network that cannot learn one batch by heart has a mistake in its program.
# - A range test measures the largest learning rate in a hundred steps.
# - Histograms of signals, and steps compared with weights, show the layer that fails.
# - First learn what was seen, then work on what was not.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/20_when_it_does_not_learn/starter.py` to `my_answers.py`. It holds six small programs.
# Each runs without an error, and each has one mistake, of the kind that keeps a network from
# learning. Mend all six (2 points each).
#
# Then ask for your points:
#
# ```sh
# tinygrad-edu grade exercises/20_when_it_does_not_learn my_answers.py --show
# ```
#
# You are told what is wrong with the result, not with the line: finding the line is the exercise.
#
# ## What to read in the source
#
# - `tinygrad_edu/nonfinite/`: how `tg.find_nan` finds the operation that gave the first nan.
# - `tinygrad_edu/train/callbacks.py`, `EarlyStopping`: patience, asked of the history.
# - `tinygrad_edu/nn/summary.py`: the multiplications and the memory of each layer.
# - `tinygrad_edu/optim/optimizer.py`, `Optimizer`: which parameters it holds, and what a step does.
#
# ## Where this comes from
#
# - Range tests: L. N. Smith, *Cyclical learning rates for training neural networks* (2017).
# - Signals and gradients by layer: X. Glorot and Y. Bengio, *Understanding the difficulty of
#   training deep feedforward neural networks* (2010).
# - Networks that learn labels at random: C. Zhang et al., *Understanding deep learning requires
#   rethinking generalization* (2017).
# - The digits: E. Alpaydin and C. Kaynak, *Optical recognition of handwritten digits*, UCI Machine
#   Learning Repository (1998), under CC BY 4.0.
