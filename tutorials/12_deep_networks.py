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
# # 12. Deep networks that learn
#
# More layers can say more, and learn less. Three inventions changed that: *batch normalisation*,
# *residual connections* and *dense connections*. In this lesson you write all three, see a LeNet
# that guesses for ever read 96 % of the digits with the first, and measure what the second does to
# the gradient of a network of 17 convolutions.
#
# You need vanishing gradients and batch normalisation of dense layers from
# [lesson 8](08_keeping_numbers_alive.py), blocks from [lesson 9](09_layers_and_blocks.py), LeNet
# from [lesson 10](10_convolution.py), and joined channels from
# [lesson 11](11_networks_from_blocks.py).
#
# It takes about 90 minutes with the exercises, and is one of the harder lessons.
#
# ## A question first
#
# Batch normalisation subtracts the mean of a batch, and divides by its standard deviation.
#
# 1. A batch has two numbers, 1 and 5. What comes out? And how fast does the second result change
#    when the second number grows: what is $\partial y_2 / \partial x_2$?
# 2. A network of 17 convolutions begins with the usual weights, and the gradient of its first layer
#    is measured. Then the same network gets *shortcuts*: around every two convolutions their input
#    is added to their output. How many times larger is the gradient of the first layer now?
# 3. How many numbers do the shortcuts add to those that the network learns?
#
# Write three answers down; for the second, a power of ten.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn, optim, plots, train

# %% [markdown]
# ## Batch normalisation of two numbers
#
# The formula is that of lesson 8, for numbers $x_1, \ldots, x_n$ of one batch:
#
# $$ \mu = \frac1n \sum_i x_i, \qquad \sigma^2 = \frac1n \sum_i (x_i - \mu)^2, \qquad
# y_i = \gamma \, \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta $$
#
# $\gamma$ and $\beta$ are learned, and begin as 1 and 0. The small $\varepsilon$ guards against
# division by 0; leave it away for a moment, and take the numbers of question 1.

# %%
x1, x2 = tg.Value(1.0, name="x1"), tg.Value(5.0, name="x2")
mean = (x1 + x2) / 2
d1, d2 = x1 - mean, x2 - mean
variance = (d1 * d1 + d2 * d2) / 2
y2 = d2 / tg.sqrt(variance)
mean.name, d1.name, d2.name, variance.name, y2.name = "mean", "d1", "d2", "variance", "y2"
tg.steps(y2)

# %% [markdown]
# The results are $-1$ and 1, whatever the two numbers are. Then a change of one of them changes
# nothing, and the derivative must be 0. Step through it: $x_2$ reaches $y_2$ directly, through the
# mean, and through the variance. What these ways bring adds up to 0. **Whoever takes the mean and
# the variance for constants gets another gradient, and a wrong one.**

# %%
y2.backward()
assert y2.data == 1.0
assert abs(x2.grad) < 1e-12
assert abs(x1.grad) < 1e-12

# %% [markdown]
# That answers question 1. It also says that a batch of two is a poor one, and that a batch of a
# single number has no variance at all. The library refuses it:

# %%
try:
    nn.BatchNorm1d(3)(np.ones((1, 3), np.float32))
except tg.ShapeError as error:
    print(error)

# %% [markdown]
# ## Of images
#
# In a dense layer each feature has a mean of its own, taken over the batch. In a convolution the
# same kernel makes all pixels of a channel, so they belong together: each **channel** has one mean
# and one variance, over all images and all pixels, the axes 0, 2 and 3. One image alone is then
# enough to train with, if it has pixels.
#
# After training there may be only one image to read, or a batch of all the same. So while it
# trains, the layer also keeps *moving averages* of the means and variances,
#
# $$ \text{moving} \leftarrow 0.9 \cdot \text{moving} + 0.1 \cdot \text{batch} $$
#
# and with `eval()` it uses these. Here is the whole layer. The moving variance takes
# $\frac{n}{n - 1} \sigma^2$, which is the better guess of the variance of all images.


