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
# # 1. A graph of numbers
#
# After this lesson you can find how a result changes with every number it was computed from, in
# about as many steps as the computation itself took. You will have written the class that does it,
# in 60 lines of Python.
#
# You need the derivative as school teaches it (the slope of a curve, $x^2$ has the derivative
# $2x$), and Python up to classes. Later lessons stand on this one.
#
# It takes about 80 minutes with the exercises, and is easy.

# %% [markdown]
# ## A question first
#
# Take a sheet of paper. With $x = 2$, $y = 3$ and $w = 4$,
#
# $$z = (x + y) \cdot w = 20.$$
#
# 1. Make $x$ larger by 0.001. By how much does $z$ grow? And if it was $w$ that grew by 0.001?
# 2. Now $w$ stands in two places: $z = (x + w) \cdot w = 24$. Make $w$ larger by 0.001. By how much
#    does $z$ grow?
#
# Write three numbers down before you read on. A guess will do; the lesson comes back to each.

# %% [markdown]
# ## Nudge it
#
# A computer answers the question by trying. Compute $z$, change one input a little, compute again,
# and divide the change of the result by the change of the input.


# %%
def f(x, y, w):
    return (x + y) * w


nudge = 0.001
z = f(2, 3, 4)
slopes = {
    "x": (f(2 + nudge, 3, 4) - z) / nudge,
    "y": (f(2, 3 + nudge, 4) - z) / nudge,
    "w": (f(2, 3, 4 + nudge) - z) / nudge,
}
for name, slope in slopes.items():
    print(f"z grows {slope:.3f} times as much as {name}")
assert round(f(2 + nudge, 3, 4) - z, 6) == 0.004
assert round(f(2, 3, 4 + nudge) - z, 6) == 0.005

# %% [markdown]
# The limit of this quotient, as the nudge goes to 0, is the *partial derivative* of $z$ by $x$,
# written $\partial z/\partial x$. "Partial" says that the other inputs are held still. All the
# partial derivatives of one result together are its *gradient*; here they are 4, 4 and 5.
#
# Trying has a price: one more run of the program for every input. In a neural network there are
# thousands of inputs to be improved, and often millions, and the slope is wanted for each. We need
# all the answers from one run.

# %% [markdown]
# ## Break it up
#
# A computer does not do $(x + y) \cdot w$ in one go. It computes a sum, keeps it, and then computes
# a product. Give the sum a name:
#
# $$q = x + y \qquad\qquad z = q \cdot w$$
#
# Draw a box for each number and an arrow from what was used to what was made of it, and you have a
# *computation graph*. A box is a *node*. A node that no operation made, such as $x$, is a *leaf*.

# %%
import tinygrad_edu as tg

x, y, w = tg.Value(2.0, name="x"), tg.Value(3.0, name="y"), tg.Value(4.0, name="w")
q = x + y
q.name = "q"
z = q * w
z.name = "z"
tg.draw(z, gradients=False, steps=False)  # the numbers alone, for now

# %% [markdown]
# Each operation on its own is easy. The numbers that it uses are its *operands*. Nudge one of them
# and hold the other still: how many times as much the result grows is the *local derivative* of the
# operation. You find it without looking at the rest of the graph.
#
# | operation | local derivatives | here |
# |---|---|---|
# | $q = x + y$ | $\partial q/\partial x = 1$, $\partial q/\partial y = 1$ | 1 and 1 |
# | $z = q \cdot w$ | $\partial z/\partial q = w$, $\partial z/\partial w = q$ | 4 and 5 |
#
# For the product: if $q$ grows by 0.001, then $q \cdot w$ grows by $0.001 \cdot w$. So the
# derivative by one factor is the other factor.

