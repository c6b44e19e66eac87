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
# # 9. Layers and blocks
#
# A network is a tree of objects, and its numbers are the leaves of that tree. In this lesson you
# write the class that finds those leaves, put blocks into blocks, use one block several times, and
# save what was learned. At the end a network predicts house prices from a table with gaps in it.
#
# You need [lesson 6](06_multilayer_perceptron.py), multilayer perceptrons, the training loop of
# [lesson 4](04_linear_regression.py), and Adam from [lesson 8](08_keeping_numbers_alive.py).
#
# It takes about 90 minutes with the exercises, and is of medium difficulty.
#
# ## A question first
#
# A network takes 7 numbers per house. A first layer turns them into 16. Then one and the same
# layer, 16 numbers to 16, is applied four times in a row. A last layer gives the price. Every layer
# adds a bias.
#
# 1. How many numbers does this network learn?
# 2. Which gradient does the layer in the middle get: that of its first use, that of its last, or
#    something else?
#
# Write both answers down; the lesson comes back to each.

# %%
import csv
import io
import tempfile

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim, plots

# %% [markdown]
# ## A layer owns its numbers
#
# A *linear layer* computes $y = x W^\top + b$. The function alone is one line. As an object, it
# also holds `weight` and `bias`, the numbers that training changes: its *parameters*.

# %%
rng = np.random.default_rng(0)


class Linear:
    def __init__(self, inputs, outputs):
        weight = rng.normal(size=(outputs, inputs)) / np.sqrt(inputs)
        self.weight = tg.tensor(weight, requires_grad=True)
        self.bias = tg.zeros(outputs, requires_grad=True)

    def __call__(self, x):
        return x @ self.weight.T + self.bias


layer = Linear(7, 16)
assert layer.weight.size + layer.bias.size == 128
layer(np.ones((5, 7))).shape

# %% [markdown]
# Five houses with 7 numbers each go in, five rows of 16 numbers come out. The layer learns
# $16 \cdot 7 + 16 = 128$ numbers.
#
# ## A tree of names
#
# An optimiser needs a list of all parameters, and a file needs a name for each. Both can be read
# off the objects: an attribute that is a tensor which requires a gradient is a parameter, and an
# attribute that is itself a module holds more of them. A *module* is any object of this kind, be it
# a layer or a whole network.

# %%


class Module:
    def __call__(self, x):
        return self.forward(x)

    def named_parameters(self, prefix=""):
        for name, member in vars(self).items():  # the attributes, by name
            if isinstance(member, Module):
                yield from member.named_parameters(f"{prefix}{name}.")
            elif isinstance(member, tg.Tensor) and member.requires_grad:
                yield prefix + name, member


# %% [markdown]
# That is the whole idea, in ten lines. A parameter's name is the path to it: the attributes on the
# way, with dots between them. `OurLinear` below is the layer from above and a module at once.


# %%
class OurLinear(Linear, Module):
    """It computes as `Linear` does, and has the names of a `Module`."""


class OurPerceptron(Module):
    def __init__(self):
        self.hidden = OurLinear(7, 16)
        self.output = OurLinear(16, 1)

    def forward(self, x):
        return self.output(self.hidden(x).relu())


ours = OurPerceptron()
for name, parameter in ours.named_parameters():
    print(name, parameter.shape)

# %% [markdown]
# The library's `nn.Module` works the same way, and `nn.Linear` is a module with the formula above.
# So the same network has the same names there. `load_state_dict` copies numbers in by name. If a
# name is missing, or one is there that the network does not have, it refuses.


# %%
class Perceptron(nn.Module):
    def __init__(self):
        self.hidden = nn.Linear(7, 16)
        self.output = nn.Linear(16, 1)

    def forward(self, x):
        return self.output(self.hidden(x).relu())


perceptron = Perceptron()
perceptron.load_state_dict({name: p.data for name, p in ours.named_parameters()})

x = rng.normal(size=(5, 7)).astype(np.float32)
assert np.allclose(perceptron(x).data, ours(x).data, atol=1e-6)

# %% [markdown]
# A network that is a plain chain needs no class: `nn.Sequential` calls its parts in order, and
# their names are their places, 0, 1, 2. A part without parameters, such as `nn.ReLU`, takes a place
# too.

