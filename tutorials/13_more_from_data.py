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
# # 13. More from the same data, and other data
#
# Data are never enough, and never quite those that will come. In this lesson you get more from few examples, by
# changing them and by beginning with a network that has learned something else. You see what goes wrong when the data
# of tomorrow are not those of yesterday, and which part of it can be mended. And you look for what is rare.
#
# You need [lesson 7](07_underfitting_overfitting.py): overfitting; and [lesson 10](10_convolution.py):
# convolutional networks.
#
# It takes about 95 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# 1. A digit may stand up to 2 pixels further left, right, up or down, and is still that digit. How many
#    different images are that?
# 2. A filter was trained on as much spam as other mail. It finds 90 % of the spam, and takes 10 % of the
#    other mail for spam. In your mailbox it says "spam" of 26 % of the mail. How much really is spam?
# 3. One image in ten is an 8. A program never says "8". What share of its answers is right?
#
# Write three numbers down.
#
# <details><summary>Answers</summary>
#
# 1. 5 · 5 = 25.
# 2. 20 %: of a share $q$ of spam it finds $0.9 q$, and of the rest it takes $0.1 (1 - q)$. Together that
#    is 0.26 for $q = 0.2$.
# 3. 90 %.
#
# </details>

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots, train
from tinygrad_edu.nn.functional import cross_entropy

# %% [markdown]
# ## A hundred digits
#
# Suppose somebody has labelled ten digits of each kind for you, and no more. Each of their 8 × 8 pixels is
# drawn 2 × 2 large. The 599 digits to test with stay what they are.

# %%
plenty, test = data.Digits(size=16), data.Digits(train=False, size=16)


def some(each, seed=0):
    """The indices of `each` digits of every kind."""
    rng = np.random.default_rng(seed)
    of_kind = [np.flatnonzero(plenty.labels == c) for c in range(10)]
    return np.concatenate([rng.permutation(rows)[:each] for rows in of_kind])


hundred = data.TensorDataset(plenty.images[some(10)], plenty.labels[some(10)])


def network():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(512, 64), nn.ReLU(),
        nn.Linear(64, 10),
    )  # fmt: skip


def learn(model, dataset, epochs, parameters=None, transform=(), batch_size=20):
    loader = data.DataLoader(dataset, batch_size, shuffle=True, transform=transform)
    optimizer = optim.Adam(parameters or model.parameters(), lr=0.003)
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            cross_entropy(model(images), labels).backward()
            optimizer.step()
    return model


def accuracy(model, images, labels):
    with tg.no_grad():
        return train.accuracy(model(images), labels)


tg.manual_seed(0)
plain = learn(network(), hundred, epochs=60)
print(
    "training",
    accuracy(plain, *hundred.arrays),
    " test",
    round(accuracy(plain, test.images, test.labels), 3),
)
assert accuracy(plain, *hundred.arrays) == 1

# %% [markdown]
# It knows the hundred by heart. Each epoch shows it the same images, and after a few of them there is
# nothing more to learn.
#
# ## Images that nobody labelled
#
# But you know something that the network does not: a digit that has been moved by a pixel is the same
# digit. So move them, at random, each time anew. The label stays, and no epoch shows the same images
# again. That is *data augmentation*. To move an image, put a border around it, and cut a window out.


# %%
def moved(images, rng, border=2):
    n, _, height, width = images.shape
    wide = np.pad(images, ((0, 0), (0, 0), (border, border), (border, border)))
    result = np.empty_like(images)
    for i in range(n):
        top, left = rng.integers(0, 2 * border + 1, size=2)
        result[i] = wide[i, :, top : top + height, left : left + width]
    return result


rng = np.random.default_rng(0)
digit = plenty.images[3:4]
versions = np.concatenate([digit, *(moved(digit, rng) for _ in range(5))])[:, 0]
plots.images(versions, titles=["original", *["moved"] * 5], columns=6)