# %% [markdown]
# ## Multiply along a path
#
# How does $z$ change with $x$? If $x$ grows by 0.001, then $q$ grows 1 times as much. If $q$ grows
# by 0.001, then $z$ grows 4 times as much. So $z$ grows $4 \cdot 1$ times as much as $x$. This is
# the *chain rule*:
#
# $$
# \frac{\partial z}{\partial x}
# = \frac{\partial z}{\partial q} \cdot \frac{\partial q}{\partial x} = 4 \cdot 1 = 4
# $$
#
# The library writes the same lines, from the graph:

# %%
print(tg.explain(z, x))

# %% [markdown]
# It pays to go from the result to the leaves. Start at $z$ with $\partial z/\partial z = 1$: the
# result changes exactly as much as itself. At every operation you then have the derivative of $z$
# by what the operation made. It is called the *upstream gradient*. Multiply it by the local
# derivative, and you have the derivative of $z$ by the operand.
#
# $$\text{gradient} = \text{upstream gradient} \cdot \text{local derivative}$$
#
# By hand, with plain numbers:

# %%
dz_dz = 1.0
dz_dq = dz_dz * 4.0  # z = q · w: the local derivative by q is w
dz_dw = dz_dz * 5.0  # the local derivative by w is q
dz_dx = dz_dq * 1.0  # q = x + y: the local derivative by x is 1
dz_dy = dz_dq * 1.0
print(dz_dx, dz_dy, dz_dw)

# %% [markdown]
# The same in a picture: on top the numbers on their way forward, with the local derivative at each
# arrow, and below the gradients on their way back. Boxes with equal circled numbers belong
# together.

# %%
tg.draw(z, "both")

# %% [markdown]
# Question 1 is answered: nudging $x$ by 0.001 adds 0.004, nudging $w$ adds 0.005. And there was one
# way back for all three inputs, with one multiplication per arrow. $\partial z/\partial q$ was
# computed once and used for $x$ and for $y$. Computing the result is the *forward pass*, this is
# the *backward pass*, and the method is *backpropagation*.

# %% [markdown]
# ## Add where paths meet
#
# In $z = (x + w) \cdot w$ two *paths* lead from $w$ to $z$: one through the sum, one straight into
# the product. A nudge of $w$ takes both at once, and both changes arrive.

# %%
x, w = tg.Value(2.0, name="x"), tg.Value(4.0, name="w")
z = (x + w) * w
z.name = "z"
tg.draw(z)

# %% [markdown]
# The picture has everything in it now. In each box the number stands above its gradient. (The sum
# has no name, so the library calls it `v₁`.) On each arrow is what comes back along it: upstream
# gradient · local derivative. A box with two arrows leaving it gets the **sum** of what comes back
# along both: $4 + 6 = 10$.

# %%
print(tg.explain(z, w))
assert round((2 + 4.001) * 4.001 - 24, 6) == 0.010001

# %% [markdown]
# `(∂z/∂w)₂` is the local derivative of the product by its second operand: $v_1$ is held still.
# `∂z/∂w` without brackets is the whole, in which $w$ changes $v_1$, too.
#
# That answers question 2: $z$ grows by 0.010. (If you computed 0.010001, you are right, too: the
# derivative is the limit for small nudges.) School's rules say the same:
# $(x + w) \cdot w = xw + w^2$ has the derivative $x + 2w = 10$ by $w$.
#
# This is all the calculus that we need. Derivatives multiply along a path, and add where paths
# meet:
#
# $$
# \frac{\partial z}{\partial v}
# = \sum_{u \text{ made from } v} \frac{\partial z}{\partial u} \cdot \frac{\partial u}{\partial v}
# $$
#
# A node that was made from $v$ with two arrows, as $x \cdot x$ is from $x$, stands in the sum twice.

# %% [markdown]
# ## Visit nodes, not paths
#
# A warning before we write the program. Double a number by adding it to itself, and repeat that
# twenty times. There are twenty operations, and each has two arrows into it, both from the same
# node. These are the first three:

# %%
y = tg.Value(1.5, name="y")
doubled = y
for _ in range(3):
    doubled = doubled + doubled
tg.draw(doubled)

