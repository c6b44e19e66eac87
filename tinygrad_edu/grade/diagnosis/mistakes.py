"""The table of known mistakes in gradients, and the words for each; and words for regions of an array.

The words have three levels: what kind of mistake it is, where it is, how to mend it. Braces are filled with details of
the diagnosis: `{gradients}`, such as "the gradient of x", `{operation}`, `{factor}`, `{region}`, ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..._support.languages import listed, say, texts
from ...engine.messages.shapes import fits

__all__ = ["MISTAKES", "Diagnosis", "Mistake", "kind_in_words", "region_of"]


class Mistake(NamedTuple):
    """A row of the table."""

    name: str
    what: str
    where: str
    how: str


@dataclass(frozen=True)
class Diagnosis:
    """The mistake that reproduces a student's answer.

    Attributes
    ----------
    mistake : the row of the table.
    operands : the names of the inputs whose gradients it explains; other gradients may be right or wrong.
    details : the text for each brace in the words of the table.
    also : a second mistake that was made as well, a sign or a factor.
    mistakes : the wrong rules, by the nodes of the reference's graph; empty if the mistake is not in a rule or a sum.

    >>> Diagnosis(MISTAKES["sign"], ("x",)).feedback(2)
    'The sign is wrong. Look at the gradient of x.'
    """

    mistake: Mistake
    operands: tuple[str, ...]
    details: Mapping[str, str] = field(default_factory=dict)
    also: Diagnosis | None = None
    mistakes: Mapping[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name of the mistake; of two mistakes, both names with a plus."""
        return self.mistake.name + (f" + {self.also.name}" if self.also else "")

    def feedback(self, level: int = 3) -> str:
        """The feedback for the student: 1 what kind of mistake it is, 2 also where, 3 also how to mend it."""
        if level not in (1, 2, 3):
            raise ValueError(f"feedback: the level is 1 (what), 2 (and where) or 3 (and how), not {level!r}")
        return " ".join(self.words[:level])

    @property
    def words(self) -> tuple[str, str, str]:
        """What kind of mistake it is, where it is, and how to mend it; of two mistakes, the words of both."""
        one = len(self.operands) == 1
        gradients = say("the gradient of {names}" if one else "the gradients of {names}", names=listed(self.operands))
        what, where, how = (say(words, **{"gradients": gradients, **self.details}) for words in self.mistake[1:])
        if self.also is None:
            return what, where, how
        too = self.also.words
        text = texts("{one} Besides: {other}")
        return say(text, one=what, other=too[0]), where, say(text, one=how, other=too[2])


SEEN = texts("Look at {gradients}.")
AT = texts("Look at {operation}, in {gradients}.")
DEPARTS = texts("It departs in step {step}.")

