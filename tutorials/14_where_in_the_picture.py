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
# # 14. Where in the picture: segmentation and detection
#
# Until now a network said *what* is in an image. Here two networks say *where*: one gives a class to
# every pixel, the other draws boxes. You write the parts yourself (a layer that enlarges, overlap,
# anchors, suppression, average precision), and train both on scenes of real handwritten digits.
#
# You need [lesson 10](10_convolution.py): convolution, pooling, receptive fields; and batch norm from
# [lesson 8](08_keeping_numbers_alive.py).
#
# It takes about 120 minutes with the exercises, and is one of the harder lessons.
#
# ## A question first
#
# 1. A box of 4 × 2 is moved to the right by half its width. What part of all that the two boxes cover
#    together do both cover?
# 2. Of a picture with three digits nearly 9 in 10 pixels are paper. A network says "paper" everywhere.
#    How many of its answers are right, and what is it good for?
# 3. A detector has an opinion on 375 boxes of that picture, and 15 of them fit a digit. How many of its
#    answers are right if it always says "nothing here"?
#
# Write your answers down.
#
# <details><summary>Answers</summary>
#
# 1. One third: they share 2 × 2 squares, and together cover 8 + 8 − 4 = 12.
# 2. Nearly 90 %, and it is good for nothing. So pixels are counted class by class, below.
# 3. 360 of 375, or 96 %. It learns that first, and so the loss has to be made with care.
#
# </details>

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn, optim, plots, train
from tinygrad_edu.data import boxes
from tinygrad_edu.nn.functional import conv2d, conv_transpose2d

# %% [markdown]
# ## Scenes
#
# `data.Scenes` puts one to four of the real digits on a canvas with some noise, in several sizes and
# shades. It knows where it put them: the class of every pixel, the *mask*, and a box around each
# digit. The five classes here are the digits 0 to 4, so that training takes seconds. To test, there
# are other scenes, of digits that no scene of the training set has.

# %%
FIVE = (0, 1, 2, 3, 4)
scenes = data.Scenes(800, most=4, classes=FIVE, seed=1)
unseen = data.Scenes(200, most=4, classes=FIVE, train=False, seed=2)
pictures = unseen.images[:, 0]

plots.images(pictures[:8], masks=unseen.masks[:8], boxes=unseen.boxes[:8], columns=4)

# %% [markdown]
# A mask has a whole number for every pixel: 0 for paper, 1 for the ink of a 0, 2 for that of a 1, and
# so on. A box has five numbers: the class, then $x_1, y_1, x_2, y_2$, its left, upper, right and lower
# edge, with $y$ downwards.

# %%
scenes.images.shape, scenes.masks.shape, scenes.boxes.shape, unseen.boxes[0]

# %% [markdown]
# ## A layer that enlarges
#
# Three times pooling makes a map of 5 × 5 of the 40 × 40 pixels. Its numbers know what is there, since
# each sees most of a digit. But an answer for every pixel is wanted. So the way has to go back up.
#
# A convolution reads a window for each number that it makes. The *transposed convolution* turns this
# around: for each number that it reads, it writes a window. It stamps the kernel, multiplied by the
# number, and where stamps overlap, they add up.


# %%
def stamp(X, K, stride=1):
    (H, W), (P, Q) = X.shape, K.shape
    Y = np.zeros((stride * (H - 1) + P, stride * (W - 1) + Q))
    for i, j in np.ndindex(H, W):
        Y[stride * i : stride * i + P, stride * j : stride * j + Q] += X[i, j] * K
    return Y


X = K = np.array([[0, 1], [2, 3]])
print(stamp(X, K))
print(stamp(X, K, stride=2))
for stride in (1, 2):
    assert np.array_equal(
        stamp(X, K, stride),
        conv_transpose2d(X[None, None], K[None, None], stride=stride)[0, 0],
    )

# %% [markdown]
# The name says what it is. A convolution multiplies the flattened image by a matrix, each row of which
# holds the kernel at one place. The transposed convolution multiplies by the transpose of it. So it
# is what carries a convolution's gradient back to its image.