# %% [markdown]
# Three doublings have $2 \cdot 2 \cdot 2 = 8$ paths from $y$ to the result, and twenty have
# $2^{20} = 1{,}048{,}576$. A program that follows every path to its end is lost here. One that
# visits every **node** once has 21 to visit.
#
# To visit a node only once, you must come to it when its gradient is complete: after everything
# that used it. There is an order that has this property for free. What uses a node is made later
# than the node. So go through the nodes from the newest to the oldest.

# %% [markdown]
# ## Write it
#
# Now the program. A node is a number, what it was made from, the local derivative by each of these,
# and the time at which it was made.

# %%
from itertools import count

clock = count(1)


class Node:
    """A number, and how it was made."""

    def __init__(self, data, inputs=(), local=()):
        self.data = data
        self.inputs = inputs  # the nodes it was computed from; none for a leaf
        self.local = local  # its derivative by each of them
        self.index = next(clock)  # when it was made
        self.grad = 0.0


# %% [markdown]
# Here is $z = (x + w) \cdot w$ once more, with all that you found on paper written into the nodes
# by hand.

# %%
x, w = Node(2.0), Node(4.0)
q = Node(x.data + w.data, inputs=(x, w), local=(1.0, 1.0))
z = Node(q.data * w.data, inputs=(q, w), local=(w.data, q.data))
print(z.data)

# %% [markdown]
# The way back is two functions. The first collects the nodes that the output was made from, each
# once, newest first. It keeps a list of those that it still has to look at. (A function that calls
# itself would be shorter, and would end at Python's limit of 1,000 calls inside each other. A
# training run has longer chains.)


# %%
def nodes_of(output):
    """Everything that output was made from, and output itself, the newest first."""
    found, waiting = {output}, [output]
    while waiting:
        for node in waiting.pop().inputs:
            if node not in found:
                found.add(node)
                waiting.append(node)
    return sorted(found, key=lambda node: node.index, reverse=True)


# %% [markdown]
# The second is the chain rule. Read its last line aloud: to the gradient of the input, add the
# upstream gradient times the local derivative. The `+=` is the sum over all paths.


# %%
def backward(output):
    """Set `grad` of every node of the graph: the derivative of output by it."""
    nodes = nodes_of(output)
    for node in nodes:
        node.grad = 0.0
    output.grad = 1.0
    for node in nodes:
        for x, local in zip(node.inputs, node.local):
            x.grad += node.grad * local


backward(z)
print(x.grad, w.grad)
assert (x.grad, w.grad) == (4.0, 10.0)

# %% [markdown]
# What is left is comfort. Python calls `a.__add__(b)` for `a + b`, and `b.__radd__(a)` if `a` is a
# plain number that knows nothing of `b`. Each method below computes a number, and leaves behind the
# node that says how.
#
# Check the local derivatives against your school book. Five operations have their own, and the rest
# is made of these five. `tanh` may be new to you: it squeezes every number into the range from -1
# to 1, and its derivative is $1 - \tanh^2$. (For `1 - x` and `1 / x`, with the plain number first,
# `__rsub__` and `__rtruediv__` are missing: two lines each, for you to add.)

# %%
import math


class Value(Node):
    """A number to compute with."""

    def __add__(self, other):
        other = as_node(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = as_node(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):  # n is a plain number
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def exp(self):
        e = math.exp(self.data)
        return Value(e, (self,), (e,))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * as_node(other) ** -1

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        backward(self)


def as_node(x):
    return x if isinstance(x, Node) else Value(x)


# %%
x, y, w = Value(2.0), Value(3.0), Value(4.0)
z = (x + y) * w
z.backward()
print(z.data, x.grad, y.grad, w.grad)
assert (x.grad, y.grad, w.grad) == (4.0, 4.0, 5.0)

y = Value(1.5)
doubled = y
for _ in range(20):
    doubled = doubled + doubled
doubled.backward()
assert y.grad == 2**20 == 1_048_576  # a million paths
assert len(nodes_of(doubled)) == 21

# %% [markdown]
# ## Is it right?
#
# Two examples prove little. So let us have a thousand formulas that nobody chose. A *random
# program* starts with three numbers, and has ten lines, each of which picks an operation and two of
# the numbers found so far. NumPy, a package for computing with many numbers at once, draws them by
# chance.

# %%
import numpy as np

OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (b**2 + 1.0),
    lambda a, b: (a * b).tanh(),
    lambda a, b: 3.0 * (-(a**2)).exp(),
]


