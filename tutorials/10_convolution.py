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
# # 10. Convolution
#
# In an image, an edge is an edge wherever it stands. A convolution looks for one small pattern at
# every place, with the same few weights. In this lesson you write it in five lines, let it learn
# what to look for, work out how far each number sees, and train LeNet, a network that reads
# handwritten digits.
#
# You need [lesson 5](05_softmax_regression.py): the digits, logits and cross-entropy; and modules
# from [lesson 9](09_layers_and_blocks.py).
#
# It takes about 105 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# The first layer of LeNet makes six images out of one, all of 28 × 28 numbers. Each new number is
# computed from the 5 × 5 numbers around its place, with the same weights at every place, and one
# bias for each of the six.
#
# 1. How many weights and biases is that?
# 2. How many would it take if each new number had weights and a bias of its own for all the old
#    ones?
# 3. After this layer, squares of 2 × 2 numbers are averaged; then come another 5 × 5 window and
#    another 2 × 2 average. How wide is the square of the image on which one number then depends?
#
# Write three numbers down.

# %%
import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn, optim, plots, train
from tinygrad_edu.nn.functional import avg_pool2d, conv1d, conv2d, max_pool2d

# %% [markdown]
# ## From all weights to one kernel
#
# Begin with a layer in which each new number $H_{i,j}$ has a weight for every pixel:
# $H_{i,j} = \sum_{k,l} W_{i,j,k,l} X_{k,l}$. Count the pixels from the new number's own place,
# $k = i + a$ and $l = j + b$, and call the weights $V_{i,j,a,b}$. Now make two demands:
#
# 1. *The same everywhere.* What is looked for does not depend on the place. So $V$ must not depend
#    on $i$ and $j$: it is $V_{a,b}$.
# 2. *Only nearby.* What is far away does not matter. So $V_{a,b}$ is 0 unless $a$ and $b$ are small.
#
# What is left is a small array of weights that slides over the image:
# $H_{i,j} = \sum_{a,b} V_{a,b} X_{i+a,j+b}$. Two demands turn millions of weights into 25.
#
# ## A window that slides
#
# A *kernel* $K$ is a small array of weights. Lay it on the top left corner of an image $X$,
# multiply what lies on top of each other, add up: that is the first number of the result. Move it
# one place to the right for the next.
#
# $$ Y_{i,j} = \sum_{a,b} X_{i+a,\,j+b} \, K_{a,b} $$


# %%
def correlate(X, K):
    (H, W), (P, Q) = X.shape, K.shape
    Y = np.zeros((H - P + 1, W - Q + 1))
    for i, j in np.ndindex(*Y.shape):
        Y[i, j] = (X[i : i + P, j : j + Q] * K).sum()
    return Y


X = np.array([[1, 2, 0, 1], [0, 1, 3, 2], [2, 0, 1, 1]])
K = np.array([[1, 0], [-1, 2]])
correlate(X, K)

# %% [markdown]
# The first number is $1 \cdot 1 + 2 \cdot 0 + 0 \cdot (-1) + 1 \cdot 2 = 3$. A window of 2 × 2 fits
# into an image of 3 × 4 at 2 × 3 places, so the result is smaller than the image.
#
# It is still a layer of all weights, only that most of them are 0 and the others are equal: a matrix
# with a row for each new number. The row is the kernel, laid into an image of zeros.

# %%
rows = []
for i, j in np.ndindex(2, 3):
    row = np.zeros((3, 4), int)
    row[i : i + 2, j : j + 2] = K
    rows.append(row.ravel())
matrix = np.stack(rows)
print(matrix)
assert np.array_equal((matrix @ X.ravel()).reshape(2, 3), correlate(X, K))

# %% [markdown]
# The library's `conv2d` takes many images at once, and many kernels. Its arrays have four axes,
# (images, channels, height, width); more about channels below. Here there is one image, one kernel
# and one channel, and `None` adds the axes for them.

# %% tags=["hide-cell"]
assert np.array_equal(conv2d(X[None, None], K[None, None])[0, 0], correlate(X, K))

