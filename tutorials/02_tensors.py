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
# # 2. Tensors
#
# After this lesson you can compute with whole tables of numbers at once, read off the shape of a
# result before you run it, and say what comes back to each number in the backward pass when the
# tables have different shapes.
#
# You need [lesson 1](01_a_graph_of_numbers.py): a gradient is upstream gradient times local
# derivative, summed over all paths.
#
# It takes about 80 minutes with the exercises, and is easy.

# %% [markdown]
# ## A question first
#
# A stall sells apples, melons and figs. The table $Q$ says how many were sold, a row for each of
# two days; $p$ says what one of each costs.
#
# $$
# Q = \begin{pmatrix} 3 & 1 & 2 \\ 5 & 0 & 4 \end{pmatrix} \qquad
# p = \begin{pmatrix} 2 & 10 & 1.5 \end{pmatrix}
# $$
#
# 1. The stall has earned 35 in all. How much more would it be, if an apple cost 0.01 more?
# 2. The gradient of the 35 by the prices: how many numbers is that, and which?
# 3. Suppose that on the second day everything goes at half price. The list $(1, 0.5)$ is to be
#    multiplied into the table, a number for each row. The computer refuses. Why, and what helps?
#
# Write your answers down. Each comes up again below.

# %% [markdown]
# ## An array that records
#
# A *tensor* is a block of numbers with rows and columns, or with fewer or more directions than
# these two. The directions are its *axes*. Its *shape* lists how long each axis is.

# %%
import numpy as np

import tinygrad_edu as tg

Q = tg.tensor([[3.0, 1.0, 2.0], [5.0, 0.0, 4.0]], name="Q")
p = tg.tensor([2.0, 10.0, 1.5], name="p")
print(Q.shape, Q.ndim, Q.size)
print(p.shape, p.ndim, p.size)

# %% [markdown]
# $Q$ has two axes, of sizes 2 and 3. Axis 0 counts the rows, axis 1 the columns. $p$ has one axis,
# and its shape is `(3,)`, with a comma, because Python writes a tuple of one number so.
#
# Most tensors are not typed in.

# %%
print(tg.zeros((2, 3)))
print(tg.arange(6).reshape(2, 3))
print(tg.linspace(0, 1, 5))
print(tg.eye(2))
print(tg.randn(2, 3, seed=0))  # one seed, the same numbers on every machine
assert tg.ones_like(Q).shape == Q.shape

# %% [markdown]
# `reshape` deals the same numbers out again, row by row. Nothing is lost, so $2 \cdot 3$ must be 6.

# %% [markdown]
# ## Pick
#
# Python counts from 0. Give an index for each axis, from the first on; `:` is "all of it", and -1
# is the last.

# %%
print(Q[1, 2].item())  # second day, figs: a Python float
print(Q[0])  # the first row
print(Q[:, 0])  # the first column
assert Q[1, 2].item() == 4.0

# %% [markdown]
# A *slice* `a:b` picks from a up to, not including, b. A condition picks the numbers for which it
# holds.

# %%
print(Q[:, 1:])  # all but the first column
print(Q[Q > 2])
assert Q[:, 0].shape == (2,)  # an index takes its axis away
assert Q[:, 0:1].shape == (2, 1)  # a slice keeps it

# %% [markdown]
# The last two lines are worth a second look. `0` picks one column and its axis is gone. `0:1` picks
# a table that is one column wide. They hold the same numbers and behave differently in everything
# that follows.

# %% [markdown]
# ## Broadcasting
#
# What was earned is quantity times price, in each cell of the table. With equal shapes, `*` works
# cell by cell. But $Q$ is `(2, 3)` and $p$ is `(3,)`. What is meant is clear: every row is
# multiplied by the same prices. Written as a loop:

# %%
earned = np.zeros((2, 3))
for day in range(2):
    for fruit in range(3):
        earned[day, fruit] = Q.data[day, fruit] * p.data[fruit]  # p has no day
print(earned)
assert np.array_equal(earned, (Q * p).data)

# %% [markdown]
# `Q * p` does this, without the loop. The smaller operand is used again for every row, as if it had
# been copied. This is *broadcasting*, and its rule is short. Write one shape below the other, flush
# right. On each axis the sizes must be equal, or one of them must be 1; an axis that is missing on
# the left counts as 1. The operand with size 1 is repeated.


# %%
def broadcast_shape(a, b):
    """The shape of the result, for operands of shapes a and b."""
    n = max(len(a), len(b))
    a = (1,) * (n - len(a)) + a
    b = (1,) * (n - len(b)) + b
    for i, j in zip(a, b):
        if i != j and 1 not in (i, j):
            raise ValueError(f"sizes {i} and {j} differ and neither is 1")
    return tuple(j if i == 1 else i for i, j in zip(a, b))


