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
# # 11. Networks from blocks
#
# LeNet was built layer by layer. Its successors are built from *blocks*: a few layers that are
# repeated, with other sizes each time. In this lesson you write the blocks of AlexNet, VGG, NiN and
# GoogLeNet, count what each costs, and let a small form of all four read the same handwritten
# digits.
#
# You need windows, strides, channels and pooling from [lesson 10](10_convolution.py), and blocks from
# [lesson 9](09_layers_and_blocks.py).
#
# It takes about 90 minutes with the exercises, and is of medium difficulty: the ideas are small, the
# numbers are large.
#
# ## A question first
#
# A layer has 64 channels that come in and 64 that go out, and its window has 5 × 5 numbers. Someone
# proposes two layers in a row in its place, each with windows of 3 × 3 and 64 channels.
#
# 1. How wide is the square that one number sees behind the two layers of 3 × 3?
# 2. Which needs fewer weights, the one layer or the two? How many does each have?
# 3. AlexNet, the network that began all this, learns 57 million numbers, in five convolutions and
#    three dense layers. How many of the 57 million are in the convolutions?
#
# Write your answers down; for the third, a guess will do.

# %%
from time import perf_counter

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn, optim, plots, train

# %% [markdown]
# ## What a layer costs
#
# A layer costs twice: the numbers that it learns have to be stored, and its products have to be
# computed. A convolution with windows of $k \times k$, from $c$ channels to $o$, learns
#
# $$ o \cdot (c \cdot k^2 + 1) $$
#
# numbers, the 1 for the bias. It computes each of the $o \cdot h \cdot w$ numbers of its result
# from $c \cdot k^2$ products, so it does $o \cdot h \cdot w \cdot c \cdot k^2$ *multiply-adds*. A
# dense layer is the same with $k = h = w = 1$.


# %%
def output_size(n, k, stride, padding):
    return (n + 2 * padding - k) // stride + 1


def costs(rows, channels, size):
    """For each row of a network: its name, its output, what it learns, its multiply-adds."""
    for kind, *settings in rows:
        learned = products = 0
        if kind == "dense":
            (outputs,) = settings
            inputs = channels * size**2
            learned, products = outputs * (inputs + 1), outputs * inputs
            channels, size = outputs, 1
        else:
            *outputs, k, stride, padding = settings
            size = output_size(size, k, stride, padding)
            if kind == "conv":
                learned = outputs[0] * (channels * k**2 + 1)
                products = outputs[0] * size**2 * channels * k**2
                channels = outputs[0]
        yield kind, (channels, size), learned, products


# %% [markdown]
# ## AlexNet
#
# In 2012 a network won the yearly contest in recognising photographs by a wide margin: AlexNet, by
# A. Krizhevsky, I. Sutskever and G. Hinton. It is a deeper and larger LeNet, with three changes that
# have stayed. Its activation is ReLU, which lets gradients through. Its pooling takes the largest
# number, of windows of 3 × 3 that move by 2 and so *overlap*. And its dense layers have dropout. It
# reads images of 224 × 224 pixels, so the first window is large, 11 × 11, and moves by 4.
#
# Here is the network as a table, in the form that is usual today, for images with one channel. A
# row is the kind, the channels that go out, the window, the stride and the padding.

# %%
alexnet_rows = [
    ("conv", 64, 11, 4, 2), ("pool", 3, 2, 0),
    ("conv", 192, 5, 1, 2), ("pool", 3, 2, 0),
    ("conv", 384, 3, 1, 1), ("conv", 256, 3, 1, 1), ("conv", 256, 3, 1, 1),
    ("pool", 3, 2, 0),
    ("dense", 4096), ("dense", 4096), ("dense", 10),
]  # fmt: skip

table = list(costs(alexnet_rows, channels=1, size=224))
for kind, (channels, size), learned, products in table:
    print(f"{kind:6} {channels:5} × {size:2} × {size:2}   learns {learned:10,}   {products:11,}")