# %%
image = tg.tensor(np.arange(20.0).reshape(1, 1, 4, 5), requires_grad=True)
upstream = np.random.default_rng(0).normal(size=(1, 1, 3, 4))
conv2d(image, K[None, None].astype(float)).backward(upstream)
assert np.allclose(image.grad[0, 0], stamp(upstream[0, 0], K))

# %% [markdown]
# With stride $s$ and a kernel that falls off like a tent, each new number is a weighted mean of the old
# ones near by. That is *bilinear interpolation*, by which programs enlarge photographs. It is where the
# layer begins; after that its weights are learned like any others.

# %%
tent = np.array([1, 3, 3, 1]) / 4
larger = nn.ConvTranspose2d(1, 1, kernel_size=4, stride=2, padding=1, bias=False)
nn.init.bilinear_(larger.weight)
assert np.allclose(larger.weight.data[0, 0], np.outer(tent, tent))

digit = data.Digits().images[3:4]
plots.row(
    plots.images(digit[0], titles=["8 × 8"]),
    plots.images(larger(larger(digit)).data[0], titles=["four times as large"]),
)

# %% [markdown]
# ## A fully convolutional network
#
# Each stage halves the size and sees more of the picture. Behind each stage a 1 × 1 convolution makes
# scores, one for each class, at every place of its map. The coarsest scores are enlarged and added to
# the finer ones, up to the full size. What is there comes from the coarse maps, where exactly from the
# fine ones. There is no linear layer, so the network takes pictures of other sizes, too.


# %%
def stage(inputs, outputs, halve):
    pool = [nn.MaxPool2d(2)] if halve else []
    conv = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    return nn.Sequential(*pool, conv, nn.BatchNorm2d(outputs), nn.ReLU())


def twice_as_large(classes):
    layer = nn.ConvTranspose2d(classes, classes, 4, stride=2, padding=1, bias=False)
    nn.init.bilinear_(layer.weight)
    return layer


class Segmenter(nn.Module):
    def __init__(self, classes, widths=(8, 16, 32, 64)):
        pairs = zip((1, *widths), widths)
        self.stages = nn.ModuleList([stage(*pair, halve=i > 0) for i, pair in enumerate(pairs)])
        self.scores = nn.ModuleList([nn.Conv2d(width, classes, 1) for width in widths])
        self.enlarge = nn.ModuleList([twice_as_large(classes) for _ in widths[1:]])

    def forward(self, x):
        maps = []
        for part in self.stages:
            x = part(x)
            maps.append(x)
        *finer, y = [score(each) for score, each in zip(self.scores, maps)]
        for enlarge, scores in zip(self.enlarge, reversed(finer)):
            y = enlarge(y) + scores
        return y


tg.manual_seed(0)
fcn = models.fcn(classes=6)  # the library's
mine = Segmenter(classes=6)
mine.load_state_dict(fcn.state_dict())
assert np.array_equal(mine(scenes.images[:2]).data, fcn(scenes.images[:2]).data)

tg.draw(fcn(scenes.images[:2]), depth=1, direction="TB")

# %% [markdown]
# The loss is the cross-entropy of every pixel. `nn.CrossEntropyLoss` takes scores (N, classes, H, W)
# and masks (N, H, W) as they are. The learning rate rises, then falls to nearly 0, with the last step.


# %%
def learn(model, dataset, loss, epochs):
    """Train, and give the mean loss of each epoch."""
    loader = data.DataLoader(dataset, batch_size=8, shuffle=True)
    optimizer = optim.Adam(model.parameters())
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.01, epochs * len(loader))
    means = []
    for _ in range(epochs):
        losses = []
        for images, wanted in loader:
            optimizer.zero_grad()
            value = loss(model(images), wanted)
            value.backward()
            optimizer.step()
            schedule.step()
            losses.append(value.item())
        means.append(np.mean(losses))
    model.eval()
    return means


print(np.round(learn(fcn, scenes, nn.CrossEntropyLoss(), epochs=4), 3))
with tg.no_grad():
    scores = fcn(unseen.images).data