# %%
class OurBatchNorm(nn.Module):
    def __init__(self, channels, eps=1e-5):
        shape = (1, channels, 1, 1)
        self.gamma = nn.Parameter(np.ones(shape, np.float32))
        self.beta = nn.Parameter(np.zeros(shape, np.float32))
        self.moving_mean = nn.Buffer(np.zeros(shape, np.float32))
        self.moving_variance = nn.Buffer(np.ones(shape, np.float32))
        self.eps = eps

    def forward(self, x):
        mean, variance = self.moving_mean, self.moving_variance
        if self.training:
            mean = np.mean(x, axis=(0, 2, 3), keepdims=True)
            variance = np.mean((x - mean) ** 2, axis=(0, 2, 3), keepdims=True)
            self.follow(mean.data, variance.data, n=x.size / x.shape[1])
        return self.gamma * (x - mean) / np.sqrt(variance + self.eps) + self.beta

    def follow(self, mean, variance, n):
        unbiased = variance * n / (n - 1)
        self.moving_mean.data = 0.9 * self.moving_mean.data + 0.1 * mean
        self.moving_variance.data = 0.9 * self.moving_variance.data + 0.1 * unbiased


# %% [markdown]
# The library's layer is `nn.BatchNorm2d`. Its `momentum=0.1` is the weight of the **new** batch; in
# other books the momentum is that of the old average, 0.9. Both layers give the same results and
# the same gradients, in training and after it.

# %%
rng = np.random.default_rng(0)
images = rng.normal(3, 2, size=(4, 3, 6, 5)).astype(np.float32)
upstream = rng.normal(size=images.shape).astype(np.float32)

ours, library = OurBatchNorm(3), nn.BatchNorm2d(3, momentum=0.1)
for training in (True, False):
    results = []
    for layer in (ours, library):
        layer.train(training)
        x = tg.tensor(images, requires_grad=True)
        y = layer(x)
        y.backward(upstream)
        results.append((y.data, x.grad))
    assert np.allclose(results[0][0], results[1][0], atol=1e-5)
    assert np.allclose(results[0][1], results[1][1], atol=1e-5)

assert np.allclose(ours.moving_mean.data.ravel(), library.running_mean.data, atol=1e-6)
assert np.allclose(ours.moving_variance.data.ravel(), library.running_var.data, atol=1e-5)

# %% [markdown]
# In training, the answer for an image depends on the others in its batch. After `eval()` it does
# not. Forgetting `eval()` is a favourite mistake, and this is how it shows.

# %%
alone, together = images[:1], images
for training in (True, False):
    library.train(training)
    difference = abs(library(alone).data - library(together).data[:1]).max()
    print(f"training={training}: {difference:.3f}")
    assert (difference > 0.1) == training

# %% [markdown]
# ## A network that guesses, and one that learns
#
# In lesson 10, LeNet with sigmoids learned by Adam. Take plain gradient descent instead, with the
# steps of 0.9 that textbooks give it, and the initial weights of Glorot and Bengio. And beside it the
# same with batch normalisation before each sigmoid: the library's `models.bn_lenet()`. (It has no
# padding, so it learns fewer numbers, and two more for each channel or feature that it normalises.)

# %%
digits = data.Digits(size=28)
to_test = data.Digits(train=False, size=28)


def glorot(module):
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def learn(model, optimizer, digits, to_test, epochs, batch_size):
    """Train; gives the accuracy on both sets of digits after each epoch."""
    loader = data.DataLoader(digits, batch_size, shuffle=True)
    known, unknown = [], []
    for _ in range(epochs):
        model.train()
        right = train.Running(train.accuracy)
        for images, labels in loader:
            optimizer.zero_grad()
            logits = model(images)
            nn.CrossEntropyLoss()(logits, labels).backward()
            optimizer.step()
            right.update(logits, labels)
        model.eval()
        with tg.no_grad():
            unknown.append(train.accuracy(model(to_test.images), to_test.labels))
        known.append(right.value())
    return known, unknown


curves = {}
for name, make in [("LeNet", models.lenet), ("with batch norm", models.bn_lenet)]:
    tg.manual_seed(0)
    model = make().apply(glorot)
    optimizer = optim.SGD(model.parameters(), lr=0.9)
    _, curves[name] = learn(model, optimizer, digits, to_test, epochs=12, batch_size=64)
    print(f"{name:15}  after 1 epoch {curves[name][0]:.1%}, after 12 {curves[name][-1]:.1%}")

