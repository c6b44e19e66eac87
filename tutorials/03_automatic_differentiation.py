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
# # 3. Automatic differentiation
#
# After this lesson you can say what a program has to write down to be differentiated, in which
# order it is read back, and how to switch the writing off. You will differentiate a derivative,
# and find a mistake in a derivative rule without knowing the rule.
#
# You need [lesson 1](01_a_graph_of_numbers.py): local derivatives, and gradients that add up where
# a number is used twice. [Lesson 2](02_tensors.py) helps with the arrays near the end.
#
# It takes about 110 minutes with the exercises, and is one of the harder lessons.

# %% [markdown]
# ## A question first
#
# Let $x = 2$, and then
#
# $$a = x \cdot x, \qquad b = a + x, \qquad y = a \cdot b.$$
#
# Draw the graph on paper, write a local derivative on each arrow, and go backward from $y$ to find
# $\partial y/\partial x$. Going back from $y$ you come to $a$ and to $b$. Does it matter which of
# the two you deal with first? Write down your number, and yes or no.

# %%
from textwrap import fill

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import plots
from tinygrad_edu.engine import graphs, walk

# %% [markdown]
# ## What has to be written down
#
# To go backward, you need for each number what it was made from and the local derivative by each of
# these. Nothing else: not the name of the operation, and not the program. A list of such notes, one
# row for each number in the order in which they were computed, is called a *tape*.

# %%
values, uses = [], []


def record(value, *operands):
    """Add a row to the tape; the operands are pairs (row, local derivative by it)."""
    values.append(value)
    uses.append(operands)
    return len(values) - 1


def add(i, j):
    return record(values[i] + values[j], (i, 1.0), (j, 1.0))


def multiply(i, j):
    return record(values[i] * values[j], (i, values[j]), (j, values[i]))


x = x_row = record(2.0)
a = multiply(x, x)
b = add(a, x)
y = multiply(a, b)

for name, row in zip("xaby", (x, a, b, y)):
    print(f"row {row}: {name} = {values[row]}, made from {uses[row]}")

# %% [markdown]
# A row with no operands, like that of $x$, is a *leaf*. The local derivatives are numbers already,
# since they were computed on the way forward.
#
# Going backward is now a loop. It takes the rows in some order, and each row hands to its operands
# its own gradient times the local derivative.


# %%
def gradients(order):
    gradient = [0.0] * len(values)
    gradient[order[0]] = 1.0
    for row in order:
        for operand, local in uses[row]:
            gradient[operand] += gradient[row] * local
    return gradient


b_first = gradients([y, b, a, x])
a_first = gradients([y, a, b, x])
print("b before a:", b_first[x])
print("a before b:", a_first[x])

# %% [markdown]
# Two orders, two answers: it matters. On paper $y = x^2 (x^2 + x) = x^4 + x^3$, so
# $\partial y/\partial x = 4x^3 + 3x^2 = 32 + 12 = 44$. The first order is right.
#
# What went wrong in the second? $a$ is used twice, by $y$ and by $b$. When its turn came, only the
# contribution of $y$ had arrived, 6. It handed on $6 \cdot 2$ for each of its two uses of $x$, and
# the 4 that came from $b$ afterwards went no further. The missing part is $4 \cdot 2 + 4 \cdot 2 = 16$.

# %% tags=["hide-cell"]
assert b_first[x] == 4 * 2**3 + 3 * 2**2 == 44
assert a_first[x] == 44 - 16

# %% [markdown]
# So the rule is: **a number may hand its gradient on only after everything that uses it has done
# so.** An order in which every number comes after all its users is called a *topological order*.
#
# The tape has one for free. An operand has to exist before it is used, so whoever uses a row has a
# higher number. From the last row to the first is always a topological order.

# %% tags=["hide-cell"]
assert gradients([3, 2, 1, 0]) == b_first

# %% [markdown]
# Could you do without an order, and follow every path from $y$ back to $x$ on its own? The answer
# would be right, since the chain rule is a sum over paths. But [lesson 1](01_a_graph_of_numbers.py)
# counted them: a number that is doubled twenty times has 21 rows, and a million paths.

# %% [markdown]
# ## The library's tape
#
# A `Value` is a row of a tape: it holds its number, the operation that made it, and its operands.
# It also has an `index`, the tick of a clock at which it was made. `backward()` begins at the result,
# and of all nodes that have received a gradient it always takes the newest one next.

# %%
x = tg.Value(2.0, name="x")
a = x * x
a.name = "a"
b = a + x
b.name = "b"
y = a * b
y.name = "y"
y.backward()
print("the order of the walk:", [node.name for node, gradient in walk.walk(y, every=True)])
print("the gradient:", x.grad)
assert x.grad == b_first[0]
assert y.index > b.index > a.index > x.index