# %% [markdown]
# ## Correlation or convolution?
#
# What you wrote is called *cross-correlation*. In mathematics, a *convolution* has minus signs:
#
# $$ (X * K)_{i,j} = \sum_{a,b} X_{i-a,\,j-b} \, K_{a,b} $$
#
# The difference shows on an image with a single 1 in it. Convolution stamps the kernel there as it
# is. Cross-correlation stamps it turned by 180 degrees. So the one becomes the other if you turn
# the kernel first.


# %%
def convolve(X, K):
    return correlate(X, K[::-1, ::-1])


stamp = np.array([[1, 2], [3, 4]])
single = np.zeros((5, 5))
single[2, 2] = 1

assert np.array_equal(convolve(single, stamp)[1:3, 1:3], [[1, 2], [3, 4]])
assert np.array_equal(correlate(single, stamp)[1:3, 1:3], [[4, 3], [2, 1]])

# NumPy's own, in one direction, leaves the kernel as it is.
assert np.convolve([0, 0, 1, 0, 0], [1, 2, 3]).tolist() == [0, 0, 1, 2, 3, 0, 0]

# %% [markdown]
# A network learns its kernels. If it needs a turned one, it learns the turned one. So the field
# computes cross-correlation, the simpler of the two, and calls it convolution. From here on this
# lesson does so, too.
#
# ## Edges
#
# The kernel $(1, -1)$ subtracts from each number its right neighbour. Where an image is uniform,
# the result is 0. At an edge between left and right it is not.

# %%
picture = np.tile([3, 3, 1, 1, 1, 2, 2], (4, 1))  # three upright stripes: bright, dark, medium
print(correlate(picture, np.array([[1, -1]]))[0])

# %% [markdown]
# 2 marks the step down from 3 to 1, and $-1$ the step up from 1 to 2: sign and size say which way it
# goes, and how far. The same kernel standing upright finds nothing in this picture, because nothing
# changes from top to bottom.

# %% tags=["hide-cell"]
assert np.all(correlate(picture, np.array([[1], [-1]])) == 0)

# %% [markdown]
# The digits of lesson 5 have 8 × 8 pixels, 0 for paper and 1 for ink. Two kernels of 3 × 3, known
# by the name of their inventor Sobel, find edges in them: the first compares left with right, the
# second above with below. White in the digit is ink. The results have 6 × 6 numbers, drawn larger;
# red is positive, blue negative.

# %%
digits = data.Digits().images  # (1198, 1, 8, 8)
left_right = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=np.float32)
above_below = left_right.T

digit = digits[0, 0]
found = [correlate(digit, left_right), correlate(digit, above_below)]
plots.row(
    plots.images([digit], titles=["digit"]),
    plots.images(found, titles=["left − right", "above − below"], signed=True),
)

# %% [markdown]
# ## Learning a kernel
#
# Nobody has to invent kernels. Suppose you have images and what some unknown kernel made of them.
# Begin with a kernel of zeros, measure the mean squared error, and go downhill, as in lesson 4.
# `conv2d` is an operation like any other, with a gradient for the image and one for the kernel.

# %%
examples = digits[:64]
target = conv2d(examples, left_right[None, None])

kernel = tg.zeros((1, 1, 3, 3), requires_grad=True)
for _ in range(300):
    kernel.zero_grad()
    loss = ((conv2d(examples, kernel) - target) ** 2).mean()
    loss.backward()
    kernel.data = kernel.data - 0.3 * kernel.grad

print(kernel.data[0, 0].round(2) + 0.0)  # + 0.0 makes 0 of -0
assert np.allclose(kernel.data[0, 0], left_right, atol=0.05)

# %% [markdown]
# From examples alone, Sobel's kernel has come back.
#
# ## One weight, many places
#
# How does a weight get its gradient if it is used everywhere? Take three pixels, 2, 5 and 4, and a
# kernel of two weights, $w_1 = 1$ and $w_2 = -1$. The window fits twice. The loss $L$ is the sum of
# the squares of the two results, the strength of the edges.