# %%
chain = nn.Sequential(nn.Linear(7, 16), nn.ReLU(), nn.Linear(16, 1))
names = [name for name, _ in chain.named_parameters()]
assert names == ["0.weight", "0.bias", "2.weight", "2.bias"]

# %% [markdown]
# ## A block of your own
#
# A *block* is a module made of modules. You decide in `forward` how they are joined, and anything
# that Python can say is allowed there. This block adds its input to what its layer makes of it,
# $x + \mathrm{relu}(x W^\top + b)$: a *residual block*. The layer has to learn only what should
# change.


# %%
class Residual(nn.Module):
    def __init__(self, size):
        self.linear = nn.Linear(size, size)

    def forward(self, x):
        return x + self.linear(x).relu()


tg.manual_seed(0)
small = Residual(3)
h = tg.tensor(rng.normal(size=(2, 3)).astype(np.float32), name="h")
out = small(h)
tg.draw(out, direction="TB", gradients=False)

# %% [markdown]
# The picture shows the two ways from `h` to the sum: one through the layer, one around it. The
# frame is the block. With `depth=0` the block is closed, and it is one box that says how many
# numbers it learns.

# %%
tg.draw(out, depth=0, gradients=False)

# %% [markdown]
# ## Anything that Python can say
#
# What `forward` does may depend on the numbers. Here the result is halved until it is small enough. The
# graph records the steps that were really taken, so the gradient is that of these steps. A constant,
# `nn.Buffer`, multiplies the input: it is saved with the network, and not learned.


# %%
class Halved(nn.Module):
    def __init__(self):
        self.constant = nn.Buffer(np.full((4, 4), 0.5))
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        x = self.linear(x @ self.constant).relu()
        self.times = 0
        while abs(x).sum() > 1:
            x, self.times = x / 2, self.times + 1
        return x.sum()


tg.manual_seed(1)
halved = Halved()
for size in (1, 100):
    result = halved(size * np.ones((1, 4), np.float32)).item()
    print(f"{result:.3f} after halving {halved.times} times")
print("learned:", [name for name, _ in halved.named_parameters()])
print("saved:  ", list(halved.state_dict()))

# %% [markdown]
# Initial weights of your own? `apply` calls a function with every module of the tree, from the leaves to
# the root. This one draws numbers between −10 and 10, and makes 0 of those below 5 in size.


# %%
def large_or_zero(module):
    if isinstance(module, nn.Linear):
        W = np.random.default_rng(0).uniform(-10, 10, module.weight.shape)
        module.weight.data = (W * (abs(W) >= 5)).astype(np.float32)
        nn.init.zeros_(module.bias)


halved.apply(large_or_zero)
print(halved.linear.weight.data.round(1) + 0.0)  # + 0.0 makes 0 of -0

# %% [markdown]
# A layer needs no parameters. This one subtracts the mean; it stands in a chain like any other, and a chain
# may stand in a chain.


# %%
class Centred(nn.Module):
    def forward(self, x):
        return x - x.mean()


chain = nn.Sequential(nn.Linear(4, 8), Centred(), nn.Sequential(nn.Linear(8, 2), nn.ReLU()))
x = rng.normal(size=(3, 4)).astype(np.float32)
print(f"mean behind the second part: {chain[:2](x).mean().item():.6f}")

# %% tags=["hide-cell"]
assert abs(chain[:2](x).mean().item()) < 1e-6
assert 0 < np.count_nonzero(halved.linear.weight.data) < 16
assert np.all((halved.linear.weight.data == 0) | (abs(halved.linear.weight.data) >= 5))
assert "constant" not in dict(halved.named_parameters())
assert "constant" in halved.state_dict()

# %% [markdown]
# And a chain of your own needs no more than a loop:


# %%
class MySequential(nn.Module):
    def __init__(self, *parts):
        self.parts = nn.ModuleList(parts)

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x


assert np.array_equal(MySequential(*chain)(x).data, chain(x).data)

# %% [markdown]
# ## One block in several places
#
# Parameters that are used in several places are *tied*, or *shared*. Nothing new is needed for
# that: you call the same object again. What happens to the gradient is best seen with one weight
# $w$ instead of a matrix, used three times: $y = w \cdot (w \cdot (w \cdot x))$, at $w = 2$ and
# $x = 5$.

# %%
w, x1 = tg.Value(2.0, name="w"), tg.Value(5.0, name="x")
y = w * (w * (w * x1))
y.name = "y"
tg.steps(y)