bn_lenet = model
plots.lines(curves, xlabel="epoch", ylabel="accuracy on the test digits")

# %% [markdown]
# LeNet guesses: one in ten is right, from the first epoch to the last. With batch normalisation
# half is right after one epoch, and in the end about 96 %. The rate, the digits and the sigmoids are
# the same.
#
# More data help, too. With the 60,000 digits of MNIST, LeNet guesses for four epochs, then learns, and reads
# 96 % of the test digits after ten. With `bn_lenet` in the place of `lenet` it is 99 %; `--dataset fashion`
# takes Fashion-MNIST, ten kinds of clothes.
#
# ```sh
# tinygrad-edu train lenet --data folder --optimizer sgd --lr 0.9 --init xavier --batch-size 256
# ```

# %% tags=["hide-cell"]
assert max(curves["LeNet"]) < 0.15
assert curves["with batch norm"][0] > 0.3
assert curves["with batch norm"][-1] > 0.93

# %% [markdown]
# One reason can be measured. Send the test digits through both networks as they are at the
# beginning, and look at what goes into each sigmoid: how much it differs from digit to digit. A
# sigmoid whose input hardly changes passes on a number that hardly changes, and the next layer can
# do nothing with it but add it to its bias.


# %%
def spread(model):
    """The standard deviation over the images of what goes into each sigmoid, averaged."""
    x, spreads = tg.tensor(to_test.images), []
    with tg.no_grad():
        for layer in model:
            if isinstance(layer, nn.Sigmoid):
                spreads.append(x.data.std(axis=0).mean())
            x = layer(x)
    return spreads


spreads = {}
for name, make in [("LeNet", models.lenet), ("with batch norm", models.bn_lenet)]:
    tg.manual_seed(0)
    spreads[name] = spread(make().apply(glorot))
plots.bars(range(1, 5), spreads, logy=True, ylabel="spread before each sigmoid")

# %% [markdown]
# In LeNet the digits look more and more alike: before the last sigmoid they differ by a thousandth.
# With batch normalisation the spread is 1 in the dense layers, as much as a sigmoid can use; in the
# convolutions all pixels of a channel share it.

# %%
print({name: [f"{s:.3f}" for s in found] for name, found in spreads.items()})
assert 0.0003 < spreads["LeNet"][3] < 0.003
assert spreads["LeNet"] == sorted(spreads["LeNet"], reverse=True)
assert all(0.9 < s < 1.1 for s in spreads["with batch norm"][2:])

# %% [markdown]
# ## Why does it help?
#
# That the spread stays right is what can be measured here. The inventors, S. Ioffe and C. Szegedy,
# gave another reason: while the lower layers learn, the input of the upper ones shifts, and they
# named this *internal covariate shift*. The reason is disputed. The name suggests the covariate
# shift of statistics, with which it has little to do. S. Santurkar and others shifted the inputs of
# such layers on purpose, in 2018, and the networks learned as well as before; they find that the
# loss becomes smoother instead. A. Rahimi took it, in a talk of 2017, as an example of what he called
# alchemy: it works, and nobody knows exactly why. It is in nearly every network that reads images.
#
# ## Deeper is not better
#
# Now for depth itself. A network of 17 convolutions, with 8 channels throughout: one at the
# beginning, then eight blocks of two. The small digits, 8 × 8 pixels, will do. The same class can
# have shortcuts and batch normalisation, or neither. A block with a shortcut computes
#
# $$ y = \mathrm{relu}(x + F(x)), $$
#
# where $F$ is the two convolutions. It is a *residual block*: what is learned is the rest, what
# should be added to $x$.


# %%
class Block(nn.Module):
    def __init__(self, channels, shortcut, normalised):
        def convolution():
            return nn.Conv2d(channels, channels, 3, padding=1)

        def norm():
            return nn.BatchNorm2d(channels) if normalised else nn.Identity()

        self.shortcut = shortcut
        self.body = nn.Sequential(convolution(), norm(), nn.ReLU(), convolution(), norm())

    def forward(self, x):
        y = self.body(x)
        return (x + y if self.shortcut else y).relu()


def deep(shortcut=False, normalised=False, blocks=8, channels=8):
    tg.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1), nn.ReLU(),
        *[Block(channels, shortcut, normalised) for _ in range(blocks)],
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10),
    )  # fmt: skip


