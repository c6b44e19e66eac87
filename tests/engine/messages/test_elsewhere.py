"""Names that are spelt otherwise in other libraries are answered with what they are called here."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim
from tinygrad_edu.engine.messages.elsewhere import ARGUMENTS, FUNCTIONS, IN_PLACE, METHODS, NODES


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_that_is_called_otherwise_here_says_how(name: str) -> None:
    x = tg.ones((2, 3))
    if hasattr(tg.Tensor, name):
        pytest.skip("it is here as well")
    with pytest.raises(AttributeError, match=re.escape(METHODS[name])):
        getattr(x, name)
    assert name not in dir(x)


@pytest.mark.parametrize("name", ["masked_fill", "unsqueeze", "clamp", "lerp", "addcmul", "scatter_add"])
def test_a_method_in_place_is_answered_too(name: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"Tensor has no {name}_: {IN_PLACE}")):
        getattr(tg.ones((2, 3)), f"{name}_")


@pytest.mark.parametrize("name", sorted(NODES))
@pytest.mark.parametrize("node", [tg.Value(2.0), tg.ones(2)])
def test_what_micrograd_calls_otherwise_is_answered_when_read_and_when_set(node: Any, name: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(NODES[name])):
        getattr(node, name)
    with pytest.raises(AttributeError, match=re.escape(NODES[name])):
        setattr(node, name, "a")
    assert name not in dir(node)


@pytest.mark.parametrize("name", ["round", "log10", "flip", "where", "maximum", "tril", "hstack"])
def test_a_function_that_is_no_method_says_so(name: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"Tensor has no {name}: here it is tg.{name}(x, ...)")):
        getattr(tg.ones(2), name)
    with pytest.raises(AttributeError, match=re.escape(IN_PLACE)):
        getattr(tg.ones(2), f"{name}_")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("from tinygrad_edu import elementwise_grad", FUNCTIONS["elementwise_grad"]),
        ("from tinygrad_edu import conv2d", "here it is tg.nn.functional.conv2d"),
        ("from tinygrad_edu import unbind", METHODS["unbind"]),
        ("from tinygrad_edu.nn import LazyLinear", "Linear(None, ...) learns its size"),
        ("from tinygrad_edu.nn import MSELos", "did you mean 'MSELoss'"),
        ("from tinygrad_edu.optim import LBFGS", "take Adam"),
    ],
)
def test_an_import_that_fails_has_the_words_too(line: str, words: str) -> None:
    with pytest.raises(ImportError, match=re.escape(words)):
        exec(line, {})


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_that_is_called_otherwise_here_says_how(name: str) -> None:
    assert name not in tg.__all__
    with pytest.raises(AttributeError, match=re.escape(FUNCTIONS[name])):
        getattr(tg, name)


@pytest.mark.parametrize("argument", ["dim", "keepdim"])
@pytest.mark.parametrize("name", ["sum", "mean", "max", "softmax", "var", "norm", "cumsum", "logsumexp"])
def test_an_argument_that_is_called_otherwise_here_says_how(name: str, argument: str) -> None:
    with pytest.raises(tg.DtypeError, match=f"{argument} is called {ARGUMENTS[argument]} here"):
        getattr(tg.ones((2, 3)), name)(**{argument: 1})


ANY: Any = tg


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda x: ANY.stack([x, x], dim=0), "dim"), (lambda x: ANY.split(x, 1, dim=0), "dim"),
        (lambda x: ANY.sort(x, dim=0), "dim"), (lambda x: ANY.median(x, keepdim=True), "keepdim"),
        (lambda x: x.argmax(dim=1), "dim"), (lambda x: ANY.argmin(x, dim=1), "dim"),
        (lambda x: ANY.rand(size=(2, 3)), "size"), (lambda x: ANY.zeros(size=3), "size"),
        (lambda x: ANY.concatenate([x], dim=0), "dim"), (lambda x: ANY.sum(x, dim=0), "dim"),
        (lambda x: ANY.Value(2.0, label="a"), "label"), (lambda x: ANY.Tensor(2.0, label="a"), "label"),
        (lambda x: ANY.grad(lambda y: y, argnum=0), "argnum"),
        (lambda x: ANY.gradients(x, [x], grad_outputs=x), "grad_outputs"),
        (lambda x: ANY.tensor(2.0, label="a"), "label"), (lambda x: ANY.zeros(2, label="a"), "label"),
        (lambda x: ANY.arange(0, end=3), "end"), (lambda x: ANY.linspace(0, 1, steps=3), "steps"),
    ],
)  # fmt: skip
def test_functions_answer_for_such_arguments_too(call: Callable[[Any], Any], argument: str) -> None:
    with pytest.raises(tg.DtypeError, match=f"{argument} is called {ARGUMENTS[argument]} here"):
        call(tg.ones((2, 3)))


@pytest.mark.parametrize("make", [ANY.Value, ANY.Tensor])
def test_arguments_of_micrograds_class_are_answered(make: Any) -> None:
    with pytest.raises(tg.DtypeError, match=r"has no argument _op: here it is x\.primitive"):
        make(2.0, _op="+")
    with pytest.raises(tg.DtypeError, match="has no argument colour"):
        make(2.0, colour="red")


@pytest.mark.parametrize("name", ["pi", "isnan", "linalg", "allclose", "logical_and"])
def test_a_name_that_numpy_has_is_numpys(name: str) -> None:
    with pytest.raises(AttributeError, match=f"here it is np.{name}$"):
        getattr(tg, name)
    with pytest.raises(AttributeError, match=r"no attribute '\w+'$"):
        tg.nothing_such  # noqa: B018


@pytest.mark.parametrize("name", ["rand", "normal", "seed", "default_rng"])
def test_a_name_of_numpys_generator_is_answered(name: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(f"tg.random has no {name}: tg.rand(shape)")):
        getattr(tg.random, name)


@pytest.mark.parametrize(
    "give",
    [
        lambda x: x > 0, lambda x: x.detach() > 0, lambda x: x.argmax(1), lambda x: ANY.argsort(x),
        lambda x: ANY.nn.functional.one_hot([0, 2]),
    ],
)  # fmt: skip
def test_what_has_no_gradient_answers_for_pytorchs_names(give: Callable[[Any], Any]) -> None:
    found = give(tg.tensor([[1.0, -2.0], [3.0, 4.0]], requires_grad=True))
    with pytest.raises(AttributeError, match=re.escape(f"has no float: {METHODS['float']}")):
        found.float()
    with pytest.raises(AttributeError, match=re.escape(f"has no eq: {METHODS['eq']}")):
        found.eq(1)
    assert type(found + found) is np.ndarray
    assert repr(found) == repr(np.asarray(found))


def test_two_names_take_the_two_items_that_there_are() -> None:
    lowest, highest = tg.tensor([[1.0, 5.0], [2.0, 3.0]]).max(axis=0)
    assert (lowest.item(), highest.item()) == (2.0, 5.0)
    first, *rest = tg.ones(4)
    assert (first.shape, len(rest)) == ((), 3)
    assert [x.shape for x in tg.ones((3, 2))] == [(2,)] * 3


def test_the_trace_of_a_matrix_is_a_method() -> None:
    with pytest.raises(tg.DtypeError, match=re.escape("; x.trace() sums a diagonal")):
        ANY.trace(tg.eye(2))
    with pytest.raises(tg.DtypeError, match=r"^trace: decorates a function, not int 2$"):
        ANY.trace(2)


def test_the_path_of_a_file_comes_second() -> None:
    with pytest.raises(tg.DtypeError, match=r"path is a text or a path, not tensor.*; what is saved comes before it"):
        ANY.save("w.npz", tg.ones(2))


@pytest.mark.parametrize("node", [tg.Value(2.0), tg.tensor([1.0, 2.0], requires_grad=True)])
@pytest.mark.parametrize("kind", ["Series", "DataFrame", "Index"])
def test_pandas_leaves_operators_to_nodes(kind: str, node: Any) -> None:
    pandas = pytest.importorskip("pandas")
    table = getattr(pandas, kind)([1.0, 2.0] if kind != "DataFrame" else {"a": [1.0, 2.0], "b": [3.0, 4.0]})
    plain = table.to_numpy()
    for ours, numpys in [
        (table * node, plain * node), (node * table, node * plain), (table - node, plain - node),
        (table**node, plain**node), (table / node, plain / node),
    ]:  # fmt: skip
        assert isinstance(ours, tg.Tensor)
        assert ours.requires_grad
        assert ours.tolist() == numpys.tolist()
    for ours, numpys in [(table == node, plain == node), (node > table, node > plain), (table != node, plain != node)]:
        np.testing.assert_array_equal(ours, numpys)


@pytest.mark.parametrize("make", [ANY.zeros, ANY.tensor, ANY.arange, ANY.eye, ANY.ones_like, ANY.randn])
def test_pytorchs_arguments_of_functions_are_taken_or_answered(make: Callable[..., Any]) -> None:
    assert make(3, device="cpu").shape == make(3).shape
    with pytest.raises(tg.DtypeError, match="has no argument device='cuda': leave it out"):
        make(3, device="cuda")


@pytest.mark.parametrize("name", ["max", "min"])
def test_the_larger_of_two_arrays_is_maximum(name: str) -> None:
    for second in (tg.zeros(2), np.zeros(2), 0.0, tg.Value(0.0)):
        with pytest.raises(tg.DtypeError, match=re.escape(f"for two arrays take tg.{name}imum(x, y)")):
            getattr(tg, name)(tg.ones(2), second)


@pytest.mark.parametrize("name", ["concatenate", "stack"])
def test_what_is_joined_is_one_list(name: str) -> None:
    for second in (tg.ones(2), np.ones(2), [1.0, 2.0]):
        with pytest.raises(tg.DtypeError, match=re.escape(f"{name}: the arrays are given in one list: {name}([x, y])")):
            getattr(tg, name)(tg.ones(2), second)


@pytest.mark.parametrize(
    ("module", "name", "says"),
    [
        (nn, "relu", "; did you mean 'ReLU'?"),
        (nn, "Conv2D", "; did you mean 'Conv2d'?"),
        (nn, "cross_entropy", ": here it is nn.functional.cross_entropy"),
        (nn, "exp", ": here it is tg.exp"),
        (nn.functional, "logsumexp", ": here it is tg.logsumexp"),
        (nn.functional, "one_hots", "; did you mean 'one_hot'?"),
        (optim, "Adamw", "; did you mean 'AdamW'?"),
        (optim, "sgd", "; did you mean 'SGD'?"),
        (optim.lr_scheduler, "SteplR", "; did you mean 'StepLR'?"),
        (optim, "xyzzy", ""),
    ],
)
def test_a_name_in_other_letters_or_of_another_module(module: Any, name: str, says: str) -> None:
    with pytest.raises(AttributeError) as raised:
        getattr(module, name)
    assert str(raised.value) == f"module {module.__name__!r} has no attribute {name!r}{says}"


def test_another_module_that_nobody_has_imported_is_searched_too() -> None:
    program = "import tinygrad_edu as tg; print(hasattr(tg.data, 'xyzzy')); tg.optim.relu"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout == "False\n"
    assert ran.stderr.endswith(
        "AttributeError: module 'tinygrad_edu.optim' has no attribute 'relu': here it is nn.functional.relu\n"
    )


def test_what_is_said_to_be_here_is_here() -> None:
    for way in [*NODES.values(), *METHODS.values(), *FUNCTIONS.values()]:
        for name in re.findall(r"\btg\.(\w+)", way):
            assert hasattr(tg, name), way
        for name in re.findall(r"\bx\.(\w+)", way):
            assert hasattr(tg.Tensor, name), way


def calls(way: str) -> Iterator[str]:
    """The calls that a hint shows, with what is done to their results; an axis by its keyword."""
    for begin in re.finditer(r"(?<![\w.])[a-z]\w*(?:\.\w+)*(?=\()", way):
        depth = end = begin.end()
        for end, char in enumerate(way[begin.end() :], begin.end()):
            depth += (char in "([") - (char in ")]")
            if depth == begin.end() and char in ")]" and not re.match(r"[\[(]|\.\w", way[end + 1 :]):
                break
        yield re.sub(r"(?<=[ (])(axis|dim|dtype)(?=[,)])", r"\1=\1", way[begin.start() : end + 1])


HINTS = {call for way in {*NODES.values(), *METHODS.values(), *FUNCTIONS.values()} for call in calls(way)}


@pytest.mark.parametrize("call", sorted(call for call in HINTS if "..." not in call))
def test_what_is_said_to_be_a_call_here_runs(call: str) -> None:
    names = {
        "np": np, "tg": tg, "nn": tg.nn, "model": tg.nn.Linear(2, 2), "mask": np.eye(2) > 0, "boundaries": [0.0, 1.0],
        "axis": 0, "axis1": 0, "axis2": 1, "dim": 0, "source": 0, "destination": 1, "shape": (2, 2), "dtype": "float64",
        "n": 2, "k": 2, "seed": 0, "start": 0, "stop": 4, "step": 1, "low": 0, "high": 9, "min": 0.0,
        "max": 1.0, "p": 0.5, "value": 2.0, "new": 2.0, "probabilities": [0.2, 0.8], "indices": [[0, 1]],
        "state": tg.random.get_state(),
    }  # fmt: skip
    wrong = []
    for numbers in (np.eye(2) / 4 + 0.25, np.ones(2), np.array(2.0)):  # one of these is meant
        x, y = (tg.tensor(numbers, requires_grad=True) for _ in "xy")
        try:
            eval(call, names | {"x": x, "y": y, "z": x * y})
        except (Warning, TypeError, tg.TinygradError) as error:
            wrong.append(str(error))
    assert len(wrong) < 3, wrong


class Foreign:
    """An array of another library: its dtype is not NumPy's."""

    dtype, shape = object(), (2,)

    def __init__(self, numbers: Any = (1.0, 2.0)) -> None:
        self.numbers = numbers

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.numbers, dtype)