# %% [markdown]
# In the picture each box has its value and, below it, its gradient. On the arrows you find
# upstream gradient · local derivative: the gradient of the box that hands on, times the derivative
# of that box by the one that receives. Compare with your paper.

# %%
tg.draw(y)

# %% [markdown]
# Now play it. On the way back, watch $a$. In step 5 its gradient is 6, "1 of 2" contributions. In
# step 7 the second arrives and makes it 10. Only then, in steps 9 and 10, does it hand anything to $x$.

# %%
tg.steps(y)

# %% [markdown]
# The walk sums over all paths without ever following one. For a graph this small the library can write the
# paths out, so that you can check that they give the same 44:

# %%
tg.explain(y, x)

# %% [markdown]
# ## When nothing is to be recorded
#
# Recording costs memory: as long as you hold `y`, everything that it was made from is kept. And a
# record can be unwanted, because what you compute is not part of the formula. There are three ways to
# say so.
#
# **A leaf without a gradient.** Data are not learned, so nobody asks for the gradient by them. With
# `requires_grad=False` no gradient flows there. Tensors begin this way; Values begin the other way.

# %%
price = tg.Value(3.0, name="price", requires_grad=False)
amount = tg.Value(2.0, name="amount")
cost = price * amount
cost.backward()
print(amount.grad, price.grad)
assert amount.grad == 3.0
assert price.grad is None

# %% [markdown]
# **A stretch of program that is not recorded.** Inside `with tg.no_grad():` the numbers are computed
# and nothing is written down. The result is a leaf, and no gradient goes through it.

# %%
with tg.no_grad():
    unrecorded = x * x
print(unrecorded, "is made from", unrecorded.inputs)
assert unrecorded.is_leaf
assert not unrecorded.requires_grad

# %% [markdown]
# `with` is no magic. Python calls `__enter__` of the object before the block and `__exit__` behind it,
# even if the block ends in an error. A switch for the tape at the beginning of this lesson, in a few
# lines:


# %%
class Off:
    """Inside `with Off():`, rows are written down without their operands."""

    def __enter__(self):
        global record
        self.before, record = record, lambda value, *operands: self.before(value)

    def __exit__(self, *error):
        global record
        record = self.before  # as it was before: so the blocks may be nested


with Off():
    given = multiply(x_row, x_row)
again = multiply(x_row, x_row)
print(uses[given], uses[again])
assert uses[given] == ()
assert uses[again] == ((x_row, 2.0), (x_row, 2.0))

# %% [markdown]
# Use `no_grad` when you only want results, as in measuring how good a finished model is. It is also where
# a model's *parameters* are changed, the numbers that it learns. Such a change is not part of the
# formula that is differentiated, and the library refuses to guess which you mean:

# %%
w = tg.tensor([1.0, 2.0], requires_grad=True, name="w")
try:
    w -= 0.1
except tg.InPlaceError as error:
    print(fill(str(error), 88))
with tg.no_grad():
    w -= 0.1
print(w)

# %% [markdown]
# **One number that is to count as given.** `x.detach()` is the same number outside the graph. In
# $y = x \cdot x$ with $x = 3$ the gradient is 6, 3 from each factor. If one factor is detached, 3
# remains.

# %%
x3 = tg.Value(3.0, name="x")
y3 = x3 * x3.detach()
y3.name = "y"
y3.backward()
print(x3.grad)

# %%
tg.draw(y3)

# %% tags=["hide-cell"]
assert x3.grad == 3.0

# %% [markdown]
# The picture shows it: no gradient stands in the second box, and none flows along its arrow.
#
# The opposite mistake is to record without wanting to. A *loss* is a number for how wrong a model
# is. A loop that adds up losses, to print their mean later, makes one graph that holds the graphs
# of all the losses:

# %%
total, kept = 0.0, []
for _ in range(4):
    loss = x3 * x3
    total = total + loss
    kept.append(len(graphs.reachable(total)))
print("nodes kept alive:", kept)

# %% [markdown]
# With `total + loss.item()` nothing is kept, since `.item()` is a plain number. If a program's
# memory grows from step to step, look for such a sum.

# %%
total = 0.0
for _ in range(4):
    loss = x3 * x3
    total = total + loss.item()
assert total == 36.0
assert type(total) is float