# Read a row as: name, what, where, how.
# fmt: off
ROWS = texts([
    # How an answer differs as a whole.
    Mistake("sign", "The sign is wrong.", SEEN,
            "Everything is -1 times what it should be: a minus was lost, or there is one too many."),
    Mistake("factor", "A constant factor is wrong.", SEEN,
            "Everything is {factor} times what it should be. What is divided by n in the forward pass is divided by n "
            "in the backward pass, and nothing else is."),
    Mistake("twice", "Everything is doubled.", SEEN,
            "Everything is {factor} times what it should be: a gradient was added twice, or added to an old one that "
            "had not been set to 0, or a factor of 1/2 was lost."),
    Mistake("number of answers", "It is not one gradient for each input.", SEEN,
            "{wanted} must be returned, in the order of the inputs, and what is returned is {given}."),
    Mistake("detached", "No gradient arrives.", SEEN,
            "The answer is 0 or None everywhere: the gradient was never passed on, or never stored."),
    Mistake("not finite", "There are numbers that are not finite.", SEEN,
            "Some are nan or infinite: a division by 0, a logarithm of a negative number, or an overflow."),
    Mistake("transposed", "The axes are in the wrong order.", SEEN,
            "It holds the right numbers, with the axes in the order {order}: transpose it. A gradient has the shape "
            "of what it is the gradient of; for x @ w that settles which factor is transposed."),
    Mistake("reshaped", "The shape is wrong, the numbers are right.", SEEN,
            "A gradient has exactly the shape of what it is the gradient of: reshape it."),
    Mistake("order of answers", "The gradients are returned in the wrong order.", SEEN,
            "Return them in the order of the inputs: each of them is right for another input."),
    Mistake("imprecise", "Nearly right, but not exact.", SEEN,
            "It looks like a difference quotient, or a computation in low precision. Use the formula, in float64."),
    Mistake("not summed", "It is not summed back after broadcasting.", SEEN,
            "An input that was broadcast was used many times: its gradient is the sum over all axes along which it was "
            "repeated, so that it has the shape of the input."),
    Mistake("summed over the wrong axis", "It is summed over the wrong axes after broadcasting.", SEEN,
            "It was {summed}. Sum over just those axes along which the input was repeated."),
    Mistake("region", "It is right in some places only.", "Look at {gradients} {region}.",
            "There, and only there, the numbers are {there}: which case of the definition holds {region}?"),
    Mistake("a list", "It is a list, and an array is expected.", SEEN,
            "np.array(...) makes an array of a list of rows."),
    Mistake("low precision", "The numbers are right, but in low precision.", SEEN,
            "They are {given}, and the question is in {right}: leave out what makes them {given}, such as `astype` or "
            "`dtype=`."),
    Mistake("rounded down", "It is rounded down to whole numbers.", SEEN,
            "`//` drops what is behind the point, and so does an array of whole numbers: use `/`, and floats."),
    Mistake("border", "The border is still there.", SEEN,
            "The right numbers are in the middle: padding put a border around the input, so cut it off from the "
            "gradient."),
    Mistake("changed arguments", "It changes its own arguments.", "Look at {changed}.",
            "After the call there are other numbers in {changed}. `x *= y` and `x += y` change the array that was "
            "handed in, and so does `x[...] = y`; names that stand for the same array change with it. Write x = x * y, "
            "or work on x.copy()."),
    Mistake("order of parameters", "The parameters are in another order.", "Look at the line with `def`.",
            "It takes ({given}), in this order; the gradients are right if it takes ({taken})."),
    Mistake("unknown", "It is wrong: {wrong}.", SEEN, "{advice}."),
    # How a rule errs.
    Mistake("upstream ignored", "The upstream gradient is ignored.", AT,
            "By the chain rule, the local derivative is multiplied by the gradient that arrives from the output."),
    Mistake("local derivative ignored", "The local derivative is ignored.", AT,
            "The upstream gradient was passed on as it came; multiply it by the derivative of the operation."),
    Mistake("at the output", "The derivative is taken at the output, instead of at the input.", AT,
            "The derivative of f at x is f'(x), not f'(f(x)): keep the inputs of the forward pass, and use those."),
    Mistake("at the input", "The derivative formula uses the input, instead of the output.", AT,
            "This formula is in terms of the result, such as 1 - y² for y = tanh(x): use y in it."),
    Mistake("at the upstream", "The derivative is taken at the upstream gradient, instead of at the input.", AT,
            "The derivative of f at x is f'(x); the upstream gradient only multiplies it."),
    Mistake("operands swapped", "The operands are mixed up.", AT,
            "The formula is used with the operands in the other order."),
    Mistake("other operand's rule", "The rule of the other operand is used.", AT,
            "Each operand has its own derivative: differentiate with respect to the operand whose gradient it is."),
    Mistake("wrong axis", "It works along the wrong axis.", AT,
            "It is the answer for axis={axis}."),
    Mistake("formula", "The formula of the derivative is wrong.", AT,
            "The numbers are those of {formula}."),
    Mistake("left out", "An operation is left out of the forward pass.", AT,
            "The numbers are those of a program whose forward pass leaves out {operation}, while its backward pass "
            "does not: compute the same values in both."),
    # How contributions are added up.
    Mistake("overwritten", "The gradient is overwritten instead of accumulated.", AT,
            "A value that is used several times gets a contribution from each use. Only the one from {operation} is "
            "there: use += instead of =."),
    Mistake("missing contribution", "A contribution is missing.", AT,
            "A value that is used several times gets a contribution from each use; the one from {operation} is "
            "missing."),
    Mistake("counted twice", "One contribution is counted twice.", AT,
            "The one from {operation} was added twice: each use of a value contributes once, so every operation's "
            "backward runs once, after all that use its result."),
    Mistake("sign of one contribution", "One contribution has the wrong sign.", AT,
            "The one from {operation} was subtracted although it should be added, or the other way round."),
    # Softmax with cross-entropy.
    Mistake("no -1 at the target", "The target is left out.", AT,
            "The gradient is the probabilities, less 1 at the target; these are the probabilities alone."),
    Mistake("probabilities left out", "Only the target is there.", AT,
            "The gradient is the probabilities, less 1 at the target; this is the target's part alone."),
    Mistake("no softmax", "The softmax is left out.", AT,
            "Subtract 1 at the target from the probabilities, softmax(logits), and not from the logits."),
    Mistake("not normalised", "The probabilities are not normalised.", AT,
            "Divide exp(logits) by its sum over the classes."),
    Mistake("softmax over the wrong axis", "The softmax is taken over the wrong axis.", AT,
            "It goes over the classes, so that the probabilities of each example add up to 1."),
    Mistake("softmax twice", "The softmax is taken twice.", AT,
            "What is handed in are scores: one softmax makes probabilities of them."),
    Mistake("no logarithm", "The logarithm is left out.", AT,
            "The loss is -log of the probability of the target."),
    Mistake("all classes", "It is summed over all classes, not only over the targets.", AT,
            "Only the probability of the right class counts in each row: p[np.arange(N), labels]."),
    Mistake("target off by one", "The targets are off by one.", AT,
            "The classes are counted from 0."),
    Mistake("by the probabilities", "It is the gradient with respect to the probabilities, not the logits.", AT,
            "-1/p at the target is the derivative of -log p with respect to p; go on through softmax to the logits."),
    # Convolution.
    Mistake("kernel flipped", "The kernel is the wrong way round.", AT,
            "The forward pass slides the kernel as it is; the gradient of the images slides it turned by 180 degrees."),
    Mistake("stride ignored", "The stride is wrong.", AT,
            "Neighbours in the result lie `stride` places apart in the images: spread the gradient out accordingly."),
    Mistake("padding ignored", "The padding is wrong.", AT,
            "Work on the images with their border, and cut it off from their gradient at the end."),
    Mistake("dilation ignored", "The dilation is wrong.", AT,
            "Neighbours in the kernel meet numbers that lie `dilation` places apart in the images."),
    Mistake("channels swapped", "The channels are mixed up.", AT,
            "The weight is (channels out, channels in, ...): the gradient of the images is summed over channels out."),
    # Normalisation.
    Mistake("statistics constant", "Mean and variance are treated as constants.", AT,
            "Both depend on every x of the group, and pass gradients on to it."),
    Mistake("mean constant", "The mean is treated as a constant.", AT,
            "The mean depends on every x of the group: subtract the mean of the gradients."),
    Mistake("variance constant", "The variance is treated as a constant.", AT,
            "The variance depends on every x of the group, and passes gradients on to it."),
    Mistake("unbiased variance", "The variance is divided by n - 1, instead of by n.", AT,
            "Normalisation takes the mean of the squared distances: divide by n."),
    Mistake("eps outside the root", "eps is added to the standard deviation, instead of to the variance.", AT,
            "It is √(variance + eps)."),
    Mistake("eps left out", "eps is left out.", AT,
            "It is √(variance + eps)."),
    # Optimisers.
    Mistake("ascent", "It goes uphill.", DEPARTS,
            "A step goes against the gradient: subtract it."),
    Mistake("learning rate", "The steps have the wrong length.", DEPARTS,
            "They are {factor} times as long as they should be: look at the learning rate, and at what it multiplies."),
    Mistake("nearly right steps", "Nearly right, but not exact.", DEPARTS,
            "Something small differs: ε stands inside the root, or is another one; or something is computed in "
            "float32."),
    Mistake("no bias correction", "The bias correction is left out.", DEPARTS,
            "Divide the means by 1 - β^t; they begin at 0, and are too small at first."),
    Mistake("step not counted", "The step count does not go on.", DEPARTS,
            "t is 1 in the first step, and one more in each: the bias correction 1 - β^t stays that of the first."),
    Mistake("step counted from another", "The step count begins with another number.", DEPARTS,
            "t is 1 in the first step: with another t the bias correction 1 - β^t is that of another step."),
    Mistake("betas swapped", "The two β are swapped.", DEPARTS,
            "β₁ belongs to the mean of the gradients, β₂ to that of their squares."),
    Mistake("memory lost", "The memory is lost between steps.", DEPARTS,
            "Keep momentum and means from one step to the next; they begin at 0 once only."),
    Mistake("no momentum", "The momentum is left out.", DEPARTS,
            "v ← μ·v + g, and the step is along v."),
    Mistake("momentum damped", "The gradient is multiplied by 1 - μ.", DEPARTS,
            "Here v ← μ·v + g; 1 - μ belongs to a running mean."),
    Mistake("Nesterov", "Nesterov's momentum and the plain one are mixed up.", DEPARTS,
            "The plain step is along v, Nesterov's along g + μ·v, with the new v."),
    Mistake("no weight decay", "The weight decay is left out.", DEPARTS,
            "Add λ·w to the gradient; or, decoupled, shrink w by lr·λ·w."),
    Mistake("weight decay coupling", "Coupled and decoupled weight decay are mixed up.", DEPARTS,
            "Adam adds λ·w to the gradient, before the means; AdamW shrinks w by lr·λ·w, beside them."),
    Mistake("unknown trajectory", "The steps are wrong.", DEPARTS,
            "No known mistake gives these numbers. Work out step {step} by hand and compare."),
])
# fmt: on