def test_the_array_of_an_array_is_the_array() -> None:
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    w.data -= 0.5 * w.grad.data
    assert w.tolist() == [0.0, 0.0]
    assert w.data.data.tolist() == [0.0, 0.0]
    with pytest.raises(AttributeError, match=r"x\.grad has no zero_: x\.zero_grad"):
        w.grad.data.zero_()


@pytest.mark.parametrize("left", [False, True])
def test_arrays_of_other_libraries_are_operands(left: bool) -> None:
    x = tg.tensor([3.0, 4.0], requires_grad=True)
    y = tg.multiply(Foreign(), x) if left else x * Foreign()
    y.sum().backward()
    assert (y.tolist(), x.grad.tolist()) == ([3.0, 8.0], [1.0, 2.0])
    assert tg.tensor(Foreign()).tolist() == [1.0, 2.0]


def test_what_holds_no_numbers_is_refused_in_words() -> None:
    with pytest.raises(tg.TinygradError, match="needs numbers"):
        tg.tensor(Foreign(["a", "b"]))
    with pytest.raises(tg.TinygradError, match="multiply: needs numbers"):
        tg.tensor([1.0, 2.0]) * Foreign(["a", "b"])


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_subclasses_of_arrays_are_multiplied_number_by_number() -> None:
    x = tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    m = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    for y in (x * m, tg.multiply(m, x)):
        assert y.tolist() == [[1.0, 4.0], [9.0, 16.0]]
    with tg.no_grad():
        assert (x * m).tolist() == [[1.0, 4.0], [9.0, 16.0]]