print(broadcast_shape((2, 3), (3,)))
print(broadcast_shape((2, 1), (3,)))
assert broadcast_shape((2, 3), (3,)) == (Q * p).shape
assert broadcast_shape((5, 1, 4), (2, 1)) == (5, 2, 4)
assert np.broadcast_shapes((5, 1, 4), (2, 1)) == (5, 2, 4)

# %% [markdown]
# Now question 3. The list $(1, 0.5)$ has shape `(2,)`. Flush right, its 2 stands below the 3 of
# $Q$. (The message calls an operand without a name `b`.)

# %%
try:
    Q * tg.tensor([1.0, 0.5])
except tg.ShapeError as error:
    print(error)

# %% [markdown]
# A number for each **row** must have size 2 on axis 0 and size 1 on axis 1. That is a column, of
# shape `(2, 1)`.

# %%
d = tg.tensor([[1.0], [0.5]], name="d")
print(Q * p * d)

# %% [markdown]
# Beware of the case in which nobody refuses. Had the stall been open for three days, $Q$
# would be `(3, 3)`, the list would have shape `(3,)`, and it would fit: on the wrong axis. Test
# with tables that are not square.

# %% [markdown]
# ## Sum along an axis
#
# A sum takes an axis away: the axis that you name is the one that is gone. `axis=0` adds up the
# rows, and what is left is a number for each column.

# %%
money = Q * p
print(money.sum().item())  # all of it
print(money.sum(axis=0))  # per fruit: the days are gone
print(money.sum(axis=1))  # per day: the fruits are gone
print(money.sum(axis=1, keepdims=True))  # per day, as a column
assert money.sum().item() == 35.0
assert money.sum(axis=0).shape == (3,)
assert money.sum(axis=1, keepdims=True).shape == (2, 1)

# %% [markdown]
# With `keepdims=True` the axis stays, with size 1. Then the result broadcasts back against the
# table that it came from, for instance to say which part of a day's money came from which fruit:

# %%
share = money / money.sum(axis=1, keepdims=True)
print(share)
assert np.allclose(share.sum(axis=1).data, 1.0)

# %% [markdown]
# `mean`, `max`, `min`, `prod`, `var` and `std` take `axis` and `keepdims` in the same way. `cumsum`
# keeps all the sums on the way: what had been earned after each day.

# %%
print(money.sum(axis=1).cumsum(axis=0))
assert money.sum(axis=1).cumsum(axis=0).tolist() == [19.0, 35.0]

# %% [markdown]
# ## Products
#
# There are two products of tables. `*` works cell by cell. `@` is the *matrix product*: row times
# column, summed. For two *vectors*, which are tensors with one axis, it is the *dot product*,
# $\sum_i a_i b_i$.
#
# $$C_{ij} = \sum_k A_{ik} \, B_{kj} \qquad (n, k) \text{ @ } (k, m) \to (n, m)$$
#
# The sizes in the middle must be equal. They are summed over, and gone. By hand, the first day of the
# stall times the prices: $3 \cdot 2 + 1 \cdot 10 + 2 \cdot 1.5 = 19$; the second:
# $5 \cdot 2 + 0 \cdot 10 + 4 \cdot 1.5 = 16$. So $Q$ @ $p$, of shapes (2, 3) and (3,), is $(19, 16)$.
#
# The *transpose* of a matrix, $A^\top$ or `A.T`, has the rows of $A$ as its columns: from (n, k) it
# becomes (k, n).


# %%
def matrix_product(A, B):
    n, m = len(A), len(B[0])
    C = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            C[i, j] = sum(A[i, k] * B[k, j] for k in range(len(B)))
    return C


A, B = tg.randn(2, 3, seed=1), tg.randn(3, 4, seed=2)
assert (A @ B).shape == (2, 4)
assert np.allclose(matrix_product(A.data, B.data), (A @ B).data, atol=1e-6)

print(Q @ p)  # per day, quantity · price, summed: what money.sum(axis=1) was
assert (Q @ p).data.tolist() == money.sum(axis=1).data.tolist() == [19.0, 16.0]
assert Q.T.shape == (3, 2)
assert Q.T.data[2].tolist() == Q.data[:, 2].tolist()

# %% [markdown]
# What does not fit is refused, with a guess at what was meant:

# %%
try:
    Q @ Q
except tg.ShapeError as error:
    print(error)