# %% [markdown]
# Add up the columns. That answers question 3: the five convolutions learn 2.5 of the 57 million
# numbers, 4 %, and do 92 % of the work. The first dense layer alone learns 37.8 million.

# %%
learned = {kind: sum(row[2] for row in table if row[0] == kind) for kind in ("conv", "dense")}
products = {kind: sum(row[3] for row in table if row[0] == kind) for kind in ("conv", "dense")}
share = products["conv"] / sum(products.values())
print(learned, f"{sum(learned.values()):,}", f"{share:.0%} of the work")

assert sum(learned.values()) == 57_029_322
assert learned["conv"] == 2_454_208
assert round(learned["conv"] / sum(learned.values()), 2) == 0.04
assert round(share, 2) == 0.92
assert table[8][2] == 37_752_832

# %% [markdown]
# `models.alexnet()` is this network, and `nn.summary` counts in the same way. Below are its
# convolutions; the 54 million numbers of the dense layers are left out, because it takes a moment
# to draw that many.

# %%
features = models.AlexNet(channels=1, hidden=1).features
summary = nn.summary(features, (1, 1, 224, 224))
assert summary.parameters == learned["conv"]
assert summary.multiply_adds == products["conv"]
summary

# %% [markdown]
# ## VGG: small windows, often
#
# Why 11 × 11, 5 × 5, 3 × 3? AlexNet's sizes were found by trying. K. Simonyan and A. Zisserman
# asked in 2014 for a rule, and theirs is: windows of 3 × 3 only, with a padding of 1, and now and
# then a pooling of 2 × 2. What comes between two poolings is a block.


# %%
def vgg_block(convolutions, inputs, outputs):
    """Height and width are halved at the end; the channels change at the beginning."""
    layers = []
    for i in range(convolutions):
        layers += [nn.Conv2d(outputs if i else inputs, outputs, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


block = vgg_block(2, 1, 8)
assert block(np.zeros((1, 1, 16, 16), np.float32)).shape == (1, 8, 8, 8)

# %% [markdown]
# Two windows of 3 × 3 in a row see as far as one of 5 × 5. By the rule of lesson 10, each adds
# $(k - 1)$ to the width, so $1 + 2 + 2 = 5$: that is question 1. And three see 7. The derivative
# confirms it: it is not 0 on 5 × 5 pixels.

# %%
tg.manual_seed(0)
two = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 1, 3, padding=1))
image = tg.zeros((1, 1, 11, 11), requires_grad=True)
two(image)[0, 0, 5, 5].backward()

seen = image.grad[0, 0] != 0
assert seen.sum() == 25
plots.images([image.grad[0, 0]], titles=["gradient of the middle number"], signed=True)

# %% [markdown]
# The two have fewer weights: $2 \cdot 9 \cdot 64 \cdot 64 = 73{,}728$ against
# $25 \cdot 64 \cdot 64 = 102{,}400$, which answers question 2. And between them stands another
# ReLU, so that two small windows can say more than one large window.

# %% tags=["hide-cell"]
assert 2 * 9 * 64 * 64 == 73_728
assert 25 * 64 * 64 == 102_400

# %% [markdown]
# How does a gradient come back through two windows? Take a row of three pixels, 3, 2 and 4. A
# window of two weights, $a = 2$ and $b = -1$, stands at two places, and a ReLU follows each. Then
# comes a second window, with the weights 3 and $-1$.

# %%
x1, x2, x3 = tg.Value(3.0, name="x1"), tg.Value(2.0, name="x2"), tg.Value(4.0, name="x3")
a, b = tg.Value(2.0, name="a"), tg.Value(-1.0, name="b")
h1 = tg.relu(x1 * a + x2 * b)
h2 = tg.relu(x2 * a + x3 * b)
y = 3 * h1 - 1 * h2
h1.name, h2.name, y.name = "h1", "h2", "y"
tg.steps(y)

