"""What you can ask for

One picture for each option of `tg.draw` that has none above.
"""

from __future__ import annotations

import tinygrad_edu as tg
from tinygrad_edu.graph import Drawing

from .programs import example, logistic_regression, mean_squared_error, values


def names_of_the_program() -> Drawing:
    """The names of your variables

    With `names=locals()`, nothing needs a `name=`; what the program has not named is v₁, v₂, …
    """
    x, w, b = tg.Value(0.5), tg.Value(-3.0), tg.Value(1.2)
    o = w * x + b
    y_hat = tg.sigmoid(o)
    return tg.draw(y_hat, names=locals())


def shapes_alone() -> Drawing:
    """Shapes in place of the numbers of arrays"""
    return tg.draw(logistic_regression(), style="shapes")


def shapes_as_a_book_writes_them() -> Drawing:
    """Shapes as a book writes them"""
    return tg.draw(logistic_regression(), "both", style="spaces", bold=True)


def expressions_of_data() -> Drawing:
    """Expressions of data

    What is computed inside `tg.trace()` without a gradient has no name, but says how it was computed.
    """
    y, w = tg.tensor([0.0, 1.0], name="y"), tg.tensor([0.5, -0.25], requires_grad=True, name="w")
    p = tg.sigmoid(w)
    p.name = "p"
    with tg.trace():
        loss = -(y * tg.log(p) + (1 - y) * tg.log(1 - p)).mean()
    return tg.draw(loss)


def formulas() -> Drawing:
    """Formulas

    What has no name, and is used once, is written out where it is used.
    """
    return tg.draw(logistic_regression(), "both", style="formulas")


def names_alone() -> Drawing:
    """Names alone"""
    return tg.draw(logistic_regression(), style="names")


def for_a_slide() -> Drawing:
    """To fit a slide"""
    return tg.draw(logistic_regression(), "both", fit="slide")


def for_a_page() -> Drawing:
    """To fit a printed page"""
    return tg.draw(logistic_regression(), "both", fit="page")


def of_a_width() -> Drawing:
    """No wider than 500 pixels"""
    return tg.draw(logistic_regression(), width=500)


def as_large_as_it_is() -> Drawing:
    """As large as it is, with every module open"""
    return tg.draw(mean_squared_error(), fit=None, depth="all", gradients=False)


def fewer_digits() -> Drawing:
    """Two digits"""
    x, w = values(x=0.123456, w=-2.71828)
    y = tg.exp(x * w)
    y.name = "y"
    return tg.draw(y, digits=2)


def bold_arrays() -> Drawing:
    """Names of vectors and matrices in bold"""
    return tg.draw(logistic_regression(), "both", bold=True)


def without_steps() -> Drawing:
    """Without the steps of the chain rule on arrows"""
    return tg.draw(example(), steps=False)


def with_a_seed() -> Drawing:
    """The gradients of an array, from a seed

    The seed is the upstream gradient that the way back begins with.
    """
    X = tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, name="X")
    y = X @ tg.tensor([0.5, -1.0], name="w")
    y.name = "y"
    return tg.draw(y, seed=[1.0, 0.0])