# %% [markdown]
# ## The derivative of a derivative
#
# Going backward is itself a computation: products and sums of numbers. If these are recorded like
# any others, the gradient is the result of a graph, and that graph can be differentiated in turn. The
# library does this when you ask with `create_graph=True`.
#
# For our $y = x^4 + x^3$ the second derivative is $12x^2 + 6x$, at $x = 2$ that is $48 + 12 = 60$,
# and the third is $24x + 6 = 54$. With the third we stop: no graph is asked for, and so it comes as
# a plain number.

# %%
[first_derivative] = tg.gradients(y, [x], create_graph=True)
[second_derivative] = tg.gradients(first_derivative, [x], create_graph=True)
[third_derivative] = tg.gradients(second_derivative, [x])
print(first_derivative, second_derivative, third_derivative)
assert first_derivative.data == 44.0
assert second_derivative.data == 60.0
assert third_derivative == 54.0

# %% [markdown]
# This is the graph that was recorded for the first derivative: the *backward graph* of $y$. Read it
# from the bottom to the top. At the bottom the gradient of $y$ by itself, 1, comes in. The dashed boxes
# are numbers of the forward pass that the rules needed. What leaves at the top is
# $\partial y/\partial x = 44$.

# %%
tg.draw(y, "backward", direction="TB")

# %% [markdown]
# Find the place where $a$ waits: the box $\partial y/\partial a$ is a sum, $6 + 4$. A topological
# order makes sure that it is complete before the two products above it are taken.

# %% [markdown]
# What is a second derivative good for? It says how fast the slope changes, and so how far away the
# place is where the slope is 0. *Newton's method* steps there: $x \leftarrow x - f'(x)/f''(x)$. Our function
# has its minimum where $4x^3 + 3x^2 = 0$ with $x < 0$, which is at $x = -3/4$.
#
# `tg.grad(f)` is the derivative of `f` as a function, so it can be applied twice.


# %%
def f(x):
    return x**4 + x**3


slope, curvature = tg.grad(f), tg.grad(tg.grad(f))
place = -2.0
for step in range(9):
    print(f"step {step}: x = {place:.10f}, slope {slope(place):.1e}")
    place = place - slope(place) / curvature(place)
assert abs(place + 0.75) < 1e-9
assert slope(2.0) == 44.0
assert curvature(2.0) == 60.0

# %% [markdown]
# The error goes down fast: near the end, the number of right digits doubles with each step.

# %% [markdown]
# ## A check that knows no rule
#
# How would you notice if a derivative rule were wrong? A program with a wrong gradient runs, prints
# no error, and often even learns, only less well. So you want a second way to the same number that
# shares nothing with the first.
#
# The definition of the derivative is such a way. Move $x$ by a small $h$ to both sides, and divide the
# change of $f$ by the change of $x$:
#
# $$f'(x) \approx \frac{f(x + h) - f(x - h)}{2h}.$$
#
# This is the *central difference*. It needs two evaluations and no rule at all.