# %% [markdown]
# ## How long is a vector?
#
# A *norm* is one number for how large a vector is. The usual one is the length that Pythagoras
# gives, the *2-norm* $\left\|x\right\|_2 = \sqrt{\sum_i x_i^2}$. The sum of the absolute values is
# the *1-norm*, $\left\|x\right\|_1 = \sum_i \left|x_i\right|$, and the largest absolute value is a
# norm, too: $\left\|x\right\|_\infty = \max_i \left|x_i\right|$. In a table, `norm` takes all numbers
# as one long vector.

# %%
x = tg.tensor([3.0, -4.0])
print(x.norm().item(), x.norm(1).item(), x.norm(np.inf).item())
assert (x.norm().item(), x.norm(1).item(), x.norm(np.inf).item()) == (5.0, 7.0, 4.0)

# %% [markdown]
# Each line below joins points of the same norm: circles for the 2-norm, squares that stand on a
# corner for the 1-norm, upright squares for the largest absolute value. In
# [lesson 7](07_underfitting_overfitting.py) the first two keep the numbers of a model small, and do
# so in very different ways.

# %%
from tinygrad_edu import plots

square = {"x": (-1, 1), "y": (-1, 1)}
plots.row(
    plots.contours(lambda x, y: np.sqrt(x**2 + y**2), title="2-norm", **square),
    plots.contours(lambda x, y: abs(x) + abs(y), title="1-norm", **square),
    plots.contours(lambda x, y: np.maximum(abs(x), abs(y)), title="largest", **square),
)

# %% [markdown]
# ## Numbers in memory
#
# Three questions decide whether a program with large tables is right: which *dtype* the numbers
# have, who else sees them, and when they are copied.
#
# A dtype says whether numbers are whole or have a fraction (`int`, `float`), and how many bits each
# gets. Python's floats have 64, about 16 decimal digits.
# Tensors made from Python's numbers and lists have 32, about 7 digits: half the memory, and enough
# to train a network. A NumPy array keeps the dtype that it has.

# %%
print(tg.tensor([1.0]).dtype)
print(tg.tensor(np.array([1.0])).dtype, tg.tensor(np.arange(3)).dtype)
print(tg.tensor([16_777_216.0]) + 1.0 - 16_777_216.0)  # 2**24 + 1 needs 25 binary digits
print(tg.tensor([16_777_216.0], dtype="float64") + 1.0 - 16_777_216.0)
assert Q.astype("float64").dtype == np.float64

# %% [markdown]
# There are four ways out of a tensor. `.item()` gives one number, `.tolist()` nested lists.
# `.numpy()` gives an array of your own, a copy. `.data` gives the numbers themselves, without a
# copy, to look at: it cannot be written to. (A tensor has no `copy()`, because it would be unclear
# whether the copy belongs to the graph. `tg.identity(x)` does, `tg.tensor(x.numpy())` does not.)

# %%
mine, look = Q.numpy(), Q.data
mine[0, 0] = 99.0
assert Q[0, 0].item() == 3.0  # the copy was changed, not the tensor
assert not look.flags.writeable
assert np.exp(Q).shape == Q.shape  # NumPy's functions take tensors, and give tensors

# %% [markdown]
# A name is not a copy. After `same = y`, there is one tensor with two names. `y = y + 1` makes a
# new tensor, and gives it the name `y`; here, unlike in NumPy, so does `y += 1`. `y[:] = 5.0`
# changes the tensor that is there, *in place*, for everybody who has a name for it.

# %%
y = tg.zeros(3)
same = y
y = y + 1
print(same, y)

y = same
y[:] = 5.0
print(same, y)
assert same is y

# %% [markdown]
# A slice of a NumPy array is a *view*: it looks at the same memory, and sees every change. A slice
# of a tensor keeps the numbers that it had.

# %%
array, t = np.zeros(3), tg.zeros(3)
view, part = array[:2], t[:2]
array[0] = t[0] = 7.0
print(view, part)
assert (view[0], part[0].item()) == (7.0, 0.0)

# %% [markdown]
# In place saves memory: a large table is not made a second time. It can also do harm. The backward
# pass of a product needs its operands (remember: the derivative by one factor is the other factor).
# If one of them has been overwritten in the meantime, the gradient would be wrong without a word.
# The library notices, and refuses.

# %%
a = tg.tensor([1.0, 2.0], requires_grad=True, name="a")
b = tg.tensor([3.0, 4.0], name="b")
z = (a * b).sum()
b[0] = 100.0  # the product has been computed with 3
try:
    z.backward()
except tg.InPlaceError as error:
    print(error)