said = scores.argmax(axis=1)

plots.images(pictures[:8], masks=said[:8])

# %% [markdown]
# The picture has scenes that the network has never seen, with its answer drawn over them.
#
# ## Pixel accuracy, and mIoU
#
# How good is that? The share of right pixels is a poor measure, as in question 2: whoever says "paper"
# everywhere is right nearly nine times in ten. So each class is measured by itself. Of all pixels that
# are of the class, or are called it, how many are both? That is *intersection over union*, IoU. It
# needs the confusion matrix only: hits on the diagonal, true pixels in the row, called ones in the
# column. The mean over the classes is *mIoU*.


# %%
def mean_iou(said, true, classes):
    pairs = np.bincount((true * classes + said).ravel(), minlength=classes**2)
    confusion = pairs.reshape(classes, classes)
    hits = np.diag(confusion)
    return (hits / (confusion.sum(axis=0) + confusion.sum(axis=1) - hits)).mean()


for name, answer in (("all paper", np.zeros_like(said)), ("the network", said)):
    right, overlap = (answer == unseen.masks).mean(), mean_iou(answer, unseen.masks, 6)
    print(f"{name:11}  pixel accuracy {right:.3f}  mIoU {overlap:.3f}")
    assert np.isclose(right, train.accuracy(answer, unseen.masks))
    assert np.isclose(overlap, train.iou(answer, unseen.masks))

miou = train.iou(scores, unseen.masks)
assert miou > 0.85
print("IoU of each class:", train.iou(scores, unseen.masks, average=None).round(2))

# %% tags=["hide-cell"]
empty = np.zeros_like(said)
assert 0.85 < train.accuracy(empty, unseen.masks) < 0.92
assert mean_iou(empty, unseen.masks, 6) < 0.16

# %% [markdown]
# "All paper" has an mIoU of 0.15: one class out of six, nearly right. The network reaches more than
# 0.85. Most of what it lacks are the rims of the strokes, where one pixel more or less is a matter of
# taste.
#
# ## How much do two boxes overlap?
#
# Often a box is enough, and when two digits touch, only boxes tell one from the other. The measure is
# IoU again, now of areas.


# %%
def overlap(a, b):
    """IoU of boxes (..., 4) that broadcast."""
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    areas = [np.prod(each[..., 2:] - each[..., :2], axis=-1) for each in (a, b)]
    return shared / (areas[0] + areas[1] - shared)


first = np.array([0, 0, 4, 2])
others = np.array([[2, 0, 6, 2], [0, 0, 4, 2], [5, 0, 9, 2]])  # the first of question 1
print(overlap(first, others))
assert np.array_equal(overlap(first, others), boxes.iou(first, others))

# %% [markdown]
# Without the maximum with 0, two boxes that are apart on both axes would have a positive product of two
# negative lengths.
#
# Can a network learn by it? Take one axis only: a true box from 3 to 9, and a predicted one from
# $a = 1$ to $b = 5$. Step through the gradient of their IoU.

# %%
a, b = tg.Value(1.0, name="a"), tg.Value(5.0, name="b")
shared = tg.minimum(b, 9.0) - tg.maximum(a, 3.0)
covered = (b - a) + 6.0 - shared
quality = shared / covered
shared.name, covered.name, quality.name = "shared", "covered", "IoU"
tg.steps(quality)

# %% [markdown]
# $b$ makes the shared part longer and leaves the covered one as it is: 1/8. $a$ is outside the true box,
# so it changes only what is covered: 2/64. And if the boxes do not touch, nothing that is shared can
# grow a little: with the maximum, the gradient is 0. That is why detectors learn something else.

# %%
quality.backward()
assert (a.grad, b.grad) == (2 / 64, 1 / 8)

away = tg.Value(1.0)
nothing = tg.maximum(tg.minimum(away, 9.0) - 3.0, 0.0)  # a box from 0 to 1
nothing.backward()
assert away.grad == 0

