"""Lesson 3: a walk in the right order, derivatives by differences, and a backward pass with two mistakes."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.grade import Assignment, Limits, StudentError, WrongAnswer, evaluate, expect, require

hw = Assignment("automatic-differentiation", title="Automatic differentiation", limits=Limits(call_seconds=3))


# 1. Gradients of a graph whose rows come in no order.

GRAPHS = {  # for each number what it is made from, one letter each; a number comes after all that use it
    "one product": {"y": "xw", "x": "", "w": ""},
    "a square": {"y": "xx", "x": ""},
    "the lesson's graph": {"y": "ab", "b": "ax", "a": "xx", "x": ""},
    "the lesson's graph with a and b exchanged": {"y": "ba", "b": "ax", "a": "xx", "x": ""},
    "a graph with a number z that y is not made from": {"z": "ay", "y": "ax", "a": "xx", "x": ""},
    "a graph of three layers": {"y": "cdx", "d": "abc", "c": "ba", "b": "axw", "a": "xx", "x": "", "w": ""},
}


def walked(uses, order, keep=1.0):
    """The gradients after a walk in this order; with `keep=0`, a contribution takes the place of the one before."""
    gradient = dict.fromkeys(uses, 0.0) | {"y": 1.0}
    for name in order:
        for operand, local in uses[name]:
            gradient[operand] = keep * gradient[operand] + gradient[name] * local
    return gradient


def as_they_are_met(uses):
    """The names in the order of somebody who goes from y to its operands, from these to theirs, and so on."""
    met = ["y"]
    for name in met:
        met += dict.fromkeys(operand for operand, _ in uses[name] if operand not in met)
    return met


WAIT = "Let a number wait until all that use it had their turn."


@hw.check(points=3, needs=["gradients"], title="Gradients of a graph in no order")
def order(student, rng):
    for title, graph in GRAPHS.items():
        uses = {name: [(x, float(rng.uniform(0.5, 2.0))) for x in made_of] for name, made_of in graph.items()}
        names = [name for name in uses if name != "z"]
        right = walked(uses, names)
        shuffled = {name: uses[name] for name in rng.permutation(list(uses)).tolist()}
        found = student.gradients(shuffled, "y")
        wanted, given = "{graph}: the answer is a dict with a float for each of {names}", ", ".join(sorted(uses))
        right_names = type(found) is dict and set(found) == set(uses)
        require(right_names, wanted, kind="names", graph=title, names=given)
        floats = all(type(g) is float for g in found.values())
        require(floats, wanted, kind="floats", graph=title, names=given)
        for mistake, mistaken, how in (
            ("overwritten", walked(uses, names, keep=0.0), "Each use adds its contribution: += instead of =."),
            ("order", walked(uses, as_they_are_met(uses)), WAIT),
            (
                "order",
                walked(uses, shuffled),
                "The dict is in no order. Let a number wait until all that use it had their turn.",
            ),
            ("stopped at y", walked(uses, ["y"]), "Go on from the operands; wait for no user that y is not made from."),
        ):
            made = are_near(found, mistaken) and not are_near(found, right)
            require(not made, "{graph}: the gradient of x is wrong", kind=mistake, how=how, graph=title)
        require(
            are_near(found, right),
            "{graph}, with other numbers: the gradients are {found}, and should be {right}",
            kind="gradient",
            how="Print the names as their turn comes. Let a number wait until all that use it had their turn.",
            graph=title,
            found={name: float(f"{found[name]:.5g}") for name in right},
            right={name: float(f"{right[name]:.5g}") for name in right},
        )


def are_near(found, others):
    return all(np.isclose(found[name], others[name], rtol=1e-9) for name in others)


@hw.check(points=1, needs=["gradients"], title="Forty doublings: 41 numbers, and 2 to the 40 paths")
def doublings(student, rng):
    uses = {"z0": []} | {f"z{i + 1}": [(f"z{i}", 1.0)] * 2 for i in range(40)}
    shuffled = {name: uses[name] for name in rng.permutation(list(uses)).tolist()}
    try:
        found = student.gradients(shuffled, "z40")
    except StudentError as error:
        if error.kind in ("time", "exited") or "recursion" in str(error):
            raise WrongAnswer(
                "no answer in time: 2⁴⁰ paths are too many to follow one by one",
                kind="every path",
                how="Let each name have its turn once, when all that use it have had theirs.",
            ) from None
        raise
    require(type(found) is dict and "z0" in found, "a dict with the gradient of z0 is expected", kind="names")
    text = "the gradient of z0 is {found:.15g}, not {right:.15g}"
    require(found["z0"] == 2.0**40, text, kind="gradient", found=found["z0"], right=2.0**40)


# 2. A Jacobian by differences.

FUNCTIONS = {  # the student's program evaluates the text, the grader calls the function
    "lambda x: x[:-1] * x[1:] ** 2": lambda x: x[:-1] * x[1:] ** 2,
    "lambda x: x ** 3 * x.sum()": lambda x: x**3 * x.sum(),
}
TWO_SIDES = "Move to both sides: (f(x + h) - f(x - h)) / 2h has an error of about h squared, not h."


@hw.check(points=3, needs=["jacobian"], title="A Jacobian by central differences")
def differences(student, rng):
    for text, function in FUNCTIONS.items():
        x, h = rng.uniform(0.5, 1.5, size=3), 1e-5
        right = tg.jacobian(function)(x)
        forward = np.stack([(function(x + move) - function(x)) / h for move in h * np.eye(3)], axis=1)
        found = student.jacobian(evaluate(student, text), x)
        for mistake, mistaken, how in (
            ("transposed", right.T, "Row i is the gradient of output i: moving x[j] gives column j."),
            ("twice", 2 * right, "From x - h to x + h it is a step of 2h."),
            ("forward difference", forward, TWO_SIDES),
        ):
            made = is_near(found, mistaken) and not is_near(found, right)
            require(not made, "the derivatives of {function} are wrong", kind=mistake, how=how, function=text)
        require(
            np.shape(found) != right.shape or is_near(found, right),
            "the derivatives of {function} are wrong",
            kind="derivatives",
            how="Move one number at a time, in a copy of x: after the last step x must be what it was.",
            function=text,
        )
        expect(found, "the Jacobian of {function}", function=text).is_close(right, rtol=1e-7)


def is_near(found, other):
    return np.shape(found) == other.shape and np.allclose(found, other, rtol=1e-7, atol=1e-7)


# 3. A backward pass in which two mistakes are planted.


@hw.check(points=3, needs=["loss_backward"], title="Two planted mistakes")
def planted(student, rng):
    x, w, b, target = rng.normal(size=(5, 3)), rng.normal(size=3), float(rng.normal()), rng.normal(size=5)

    def loss(w, b):
        return ((tg.tanh(x @ w + b) - target) ** 2).mean()

    grads = student.loss_backward(w, b, x, target)
    require(type(grads) in (tuple, list) and len(grads) == 2, "the gradients of w and b are expected", kind="two")
    grad_w, grad_b = grads
    prediction = np.tanh(x @ w + b)
    planted = 2 * (prediction - target) / len(target) * (1 - prediction)
    require(
        not is_near(grad_w, x.T @ planted),
        "the gradient of w is still that of the program with the mistakes",
        kind="first mistake",
        how="Go line by line: is grad_sum the derivative of the loss by x @ w + b? Ask the differences.",
    )
    at_sum = tg.grad(lambda s: ((tg.tanh(s) - target) ** 2).mean())(x @ w + b)
    require(
        not is_near(grad_b, np.mean(at_sum)),
        "the gradient of b is too small by a factor of N",
        kind="second mistake",
        how="b is used once for every row of x: N paths lead from it to the loss.",
    )
    expect(grad_w, "the gradient of w").is_gradient_of(lambda w: loss(w, b), at=w)
    expect(grad_b, "the gradient of b").is_gradient_of(lambda b: loss(w, b), at=b)