# %%
w1, w2 = tg.Value(1.0, name="w1"), tg.Value(-1.0, name="w2")
y1 = 2.0 * w1 + 5.0 * w2
y2 = 5.0 * w1 + 4.0 * w2
L = tg.square(y1) + tg.square(y2)
y1.name, y2.name, L.name = "y1", "y2", "L"
tg.steps(L)

# %% [markdown]
# Two arrows leave $w_1$, one to each place of the window. At the first place the local derivative
# is the pixel 2, at the second it is the pixel 5. The gradient of $w_1$ is the sum of what comes
# back on both: $-6 \cdot 2 + 2 \cdot 5 = -2$. That of $w_2$ is $-6 \cdot 5 + 2 \cdot 4 = -22$. Here
# are all steps in one picture; what comes back stands on the arrows.

# %%
tg.draw(L, direction="TB")

# %% [markdown]
# So a kernel's gradient is itself a correlation: of the image with the upstream gradient, here
# $(-6, 2)$.

# %%
L.backward()
assert [w1.grad, w2.grad] == [-2.0, -22.0]
assert correlate(np.array([[2, 5, 4]]), np.array([[-6, 2]])).tolist() == [[-2, -22]]

row = tg.tensor([[[1.0, -1.0]]], requires_grad=True)
(conv1d(np.array([[[2.0, 5.0, 4.0]]]), row) ** 2).sum().backward()
assert row.grad.tolist() == [[[-2.0, -22.0]]]

# %% [markdown]
# ## Padding and stride
#
# *Padding* $p$ puts a border of $p$ zeros around the image, so that the window can stand at its
# rim. With a 5 × 5 window and $p = 2$, the result has the size of the image. *Stride* $s$ moves the
# window by $s$ places at a time, and the result is smaller. Along one direction, a window of width
# $k$ over $n$ pixels gives this many numbers:
#
# $$ \left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1 $$


# %%
def slide(X, K, stride=1, padding=0):
    return correlate(np.pad(X, padding), K)[::stride, ::stride]


def output_size(n, k, stride=1, padding=0):
    return (n + 2 * padding - k) // stride + 1


rng = np.random.default_rng(0)
image, window = rng.normal(size=(11, 8)), rng.normal(size=(5, 3))
for how in [(1, 0), (1, 2), (2, 0), (2, 1), (3, 2)]:
    by_hand = slide(image, window, *how)
    by_library = conv2d(image[None, None], window[None, None], None, *how)  # no bias
    assert by_hand.shape == (output_size(11, 5, *how), output_size(8, 3, *how))
    assert np.allclose(by_hand, by_library[0, 0])

print(output_size(28, 5, padding=2), output_size(28, 5), output_size(28, 2, stride=2))

# %% [markdown]
# Both may differ by direction: a stride of (3, 2), or a padding of (2, 0). A window of even width
# that is to keep the size needs one zero more on one side: of $p = k - 1$ zeros, half rounded down
# before and half rounded up after. And the border need not be of zeros: `np.pad` can repeat the
# pixels at the rim instead, and `nn.Conv2d(..., padding_mode="replicate")` does. Without padding,
# images shrink: ten windows of 5 × 5 in a row make 240 pixels into 200.

# %%
assert conv2d(image[None, None], window[None, None], None, (3, 2), (2, 0)).shape[2:] == (4, 3)
assert (output_size(11, 5, 3, 2), output_size(8, 3, 2, 0)) == (4, 3)
even = np.pad(image, ((1, 2), (1, 2)), mode="edge")  # for a window of 4 × 4
assert correlate(even, np.ones((4, 4))).shape == image.shape
size = 240
for _ in range(10):
    size = output_size(size, 5)
assert size == 200

# %% [markdown]
# So it goes at the beginning of LeNet. A padded 5 × 5 window leaves 28; without padding it would
# leave 24. A 2 × 2 window with stride 2 then leaves 14.
#
# ## Channels
#
# A colour image has three numbers at each place, a hidden layer may have sixteen. They are called
# *channels*. A kernel then has a slice for each channel that comes in, and the results of the
# slices are added. For each channel that goes out there is one such kernel. So the weights have
# four axes: (channels out, channels in, height, width).