# %% [markdown]
# A loader takes such a function as its `transform`, and calls it for every batch. The library has it under
# the name `RandomCrop`, and some others. `RandomHorizontalFlip` mirrors half of the images.
# `RandomResizedCrop` cuts out a part of random size and shape and makes it as large as before, so that things
# come near or go far. `ColorJitter` changes brightness and contrast, and in colour images also how strong the
# colours are (saturation) and which they are (hue). A digit in ink of one colour on paper of another:

# %%
paper, ink = np.array([0.95, 0.85, 0.6]), np.array([0.1, 0.2, 0.6])
mask = digit[:, :, :, :, None]  # ink where it is 1; the last axis is for red, green and blue
colourful = np.moveaxis(paper * (1 - mask) + ink * mask, -1, 2)[:, 0]  # (1, 3, 16, 16)
cut = data.RandomResizedCrop(16, scale=(0.4, 1.0))
recolour = data.ColorJitter(0.3, 0.3, 0.3, hue=0.3)
rng = np.random.default_rng(2)
changed = [colourful, *(change(colourful, rng) for change in [cut] * 3 + [recolour] * 3)]
titles = ["original", *["cut out"] * 3, *["colours"] * 3]
plots.images(np.concatenate(changed), titles=titles, columns=7)

# %% [markdown]
# Here are four networks with the same start: without
# augmentation; with moved images; with moved and differently shaded ones; with mirrored ones. Each is tested
# twice: on the test digits, and on the test digits moved by two pixels in the four directions.

# %%
seen_before = np.random.default_rng(1)
by_library = data.RandomCrop(16, padding=2)
assert moved(digit, seen_before).shape == by_library(digit, seen_before).shape

wide = np.pad(test.images, ((0, 0), (0, 0), (2, 2), (2, 2)))
moves = [(2, -2), (2, 2), (3, -2), (3, 2)]  # up, down, left, right
elsewhere = np.concatenate([np.roll(wide, by, axis)[:, :, 2:-2, 2:-2] for axis, by in moves])

ways = {
    "none": [],
    "moved": [moved],
    "shaded": [
        data.RandomCrop(16, padding=2),
        data.ColorJitter(brightness=0.3, contrast=0.3),
    ],
    "mirrored": [data.RandomHorizontalFlip()],
}
in_place, away = {}, {}
for name, transform in ways.items():
    tg.manual_seed(0)
    model = learn(network(), hundred, epochs=60, transform=transform)
    in_place[name] = accuracy(model, test.images, test.labels)
    away[name] = accuracy(model, elsewhere, np.tile(test.labels, 4))
    print(f"{name:8} {in_place[name]:.2f}  moved {away[name]:.2f}")

# %%
plots.bars(
    list(ways),
    {"test digits": list(in_place.values()), "moved by two pixels": list(away.values())},
)

# %% [markdown]
# Without augmentation less than 0.6 of the moved digits are recognised, with it more than 0.8; and those in
# place are not worse. That is what lesson 10 said in the end.
#
# Mirroring does harm, since a mirrored digit is no digit: an augmentation has to keep the meaning. For cats
# it does. Which changes keep it is knowledge about the task, and you put it in.

# %% tags=["hide-cell"]
assert away["none"] < 0.6 < 0.8 < away["moved"]
assert in_place["moved"] > in_place["none"] - 0.01
assert in_place["mirrored"] < in_place["none"]

# %% [markdown]
# ## Beginning with what another network has learned
#
# Now digits from another scanner: grey paper, weak ink, noise, and not in the middle. There are forty with
# a label, four of each kind, for training. Of the old, clean kind there are 1,198.


# %%
def scanned(images, seed):
    rng = np.random.default_rng(seed)
    grey = 0.2 + 0.6 * moved(images, rng) + rng.normal(0, 0.25, images.shape)
    return np.clip(grey, 0, 1).astype(np.float32)