# %% [markdown]
# Step to the end. Three arrows lead back to $w$, one for each use, and each brings 20. The gradient
# is their **sum**, $\partial y/\partial w = 20 + 20 + 20 = 60$. School calculus agrees: $y = x w^3$
# has the derivative $3 x w^2 = 3 \cdot 5 \cdot 4 = 60$.

# %%
y.backward()
assert w.grad == 60.0

# %% [markdown]
# For a block it is the same, matrix by matrix. To see the contributions apart, give each use its
# own copy of the block: `state_dict()` is a dict of a block's numbers by name, and the copies load
# it. Their four gradients add up to the gradient of the block that is shared.

# %%
shared = Residual(3).double()  # in double precision, to compare closely
copies = [Residual(3).double() for _ in range(4)]
for block in copies:
    block.load_state_dict(shared.state_dict())

start = rng.normal(size=(2, 3))
shared(shared(shared(shared(start)))).sum().backward()
nn.Sequential(*copies)(start).sum().backward()

total_of_copies = sum(block.linear.weight.grad for block in copies)
assert np.allclose(shared.linear.weight.grad, total_of_copies)

# %% [markdown]
# That is the answer to question 2: something else, the sum of the gradients of all four uses. For
# question 1, here is the network itself.
#
# ## Sizes that are not known yet
#
# How many columns the table of houses will have depends on how it is prepared. A size given as
# `None` is left open, and the layer learns it from the first input that it meets. Until then its
# parameters have a name and a place, but no numbers. This is called *deferred initialisation*.


# %%
class HousePrice(nn.Module):
    def __init__(self, hidden=16, times=4):
        self.times = times
        self.body = nn.Sequential(nn.Linear(None, hidden), nn.ReLU())
        self.refine = Residual(hidden)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        h = self.body(x)
        for _ in range(self.times):
            h = self.refine(h)
        return self.head(h)


tg.manual_seed(0)
model = HousePrice()
model.body[0].weight

# %% [markdown]
# The question mark is the open size. Computing with such a parameter is refused, with the way out:

# %%
try:
    model.body[0].weight * 2
except tg.ModuleError as error:
    print(error)

# %% [markdown]
# One call with an input of 7 columns settles it.

# %%
model(np.zeros((1, 7)))
sizes = {name: parameter.size for name, parameter in model.named_parameters()}
for name, size in sizes.items():
    print(name, size)

assert sum(sizes.values()) == (16 * 7 + 16) + (16 * 16 + 16) + (16 + 1) == 417
assert 417 + 3 * sum(p.size for p in model.refine.parameters()) == 1233

# %% [markdown]
# That answers question 1: 417 numbers. The layer in the middle sits in a residual block here, which
# adds no numbers of its own. It counts once, however often it is used; with four separate layers it
# would be 1,233.
#
# ## A table with gaps
#
# Data seldom arrive as arrays. The 600 houses of this lesson are invented, so that the truth is
# known. A house of $r$ rooms has an area of about $15 + 22 r$ square metres. Its price, in
# thousands, is
#
# $$ 2.5 \cdot \text{area} \cdot f_\text{district} \cdot
# (1 - 0.008 \cdot \min(\text{age}, 50)) \cdot e^{0.05 \varepsilon} $$
#
# with $f = 1.5$ in the centre, $1.2$ on the hill and $1$ by the river. The last factor is luck,
# with $\varepsilon$ drawn from a normal distribution: about 5 % up or down, which nobody can
# predict. One age in ten and one district in twenty is missing.


# %%
def write_houses(n, rng):
    """A CSV file, as text."""
    factor = {"centre": 1.5, "hill": 1.2, "river": 1.0}
    rooms, age = rng.integers(1, 7, n), rng.integers(0, 101, n)
    area = np.round(15 + 22 * rooms + rng.normal(0, 12, n).clip(-20, 30))
    district = rng.choice(list(factor), n)
    luck = np.exp(0.05 * rng.normal(size=n))
    in_district = np.array([factor[d] for d in district])
    price = 2.5 * area * in_district * (1 - 0.008 * np.minimum(age, 50)) * luck

    ages = np.where(rng.random(n) < 0.1, "", age.astype(str))
    districts = np.where(rng.random(n) < 0.05, "", district)
    text = io.StringIO()  # a file in memory
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rooms", "area", "age", "district", "price"])
    writer.writerows(zip(rooms, area, ages, districts, price.round(1)))
    return text.getvalue()