# %%
def correlate_channels(X, K):
    """X (C, H, W) and K (O, C, P, Q) give (O, ...)."""
    return np.stack([sum(map(correlate, X, kernel)) for kernel in K])


deep, kernels = rng.normal(size=(3, 9, 7)), rng.normal(size=(4, 3, 5, 2))
assert np.allclose(correlate_channels(deep, kernels), conv2d(deep[None], kernels)[0])
assert correlate_channels(deep, kernels).shape == (4, 5, 6)

# %% [markdown]
# A kernel of 1 × 1 sees a single place. It mixes the channels there, and that is a linear layer on
# the channels, the same one for every pixel.

# %%
mix = rng.normal(size=(4, 3))
by_pixel = (mix @ deep.reshape(3, 9 * 7)).reshape(4, 9, 7)  # a column for each pixel
assert np.allclose(by_pixel, conv2d(deep[None], mix[:, :, None, None])[0])

# %% [markdown]
# ## Pooling
#
# *Pooling* makes an image smaller: of each 2 × 2 square it keeps the mean (*average pooling*) or
# the largest number (*max pooling*). It has no weights, and works on each channel alone.


# %%
def pool(X, function):
    H, W = X.shape
    squares = X.reshape(H // 2, 2, W // 2, 2)
    return function(squares, axis=(1, 3))


small = rng.normal(size=(6, 8))
assert np.allclose(pool(small, np.mean), avg_pool2d(small[None, None], 2)[0, 0])
assert np.allclose(pool(small, np.max), max_pool2d(small[None, None], 2)[0, 0])
assert max_pool2d(np.zeros((1, 1, 13, 13)), 3, stride=2).shape == (1, 1, 6, 6)
counting = np.arange(16.0).reshape(1, 1, 4, 4)
assert np.array_equal(max_pool2d(counting, 3, stride=2, padding=1)[0, 0], [[5, 7], [13, 15]])
film, cube = np.zeros((1, 1, 5, 9, 9)), np.zeros((2, 1, 3, 3, 3))
assert nn.functional.conv3d(film, cube).shape == (1, 2, 3, 7, 7)

# %% [markdown]
# Windows of pooling may overlap, such as 3 × 3 with stride 2, and have a border. And all of this works along any
# number of axes: one for sounds and texts, three for films and for pictures from inside the body (`conv3d`).
#
# What is lost is where exactly something stood. That can be a gain: a line that moves by one pixel
# inside its squares gives the same result.

# %%
line = np.zeros((4, 6))
line[:, 2] = 1
moved = np.roll(line, 1, axis=1)
assert np.array_equal(pool(line, np.max), pool(moved, np.max))

# %% [markdown]
# On the way back, average pooling hands a quarter of the upstream gradient to each of the four. Max
# pooling hands all of it to the largest, and nothing to the others.

# %%
square = tg.tensor([[[[1.0, 4.0], [3.0, 2.0]]]], requires_grad=True)
max_pool2d(square, 2).sum().backward()
assert square.grad.tolist() == [[[[0, 1], [0, 0]]]]

# %% [markdown]
# ## How far a number sees
#
# The pixels on which a number depends are its *receptive field*. It can be counted layer by layer.
# Keep the width $r$ and the step $j$, the distance in pixels between the fields of two neighbours.
# Before any layer, $r = j = 1$. A window of width $k$ covers $k$ neighbours, whose fields lie $j$
# apart: together they are $r + (k - 1) j$ wide, the new $r$. With stride $s$, the new $j$ is
# $s \cdot j$.

# %%
r, j = 1, 1
for name, k, s in [("5 × 5", 5, 1), ("pool", 2, 2), ("5 × 5", 5, 1), ("pool", 2, 2)]:
    r, j = r + (k - 1) * j, s * j
    print(f"{name}: sees {r} pixels, neighbours are {j} apart")
assert r == 16

# %% [markdown]
# That answers question 3: 16. The gradient can confirm it. The derivative of one number by a pixel
# is 0 if the number does not see that pixel. `models.lenet()` is LeNet, and its first six parts are
# the layers in question. The picture shows the whole image of 28 × 28; the square in it is 16 wide.

# %%
tg.manual_seed(0)
classic = models.lenet()
paper = tg.zeros((1, 1, 28, 28), requires_grad=True)
middle = classic[:6](paper)[0, :, 2, 2]  # of the 5 × 5 places, in all 16 channels
middle.sum().backward()

field = paper.grad[0, 0]
rows, columns = np.nonzero(field)
assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == 16
plots.images([field], titles=["gradient by the image"], signed=True)

# %% [markdown]
# ## LeNet
#
# LeNet is these parts in a row: convolution, pooling, convolution, pooling, then three linear
# layers that turn 400 numbers into 10 logits. After each convolution and each linear layer but the
# last comes a sigmoid. Today's networks have ReLU in its place, and max pooling in place of the
# mean. Here both are left open.


# %%
def lenet(activation, pooling):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), activation(), pooling(2),  # (6, 14, 14)
        nn.Conv2d(6, 16, 5), activation(), pooling(2),  # (16, 5, 5)
        nn.Flatten(),
        nn.Linear(400, 120), activation(),
        nn.Linear(120, 84), activation(),
        nn.Linear(84, 10),
    )  # fmt: skip