MISTAKES: dict[str, Mistake] = {mistake.name: mistake for mistake in ROWS}
"""Every known mistake by its name."""


KINDS = texts(
    {
        "accuracy": "too little accuracy",
        "answer": "an answer that is no data",
        "assert": "an expectation that does not hold",
        "changed in place": "an operand that is changed in place",
        "channels": "the channels of a convolution",
        "count": "the wrong number of results",
        "derivative": "a wrong derivative",
        "dilation": "the dilation of a convolution",
        "dtype": "numbers of the wrong dtype",
        "exited": "the program ended itself",
        "exponential time": "exponential time",
        "finite": "NaN or infinity",
        "forward": "a wrong forward pass",
        "gradients": "wrong gradients",
        "input after its user": "input after its user",
        "kernel": "the kernel of a convolution",
        "memory": "too much memory",
        "missing": "a function or attribute that is not there",
        "no order": "no order",
        "node missing": "node missing",
        "node not needed": "node not needed",
        "node twice": "node twice",
        "not reset": "not reset",
        "padding": "the padding of a convolution",
        "raised": "an exception",
        "recursion": "too deep a recursion",
        "repeated": "another answer when asked again",
        "second derivative": "a wrong second derivative",
        "shape": "the wrong shape",
        "sides": "the sides that are padded",
        "size": "too large an answer",
        "slow": "too slow",
        "stride": "the stride of a convolution",
        "time": "no answer in time",
        "type": "an answer of the wrong type",
        "unstable": "numerically unstable",
        "values": "wrong numbers, by no known mistake",
    }
)
"""The kinds of mistakes that are in no table, in words."""