# %% [markdown]
# ## Anchors
#
# A network has a fixed number of outputs, a picture any number of digits. The way out: lay many boxes
# over the picture beforehand, in several sizes and ratios around each cell of a map, and let the
# network say of each whether it fits. These are the *anchors*. A size $s$ and a ratio $r$ make a box of
# $s \sqrt{r}$ by $s / \sqrt{r}$: its area is $s^2$, and $r$ is width to height.


# %%
def anchors_of(cells, stride, size, ratios):
    middles = (np.arange(cells) + 0.5) * stride
    y, x = np.meshgrid(middles, middles, indexing="ij")
    w, h = size * np.sqrt(ratios), size / np.sqrt(ratios)
    x, y = x[..., None], y[..., None]
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=-1).reshape(-1, 4)


ratios = [0.7, 0.4, 1.0]
fine, coarse = anchors_of(10, 4, 13, ratios), anchors_of(5, 8, 18, ratios)
anchors = np.concatenate([fine, coarse])
tg.manual_seed(0)
detector = models.ssd(classes=5)
assert np.allclose(anchors, detector.anchors)
assert len(anchors) == (10 * 10 + 5 * 5) * 3 == 375


# %% [markdown]
# A fine map with a cell every 4 pixels has anchors for small digits, a coarse one with a cell every 8
# for large ones. Here are those of one cell each: 0, 1 and 2 are the ratios 0.7, 0.4 and 1.

# %%
numbered = [np.column_stack([range(3), three]) for three in (fine[165:168], coarse[36:39])]
plots.images(pictures[[3, 3]], titles=["fine", "coarse"], boxes=numbered)

# %% [markdown]
# For training, each anchor needs an answer. It stands for the true box that it overlaps most, if their
# IoU is at least 0.5; and every true box gets at least the anchor that fits it best, however badly. All
# other anchors stand for nothing.


# %%
def assign(anchors, true, threshold=0.5):
    """For each anchor the index of its true box, or -1."""
    table = overlap(anchors[:, None], true)
    of = np.where(table.max(axis=1) >= threshold, table.argmax(axis=1), -1)
    for _ in true:
        anchor, box = np.unravel_index(table.argmax(), table.shape)
        of[anchor] = box
        table[anchor], table[:, box] = -1, -1  # both are taken
    return of


of_scenes = []
for rows in unseen.boxes:
    true = rows[rows[:, 0] >= 0, 1:]
    of_scenes.append(assign(anchors, true))
    assert np.array_equal(of_scenes[-1], boxes.assign(anchors, true))
something = [(of >= 0).sum() for of in of_scenes]
print(f"anchors that stand for a digit: {np.mean(something):.0f} of 375 in each scene")
assert round(np.mean(something)) == 15

# %% [markdown]
# An anchor does not fit exactly. So the network also says how to move and stretch it: by how many widths
# and heights the middle is off, and by what factor the size, as a logarithm. These four *offsets* always
# have a gradient.

# %%
true = unseen.boxes[3][:1, 1:]
nearest = anchors[overlap(anchors, true).argmax()]
offsets = boxes.encode(true[0], nearest)
print("offsets:", offsets.round(2))
assert np.allclose(boxes.decode(offsets, nearest), true[0])

x, y, w, h = boxes.centre_form(true[0])
ax, ay, aw, ah = boxes.centre_form(nearest)
by_hand = [
    (x - ax) / aw / 0.1,
    (y - ay) / ah / 0.1,
    np.log(w / aw) / 0.2,
    np.log(h / ah) / 0.2,
]
assert np.allclose(offsets, by_hand)

# %% [markdown]
# (0.1 and 0.2 only bring them to about the size 1.)
#
# ## One network, three losses
#
# `models.ssd` is four stages as above. Behind the last two, a 3 × 3 convolution says for each anchor ten
# numbers: a logit for "here is an object", four offsets, and five logits for the class. "Object" is asked
# of every anchor. Offsets and class are asked only of those that stand for a true box, since of the
# others there is nothing to say. The three losses are added. (The other well-known family of detectors,
# YOLO, lays a grid over the picture. Its cell in which the middle of an object lies answers for it, with a few
# boxes, how sure it is of each, and one class.)
#
# Remember question 3. If "object" began at one half, the 96 % of the anchors that stand for nothing would
# be all that the network hears of in its first steps. So its bias begins at $\log (0.01 / 0.99)$: objects
# are rare, and the network knows it.