small, small_test = data.Digits(), data.Digits(train=False)
x = tg.tensor(small.images[:2], name="images")
tg.draw(deep(shortcut=True, blocks=1)(x), depth=1, expand="2", gradients=False, direction="TB")

# %% [markdown]
# In the frame of the block you see the two ways: one through the convolutions, one around them.
# How large is the gradient of each layer before the first step? Here it is for all 17 convolutions.


# %%
def gradient_norms(model):
    loss = nn.CrossEntropyLoss()(model(small.images[:64]), small.labels[:64])
    loss.backward()
    return [float(np.linalg.norm(p.grad)) for p in model.parameters() if p.ndim == 4]


kinds = {
    "plain": {},
    "shortcuts": {"shortcut": True},
    "batch norm": {"normalised": True},
    "both": {"shortcut": True, "normalised": True},
}
norms = {name: gradient_norms(deep(**kind)) for name, kind in kinds.items()}
print({name: f"{found[0]:.0e}" for name, found in norms.items()})
plots.lines(norms, xlabel="convolution", ylabel="norm of the gradient", logy=True)

# %% [markdown]
# In the plain network the gradient shrinks with every layer on its way back, to less than $10^{-8}$
# in the first. With shortcuts it is **about 100 million times larger** there, and of the same order
# in all layers. That is question 2. Batch normalisation keeps the gradient alive, too. The shortcuts
# have no weights, so they add nothing to what is learned; that is question 3.

# %%
factor = norms["shortcuts"][0] / norms["plain"][0]
print(f"{factor:.1e}")
assert norms["plain"][0] < 1e-8
assert 1e7 < factor < 1e9
assert max(norms["shortcuts"]) < 20 * min(norms["shortcuts"])
assert max(norms["both"]) < 20 * min(norms["both"])

count = {name: sum(p.size for p in deep(**kind).parameters()) for name, kind in kinds.items()}
assert count["plain"] == count["shortcuts"]

# %% [markdown]
# Why? Take numbers instead of images, and $F(x) = w x$ with $w = 0.5$, two blocks deep. Without
# shortcuts $y = w \cdot w \cdot x$, and the derivative is the product $0.5 \cdot 0.5$: with each
# block it halves. With shortcuts each block has the derivative $1 + w$. Step through it: at each
# block the gradient comes back on two ways, and the one around the block hands it on as it is.

# %%
x, w = tg.Value(2.0, name="x"), tg.Value(0.5, name="w")
h = x + w * x
y = h + w * h
h.name, y.name = "h", "y"
tg.steps(y)

# %%
y.backward()
assert x.grad == 1.5 * 1.5
assert w.grad == 2 + 3 + 0.5 * 2  # x through h, h itself, and x once more through w

# %% [markdown]
# ## What learns, and how fast
#
# Three passes over the digits, with Adam. The curves are the share of right answers during each pass.

# %%
learned = {}
for name, kind in kinds.items():
    model = deep(**kind)
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    learned[name], _ = learn(model, optimizer, small, small_test, epochs=3, batch_size=32)
    print(f"{learned[name][-1]:5.1%}  {name}")
plots.lines(learned, xlabel="epoch", ylabel="accuracy on the training digits")

# %% [markdown]
# The plain network has learned nothing, and with shortcuts alone it has hardly begun. With batch
# normalisation nearly half of the answers are right, and with both nearly nine of ten. So both are
# needed here, for different reasons: one keeps the numbers in range, the other lets each block begin
# as a small change of what is there already. The network of K. He and his colleagues, ResNet, has
# both, and won the contest of 2015 with 152 layers.

# %% tags=["hide-cell"]
final = {name: curve[-1] for name, curve in learned.items()}
assert final["plain"] < 0.15
assert final["shortcuts"] < 0.35
assert 0.35 < final["batch norm"] < 0.75
assert final["both"] > 0.8

# %% [markdown]
# ## A deeper network that contains the shallower
#
# There is an argument for shortcuts that needs no gradient. Suppose all functions that a network
# can compute are a set. With one more layer there is another set. If it does not *contain* the old
# one, the best function may be lost, and the deeper network can be worse. If it does, it cannot.
# A residual block makes sure of that: with $F = 0$ it changes nothing, for numbers that come out of
# a ReLU. It is enough to set the last $\gamma$ to 0.