same = lenet(nn.Sigmoid, nn.AvgPool2d)
same.load_state_dict(classic.state_dict())
image28 = data.Digits(size=28).images[:1]
assert np.array_equal(same(image28).data, classic(image28).data)

summary = nn.summary(same, (1, 1, 28, 28))
summary

# %% [markdown]
# Its first convolution answers question 1: 156, which is $6 \cdot 25$ weights and 6 biases. A
# linear layer from $28 \cdot 28$ numbers to $6 \cdot 28 \cdot 28$ would need 3,692,640; that is
# question 2. The two convolutions together learn 2,572 of the 61,706 numbers, and yet they do
# 357,600 of the 416,520 multiply-adds, because each weight is used at every place.

# %% tags=["hide-cell"]
assert classic[0].weight.size + classic[0].bias.size == 156
assert 784 * 4704 + 4704 == 3_692_640
convolutions = [row for row in summary.rows if row.name in ("0", "3")]
assert (sum(row.parameters for row in convolutions), summary.parameters) == (2572, 61_706)
assert (sum(row.multiply_adds for row in convolutions), summary.multiply_adds) == (357_600, 416_520)

# %% [markdown]
# The LeNet-5 of 1998 had one thing that is forgotten today. In its second convolution, a map did not
# read all six channels, only those that a table gave it: the first six maps read three each, the next
# nine four, and the last all six. So different maps had to look for different things, and there were
# fewer kernels. `models.lenet5()` is that network. A dark square says that the map of this column reads
# the channel of this row.

# %%
original = models.lenet5()
reads = original.C3.places.data.sum(axis=2)  # (maps, channels): 1 where there is a kernel
learned = sum(p.size for p in original.C3.parameters())
print(f"{reads.sum():.0f} kernels, {learned} numbers; with all channels {16 * 6 * 25 + 16}")
plots.attention(reads.T, range(6), range(16))

# %% tags=["hide-cell"]
assert reads.sum(axis=1).tolist() == [3] * 6 + [4] * 9 + [6]
assert (reads.sum(), learned) == (60, 60 * 25 + 16) == (60, 1516)

# %% [markdown]
# ## Training on handwritten digits
#
# The embedded digits are real: thirteen people wrote them, and they come with the library, 1,198 to
# train with and 599 to test with. They are small. LeNet wants 28 × 28, so each of the 8 × 8 pixels
# is drawn 3 × 3 large, in the middle of the frame. That adds no detail.
#
# If you have the four files of MNIST, 70,000 digits of 28 × 28 pixels, in a folder, use
# `data.MNIST("folder")` and `data.MNIST("folder", train=False)` in place of the two datasets below.
# The rest stays as it is, and one epoch takes about fifty times as long. `data.FashionMNIST` reads four
# files of the same form, with clothes of ten kinds, which are harder to tell apart than digits.

# %%
digits_to_learn = data.Digits(size=28)
digits_to_test = data.Digits(train=False, size=28)
cross_entropy = nn.CrossEntropyLoss()