# %% [markdown]
# The middle pixel $x_2$ has two ways to $y$, one through each place of the first window. Step
# through it: the way over $h_2$ is closed, because $2 \cdot 2 + 4 \cdot (-1) = 0$ and a ReLU passes
# nothing on at 0. So only the way over $h_1$ counts, and
# $\partial y / \partial x_2 = 3 \cdot b = -3$.

# %%
y.backward()
assert (h1.data, h2.data, y.data) == (4.0, 0.0, 12.0)
assert (x1.grad, x2.grad, x3.grad) == (6.0, -3.0, 0.0)

# %% [markdown]
# Names such as VGG-11 count the layers that learn. VGG-11 has blocks of 1, 1, 2, 2 and 2
# convolutions with 64, 128, 256, 512 and 512 channels, and three dense layers: eleven. It learns
# 128.8 million numbers and does 7.5 billion multiply-adds an image, eleven times as many as AlexNet.

# %%
vgg_rows = []
for convolutions, channels in [(1, 64), (1, 128), (2, 256), (2, 512), (2, 512)]:
    vgg_rows += [("conv", channels, 3, 1, 1)] * convolutions + [("pool", 2, 2, 0)]
vgg_rows += [("dense", 4096), ("dense", 4096), ("dense", 10)]

vgg_table = list(costs(vgg_rows, channels=1, size=224))
vgg_learned = sum(row[2] for row in vgg_table)
vgg_products = sum(row[3] for row in vgg_table)
print([size for kind, size, *_ in vgg_table if kind == "pool"])
print(f"{vgg_learned:,} numbers, {vgg_products:,} multiply-adds")

assert vgg_learned == 128_806_154
assert round(vgg_products / 1e9, 1) == 7.5
assert 11 < vgg_products / sum(products.values()) < 11.5

# %% [markdown]
# ## NiN: a small network at each pixel
#
# M. Lin, Q. Chen and S. Yan had two ideas in 2013. First: a window of 1 × 1 is a dense layer for
# each pixel, as lesson 10 showed. So put two of them behind every convolution, and each pixel has a
# small network of its own, a *network in network*. Second: drop the dense layers at the end, which
# had learned most of the numbers. The last block gives one channel for each class, and the mean
# over all its pixels is the logit.


# %%
def nin_block(inputs, outputs, k, stride=1, padding=0):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, k, stride, padding), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 1), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 1), nn.ReLU(),
    )  # fmt: skip


def nin_rows(channels, k, stride, padding):
    return [("conv", channels, k, stride, padding), *[("conv", channels, 1, 1, 0)] * 2]


rows = [
    *nin_rows(96, 11, 4, 0), ("pool", 3, 2, 0),
    *nin_rows(256, 5, 1, 2), ("pool", 3, 2, 0),
    *nin_rows(384, 3, 1, 1), ("pool", 3, 2, 0),
    *nin_rows(10, 3, 1, 1),
]  # fmt: skip
nin_table = list(costs(rows, channels=1, size=224))
nin_learned = sum(row[2] for row in nin_table)
nin_products = sum(row[3] for row in nin_table)
print(f"{nin_learned:,} numbers instead of {sum(learned.values()):,}")
assert nin_learned == 1_992_166
assert nin_learned == sum(p.size for p in models.nin(channels=1).parameters())

# %% [markdown]
# That is a twenty-ninth of AlexNet's numbers, for 15 % more work. What comes back through the mean?
# Each of the $h \cdot w$ pixels has a share of $1 / (h \cdot w)$ in it, and gets that share of the
# gradient.

# %%
assert 28.5 < sum(learned.values()) / nin_learned < 29
assert round(nin_products / sum(products.values()), 2) == 1.15

maps = tg.tensor(np.arange(12.0).reshape(1, 2, 2, 3), requires_grad=True)
means = nn.GlobalAvgPool()(maps)
means.backward(np.array([6.0, -12.0]).reshape(1, 2, 1, 1))
assert np.array_equal(maps.grad[0, 0], np.full((2, 3), 1.0))
assert np.array_equal(maps.grad[0, 1], np.full((2, 3), -2.0))