text = write_houses(600, np.random.default_rng(0))
lines = text.splitlines()
with_gaps = [line for line in lines if ",," in line]
print(*lines[:4], "...", *with_gaps[:4], sep="\n")

# %% [markdown]
# Two commas in a row are a gap: three ages and a district are missing in the last four lines. A
# network computes with numbers, so three things have to be done to this table. The first is to read
# it, with `nan`, *not a number*, where a number is missing.

# %%
rows = list(csv.DictReader(io.StringIO(text)))
numeric = ("rooms", "area", "age")
numbers = np.array([[float(row[name] or "nan") for name in numeric] for row in rows])
districts = np.array([row["district"] for row in rows])
price = np.array([float(row["price"]) for row in rows])

training, test = slice(0, 400), slice(400, 600)
gaps = dict(zip(numeric, np.isnan(numbers).sum(axis=0).tolist()))
print("gaps:", gaps | {"district": (districts == "").sum().item()})

# %% [markdown]
# The second is to *standardise* the columns: subtract the mean, divide by the standard deviation.
# Then rooms, square metres and years have one scale, about $-2$ to $2$, and one learning rate suits
# them all ([lesson 21](21_steps_downhill.py) says how much that is worth). A gap is filled with 0,
# which now means "average".
#
# The mean and the deviation come from the **training rows only**. The 200 test rows stand for
# houses that nobody has seen yet, and what is computed from them must not reach the model.

# %%
mean = np.nanmean(numbers[training], axis=0)
deviation = np.nanstd(numbers[training], axis=0)
scaled = (numbers - mean) / deviation
standardised = np.nan_to_num(scaled)

assert np.allclose(np.nanmean(scaled[training], axis=0), 0)
assert np.allclose(np.nanstd(scaled[training], axis=0), 1)
assert np.isfinite(standardised).all()

# %% [markdown]
# The third is the district. Numbering the three as 1, 2 and 3 would claim that the hill lies
# halfway between the centre and the river. In *one-hot encoding* each category gets a column of its
# own that is 1 where it applies and 0 elsewhere. A missing district gets a column too, because "not
# stated" may mean something.

# %%
categories = ["centre", "hill", "river", ""]
one_hot = (districts[:, None] == np.array(categories)).astype(float)

features = np.concatenate([standardised, one_hot], axis=1).astype(np.float32)
assert features.shape == (600, 7)
assert (one_hot.sum(axis=1) == 1).all()
features[:3].round(2)

# %% [markdown]
# `pandas`, the usual library for tables, has a word for each of these steps. The result is the
# same, number by number.

# %%
try:
    import pandas
except ModuleNotFoundError:
    pandas = None
    print("pandas is not installed, and nothing below needs it: pip install pandas")

# %%
if pandas is not None:
    table = pandas.read_csv(io.StringIO(text))
    columns = table[["rooms", "area", "age"]]
    seen = columns[training]
    filled = ((columns - seen.mean()) / seen.std(ddof=0)).fillna(0)
    dummies = pandas.get_dummies(table["district"], dummy_na=True, dtype=float)
    by_pandas = pandas.concat([filled, dummies], axis=1)
    assert np.allclose(by_pandas.to_numpy(), features, atol=1e-6)
    print(by_pandas.head(3).round(2))

# %% [markdown]
# ## House prices
#
# An error of 20 thousand is a lot for a small flat and little for a villa. So the network learns
# the **logarithm** of the price: a difference of 0.05 there is about 5 % of the price, for every
# house. The error is measured as the root of the mean squared difference of logarithms.

# %%
log_price = np.log(price)[:, None].astype(np.float32)
centre = log_price[training].mean()


def error(predicted):
    """On the test rows: 0.05 is about 5 %."""
    return float(np.sqrt(np.mean((predicted - log_price[test]) ** 2)))


with_one = np.concatenate([features, np.ones((600, 1))], axis=1)
fitted, *_ = np.linalg.lstsq(with_one[training], log_price[training], rcond=None)

same_for_all = error(centre)
linear = error(with_one[test] @ fitted)
print(f"the same price for all {same_for_all:.3f}, linear regression {linear:.3f}")