# %%
block = models.BasicBlock(3, 3)
nn.init.zeros_(block.bn2.weight)
positive = abs(images)
assert np.array_equal(block(positive).data, positive)

# %% [markdown]
# Where a block changes the number of channels, or halves height and width, $x$ and $F(x)$ do not
# fit. Then a convolution of 1 × 1 on the shortcut brings $x$ to the same shape. ResNet-18 has a
# first convolution, four stages of two blocks, 64 to 512 channels, a mean and a dense layer:
# $1 + 4 \cdot 2 \cdot 2 + 1 = 18$ layers, the 1 × 1 not counted.

# %%
assert models.BasicBlock(3, 6, stride=2)(images).shape == (4, 6, 3, 3)

summary = nn.summary(models.resnet18(channels=1), (1, 1, 96, 96), depth=1)
assert summary.parameters == 11_175_370
summary

# %% [markdown]
# ## Dense connections: joined instead of added
#
# ResNet adds what a block makes to what it got. DenseNet, by G. Huang and others, keeps both: the
# channels are joined, as in GoogLeNet. Each layer sees all that the layers before it made, and adds
# a few channels, the *growth rate*. A layer is batch normalisation, ReLU, convolution, in this
# order.


# %%
class DenseBlock(nn.Module):
    def __init__(self, layers, channels, growth):
        self.layers = [
            nn.Sequential(
                nn.BatchNorm2d(channels + k * growth), nn.ReLU(),
                nn.Conv2d(channels + k * growth, growth, 3, padding=1),
            )
            for k in range(layers)
        ]  # fmt: skip

    def forward(self, x):
        for layer in self.layers:
            x = np.concatenate([x, layer(x)], axis=1)
        return x


tg.manual_seed(0)
dense, library = DenseBlock(2, 3, growth=10), models.DenseBlock(2, 3, growth=10)
for p, q in zip(library.parameters(), dense.parameters()):
    p.data = q.data
assert dense(images).shape == (4, 3 + 2 * 10, 6, 5)
assert np.allclose(dense(images).data, library(images).data, atol=1e-5)

# %% [markdown]
# The channels grow, so between two blocks a *transition* halves them, by a convolution of 1 × 1, and
# halves height and width by a mean of 2 × 2. The textbook's DenseNet has four blocks of four layers
# and a growth rate of 32; it learns 758,226 numbers, about a fifteenth of what ResNet-18 learns. Count
# the channels of its blocks, beginning with 64:

# %%
channels, after = 64, []
for _ in range(4):
    channels += 4 * 32
    after.append(channels)
    channels //= 2
print(after)
assert after == [192, 224, 240, 248]

densenet = models.densenet(channels=1)
numbers = sum(p.size for p in densenet.parameters())
assert numbers == 758_226
assert 14 < summary.parameters / numbers < 15

# %% [markdown]
# ## Both on the digits
#
# The small forms, `models.resnet_small` and `models.densenet_small`, on digits of 16 × 16 pixels.
# Two passes are enough.

# %%
middle, middle_test = data.Digits(size=16), data.Digits(train=False, size=16)
for name, make in [("ResNet", models.resnet_small), ("DenseNet", models.densenet_small)]:
    tg.manual_seed(0)
    model = make()
    optimizer = optim.Adam(model.parameters(), lr=0.002)
    _, reached = learn(model, optimizer, middle, middle_test, epochs=2, batch_size=32)
    numbers = sum(p.size for p in model.parameters())
    print(f"{name:8}  {numbers:7,} numbers  {reached[-1]:.1%} of the test digits")
    assert reached[-1] > 0.9