# %% [markdown]
# ## GoogLeNet: several windows side by side
#
# Which window is best, 1 × 1, 3 × 3 or 5 × 5? C. Szegedy and his colleagues answered in 2014: take
# all of them. Their *inception block* has four paths that start from the same image: 1 × 1; 1 × 1,
# then 3 × 3; 1 × 1, then 5 × 5; a max pooling, then 1 × 1. Paddings keep height and width, so the
# four results fit one behind the other, on the axis of the channels.


# %%
def conv_relu(inputs, outputs, k):
    return nn.Sequential(nn.Conv2d(inputs, outputs, k, padding=k // 2), nn.ReLU())


class Inception(nn.Module):
    def __init__(self, inputs, ones, threes, fives, pooled):
        self.one = conv_relu(inputs, ones, 1)
        self.three = nn.Sequential(conv_relu(inputs, threes[0], 1), conv_relu(*threes, 3))
        self.five = nn.Sequential(conv_relu(inputs, fives[0], 1), conv_relu(*fives, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), conv_relu(inputs, pooled, 1))

    def forward(self, x):
        return np.concatenate([self.one(x), self.three(x), self.five(x), self.pool(x)], axis=1)


tg.manual_seed(0)
inception = Inception(3, 2, (3, 4), (1, 2), 2)
x = tg.tensor(np.random.default_rng(0).normal(size=(1, 3, 6, 6)).astype(np.float32), name="x")
out = inception(x)
assert out.shape == (1, 2 + 4 + 2 + 2, 6, 6)
tg.draw(out, depth=1, gradients=False, direction="TB")

# %% [markdown]
# The frame is the block, and each box in it is a path; below, the paths are open as well. On the way
# back, the gradient is cut where the results were joined: each path gets the slice that it made. At
# $x$ the four meet again, and add up.

# %%
tg.draw(out, depth=2, gradients=False, direction="TB")

# %%
parts = [tg.tensor(np.ones((1, n, 2, 2)), requires_grad=True) for n in (1, 2)]
joined = np.concatenate(parts, axis=1)
upstream = np.arange(12.0).reshape(1, 3, 2, 2)
joined.backward(upstream)
assert np.array_equal(parts[0].grad, upstream[:, :1])
assert np.array_equal(parts[1].grad, upstream[:, 1:])

# %% [markdown]
# Why a window of 1 × 1 before the large ones? It makes few channels of many, and the large window
# has less to do. In the first block of GoogLeNet the path of 5 × 5 makes 32 channels of 192. Alone
# it would have $25 \cdot 192 \cdot 32 = 153{,}600$ weights; by way of 16 channels it has
# $192 \cdot 16 + 25 \cdot 16 \cdot 32 = 15{,}872$, a tenth. All four paths together learn fewer
# numbers than a single convolution of 3 × 3 with as many channels, 163,696 against 442,624.

# %%
assert 25 * 192 * 32 == 153_600
assert 192 * 16 + 25 * 16 * 32 == 15_872

first = Inception(192, 64, (96, 128), (16, 32), 32)
plain = nn.Conv2d(192, 64 + 128 + 32 + 32, 3)
assert sum(p.size for p in first.parameters()) == 163_696
assert sum(p.size for p in plain.parameters()) == 442_624

# %% [markdown]
# The whole of GoogLeNet has nine such blocks, and ends as NiN does, with a mean. Here it is as the
# library has it, for images of 96 × 96: 6 million numbers. Each row of the table is a layer or a
# block; the column *Output* shows how height and width shrink while the channels grow.

# %%
googlenet = models.googlenet(channels=1)
summary = nn.summary(googlenet, (1, 1, 96, 96), depth=1)
outputs = {row.name: row.output for row in summary.rows}
assert outputs["maxpool1"] == "(1, 64, 24, 24)"
assert outputs["inception3a"] == "(1, 256, 12, 12)"
assert outputs["inception5b"] == "(1, 1024, 3, 3)"
assert summary.parameters == 5_977_530
summary

# %% [markdown]
# ## Small forms of all four
#
# At full size, a training of these networks on 60,000 images takes hours to days here. Their ideas
# work on small images, too. The digits of lesson 5 have 8 × 8 pixels; drawn twice as large, with
# 16 × 16, they are enough for a few poolings. Here are the four from the blocks above, with few
# channels. In the last block of NiN the last ReLU is left out: a class whose numbers it closes
# everywhere would get no gradient, and never be learned.


# %%
def dense_end(inputs, hidden):
    return [
        nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(inputs, hidden), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(hidden, hidden), nn.ReLU(),
        nn.Linear(hidden, 10),
    ]  # fmt: skip


def small_alexnet():
    return nn.Sequential(
        conv_relu(1, 16, 3), nn.MaxPool2d(3, 2),
        conv_relu(16, 48, 3), nn.MaxPool2d(3, 2),
        conv_relu(48, 96, 3), conv_relu(96, 64, 3), conv_relu(64, 64, 3), nn.MaxPool2d(3, 2),
        *dense_end(64, 256),
    )  # fmt: skip


def small_vgg():
    blocks = [vgg_block(1, 1, 16), vgg_block(1, 16, 32), vgg_block(2, 32, 64)]
    return nn.Sequential(*blocks, *dense_end(64 * 2 * 2, 128))


def mean_end():
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]


def small_nin():
    return nn.Sequential(
        nin_block(1, 48, 5, 2, 2), nn.MaxPool2d(3, 2),
        nin_block(48, 96, 3, 1, 1), nn.MaxPool2d(3, 2),
        nn.Dropout(0.5), conv_relu(96, 96, 3), conv_relu(96, 96, 1), nn.Conv2d(96, 10, 1),
        *mean_end(),
    )  # fmt: skip


def small_googlenet():
    def half():
        return nn.MaxPool2d(3, 2, padding=1)

    return nn.Sequential(
        conv_relu(1, 16, 3), half(),
        Inception(16, 16, (16, 24), (4, 8), 8), Inception(56, 16, (16, 32), (4, 8), 8),
        half(),
        Inception(64, 32, (24, 48), (6, 16), 16), Inception(112, 48, (32, 64), (8, 16), 16),
        *mean_end(), nn.Linear(144, 10),
    )  # fmt: skip


# %% [markdown]
# The library has the same four as `models.alexnet_small` and so on. If both get the same numbers,
# they give the same answers. So from here on you can use the library's, and know what is in them.

# %%
digits = data.Digits(size=16)
ours = {
    "AlexNet": (small_alexnet(), models.alexnet_small(size=16)),
    "VGG": (small_vgg(), models.vgg_small(size=16)),
    "NiN": (small_nin(), models.nin_small()),
    "GoogLeNet": (small_googlenet(), models.googlenet_small()),
}
for name, (by_hand, library) in ours.items():
    for p, q in zip(library.parameters(), by_hand.parameters()):
        p.data = q.data
    answers = [model.eval()(digits.images[:5]).data for model in (by_hand, library)]
    assert np.allclose(*answers, atol=1e-5), name

# %% [markdown]
# Now let them learn, each for eight passes over 1,198 digits. They begin with the library's initial
# weights, which suit ReLUs: normal, with the variance $2 / \text{fan-in}$ of lesson 8.


# %%
def learn(model, epochs=8):
    """Train; gives the accuracy on the test digits after each epoch, and the seconds."""
    test = data.Digits(train=False, size=16)
    loader = data.DataLoader(digits, batch_size=32, shuffle=True)
    optimizer = optim.Adam(model.parameters(), lr=0.002)
    reached, begin = [], perf_counter()
    for _ in range(epochs):
        model.train()
        for images, labels in loader:
            optimizer.zero_grad()
            nn.CrossEntropyLoss()(model(images), labels).backward()
            optimizer.step()
        model.eval()
        with tg.no_grad():
            reached.append(train.accuracy(model(test.images), test.labels))
    return reached, perf_counter() - begin


makers = {
    "AlexNet": lambda: models.alexnet_small(size=16),
    "VGG": lambda: models.vgg_small(size=16),
    "NiN": models.nin_small,
    "GoogLeNet": models.googlenet_small,
}
curves, tables = {}, {}
for name, make in makers.items():
    tg.manual_seed(0)
    model = make()
    tables[name] = nn.summary(model, (1, 1, 16, 16), depth=1)
    curves[name], seconds = learn(model)
    print(
        f"{name:9}  {tables[name].parameters:7,} numbers  {tables[name].multiply_adds:9,} "
        f"multiply-adds  {curves[name][-1]:.1%} right  {seconds:.0f} s"
    )

# %%
plots.lines(curves, xlabel="epoch", ylabel="accuracy on the test digits")

# %% [markdown]
# Four ways to build a network, and none is far ahead: each reads more than nine of ten digits that
# it has never seen. AlexNet begins slowest, since dropout stands in front of both of its hidden
# layers. What differs is the price. AlexNet learns three times as many numbers as GoogLeNet, for the
# same number of multiply-adds.

# %% tags=["hide-cell"]
final = {name: curve[-1] for name, curve in curves.items()}
assert min(final.values()) > 0.9
assert min(curves, key=lambda name: curves[name][1]) == "AlexNet"
assert tables["AlexNet"].parameters > 3 * tables["GoogLeNet"].parameters
assert round(tables["AlexNet"].multiply_adds / tables["GoogLeNet"].multiply_adds, 1) == 1.0

# %% [markdown]
# Where in the network is the price paid? The bars have a place for each block that learns. In
# AlexNet and VGG the numbers sit in the dense layers on the right and the work is done by the
# convolutions on the left, as at full size. NiN and GoogLeNet have no such end.


# %%
def by_block(model):
    rows = [row for row in nn.summary(model, (1, 1, 16, 16), depth=1).rows if row.parameters]
    learned, products = [row.parameters for row in rows], [row.multiply_adds for row in rows]
    shares = {
        "numbers": np.array(learned) / sum(learned),
        "work": np.array(products) / sum(products),
    }
    return range(1, len(rows) + 1), shares


blocks = {name: by_block(model) for name, (model, _) in ours.items()}
plots.row(
    *[
        plots.bars(places, shares, ylabel="share of the whole", title=name)
        for name, (places, shares) in blocks.items()
        if name in ("AlexNet", "VGG")
    ]
)

# %%
plots.row(
    *[
        plots.bars(places, shares, ylabel="share of the whole", title=name)
        for name, (places, shares) in blocks.items()
        if name in ("NiN", "GoogLeNet")
    ]
)

# %% tags=["hide-cell"]
for name in ("AlexNet", "VGG"):
    _, shares = blocks[name]
    assert shares["numbers"][-3:].sum() > 0.3  # the three dense layers
    assert shares["work"][-3:].sum() < 0.1
assert blocks["AlexNet"][1]["numbers"][-3:].sum() > 0.35
assert blocks["GoogLeNet"][1]["numbers"][-1] < 0.03

# %% [markdown]
# ## Each network in a picture
#
# A picture of a network is most useful at the right depth. Here are all four, in the library's small
# forms, with their parts and blocks as boxes. `drawn("VGG", depth=2)` opens the boxes, as the inception
# block was opened above; that picture is long, because every layer is in it.


# %%
def drawn(name, depth=1):
    model = makers[name]().eval()
    image = tg.tensor(digits.images[:1], name="image")
    return tg.draw(model(image), depth=depth, gradients=False, direction="TB")


drawn("AlexNet")

# %%
drawn("VGG")

# %%
drawn("NiN")

# %%
drawn("GoogLeNet")

# %% [markdown]
# ## In five lines
#
# - A convolution learns $o (c k^2 + 1)$ numbers and does $o \, h \, w \, c \, k^2$ multiply-adds:
#   most numbers are in dense layers, most work is in convolutions.
# - AlexNet: a larger LeNet with ReLU, overlapping max pooling and dropout.
# - VGG: windows of 3 × 3 only. Two see as far as one of 5 × 5, with fewer weights and one more ReLU.
# - NiN: layers of 1 × 1 behind each convolution, and a mean over the pixels in place of dense layers.
# - GoogLeNet: several windows side by side, their channels joined; 1 × 1 first makes it cheap.
#
# ## To think about
#
# 1. AlexNet's first dense layer learns 37.8 million numbers. How many would it learn for images of
#    112 × 112, half as high and wide?
# 2. NiN can be called on images of another size, VGG cannot. Why?
# 3. In an inception block, why does the pooling have stride 1 and padding 1?
# 4. A convolution of 64 channels to 64 is cut into four *groups*: each quarter of the channels that go out
#    reads a quarter of those that come in, as `nn.Conv2d(64, 64, 3, groups=4)` does. What part of the
#    weights and of the work is left? And what is lost?
#
# <details><summary>Answers</summary>
#
# 1. At 112 the five convolutions leave 2 × 2 pixels instead of 6 × 6. So there are
#    $256 \cdot 4 \cdot 4096 + 4096 = 4{,}198{,}400$, a ninth. The convolutions learn what they did before.
# 2. The weights of a convolution do not depend on the size of the image, and neither does the mean
#    over all pixels. A dense layer has a weight for each number that comes in.
# 3. Its result stands beside those of the other paths, so it needs the same height and width.
# 4. A quarter of both, for each number reads 16 channels instead of 64. The groups know nothing of each
#    other, until a window of 1 × 1 mixes their channels. A dense layer of $d$ inputs and $q$ outputs can be cut
#    in the same way, from $d q$ products to $d q / 4$.
#
# </details>

# %% tags=["hide-cell"]
_, (_, last_size), _, _ = list(costs(alexnet_rows[:8], channels=1, size=112))[-1]
assert last_size == 2
assert 256 * 2 * 2 * 4096 + 4096 == 4_198_400
assert nn.Conv2d(64, 64, 3, groups=4).weight.size == 64 * 64 * 9 // 4

# %% [markdown]
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/11_networks_from_blocks/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `cost(channels, outputs, window, stride, padding, size)`: what a convolution gives, learns and
#    multiplies (3 points).
# 2. `one_by_one(images, weight, bias)`: a window of 1 × 1 as a matrix product (2 points).
# 3. `joined_backward(upstream, sizes)`: what comes back to the paths that were joined (2 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/11_networks_from_blocks my_answers.py --show
# ```
#
# A bias that is left out, multiply-adds counted on the wrong image, channels on the wrong axis: each
# is recognised and named.
#
# To train a small form on the 70,000 digits of MNIST, have its four files in a folder and run
#
# ```sh
# tinygrad-edu train vgg_small --data folder --augment shift --schedule cosine
# ```
#
# ## What to read in the source
#
# - `tinygrad_edu/models/vgg.py`: five blocks as five numbers, and four networks as four rows.
# - `tinygrad_edu/models/googlenet.py`: the table of the paper, and a block with four paths.
# - `tinygrad_edu/models/classifier.py`: what the networks share, and what an image of the wrong size
#   is told.
# - `tinygrad_edu/nn/summary.py`, `MULTIPLY_ADDS`: how the work of a network is counted on its graph.
#
# ## Where this comes from
#
# - AlexNet: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional
#   neural networks", NeurIPS 2012. There it has two towers, other channels and a normalisation;
#   `models.alexnet_2012` is that form. This one is of A. Krizhevsky, "One weird trick for
#   parallelizing convolutional neural networks", 2014.
# - VGG: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
#   recognition", ICLR 2015.
# - NiN: M. Lin, Q. Chen, S. Yan, "Network in network", ICLR 2014.
# - GoogLeNet: C. Szegedy and others, "Going deeper with convolutions", CVPR 2015.
# - The order of the four, and their sizes for ten classes: A. Zhang, Z. Lipton, M. Li, A. Smola,
#   "Dive into deep learning", 2023, chapter 8.
# - The digits: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine
#   Learning Repository, 1998, under CC BY 4.0.