def kind_in_words(kind: str) -> str:
    """A kind of mistake in the reader's language.

    >>> kind_in_words("overwritten + sign"), kind_in_words("finite")
    ('overwritten + sign', 'NaN or infinity')
    """
    return " + ".join(say(KINDS.get(part, part)) for part in kind.split(" + "))


# Regions: where an answer is wrong, if a few words can say it.


def region_of(wrong: ndarray, doubtful: ndarray, name: str, inputs: Mapping[str, ndarray]) -> str | None:
    """The region that contains exactly the wrong places, in words, such as "where x < 0"; None if there is none.

    Parameters
    ----------
    wrong : where the gradient of the input `name` is wrong.
    doubtful : where right and wrong do not differ, such as a gradient of 0 with the wrong sign.
    inputs : all inputs by their names.
    """
    for words, region in _by_numbers(wrong.shape, name, inputs):
        if region.any() and not region.all() and np.all((region == wrong) | doubtful):
            return words
    for words, region in _by_place(wrong.shape, inputs[name], name):
        right = ~region & ~doubtful  # if there is nothing that is right for sure, the place is a coincidence
        if region.any() and right.any() and np.all((region == wrong) | doubtful):
            return words
    return None


def _by_numbers(shape: tuple[int, ...], name: str, inputs: Mapping[str, ndarray]) -> Iterator[tuple[str, ndarray]]:
    """Regions of arrays of this shape by what the inputs hold there, in words and as masks, the simplest first."""
    x = inputs[name]
    yield from _by_size(x, name)
    yield say("on ties, where numbers of {x} are equal", x=name), _tied(x)
    for other, y in inputs.items():
        if other != name and fits(y.shape, shape):
            y = np.broadcast_to(y, shape)
            yield from _by_size(y, other)
            regions = {"=": x == y, ">": x > y, "<": x < y}
            yield from ((_holding(f"{name} {sign} {other}"), region) for sign, region in regions.items())