# %% [markdown]
# ## Gradients of tensors
#
# `requires_grad=True` says that you want a gradient by this tensor. (For a `Value` that goes without
# saying. Most tensors are data, which nobody wants to change.) The gradient has the shape of the
# tensor: each number of it belongs to the number in the same place.
#
# While shapes are equal, nothing is new. $z = \sum_i a_i b_i$ is a sum of products, as in lesson 1,
# and the gradient by $a_i$ is $b_i$.

# %%
a = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
b = tg.tensor([4.0, 5.0, 6.0], requires_grad=True)
(a * b).sum().backward()
print(a.grad, b.grad)
assert (a.grad.tolist(), b.grad.tolist()) == ([4.0, 5.0, 6.0], [1.0, 2.0, 3.0])

# %% [markdown]
# Broadcasting brings something new. Look at the price of an apple alone, as a `Value`. It was used
# on both days, so two paths lead from it to the result. What comes back along them is 3 and 5, and
# it adds up.

# %%
apple = tg.Value(2.0, name="apple")
z = 3 * apple + 5 * apple
z.name = "z"
tg.draw(z)

# %% [markdown]
# That is question 1. One more cent for an apple brings 8 cents, since 8 apples were sold. And
# question 2: the gradient by the prices has one number for each of the three, and it says how many
# of each were sold in all: the sums of the columns of $Q$.

# %%
p = tg.tensor([2.0, 10.0, 1.5], requires_grad=True, name="p")
z = (Q * p).sum()
z.name = "z"
z.backward()
print(p.grad)
assert p.grad.tolist() == Q.sum(axis=0).tolist() == [8.0, 1.0, 6.0]
dearer = (Q * (p + np.array([0.01, 0, 0]))).sum().item()
assert np.isclose(dearer - 35, 0.08, atol=1e-5)

# %% [markdown]
# Here is how the library gets there. Read the picture from right to left. $z$ is a sum, in which
# every cell counts once: so the 1 is copied into each cell (`broadcast_to`). In each cell the
# derivative by the price is the quantity. That gives a table of shape `(2, 3)`. But the gradient of
# $p$ must have shape `(3,)`, and so the days are added up (`sum_to`).

# %%
tg.draw(z, "backward")

# %% [markdown]
# **What was repeated in the forward pass is summed in the backward pass.** It is the sum over paths
# of lesson 1, for a whole axis at once. And the other way round: what was summed forward is
# repeated backward, as you see on the right of the picture.
#
# Write the summing step. Two cases: axes that the operand did not have are gone, axes on which it
# had size 1 keep that size.