# %%
def central_difference(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


print(f"{central_difference(f, 2.0, 0.1):.6f}")
assert np.isclose(central_difference(f, 2.0, 0.1) - 44, 9 * 0.1**2)

# %% [markdown]
# It is not quite 44. Multiply $(2 + h)^4 + (2 + h)^3$ out, and beside the 44 there is $9h^2$ left in
# the quotient, here 0.09. For any smooth $f$ the error is about $f'''(x)\,h^2/6$, with the third derivative. (Here
# it is $54 h^2/6 = 9h^2$. In general Taylor's theorem says so, which you need not know.) The smaller $h$ is, the
# smaller the error: so take $h$ as small as can be?
#
# Before you look at the plot: which $h$ would you take? 0.001, $10^{-5}$, $10^{-8}$, $10^{-12}$?


# %%
def forward_difference(f, x, h):
    return (f(x + h) - f(x)) / h


h = 10.0 ** -np.arange(1, 13)
central_error = abs(central_difference(f, 2.0, h) - 44)
forward_error = abs(forward_difference(f, 2.0, h) - 44)
for row in (0, 4, 8, 11):
    print(f"h = {h[row]:.0e}: error {central_error[row]:.1e}")
plots.lines(
    {"central": (h, central_error), "forward": (h, forward_error)},
    xlabel="h",
    ylabel="error",
    logx=True,
    logy=True,
    title="How wrong a difference quotient is",
)

# %% [markdown]
# Read the plot from right to left. First both errors fall, the central one with $h^2$, the forward one,
# which moves to one side only, with $h$. Then they rise again. A float has about 16 digits. The two
# values of $f$ agree in more and more of them, their difference has fewer and fewer right digits, and
# dividing by the small $h$ magnifies what is wrong.
#
# The best $h$ for central differences is between $10^{-5}$ and $10^{-6}$, and about 10 digits of the derivative
# are right. That is enough to tell a right rule from a wrong one.

# %%
best = h[central_error.argmin()]
assert 1e-6 <= best <= 1e-5
assert central_error.min() < 1e-8 < forward_error.min()

# %% [markdown]
# For an array, each number is moved by itself while the others stay. The result has the array's shape.


# %%
def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        gradient[place] = (f(up) - f(down)) / (2 * h)
    return gradient


# %% [markdown]
# It needs two evaluations for each number in the array. A walk backward gives all of them at once,
# which is why networks are trained with the one and checked with the other.

# %% [markdown]
# ## A planted bug
#
# Somebody has added the function *softsign*, $s(x) = x/(1 + |x|)$, with a hand-written backward pass. It is wrong.
# Do not work out the derivative yet. They also wrote a test, and the test passes:


# %%
def softsign(x):
    return x / (1 + abs(x))


def softsign_backward(upstream, x):
    return upstream / (1 + abs(x))


def numerically(x):
    return numerical_gradient(lambda x: softsign(x).sum(), x)


assert np.allclose(softsign_backward(1.0, np.zeros(3)), numerically(np.zeros(3)))

# %% [markdown]
# A test at one special place says little. Take numbers that are different from each other and far from
# anything special, and look at the two gradients side by side.

# %%
at = np.array([-3.0, -1.0, 0.5, 2.0])
claimed = softsign_backward(1.0, at)
measured = numerically(at)
print("claimed: ", claimed)
print("measured:", measured.round(6))
print("ratio:   ", (claimed / measured).round(6))

# %% [markdown]
# The ratio tells what is missing: at $-3$ it is 4, at $-1$ it is 2, at 0.5 it is 1.5. That is $1 + |x|$
# each time. The rule has to be divided by it once more: $s'(x) = 1/(1 + |x|)^2$. At 0 the missing
# factor is 1, and so the test could not see it.

# %% tags=["hide-cell"]
assert np.allclose(claimed / measured, 1 + abs(at))
assert np.allclose(measured, 1 / (1 + abs(at)) ** 2)

# %% [markdown]
# ## The library's check
#
# `tg.gradcheck` does the same for any function of numbers and arrays. It chooses $h$ for each number,
# estimates how exact the differences are, and compares second derivatives too. If something
# is wrong, it looks for the operation that is to blame.
#
# To see it at work, make softsign a *primitive* of the library, a row of its table of derivatives:
# how to compute it on arrays, how on floats, and the rule that carries the gradient `g` of the
# result back to `x`. (A line for the documentation and an example follow, and the NumPy functions
# that do the same: none.) The rule is the wrong one.

# %%
from tinygrad_edu.engine.primitives.primitive import TABLE
from tinygrad_edu.engine.primitives.rows import unary


def softsign_with(rule):
    TABLE.pop("softsign", None)  # a name stands in the table only once
    doc, example = "x / (1 + |x|).", (1.0, 0.5)
    return unary("softsign", softsign, softsign, rule, doc, example, numpy=[])


wrong = softsign_with(lambda g, out, x: g / (1 + abs(x)))

rng = np.random.default_rng(0)
X, weights = rng.normal(size=(5, 3)), np.array([0.5, -1.0, 2.0])


def loss(w):
    return (wrong(X @ w) ** 2).mean()


report = tg.gradcheck(loss, weights, raise_exception=False)
print(report)
assert not report
assert "softsign" in str(report)

# %% [markdown]
# All three derivatives of the loss are wrong, and in no simple ratio, since many numbers are mixed in
# each. So `gradcheck` tried the operations one by one, and it names the rule.
#
# The corrected rule passes. Here is another one, which looks careful: its author wanted to save memory
# and computes the local derivative inside `no_grad`. The numbers are right.


# %%
def unrecorded_rule(g, out, x):
    with tg.no_grad():
        local = 1 / (1 + abs(x)) ** 2
    return g * local


right = softsign_with(lambda g, out, x: g / (1 + abs(x)) ** 2)
print(tg.gradcheck(lambda w: (right(X @ w) ** 2).mean(), weights))
print()
careful = softsign_with(unrecorded_rule)
print(tg.gradcheck(careful, 2.0, raise_exception=False))

# %% [markdown]
# The first derivative passes, and the second is 0 where it should be $-2/(1 + |x|)^3 = -2/27$. (The
# report has other numbers, since `gradcheck` multiplies by random upstream gradients: with 1
# everywhere, a rule that forgets to multiply by `g` would pass.)
#
# The local derivative was cut out of the backward graph, as `detach` cuts. That is one reason to check to
# the second order: it notices what was not recorded.

# %%
assert tg.gradcheck(right, 2.0)
assert tg.gradcheck(careful, 2.0, order=1)
assert not tg.gradcheck(careful, 2.0, raise_exception=False)
assert abs(tg.grad(tg.grad(right))(2.0) + 2 / 27) < 1e-12
del TABLE["softsign"]  # the library's table is again what it was

# %% [markdown]
# ## The backward graph of a backward graph
#
# The last picture of this lesson needs a function small enough to check on paper: $y = x^3$ at $x = 3$,
# with $\partial y/\partial x = 3x^2 = 27$ and $\partial^2 y/\partial x^2 = 6x = 18$.
#
# This is the graph that computes the 27. It was recorded while the walk went backward through
# $y$; now it is drawn like any other graph, from left to right, with the gradients of $\partial y/\partial x$ in it.

# %%
u = tg.Value(3.0, name="x")
cube = u**3
cube.name = "y"
[du] = tg.gradients(cube, [u], create_graph=True)
tg.draw(du)

# %% [markdown]
# And this is what is recorded when the walk goes backward through that graph: the backward
# graph of the backward graph. It ends on the left in 18. The grey box is no gradient: it computes a
# local derivative, $2x = 6$, that of $x^2$.

# %%
tg.draw(du, "backward")

# %%
[ddu] = tg.gradients(du, [u], create_graph=True)
print("∂y/∂x   =", tg.formula(du), "=", du.data)
print("∂²y/∂x² =", tg.formula(ddu), "=", ddu.data)
assert (du.data, ddu.data) == (27.0, 18.0)

# %% [markdown]
# The formulas were read off the two graphs. No rule for second derivatives stands anywhere in the
# library: the same table and the same walk were used twice.

# %% [markdown]
# ## In five lines
#
# - To be differentiated, a program must have written down its operations with their operands, in
#   the order in which they ran.
# - Read back in the opposite order, every number has its whole gradient before it passes it on.
# - Inside `no_grad` nothing is written down: for tests, and for changes of the parameters.
# - Derivative rules are made of operations that are recorded themselves, so a derivative can be
#   differentiated again.
# - Finite differences check every rule without knowing it; the best step is small, but not too
#   small.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/03_automatic_differentiation/starter.py` to `my_answers.py`, fill it in, and have it
# graded:
#
# ```sh
# tinygrad-edu grade exercises/03_automatic_differentiation my_answers.py --show
# ```
#
# 1. `gradients(uses, output)` (4 points): walk backward through a graph whose rows come in no order
#    at all. You have to find one.
# 2. `jacobian(f, x)` (3 points): all derivatives of all outputs by central differences, a table that
#    is called the *Jacobian matrix*. If $f$ is itself a gradient, it holds the second derivatives, and
#    is called the *Hessian matrix*.
# 3. `loss_backward(w, b, x, target)` (3 points): it is written already, and two mistakes are planted
#    in it. Find them with differences and mend them.
#
# A wrong answer is told what kind of mistake explains its numbers, such as a gradient handed on too
# early, or a step divided by $h$ instead of $2h$.

# %% [markdown]
# ## What to read in the source
#
# - `tinygrad_edu/engine/walk.py`, `walk`: the loop of this lesson, on any node. Find the line that takes the
#   youngest node, and the one that adds a contribution to those before it.
# - `tinygrad_edu/engine/graphs.py`, `reachable`: how the nodes are collected without recursion, if only some inputs
#   matter.
# - `tinygrad_edu/engine/grad_mode.py`, `no_grad` and `enable_grad`: the switch, which each thread has for itself.
# - `tinygrad_edu/engine/derivatives.py`, the docstring at the top: what can go wrong when derivatives are nested, with
#   the example that shows it.
# - `tinygrad_edu/check/compare.py`, `gradcheck`: how many numbers are moved at once, and what is done
#   at kinks, such as that of $|x|$ at 0.
# - `tinygrad_edu/engine/primitives/elementwise.py`: rules, a line each, as you wrote one for softsign.

# %% [markdown]
# ## Where this comes from
#
# - The tape and the walk back: S. Linnainmaa, *Taylor expansion of the accumulated rounding error*,
#   BIT Numerical Mathematics 16, 1976.
# - Which order, and what it costs: A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd edition,
#   SIAM 2008, chapters 3 and 4.
# - The error of difference quotients and the best $h$: W. Press and others, *Numerical Recipes*, 3rd
#   edition, Cambridge University Press 2007, section 5.7.
# - Softsign: J. Bergstra and others, *Quadratic polynomials learn better image features*, Technical
#   Report 1337, Université de Montréal 2009.