few = data.TensorDataset(scanned(plenty.images[some(4)], seed=5), plenty.labels[some(4)])
noisy = scanned(test.images, seed=9)
plots.images(noisy[:8, 0], titles=test.labels[:8])

# %% [markdown]
# *Fine-tuning* takes the weights of a network that was trained on much data of a similar kind, and goes on
# with the few of the new kind. How much may change?
#
# - Everything, with a small learning rate, so that what was learned is not lost at once.
# - The last layer only. The others are *frozen*: they get no gradient, and cost none. They are a fixed
#   function that makes features of images.
# - The last layer only, but new, with random weights. That is what one does if the classes are others.

# %%
tg.manual_seed(0)
clean = learn(network(), plenty, epochs=8, transform=[moved], batch_size=32)
HEAD = 9  # the place of the last linear layer


def tuned(freeze, new_head):
    """A copy of the clean network, trained further on the forty digits."""
    tg.manual_seed(0)
    model = network()
    model.load_state_dict(clean.state_dict())
    if new_head:
        model[HEAD] = nn.Linear(64, 10)
    if freeze:
        model[:HEAD].requires_grad_(False)
    head = {"params": list(model[HEAD].parameters()), "lr": 0.003 if new_head else 0.001}
    body = {"params": list(model[:HEAD].parameters()), "lr": 0.001}
    return learn(
        model,
        few,
        epochs=40,
        parameters=[head] if freeze else [head, body],
        batch_size=10,
    )


tg.manual_seed(0)
trained = {
    "as it was": clean,
    "scratch": learn(network(), few, epochs=40, batch_size=10),
    "new head": tuned(freeze=True, new_head=True),
    "old head": tuned(freeze=True, new_head=False),
    "all tuned": tuned(freeze=False, new_head=False),
}
reached = {name: accuracy(model, noisy, test.labels) for name, model in trained.items()}
for name, figure in reached.items():
    print(f"{figure:.2f}  {name}")
plots.bars(list(reached), {"digits of the other scanner": list(reached.values())})

# %% [markdown]
# On clean digits the first network recognises more than nine in ten, on these less than half; and forty
# examples alone lead no further. Both together do: fine-tuned, the network recognises nearly twice as many
# as the one from scratch. With so few examples it hardly matters how much is frozen, but an old head is worth
# something if the classes are the same. Frozen parts are marked in the summary.

# %%
assert accuracy(clean, test.images, test.labels) > 0.9
assert max(reached["as it was"], reached["scratch"]) < 0.5
assert min(reached["old head"], reached["all tuned"]) > 1.6 * reached["scratch"]
assert abs(reached["old head"] - reached["all tuned"]) < 0.06
assert 1.3 * reached["scratch"] < reached["new head"] < reached["old head"]

nn.summary(trained["old head"], (1, 1, 16, 16))

# %% [markdown]
# (With batch norm there is a second thing to freeze: its running averages change in training mode, even if
# its weights do not. Keep frozen parts in evaluation mode, `model[:HEAD].eval()`.)
#
# ## Three ways in which data change
#
# The other scanner is an example of *distribution shift*: training data come from one distribution,
# $p(x, y)$, and the network is used on another, $q(x, y)$. Three kinds have names, by what stays.
#
# - *Covariate shift*: inputs are others, $q(x) \ne p(x)$, but each means what it did, $q(y \mid x) =
#   p(y \mid x)$. A car has learned in sunshine and drives in fog; a network has learned from the X-rays of one
#   hospital and reads those of another, with another machine.
# - *Label shift*: classes are more or less frequent, $q(y) \ne p(y)$, but each looks as it did,
#   $q(x \mid y) = p(x \mid y)$. In winter more patients with a cough have the flu.
# - *Concept shift*: the same input means something else, $q(y \mid x) \ne p(y \mid x)$. What is called a
#   soft drink depends on where you are; what people like to buy depends on the year.
#
# ## Covariate shift: weights for examples
#
# Take a curve with some noise, and fit a line to it. Training points lie around 0, but the line will be used
# around 1. No line is right everywhere, and the best one for the training points is not the best one there.