def random_program(rng, lines=10):
    """For each line its operation, and which two of the numbers before it take part."""
    which, n = rng.integers, len(OPERATIONS)  # which(n) is a random whole number below n
    return [(which(n), *which(3 + i, size=2)) for i in range(lines)]


def run(program, leaves):
    numbers = list(leaves)
    for operation, i, j in program:
        numbers.append(OPERATIONS[operation](numbers[i], numbers[j]))
    return numbers[-1]


# %% [markdown]
# `run` asks for nothing but operators, `tanh` and `exp`, so one program runs on your class and on
# the library's. We compare the results and the gradients.

# %%
rng = np.random.default_rng(0)
for _ in range(1000):
    program, start = random_program(rng), rng.uniform(-1.5, 1.5, size=3).tolist()
    ours, theirs = [Value(s) for s in start], [tg.Value(s) for s in start]
    our_result, their_result = run(program, ours), run(program, theirs)
    our_result.backward()
    their_result.backward()
    our_gradient = [leaf.grad for leaf in ours]
    their_gradient = [leaf.grad or 0.0 for leaf in theirs]  # None if no path leads there
    assert np.isclose(our_result.data, their_result.data, rtol=1e-9, atol=1e-9)
    assert np.allclose(our_gradient, their_gradient, rtol=1e-9, atol=1e-9)
print("1000 programs, equal results, equal gradients")

# %% [markdown]
# The library's `Value` has more operations, an error message where yours would be silent, and rules
# that can be differentiated again. The walk back is the same walk. One thing differs on purpose:
# where yours begins at 0, the library's `backward()` adds to the `grad` that a leaf already has. So
# the gradients of several results can be summed up, one after the other, and `x.zero_grad()` begins
# anew.

# %% [markdown]
# ## Play it
#
# `tg.steps(z)` is the whole derivation, step by step: one for each operation forward, and one for
# each arrow on the way back. In a notebook, and on this page, click into it and walk with the
# arrow keys. Tick "predict each result", and you are asked for each number before you see it.

# %%
x, w = tg.Value(2.0, name="x"), tg.Value(4.0, name="w")
q = x + w
q.name = "q"
z = q * w
z.name = "z"
tg.steps(z)

# %% [markdown]
# Watch $\partial z/\partial w$: after the first contribution it says 6, and it is not complete
# until the second arrives.
#
# Now a formula of your own. Put one that you care about in the place of this one: a ball is thrown
# upward at $v = 20$ metres a second, and after $t = 1.5$ seconds its height is
# $h = v t - \tfrac{1}{2} g t^2$. We round the acceleration of gravity to $g = 10$.

# %%
v, t, g = tg.Value(20.0, name="v"), tg.Value(1.5, name="t"), tg.Value(10.0, name="g")
h = v * t - 0.5 * g * t**2
h.name = "h"
tg.steps(h)

# %% [markdown]
# The derivative of the height by the time is the speed. It is $v - g t = 20 - 15 = 5$ metres a
# second: the ball still rises. The gradient has two more answers, which we did not ask for and
# which cost nothing: how the height depends on the throw, $\partial h/\partial v = 1.5$, and on
# gravity, $\partial h/\partial g = -1.125$.

# %%
h.backward()
print(h.data, t.grad, v.grad, g.grad)
assert (h.data, t.grad, v.grad, g.grad) == (18.75, 5.0, 1.5, -1.125)