# %% [markdown]
# Two marks to beat: always saying the average price, and the best linear model, by least squares as
# in lesson 4. The training loop is the one you know. A *schedule* changes the learning rate from
# epoch to epoch: here it falls to zero in a straight line, so that the last steps are small.

# %%
mean_squared_error = nn.MSELoss()


def trained(houses, hidden=16, epochs=60):
    """A network that has learned from these houses, and the loss of each epoch."""
    tg.manual_seed(0)
    model = HousePrice(hidden)
    model(features[:1])  # the open size becomes known: 7
    loader = data.DataLoader(houses, batch_size=50, shuffle=True)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 - epoch / epochs)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = mean_squared_error(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        schedule.step()
        losses.append(total / len(loader))
    return model, losses


houses = data.TensorDataset(features[training], log_price[training] - centre)
model, losses = trained(houses)
with tg.no_grad():
    predicted = model(features[test]).data + centre
network = error(predicted)
print(f"network {network:.3f}")
assert network < 0.7 * linear < 0.3 * same_for_all

# %%
plots.row(
    plots.lines(
        {"training": losses},
        xlabel="epoch",
        ylabel="mean squared error",
        logy=True,
    ),
    plots.bars(
        ["average", "linear", "network"],
        {"error": [same_for_all, linear, network]},
        ylabel="error of the log price",
    ),
)

# %% [markdown]
# Why is the network better than the line? Ask both for one house, with 3 rooms and 81 square metres in the
# centre, at every age. The price of the formula falls up to 50 years, and stays from there. A line cannot
# bend; the network has the ReLU for it.

# %%
ages = np.arange(101)
asked = np.column_stack([np.full(101, 3.0), np.full(101, 81.0), ages])
in_centre = np.tile([1, 0, 0, 0], (101, 1))
asked = np.concatenate([(asked - mean) / deviation, in_centre], axis=1).astype(np.float32)
with tg.no_grad():
    by_age = {
        "formula": np.log(2.5 * 81 * 1.5 * (1 - 0.008 * np.minimum(ages, 50))),
        "linear": (np.column_stack([asked, np.ones(101)]) @ fitted)[:, 0],
        "network": model(asked).data[:, 0] + centre,
    }
curves = {name: (ages, curve) for name, curve in by_age.items()}
plots.lines(curves, xlabel="age", ylabel="log price")

# %%
off = {name: np.abs(by_age[name] - by_age["formula"]).max() for name in ("linear", "network")}
print({name: round(float(most), 2) for name, most in off.items()})
assert off["network"] < 0.6 * off["linear"]

# %% [markdown]
# The linear model is about 16 % off the price, the network about 10 %. Part of what is left is
# luck, and part is the gaps. On the test houses with no gap the error is about 0.07. The luck in
# the formula is 0.05, and on average no model can do better than that. (A gap in the age counts as
# "average" here. Another column that says "age is missing" would let the network make the best of it.)

# %%
complete = np.isfinite(numbers[test]).all(axis=1) & (districts[test] != "")
no_gaps = float(np.sqrt(np.mean((predicted - log_price[test])[complete] ** 2)))
print(f"{complete.sum()} houses without a gap: {no_gaps:.3f}")
assert (round(linear, 2), round(network, 2), round(no_gaps, 2)) == (0.16, 0.10, 0.07)

# %% [markdown]
# Are 16 hidden numbers the right size? The test rows must not decide that, or they are no test any more.
# *Cross-validation*, as in [lesson 7](07_underfitting_overfitting.py), asks the training rows alone: five times
# a fifth of them is held back.

# %%
for hidden in (2, 16, 64):
    held_back = []
    for part, rest in data.k_fold(houses, 5):
        candidate, _ = trained(part, hidden)
        with tg.no_grad():
            x, y = rest[:]
            held_back.append(mean_squared_error(candidate(x), y).item())
    print(f"{hidden:2} hidden: error {np.sqrt(np.mean(held_back)):.3f} on what was held back")
    assert (np.sqrt(np.mean(held_back)) < 0.12) == (hidden > 2)

# %% [markdown]
# Two are too few; 64 do hardly better than 16, with ten times as many numbers.

# %% tags=["hide-cell"]
assert sum(p.size for p in candidate.parameters()) > 10 * 417

# %% [markdown]
# ## Saving and loading
#
# `state_dict()` is the tree of names as a dict of arrays. `tg.save` writes it to a file, and
# `tg.load` reads it back. The file holds numbers and no program: to load a stranger's file executes
# nothing. The class `HousePrice` is not in it; whoever loads the numbers needs the class to put
# them into.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = tg.save(model.state_dict(), f"{folder}/house_price.npz")
    for name, array in tg.load(path).items():
        print(name, array.shape)
    twin = HousePrice()  # its input size is still open, and comes from the file
    twin.load_state_dict(tg.load(path))

assert np.array_equal(twin(features).data, model(features).data)

# %% [markdown]
# What does not fit is refused as a whole, with a list of all that is wrong, and nothing is loaded.

# %%
try:
    HousePrice(hidden=8).load_state_dict(model.state_dict())
except tg.ModuleError as refusal:
    print(refusal)

# %% [markdown]
# ## The network at three depths
#
# `nn.summary` calls the network once and notes what comes out of each part. Every line is a module,
# indented by its depth in the tree. A *multiply-add* is a product that is added to others, the unit
# in which the work of a network is counted: the shared block learns 272 numbers and works four
# times. *Memory* is what the outputs of the layers take.

# %%
table = nn.summary(model, (1, 7))
assert table.parameters == 417
assert sum(p.size for p in model.refine.parameters()) == 272
assert table.multiply_adds == 7 * 16 + 4 * 16 * 16 + 16
table

# %% [markdown]
# The same tree decides what a picture shows. At depth 0 the network is one box.

# %%
predictions = model(tg.tensor(features[:4], name="houses"))
predictions.name = "predictions"
tg.draw(predictions, depth=0, direction="TB", gradients=False)

# %% [markdown]
# At depth 1 its three parts are boxes. The shared block is drawn once, with the number of its
# calls.

# %%
tg.draw(predictions, depth=1, direction="TB", gradients=False)

# %% [markdown]
# At depth 2 these open in their turn: a block shows its layers, and `head`, which is a layer, shows
# its operation and its parameters. The arrow that leaves the frame of `refine` and comes back to it
# is the loop in `forward`.

# %%
tg.draw(predictions, depth=2, direction="TB", gradients=False)

# %% [markdown]
# ## In five lines
#
# - A module is its parameters and what it computes; a network is a tree of modules.
# - The names in the tree are the names in the saved file.
# - A layer that is used in several places has one gradient, the sum of them all.
# - Sizes that are not known yet are filled in at the first call.
# - Tables become numbers: standardise, fill the gaps, and make a column of each category.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/09_layers_and_blocks/starter.py` to `my_answers.py` and fill in three functions:
#
# 1. `standardise(training, others)`: scale both tables with the statistics of the first, and fill
#    the gaps (3 points).
# 2. `one_hot(values, categories)`: a column for each category, zeros for a value that is none of
#    them (2 points).
# 3. `tied_backward(upstream, x, w)`: the gradients of a layer that is used twice (4 points).
#
# Then run
#
# ```sh
# tinygrad-edu grade exercises/09_layers_and_blocks my_answers.py --show
# ```
#
# It says what kind of mistake it sees. Scaling the second table with its own mean is named, and so
# is the gradient of one use where there are two.
#
# ## What to read in the source
#
# - `tinygrad_edu/nn/module.py`, `named_parameters` and `_module_paths`: the search through the
#   attributes, which also looks into lists and dicts, and counts what is shared once.
# - `tinygrad_edu/nn/module.py`, `load_state_dict`: all that does not fit is collected before
#   anything is changed.
# - `tinygrad_edu/nn/module.py`, `build` and `_learn_sizes`: how an open size becomes known.
# - `tinygrad_edu/nn/layers.py`, `Linear`: a whole layer on one page.
# - `tinygrad_edu/engine/scopes.py`, `made_by`: how a node comes to know the module that made it, which is
#   what lets a picture close and open.
# - `tinygrad_edu/saving.py`, `_encoded` and `_decoded`: what is in the file.
#
# ## Where this comes from
#
# - Residual blocks: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image
#   recognition", CVPR 2016.
# - Adam: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
# - Standardising, one-hot encoding and the rule to take nothing from the test rows: T. Hastie, R.
#   Tibshirani, J. Friedman, "The elements of statistical learning", 2nd edition, Springer 2009,
#   sections 3.4.1, 3.2 and 7.10.2.