# %% [markdown]
# The networks of lesson 11 took eight passes to come this far. On the 60,000 digits of MNIST the
# small ResNet needs six passes; the project's benchmarks have the run, and the command is
#
# ```sh
# tinygrad-edu train resnet_small --data folder --epochs 6 --batch-size 128 --optimizer sgd --lr 0.1 \
#     --momentum 0.9 --weight-decay 0.0005 --schedule cosine --augment shift
# ```
#
# ## In five lines
#
# - Batch normalisation subtracts the mean and divides by the standard deviation: of each feature in
#   a dense layer, of each channel over images and pixels in a convolution. Then $\gamma$ and $\beta$.
# - In training it uses the batch's own statistics, after `eval()` moving averages. Mean and variance
#   depend on each number, and carry gradient.
# - LeNet with sigmoids and large steps guesses; with batch normalisation it reads 96 % of the digits.
# - A shortcut adds $x$ to $F(x)$. The gradient comes back on it as it is, and a deeper network
#   contains the shallower one. It has no weights.
# - Dense connections join instead of adding; a transition makes the channels fewer again.
#
# ## To think about
#
# 1. After `eval()`, batch normalisation multiplies by a constant and adds one. Why can it then be
#    made part of the convolution before it?
# 2. Why do convolutions before batch normalisation often have no bias?
# 3. A block adds its input before the last ReLU. What could go wrong if the ReLU came first, and the
#    sum after it?
#
# <details><summary>Answers</summary>
#
# 1. Both are linear for each channel: $\gamma (w * x + b - \mu) / s + \beta$ is a convolution with the
#    weights $\gamma w / s$ and the bias $\gamma (b - \mu) / s + \beta$.
# 2. The mean that is subtracted contains the bias, so it has no effect; $\beta$ takes its place. Its
#    gradient is 0.
# 3. Nothing negative would ever be added: the numbers could only grow from block to block.
#
# </details>

# %%
convolution, norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
norm(convolution(images))  # one step of training, so that the averages are not 0 and 1
norm.eval()
scale = norm.weight.data / np.sqrt(norm.running_var.data + norm.eps)
merged = nn.Conv2d(3, 4, 3)
merged.weight.data = convolution.weight.data * scale[:, None, None, None]
merged.bias.data = (convolution.bias.data - norm.running_mean.data) * scale + norm.bias.data
assert np.allclose(merged(images).data, norm(convolution(images)).data, atol=1e-5)

norm.train()
norm(convolution(images)).backward(rng.normal(size=(4, 4, 4, 3)).astype(np.float32))
assert abs(convolution.bias.grad).max() < 1e-4

# %% [markdown]
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/12_deep_networks/starter.py` to `my_answers.py` and fill in four functions:
#
# 1. `batch_norm(images, gamma, beta, eps)`: each channel with its mean and its variance (3 points).
# 2. `follow(moving, batches, momentum)`: a moving average over several batches (2 points).
# 3. `residual_backward(upstream, x, w)`: what comes back through a block and around it (4 points).
# 4. `normalised_backward(upstream, x, eps)`: the gradient of batch normalisation itself (4 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/12_deep_networks my_answers.py --show
# ```
#
# A mean over the wrong axes, an average with its weights exchanged, a forgotten shortcut, a variance
# that is taken for a constant: each is recognised and named.
#
# ## What to read in the source
#
# - `tinygrad_edu/engine/primitives/normalization.py`, `batch_norm`: one row for batch, layer, group and
#   instance normalisation; and `_follow`, the moving averages.
# - `tinygrad_edu/models/resnet.py`: two kinds of blocks, three networks, one class.
# - `tinygrad_edu/models/densenet.py`: joined instead of added.
# - `tinygrad_edu/nn/normalization.py`: what each of PyTorch's layers does differently.
#
# ## Where this comes from
#
# - Batch normalisation: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training
#   by reducing internal covariate shift", ICML 2015.
# - What is disputed: S. Santurkar, D. Tsipras, A. Ilyas, A. Madry, "How does batch normalization help
#   optimization?", NeurIPS 2018; A. Rahimi, B. Recht, "Reflections on random kitchen sinks", a talk at
#   NeurIPS 2017.
# - ResNet: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016.
# - DenseNet: G. Huang, Z. Liu, L. van der Maaten, K. Weinberger, "Densely connected convolutional
#   networks", CVPR 2017.
# - LeNet with and without batch normalisation, by steps of 0.9: A. Zhang, Z. Lipton, M. Li, A. Smola,
#   "Dive into deep learning", 2023, section 8.5; there on other images.
# - The digits: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine
#   Learning Repository, 1998, under CC BY 4.0.