# %%
parts = {name: [] for name in ("object", "box", "class")}


def loss(predictions, true):
    found = detector.losses(predictions, true)
    for name, value in found.items():
        parts[name].append(value.item())
    return sum(found.values())


print(np.round(learn(detector, scenes.with_boxes(), loss, epochs=3), 2))
smooth = {name: np.reshape(values, (-1, 10)).mean(axis=1) for name, values in parts.items()}
plots.lines(smooth, xlabel="tens of steps", ylabel="loss", logy=True)

# %% [markdown]
# ## Many boxes for one digit
#
# After training, several anchors around a digit say "here". Left below are all boxes with a score of at
# least 0.3, the probability of an object times that of its class. Of boxes that overlap, only the best
# should stay: *non-maximum suppression*. Take the box with the highest score, drop all that overlap it
# too much, and go on with the best of the rest.


# %%
def suppress(of, scores, threshold):
    """The indices of the boxes that stay, best first."""
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[overlap(of[best], of[left]) <= threshold]
    return kept


with tg.no_grad():
    raw = detector(unseen.images[:1]).data[0].astype(float)
there = 1 / (1 + np.exp(-raw[:, 0]))
softmax = np.exp(raw[:, 5:]) / np.exp(raw[:, 5:]).sum(axis=1, keepdims=True)
score = there * softmax.max(axis=1)
good = score >= 0.3
corners = boxes.clip(boxes.decode(raw[:, 1:5], anchors), 40, 40)
many = np.column_stack([softmax.argmax(axis=1), corners, score])[good]
by_class = [many[many[:, 0] == c] for c in FIVE]
few = np.concatenate([rows[suppress(rows[:, 1:5], rows[:, 5], 0.45)] for rows in by_class])
print(len(many), "boxes, and then", len(few))
(same,) = detector.detect(unseen.images[:1], score=0.3)
assert np.allclose(np.sort(few[:, 5]), np.sort(same[:, 5]))

plots.images(pictures[[0, 0]], titles=["all", "the best"], boxes=[many, few])

# %% [markdown]
# It is done class by class: a 1 does not drop the 4 beside it. Boxes of one class that overlap little are
# all kept, since they may be two digits.
#
# Now all of it on scenes that the network has never seen.

# %%
found = detector.detect(unseen.images)
sure = [rows[rows[:, 5] >= 0.3] for rows in found]
plots.images(pictures[:8], boxes=sure[:8], columns=4)

# %% [markdown]
# ## Precision, recall, and the area between
#
# A box that is found is a *hit* if it overlaps a true box of its class with an IoU of at least 0.5, and no
# better box has hit that one before. Sort the boxes of a class by their score and go down the list. After
# each box, *precision* is hits / boxes so far, and *recall* is hits / true boxes. The *average precision*
# is the area under this curve, after every precision has been raised to the best at the same or a higher
# recall. Here are five boxes for four digits.


# %%
def average_precision(hits, total):
    hits = np.array(hits)
    recall = np.cumsum(hits) / total
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    raised = np.maximum.accumulate(precision[::-1])[::-1]
    return (np.diff(recall, prepend=0) * raised).sum()


hits = [1, 0, 1, 1, 0]
print(average_precision(hits, total=4))
assert average_precision(hits, total=4) == 1 / 4 * (1 + 3 / 4 + 3 / 4) == 0.625

# %% [markdown]
# The first box is right: precision 1 at recall 1/4. The second is wrong. At recall 2/4 the precision is 2/3,
# but raised to 3/4, which comes later. The last digit is never found and adds nothing. The mean over the
# classes is *mAP*. That is the way of the Pascal VOC challenge. COCO asks more: it averages over the
# thresholds 0.5, 0.55 up to 0.95 for the IoU, so that boxes have to fit well.