# %%
def draw(middle, spread, n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(middle, spread, n)
    return x, np.sin(1.5 * x) + rng.normal(0, 0.1, n)


def fit_line(x, y, weights):
    """Slope and height of the line with the least weighted squares, by the normal equations of lesson 4."""
    A = np.stack([x, np.ones_like(x)], axis=1)
    return np.linalg.solve(A.T @ (weights[:, None] * A), A.T @ (weights * y))


x, y = draw(0.0, 0.8, 400, seed=0)  # to train with
x_new, y_new = draw(1.0, 0.4, 400, seed=1)  # where it is used; of these, y is only for judging


def error(line, x, y):
    return ((line[0] * x + line[1] - y) ** 2).mean()


# %% [markdown]
# The error where it is used is a mean over $q$. A sum over points from $p$ can stand for it, if each point
# counts $w(x) = q(x) / p(x)$ times: points that are frequent there and rare here count more.
#
# $$ \int q(x) \, l(x) \, dx = \int p(x) \, \frac{q(x)}{p(x)} \, l(x) \, dx \approx
# \frac{1}{n} \sum_i w(x_i) \, l(x_i) $$
#
# The densities are not known, but a classifier knows their ratio. Label the training points 0 and the new
# ones 1, and learn to tell them apart. By Bayes' rule the odds of "new" at $x$ are $q(x) / p(x)$, and with a
# sigmoid at the end the odds are $e^h$, where $h$ is the logit. No $y$ of the new points is needed.

# %%


def tell_apart(old, new):
    """The logits of "new" that a classifier gives to old points; it sees x and x²."""
    tg.manual_seed(0)
    teller, both = nn.Linear(2, 1), np.append(old, new)
    features = np.stack([both, both**2], axis=1).astype(np.float32)
    is_new = np.repeat([0.0, 1.0], [len(old), len(new)])[:, None]
    optimizer = optim.Adam(teller.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        nn.BCEWithLogitsLoss()(teller(features), is_new).backward()
        optimizer.step()
    return teller(features[: len(old)]).data[:, 0].astype(float)


logits = tell_apart(x, x_new)
weights = train.importance_weights(logits, n_source=400, n_target=400, largest=20)
assert np.allclose(weights, np.minimum(np.exp(logits), 20))

known = 0.8 / 0.4 * np.exp(x**2 / (2 * 0.8**2) - (x - 1) ** 2 / (2 * 0.4**2))
order = np.argsort(x)
plots.lines(
    {
        "known q / p": (x[order], known[order]),
        "by the classifier": (x[order], weights[order]),
    },
    xlabel="x",
    ylabel="w",
)

# %%
lines = {
    "all count the same": fit_line(x, y, np.ones(400)),
    "known weights": fit_line(x, y, known),
    "weights of the classifier": fit_line(x, y, weights),
}
for name, line in lines.items():
    print(f"{name:26} training {error(line, x, y):.3f}  where it is used {error(line, x_new, y_new):.3f}")

ends = np.array([-1.0, 2.0])
plots.points(
    {
        "training": np.stack([x, y], axis=1),
        "where it is used": np.stack([x_new, y_new], axis=1),
    },
    lines={name: (ends, line[0] * ends + line[1]) for name, line in lines.items()},
)

# %% [markdown]
# Weighted, the line is much worse on the training points and much better where it is used: less than a half
# of the error. It is nearly as good with weights that a classifier found as with the known ones.
#
# There is a price. The weights are large for few points, and so few points decide. Their *effective number*
# is $(\sum w)^2 / \sum w^2$. And where $p$ has no points at all, no weight helps.

# %%
used = {name: error(line, x_new, y_new) for name, line in lines.items()}
assert used["known weights"] < 0.5 * used["all count the same"]
assert used["weights of the classifier"] < 0.5 * used["all count the same"]
assert error(lines["known weights"], x, y) > 2 * error(lines["all count the same"], x, y)

effective = weights.sum() ** 2 / (weights**2).sum()
print(f"{effective:.0f} of 400 points")
assert effective < 150
x_far, _ = draw(3.0, 0.4, 400, seed=1)
far = train.importance_weights(tell_apart(x, x_far), 400, 400, largest=20)
assert round(far.sum() ** 2 / (far**2).sum()) == 3  # what is said at the end of the lesson

# %% [markdown]
# ## Label shift: weights for classes
#
# A network reads 1, 8 and 9 under much noise. It has learned from as many of each; now 7 in 10 are nines.
# Again labels are there for the old data only.

# %%
KINDS = (1, 8, 9)
sources = {part: data.Digits(train=part) for part in (True, False)}


def sample(train_part, shares, n, seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, n, p=shares)
    digits = sources[train_part]
    rows = [rng.choice(np.flatnonzero(digits.labels == KINDS[label])) for label in labels]
    under_noise = digits.images[rows].reshape(n, 64) + rng.normal(0, 0.5, (n, 64))
    return under_noise.astype(np.float32), labels


equal, shifted = [1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7]
held_out, held_labels = sample(False, equal, 1500, seed=2)
arriving, secret = sample(False, shifted, 1000, seed=3)

tg.manual_seed(0)
to_learn = data.TensorDataset(*sample(True, equal, 600, seed=1))
reader = learn(nn.Linear(64, 3), to_learn, epochs=10)
confusion = train.confusion_matrix(reader(held_out).data, held_labels)
scores = reader(arriving).data
said = np.bincount(scores.argmax(axis=1), minlength=3)
print(confusion)
print("said:", said)

# %% [markdown]
# It does not say 1, 8 and 9 as often as they come, since it errs. But how it errs is known from held-out data:
# $C_{y \hat y}$ is how often it takes $y$ for $\hat y$. If each class looks as before, it also errs as before,
# and says $\hat y$ with the share $\mu_{\hat y} = \sum_y C_{y \hat y} \, q(y)$. Here $\mu$ and $C$ are known: these
# are three equations for the three $q(y)$. (Question 2 was the case of two.)

# %%
rates = confusion / confusion.sum(axis=1, keepdims=True)
q = np.linalg.solve(rates.T, said / said.sum())
p = confusion.sum(axis=1) / confusion.sum()
class_weights = train.label_shift_weights(confusion, said)
assert np.allclose(class_weights, q / p)
assert np.allclose(np.linalg.solve([[0.9, 0.1], [0.1, 0.9]], [0.26, 0.74]), [0.2, 0.8])

plots.bars(
    KINDS,
    {"said": said / 1000, "corrected": q, "really": np.bincount(secret) / 1000},
    ylabel="share",
)

# %% [markdown]
# The same weights $q(y) / p(y)$ go into a loss if you train anew, as `weight=`. And without training they correct
# each answer: by Bayes' rule, the probability of a class where it is used is that of the network, times the
# weight of the class, divided by the sum over the classes.

# %%
probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
before = train.accuracy(scores, secret)
after = train.accuracy(probabilities * class_weights, secret)
print(f"accuracy {before:.3f}, corrected {after:.3f}")
assert after > before + 0.02
assert abs(q - shifted).max() < 0.06 < abs(said / 1000 - shifted).max()

# %% [markdown]
# ## Concept shift: no weights
#
# If the same input means something else, then inputs alone cannot show it. Here the curve is turned over, and $x$
# is drawn as before. The classifier finds no difference between old points and new ones, and all weights are about 1,
# while the error of the line is many times what it was. There is only one cure: new labels, and training that goes on.

# %%
same_x, turned_y = draw(0.0, 0.8, 400, seed=4)
turned_y = -turned_y
found = train.importance_weights(tell_apart(x, same_x), 400, 400)
line = lines["all count the same"]
before, after = error(line, x, y), error(line, same_x, turned_y)
print(f"weights from {found.min():.2f} to {found.max():.2f}; error {before:.2f} before, {after:.2f} after")
assert 0.8 < found.min() < found.max() < 1.6
assert after > 5 * before

# %% [markdown]
# ## When one class is rare
#
# Is it an 8? There are ten eights to learn from, and 1,082 other digits. The test set has 58 eights of 599. Two
# outputs and no hidden layer; the cross-entropy first.


# %%
def is_eight(digits, eights, seed):
    rng = np.random.default_rng(seed)
    rows = np.append(
        np.flatnonzero(digits.labels != 8),
        rng.permutation(np.flatnonzero(digits.labels == 8))[:eights],
    )
    return digits.images[rows].reshape(-1, 64), (digits.labels[rows] == 8).astype(int)


images, eight = is_eight(sources[True], 10, seed=1)
test_images, test_eight = is_eight(sources[False], 58, seed=2)
assert (len(eight), eight.sum(), len(test_eight), test_eight.sum()) == (1092, 10, 599, 58)


def rare(loss):
    """What a trained model says of the test digits: the logit of yes minus that of no."""
    tg.manual_seed(0)
    model = nn.Linear(64, 2)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    loader = data.DataLoader(data.TensorDataset(images, eight), batch_size=64, shuffle=True)
    for _ in range(20):
        for x, y in loader:
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
    logits = model(test_images).data
    return logits[:, 1] - logits[:, 0]


balanced = train.class_weights(eight)
print("class weights:", balanced.round(2))
losses = {
    "cross-entropy": nn.CrossEntropyLoss(),
    "class weights": nn.CrossEntropyLoss(weight=balanced),
    "focal loss": nn.FocalLoss(gamma=2.0),
}
margins = {name: rare(loss) for name, loss in losses.items()}
figures = {}
for name, margin in margins.items():
    yes = (margin > 0).astype(int)
    right = train.accuracy(yes, test_eight)
    precise = train.precision(yes, test_eight, average=None)[1]
    found = train.recall(yes, test_eight, average=None)[1]
    figures[name] = right, precise, found, train.average_precision(margin, test_eight)
    print(f"{name:14} accuracy {right:.2f}  precision {precise:.2f}  recall {found:.2f}")

# %% [markdown]
# The first says "no" to all, and is right for 90 %: it has learned that eights are rare, and nothing else that
# would show. Accuracy does not tell. *Precision* does, the share of eights among those that it calls eights (here
# 0, since it calls none so), and *recall*, the share of the eights that it finds.
#
# *Class weights* make all classes count the same, however rare: with 1,082 others, each of the ten eights counts
# as much as 108 of them. Then it finds more than a half.
#
# The threshold is a choice, too. Every threshold has a precision and a recall, and all of them together are a
# curve. *Average precision* is the area under it, and needs no threshold.

# %%
assert figures["cross-entropy"][0] == (test_eight == 0).mean() > 0.9
assert figures["cross-entropy"][1:3] == (0, 0)
assert round(balanced[1] / balanced[0]) == 108
assert figures["class weights"][2] > 0.5

curves = {}
for name, margin in margins.items():
    precision, recall, _ = train.precision_recall_curve(margin, test_eight)
    curves[f"{name}, {figures[name][3]:.2f}"] = (recall, precision)
plots.lines(curves, xlabel="recall", ylabel="precision")

# %% [markdown]
# The *focal loss* also says "no" to all at the threshold 0, but its curve lies far above that of the cross-entropy:
# it has put the eights in a better order, and a lower threshold finds them. What does it do? It multiplies the
# cross-entropy $-\log p$ of an example by $(1 - p)^2$, where $p$ is the probability of the right class. An example
# with $p = 0.9$ then counts a hundredth. The thousand easy digits fall silent, and what is hard is heard. Step through
# its gradient for an easy example, with a logit of 2.

# %%
assert figures["focal loss"][2] == 0
assert min(figures["focal loss"][3], figures["class weights"][3]) > figures["cross-entropy"][3] + 0.1

z = tg.Value(2.0, name="z")
p = tg.sigmoid(z)
focal = -((1.0 - p) ** 2) * tg.log(p)
p.name, focal.name = "p", "focal"
tg.steps(focal)

# %% [markdown]
# The slope is $-0.005$; that of the cross-entropy is $p - 1 = -0.12$, over twenty times as much. For a hard example,
# with a logit of $-2$, it is the other way round: the focal loss has the larger slope, $-1.08$ against $-0.88$.

# %%
focal.backward()
hard = tg.Value(-2.0)
q = tg.sigmoid(hard)
(-((1.0 - q) ** 2) * tg.log(q)).backward()
print(f"easy {z.grad:.4f}, cross-entropy {p.data - 1:.3f};  hard {hard.grad:.2f}, cross-entropy {q.data - 1:.2f}")
assert round(z.grad, 3) == -0.005
assert (p.data - 1) / z.grad > 20
assert (round(hard.grad, 2), round(q.data - 1, 2)) == (-1.08, -0.88)

# %% [markdown]
# ## In five lines
#
# - Augmentation shows changed examples with the old label; the change has to keep the meaning.
# - Fine-tuning begins with what another network has learned; the fewer the examples, the less should change.
# - Under covariate shift examples get the weight $q(x) / p(x)$, which a classifier of old and new finds.
# - Under label shift classes get the weight $q(y) / p(y)$, from the confusion matrix; concept shift needs new labels.
# - If a class is rare, accuracy says nothing: look at precision and recall, and weigh classes or hard examples.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/13_more_from_data/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `crop(images, padding, tops, lefts)`: a border, and a window from each image (3 points).
# 2. `true_shares(confusion, said)`: the shares of the classes under label shift (3 points).
# 3. `balanced_weights(labels, n_classes)`: weights with which all classes count the same (2 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/13_more_from_data my_answers.py --show
# ```
#
# A confusion matrix that is not divided, or by the wrong axis, and a class that never occurs: each is named.
#
# Questions to answer by changing this page:
#
# - Which of the changes above would you use for photographs of cats, which for X-rays of the chest?
# - What happens to fine-tuning with 40 labelled digits of each kind, `some(40)`?
# - Why do the importance weights get worse if `x_new` is drawn around 3?
#
# <details><summary>Answers</summary>
#
# - For cats all of them. A mirrored X-ray has the heart on the right, which is rare and means something.
# - The network from scratch comes nearer, and tuning all is best now: the more new data there are, the more may
#   change, and the less the old data matter.
# - Hardly any training point lies there. The effective number falls to 3: so few points decide alone.
#
# </details>
#
# ## What to read in the source
#
# - `tinygrad_edu/data/augment.py`: windows of all images at once, without a loop.
# - `tinygrad_edu/train/shift.py`: the weights of this lesson, and what they refuse.
# - `tinygrad_edu/nn/losses.py`, `focal_loss`: the same with many classes, and safe where $p$ is 1.
# - `tinygrad_edu/train/metrics.py`, `precision_recall_curve`: all thresholds by one sort.
#
# ## Where this comes from
#
# - The three shifts and their remedies in this form: A. Zhang, Z. Lipton, M. Li, A. Smola, "Dive into deep
#   learning", 2023, section 4.7. The examples here are others.
# - Weights by a classifier: S. Bickel, M. Brückner, T. Scheffer, "Discriminative learning under covariate shift",
#   JMLR 10, 2009. Label shift: Z. Lipton, Y.-X. Wang, A. Smola, "Detecting and correcting for label shift with black
#   box predictors", ICML 2018.
# - How features carry over: J. Yosinski, J. Clune, Y. Bengio, H. Lipson, "How transferable are features in deep
#   neural networks?", NeurIPS 2014.
# - Focal loss: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object detection", ICCV 2017.
# - The digits: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
#   Repository, 1998, under CC BY 4.0.