def _holding(condition: str) -> str:
    """`where x < 0`"""
    return say("where {condition}", condition=condition)


def _by_size(x: ndarray, name: str) -> Iterator[tuple[str, ndarray]]:
    if x.dtype.kind == "b":
        yield say("where {x} is true", x=name), x
        yield say("where {x} is false", x=name), ~x
        return
    for bound in (0, 1, -1):
        regions = {"<": x < bound, ">": x > bound, "=": x == bound, "≤": x <= bound, "≥": x >= bound}
        yield from ((_holding(f"{name} {sign} {bound}"), region) for sign, region in regions.items())
    yield _holding(f"|{name}| > 1"), np.abs(x) > 1
    yield _holding(f"|{name}| < 1"), np.abs(x) < 1


ROW = texts(
    ("in the first row", "in the last row", "everywhere but in the first row", "everywhere but in the last row")
)
COLUMN = texts(
    (
        "in the first column",
        "in the last column",
        "everywhere but in the first column",
        "everywhere but in the last column",
    )
)
PLACE = texts(
    (
        "in the first place along axis {axis}",
        "in the last place along axis {axis}",
        "everywhere but in the first place along axis {axis}",
        "everywhere but in the last place along axis {axis}",
    )
)
"""The regions at the ends of an axis: first, last, and all but these."""


def _by_place(shape: tuple[int, ...], x: ndarray, name: str) -> Iterator[tuple[str, ndarray]]:
    """Regions by where they are: at an end of an axis, on the border, at the extremes of `x` along an axis."""
    names = {len(shape) - 1: COLUMN, len(shape) - 2: ROW} if len(shape) > 1 else {}
    for axis, n in enumerate(shape):
        place = np.broadcast_to(np.arange(n).reshape(-1, *[1] * (len(shape) - axis - 1)), shape)
        ends = place == 0, place == n - 1, place != 0, place != n - 1
        yield from ((say(words, axis=axis), region) for words, region in zip(names.get(axis, PLACE), ends))
    if len(shape) > 1:
        inside = np.zeros(shape, bool)
        inside[..., 1:-1, 1:-1] = True
        yield say("on the border"), ~inside
        yield say("inside the border"), inside
    for axis in range(len(shape)):
        largest, smallest = x == x.max(axis, keepdims=True), x == x.min(axis, keepdims=True)
        yield say("where {x} is largest along axis {axis}", x=name, axis=axis), largest
        yield say("where {x} is not largest along axis {axis}", x=name, axis=axis), ~largest
        yield say("where {x} is smallest along axis {axis}", x=name, axis=axis), smallest
        yield say("where {x} is not smallest along axis {axis}", x=name, axis=axis), ~smallest


def _tied(x: ndarray) -> ndarray:
    """Where an array has a number that it also has in another place."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    found: Any = (counts > 1)[inverse].reshape(x.shape)
    return np.asarray(found)