# %%
voc = train.mean_average_precision(found, unseen.boxes)
coco = train.mean_average_precision(found, unseen.boxes, way="coco")
print(f"mAP@0.5 {voc:.3f}, in the COCO way {coco:.3f}")
assert voc > 0.9
assert 0.6 < coco < voc
assert train.mean_average_precision(found, unseen.boxes, iou=0.9) < 0.7

curves = {}
for threshold in (0.5, 0.8, 0.9):
    of_fours = train.box_precision_recall_curve(found, unseen.boxes, label=4, iou=threshold)
    precision, recall, _ = of_fours
    curves[f"IoU {threshold}"] = (recall, precision)
plots.lines(curves, xlabel="recall", ylabel="precision", title="boxes around a 4")

# %% [markdown]
# More than 0.9 by the first measure: nearly every digit is found and named. If a box has to fit to a pixel or
# so, the same boxes look much worse.
#
# ## In five lines
#
# - A transposed convolution stamps its kernel; it is the gradient of a convolution, and begins as bilinear.
# - A fully convolutional network adds up scores from coarse and fine maps: what from here, where from there.
# - mIoU counts class by class, because "paper" everywhere is right for nine pixels in ten.
# - A detector says of each of many anchors whether an object is there, how to move it, and its class.
# - Suppression keeps the best of boxes that overlap; average precision measures the list that is left.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/14_where_in_the_picture/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `iou(a, b)`: how much boxes overlap, of arrays that broadcast (3 points).
# 2. `nms(boxes, scores, classes, threshold)`: class by class (3 points).
# 3. `average_precision(hits, total)`: the area under the raised curve (3 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/14_where_in_the_picture my_answers.py --show
# ```
#
# Negative lengths, a suppression that forgets the classes, a curve that is not raised: each is named.
#
# Questions to answer by changing this page:
#
# - What happens to mIoU without the finer scores, `y = enlarge(y)`?
# - Are narrow digits lost if all anchors are squares, `models.ssd(classes=5, ratios=[1.0])`?
# - What changes with the focal loss, `models.ssd(classes=5, focal=2.0)`?
#
# <details><summary>Answers</summary>
#
# - It falls below 0.7, and the digits become blobs: a map with a cell every 8 pixels knows the class,
#   but not where a stroke of 3 pixels ends.
# - Hardly one, although each digit has 3 anchors in place of 8, and a 1 has 2. It has at least the best one,
#   and the offsets do the rest.
# - The "object" loss becomes smaller, because the many easy anchors hardly count. On these scenes the result
#   is about the same: with 375 anchors, the rare are not rare enough. RetinaNet, for which it was invented,
#   has 100,000.
#
# </details>
#
# ## What to read in the source
#
# - `tinygrad_edu/models/fcn.py` and `tinygrad_edu/models/ssd.py`: both networks, each on a page.
# - `tinygrad_edu/data/boxes.py`, `_survivors`: suppression of 10,000 boxes in a few hundredths of a second.
# - `tinygrad_edu/train/detection.py`: average precision in three ways.
# - `tinygrad_edu/data/scenes.py`: how the scenes are made.
#
# ## Where this comes from
#
# - Fully convolutional networks: J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for
#   semantic segmentation", CVPR 2015.
# - The detector: W. Liu et al., "SSD: Single shot multibox detector", ECCV 2016; "here is an object" as in
#   J. Redmon et al., "You only look once", CVPR 2016; the start of its bias, and focal loss, in T.-Y. Lin et
#   al., "Focal loss for dense object detection", ICCV 2017.
# - The measures: M. Everingham et al., "The Pascal visual object classes (VOC) challenge", IJCV 88, 2010;
#   T.-Y. Lin et al., "Microsoft COCO: Common objects in context", ECCV 2014.
# - Names and offsets of anchors as in A. Zhang, Z. Lipton, M. Li, A. Smola, "Dive into deep learning", 2023,
#   chapter 14, from which the example of a transposed convolution is, too.
# - The digits: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
#   Repository, 1998, under CC BY 4.0.