# %%
def sum_to(g, shape):
    """g, summed over the axes along which an operand of this shape was repeated."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


# %% [markdown]
# With it, the derivative of `x * y` is complete for any two shapes that fit together. We try it on
# 200 pairs of shapes, cut at random out of `(2, 3, 4)`.
#
# The result `z` is a tensor here, and not one number. What is "the gradient" of many numbers? There
# is none before somebody says how much each of them counts. `z.backward(upstream)` takes that as a
# tensor of the shape of `z`: it begins with these numbers instead of the 1 that a single number
# begins with. It is as if `(z * upstream).sum()` had been computed and differentiated. We give it
# random numbers.

# %%
rng = np.random.default_rng(0)


def random_operand():
    """A tensor whose shape is a part of (2, 3, 4), with some of the sizes set to 1."""
    shape = (2, 3, 4)[rng.integers(3) :]
    shape = tuple(int(rng.choice([1, size])) for size in shape)
    return tg.tensor(rng.normal(size=shape), requires_grad=True)


for _ in range(200):
    x, y = random_operand(), random_operand()
    z = x * y
    upstream = rng.normal(size=z.shape)
    z.backward(upstream)
    assert np.allclose(x.grad, sum_to(upstream * y.data, x.shape))
    assert np.allclose(y.grad, sum_to(upstream * x.data, y.shape))
print("200 pairs of shapes, equal gradients")

# %% [markdown]
# ## Products, on the way back
#
# For $C = A\,B$ the same thought gives the gradients. $A_{ik}$ is used once for every column $j$ of
# $B$, so its gradient is a sum over $j$. With $G$ for the upstream gradient, of the shape of $C$:
#
# $$\frac{\partial z}{\partial A_{ik}} = \sum_j G_{ij} \, B_{kj}$$
#
# As a product of matrices that is $G\,B^\top$. In the same way the gradient of $B$ is $A^\top G$.
#
# You need not learn this by heart. $G$ is `(2, 4)`, $B$ is `(3, 4)`, and the gradient of $A$ must
# be `(2, 3)`. There is one way to multiply them to that. (With square matrices there are several, and
# the shapes are an aid to memory only.)

# %%
A = tg.randn(2, 3, seed=1, requires_grad=True)
B = tg.randn(3, 4, seed=2, requires_grad=True)
G = tg.randn(2, 4, seed=3).data
(A @ B).backward(G)
assert np.allclose(A.grad, G @ B.data.T)
assert np.allclose(B.grad, A.data.T @ G)

# %% [markdown]
# ## Play it
#
# The half price of the second day is back, and gradients are wanted by $p$ and by $d$. The player
# shows the summing step as a step of its own: first δ, the contribution in the shape of the table,
# then its sum in the shape of the operand.

# %%
p = tg.tensor([2.0, 10.0, 1.5], requires_grad=True, name="p")
d = tg.tensor([[1.0], [0.5]], requires_grad=True, name="d")
z = (Q * p * d).sum()
z.name = "z"
tg.steps(z)

# %% [markdown]
# The rows are added up for $p$, the columns for $d$. Both gradients can be read: a cent more on a
# fig brings 4 cents and no longer 6, because the four figs of the second day go at half price. And
# $\partial z/\partial d = (19, 16)$ is what each day would have earned at full price.

# %%
z.backward()
print(p.grad, d.grad.tolist())
assert p.grad.tolist() == [5.5, 1.0, 4.0]
assert d.grad.tolist() == [[19.0], [16.0]]
assert (p.grad.shape, d.grad.shape) == (p.shape, d.shape)

# %% [markdown]
# ## In five lines
#
# - A tensor computes with many numbers at once, and the graph has one node for all of them.
# - *Broadcasting* repeats an operand along the axes where it has size 1, or none.
# - What was repeated in the forward pass is summed in the backward pass, and what was summed is
#   repeated.
# - A gradient always has the shape of the tensor that it belongs to.
# - The gradients of a matrix product are matrix products with a transpose.
#
# ## Try it
#
# In the folder that `tinygrad-edu tutorials copy lessons` makes, copy
# `exercises/02_tensors/starter.py` to `my_answers.py`, fill it in, and have it graded:
#
# ```sh
# tinygrad-edu grade exercises/02_tensors my_answers.py --show
# ```
#
# No loops: that is the point of the lesson.
#
# 1. `standardise(X)` (2 points): from every column of $X$ its mean is taken off, and what is left
#    is divided by the column's standard deviation.
# 2. `distances(A, B)` (2 points): the distance of every row of $A$, of shape `(n, k)`, from every
#    row of $B$, of shape `(m, k)`, as a table of shape `(n, m)`. Which shapes must the two have, so
#    that `A - B` has all the differences?
# 3. `scale_shift_backward(upstream, X, scale, shift)` (3 points): the three gradients of
#    `X * scale + shift`, where $X$ is `(n, k)`, `scale` is a column `(n, 1)` and `shift` a row
#    `(k,)`. A sum over the wrong axis is recognised.
#
# More of the kind: `tinygrad_edu/grade/assignments/broadcasting`.

# %% [markdown]
# ## What to read in the source
#
# - `tinygrad_edu/engine/tensor.py`, `Tensor`: what a tensor has beyond a `Value`.
# - `tinygrad_edu/engine/primitives/arithmetic.py`, `multiply`: its rules say nothing of broadcasting.
# - `tinygrad_edu/engine/primitives/shape.py`, `sum_to` and `broadcast_to`: two rows, each the derivative
#   of the other.
# - `tinygrad_edu/engine/tensor.py`, `Tensor.fit`: where the walk brings every contribution to the shape
#   of what it belongs to.
# - `tinygrad_edu/engine/primitives/linear_algebra.py`, `matmul`: the two rules of the matrix product.
# - `tinygrad_edu/engine/inplace.py`: how a tensor is changed in place, how that is noticed, and when it is refused.
#
# ## Where this comes from
#
# - Broadcasting: S. van der Walt, S. C. Colbert and G. Varoquaux, *The NumPy Array: A Structure for
#   Efficient Numerical Computation*, Computing in Science & Engineering 13(2), 2011; and the
#   chapter "Broadcasting" of the [NumPy user
#   guide](https://numpy.org/doc/stable/user/basics.broadcasting.html).
# - The gradient of the matrix product: M. Giles, *Collected Matrix Derivative Results for Forward
#   and Reverse Mode Algorithmic Differentiation*, in Advances in Automatic Differentiation,
#   Springer 2008.
# - Norms: G. Golub and C. Van Loan, *Matrix Computations*, 4th edition, Johns Hopkins University
#   Press 2013, sections 2.2 and 2.3.