def learn(model, epochs=8):
    """Train, and give the accuracy on the test digits after each epoch."""
    loader = data.DataLoader(digits_to_learn, batch_size=32, shuffle=True)
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    reached = []
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            cross_entropy(model(images), labels).backward()
            optimizer.step()
        reached.append(accuracy(model, digits_to_test.images))
    return reached


def accuracy(model, images):
    with tg.no_grad():
        return train.accuracy(model(images), digits_to_test.labels)


class Centred(nn.Module):
    """The sigmoid, moved down to lie between -1/2 and 1/2."""

    def forward(self, x):
        return tg.sigmoid(x) - 0.5


tg.manual_seed(0)
modern = lenet(nn.ReLU, nn.MaxPool2d)
tg.manual_seed(0)
centred = lenet(Centred, nn.AvgPool2d)
with tg.no_grad():
    last_hidden = classic[:-1](digits_to_test.images).data  # (599, 84)

curves = {
    "sigmoid, mean": learn(classic),
    "ReLU, max": learn(modern),
    "sigmoid − 1/2, mean": learn(centred),
}
print({name: round(curve[-1], 3) for name, curve in curves.items()})

# %%
plots.lines(curves, xlabel="epoch", ylabel="accuracy on the test digits")

# %% [markdown]
# All three learn to read. With sigmoids, nothing happens for the first four epochs. Is it the small
# slope, at most $1/4$, which [lesson 8](08_keeping_numbers_alive.py) warns of? Not here: the sigmoid
# less one half has the same slope everywhere, and learns at once. It is the one half. Before the
# training, this is what the last hidden layer of the network with sigmoids says of the 599 digits:

# %%
print(f"mean {last_hidden.mean():.2f}, differences between pictures {last_hidden.std(axis=0).mean():.4f}")
assert np.isclose(last_hidden.mean(), 0.5, atol=0.05)
assert last_hidden.std(axis=0).mean() < 0.001
assert max(curves["sigmoid, mean"][:4]) < 0.2 < min(curves["sigmoid − 1/2, mean"])

# %% [markdown]
# Nearly the same number for every picture: what tells one picture from another is buried under a
# value that they have in common. Adam makes steps of one size, however small the gradient is, and
# finds the difference once that value is taken away. Signals with mean 0 are worth having, inside a
# network as at its inputs.
#
# ## What the network looks at
#
# The six kernels of the first layer can be drawn, since each is an image of 5 × 5. Below are the
# *feature maps* that they make of one digit: after the first ReLU, and after the second.

# %%
kernels = modern[0].weight.data[:, 0]
plots.images(kernels, titles=range(6), signed=True)

# %%
with tg.no_grad():
    first = modern[:2](digits_to_test.images[:1]).data[0]  # (6, 28, 28)
    second = modern[:5](digits_to_test.images[:1]).data[0]  # (16, 10, 10)
plots.images([digits_to_test.images[0, 0], *first], titles=["digit", *range(6)])

# %%
plots.images(second)

# %% tags=["hide-cell"]
assert (kernels[[1, 3, 5]] > 0).mean() > 0.7
assert kernels[2][:2].mean() < 0 < kernels[2][3:].mean()
assert first[4].max() == 0

# %% [markdown]
# Maps 1, 3 and 5 follow the ink: their kernels are mostly red. Kernel 2 is mostly blue above and red
# below, and its map is bright where a stroke begins, seen from above. Map 4 has found nothing in
# this digit. Nobody told the kernels what to look for. In the second layer the maps are coarser,
# and each answers to a combination of the first six.
#
# ## What it is good for
#
# On these digits a network without convolutions does as well, because every digit stands in the
# middle of its frame. So move the test digits, by one to four pixels in each of the four
# directions, and ask both networks again. Neither has ever seen a digit that is not in its place.

# %%
tg.manual_seed(0)
dense = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
learn(dense)


def moved_accuracy(model, pixels):
    wide = np.pad(digits_to_test.images, ((0, 0), (0, 0), (4, 4), (4, 4)))
    # With that border np.roll brings in zeros. Down, up, right and left:
    moves = [(2, pixels), (2, -pixels), (3, pixels), (3, -pixels)]
    moved = [np.roll(wide, by, axis)[:, :, 4:-4, 4:-4] for axis, by in moves]
    return np.mean([accuracy(model, images) for images in moved])