# %% [markdown]
# ## Let it learn
#
# A gradient says in which direction a result grows. So a program can look for the best number by
# itself. When is the ball highest? Begin at 1.5 seconds, and let $t$ go in the direction in which
# $h$ grows, by a small part of the slope. This is your own class at work:

# %%
seconds = 1.5
for _ in range(8):
    t = Value(seconds)
    h = 20.0 * t - 5.0 * t**2
    h.backward()
    print(f"t = {seconds:.4f}, height {h.data:.4f}, slope {t.grad:.4f}")
    seconds = seconds + 0.05 * t.grad
assert abs(seconds - 2.0) < 0.01

# %% [markdown]
# It finds 2 seconds, where the height is 20 metres and the slope is 0. Nobody told it how. All
# learning in this course is of this kind: numbers go along a gradient until a result is as good as
# it gets. In [lesson 4](04_linear_regression.py) they are the two numbers of a line, later the
# thousands of a network.

# %% [markdown]
# ## In five lines
#
# - A result is computed in small operations, and a graph records them: each number points to the
#   numbers it was made from.
# - Each operation knows its *local* derivatives: how its result changes with each of its operands.
# - Along a path the local derivatives are multiplied; where paths meet, the products are added.
# - Going backward, each number is visited once, after everything it was used for. So the gradients
#   by all inputs take about as long as the result.
# - Sixty lines of Python are enough for all of that.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/01_a_graph_of_numbers/starter.py` to `my_answers.py`, fill it in, and have it graded:
#
# ```sh
# tinygrad-edu grade exercises/01_a_graph_of_numbers my_answers.py --show
# ```
#
# 1. `by_hand(a, b, c)` (2 points): the three gradients of $(a b + c) \cdot a$, from the result to
#    the leaves. Give each number of the way back a name, as above. If a path is lost, the grader
#    tells you.
# 2. `Value` (3 points): add `log`, `relu` and `hypot` to the class of this lesson. `relu` is
#    $\max(x, 0)$, and `hypot` is $\sqrt{a^2 + b^2}$. Each needs its result, its operands and its
#    local derivatives, the latter two as tuples: with one operand, `(self,)`.
# 3. `count_paths(inputs, output, leaf)` (3 points): how many paths lead from `leaf` to `output`.
#    One of the graphs has $2^{60}$ of them. You have already written the loop that is needed: what
#    must every local derivative be, for the gradient to be the number of paths?

# %% [markdown]
# ## What to read in the source
#
# - `tinygrad_edu/engine/node.py`, `Node`: the same things as in yours. The local derivatives are missing:
#   a node remembers which operation made it, and a table knows the rule.
# - `tinygrad_edu/engine/primitives/arithmetic.py`: that table. Look at the rows of `multiply` and
#   `divide`.
# - `tinygrad_edu/engine/walk.py`, `walk`: your `backward`. Its `nodes_of` is `operations` in
#   `tinygrad_edu/engine/graphs.py`, which sorts the nodes by age.
# - `tinygrad_edu/engine/value.py`, `Value`: what each operator does beyond computing a number.
# - `tinygrad_edu/step/derivation.py`, `steps`: how the walk becomes the script that you played.
# - `tinygrad_edu/grade/assignments/value_engine`: a longer exercise in the same class.
#
# ## Where this comes from
#
# - The way back through a computation, with one multiplication per arrow: S. Linnainmaa, master's
#   thesis, University of Helsinki, 1970; published in BIT Numerical Mathematics 16, 1976.
# - Forward and reverse, and what each costs: A. Griewank and A. Walther, *Evaluating Derivatives*,
#   2nd edition, SIAM 2008, chapters 2 to 4.
# - For neural networks: D. Rumelhart, G. Hinton and R. Williams, *Learning representations by
#   back-propagating errors*, Nature 323, 1986.
# - A class that fits on a page: A. Karpathy, [micrograd](https://github.com/karpathy/micrograd),
#   2020.