robust = {
    "two linear layers": [moved_accuracy(dense, pixels) for pixels in range(5)],
    "LeNet (ReLU, max)": [moved_accuracy(modern, pixels) for pixels in range(5)],
}
for name, figures in robust.items():
    print(np.round(figures, 2), name)

# %%
moves = np.arange(5)
plots.lines(
    {name: (moves, figures) for name, figures in robust.items()},
    xlabel="moved by, in pixels",
    ylabel="accuracy on the test digits",
)

# %% [markdown]
# In place, the two are equal. Moved by two pixels, LeNet loses 0.13 of its accuracy, the other
# 0.23. It is more tolerant because a kernel finds its pattern anywhere and pooling forgets small
# moves. It is not indifferent: the linear layers at its end still know where on the frame each of
# the 400 numbers stands. Training on moved digits would help both.

# %%
in_place = {name: figures[0] for name, figures in robust.items()}
by_two = {name: figures[2] for name, figures in robust.items()}
assert min(in_place.values()) > 0.93
lost = {name: in_place[name] - by_two[name] for name in robust}
assert np.isclose(lost["LeNet (ReLU, max)"], 0.13, atol=0.03)
assert np.isclose(lost["two linear layers"], 0.23, atol=0.03)
assert by_two["LeNet (ReLU, max)"] > by_two["two linear layers"] + 0.05

# %% [markdown]
# ## In five lines
#
# - A kernel looks for one pattern in every place, with the same few weights.
# - Its gradient is a sum over all places, and a correlation again.
# - Padding keeps the size, stride and pooling make it smaller, channels stand side by side.
# - The receptive field grows with every layer; the gradient shows it.
# - LeNet has these parts in a row, and bears small moves better than a network of linear layers.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/10_convolution/starter.py` to `my_answers.py` and fill in four functions:
#
# 1. `correlate(image, kernel, stride, padding)`: the sliding window, with its two settings (3
#    points).
# 2. `receptive_field(layers)`: how many pixels a number sees after these layers (2 points).
# 3. `kernel_gradient(upstream, image, kernel)`: what comes back to the kernel (3 points).
# 4. `shapes()`: on paper. Ten colour images of 28 × 28 go through seven layers. What is the shape behind each (2
#    points)?
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/10_convolution my_answers.py --show
# ```
#
# A turned kernel, a border or a stride that is left out: each is recognised and named. When all is
# right, the whole backward pass with images, channels, stride and padding waits in the assignment
# `tinygrad_edu/grade/assignments/convolution`.
#
# ## What to read in the source
#
# - `tinygrad_edu/engine/primitives/convolution.py`, its first lines: one sum over three arrays, and three
#   operations that are each other's derivatives.
# - `tinygrad_edu/engine/primitives/convolution.py`, `_columns`: how sliding becomes one matrix product,
#   and what a view of an array is good for.
# - `tinygrad_edu/engine/primitives/pooling.py`, `max_unpool` and `_found`: how the gradient finds the
#   largest number again.
# - `tinygrad_edu/nn/convolution.py`, `Convolution`: what a layer adds to the function.
# - `tinygrad_edu/models/lenet.py`: LeNet in the form of the textbooks.
#
# ## Where this comes from
#
# - LeNet: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
#   recognition", Proceedings of the IEEE 86, 1998. There the pooling has weights and the output
#   layer is another; this is the form of A. Zhang, Z. Lipton, M. Li, A. Smola, "Dive into deep
#   learning", 2023, section 7.6.
# - Sobel's kernels: I. Sobel and G. Feldman, "A 3 × 3 isotropic gradient operator for image
#   processing", a talk at the Stanford Artificial Intelligence Project, 1968.
# - Output sizes: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
#   2016.
# - Receptive fields: A. Araujo, W. Norris, J. Sim, "Computing receptive fields of convolutional
#   neural networks", Distill, 2019.
# - The digits: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine
#   Learning Repository, 1998, under CC BY 4.0.
