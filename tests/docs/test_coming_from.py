"""The tables of "Coming from another library": every line runs, and says the same on both sides where both are here."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import data, nn, optim
from tinygrad_edu.engine.messages.pytorch import ARGUMENTS, PARTS

PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
CELL = re.compile(r"`([^`]+)`")


def rows(section: str) -> list[tuple[str, str]]:
    lines = [line.split("|") for line in SECTIONS[section].splitlines() if line.startswith("| `")]
    return [(CELL.findall(line[1])[0], CELL.findall(line[2])[0]) for line in lines]


def blocks(section: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", SECTIONS[section], re.DOTALL)


def run(code: str, names: dict[str, Any]) -> Any:
    try:
        return eval(compile(code, "<cell>", "eval"), names)
    except SyntaxError:
        exec(code, names)


def plain(result: Any) -> Any:
    """What a Tensor of either library holds, and anything else as it is."""
    detached = result.detach() if hasattr(result, "detach") else result
    return detached.numpy() if hasattr(detached, "numpy") else detached


@pytest.mark.parametrize("section", SECTIONS)
def test_every_line_runs(section: str) -> None:
    names: dict[str, Any] = {}
    exec(blocks(section)[0], names)
    assert len(rows(section)) > 8
    for _, ours in rows(section):
        run(ours, names)


@pytest.mark.parametrize("section", ["NumPy", pytest.param("PyTorch", marks=pytest.mark.torch)])
def test_both_sides_say_the_same(section: str) -> None:
    if section == "PyTorch":
        pytest.importorskip("torch")
    names: dict[str, Any] = {}
    for block in blocks(section):
        exec(block, names)
    for theirs, ours in rows(section):
        expected, found = plain(run(theirs, names)), plain(run(ours, names))
        if expected is not None:
            np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=f"{theirs} and {ours}")


# The tables that the errors read.


def shown(pairs: dict[str, str]) -> list[str]:
    """The lines of a table: names with one answer share a line."""
    by_answer: dict[str, list[str]] = {}
    for name, answer in pairs.items():
        by_answer.setdefault(answer, []).append(f"`{name}`")
    return [f"| {', '.join(names)} | {answer} |" for answer, names in by_answer.items()]


def tables() -> tuple[str, str]:
    """What the page shows of PARTS and of ARGUMENTS."""
    parts = ["| in PyTorch | here |", "|---|---|"]
    for module, names in PARTS.items():
        short = module.removeprefix("tinygrad_edu.")
        parts += shown({f"{short}.{name}": answer for name, answer in names.items() if not name.startswith("Lazy")})
    parts += ["| `nn.LazyLinear`, `nn.LazyConv2d`, ... | `nn.Linear(None, ...)` learns its size at the first call |"]
    arguments = ["| argument | here |", "|---|---|"]
    arguments += shown({name: answer for name, (_, answer) in ARGUMENTS.items()})
    return "\n".join(parts) + "\n", "\n".join(arguments) + "\n"


def test_the_page_shows_the_tables_that_errors_read() -> None:
    for table in tables():
        assert table in PAGE.read_text("utf-8"), f"docs/coming-from.md should have:\n\n{table}"


@pytest.mark.parametrize("module", PARTS)
def test_a_name_that_only_pytorch_has_is_answered(module: str) -> None:
    here = import_module(module)
    for name, answer in PARTS[module].items():
        with pytest.raises(AttributeError, match=re.escape(f"{module} has no {name}: {answer}")):
            getattr(here, name)
        assert not hasattr(here, name)
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'Nothing_such'$"):
        here.Nothing_such  # noqa: B018


def test_a_misspelt_name_is_answered() -> None:
    with pytest.raises(AttributeError, match="did you mean 'Linear'"):
        nn.Linaer  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'kaiming_normal_'"):
        nn.init.kaiming_normal  # type: ignore[attr-defined]  # noqa: B018


W = tg.ones(2, requires_grad=True)
CLASSES: dict[str, Any] = {
    "Linear": lambda **more: nn.Linear(2, 3, **more),
    "ReLU": nn.ReLU,
    "AvgPool2d": lambda **more: nn.AvgPool2d(2, **more),
    "MSELoss": nn.MSELoss,
    "LSTM": lambda **more: nn.LSTM(2, 3, **more),
    "BatchNorm2d": lambda **more: nn.BatchNorm2d(3, **more),
    "Adam": lambda **more: optim.Adam([W], **more),
    "StepLR": lambda **more: optim.lr_scheduler.StepLR(optim.SGD([W]), 2, **more),
    "DataLoader": lambda **more: data.DataLoader(data.TensorDataset(np.ones(4)), **more),
    "relu": lambda **more: nn.functional.relu(W, **more),
    "silu": lambda **more: nn.functional.silu(W, **more),
    "dropout": lambda **more: nn.functional.dropout(W, **more),
    "mse_loss": lambda **more: nn.functional.mse_loss(W, W, **more),
    "adaptive_max_pool1d": lambda **more: nn.functional.adaptive_max_pool1d(tg.ones((1, 1, 4)), 2, **more),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("kind", CLASSES)
def test_an_argument_that_only_pytorch_has_is_taken_or_answered(kind: str, argument: str) -> None:
    nothing, answer = ARGUMENTS[argument]
    for value in nothing:
        CLASSES[kind](**{argument: value})
    if (kind, argument) != ("ReLU", "inplace"):
        with pytest.raises(tg.DtypeError, match=re.escape(f"{kind} has no argument {argument}='all': {answer}")):
            CLASSES[kind](**{argument: "all"})


def test_arguments_of_a_users_own_are_left_alone() -> None:
    class Net(nn.Module):
        def __init__(self, device: str, **more: Any) -> None:
            self.device, self.more = device, more

    net = Net(device="mine", dtype="float16")
    assert (net.device, net.more) == ("mine", {"dtype": "float16"})
    with pytest.raises(TypeError, match=r"ReLU\(inplace=False\): got an unexpected keyword argument 'slope'"):
        nn.ReLU(slope=1)
    with pytest.raises(TypeError, match="Linear has no argument slope; it has in_features"):
        nn.Linear(2, 3, slope=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="silu has no argument slope; it has x"):
        nn.functional.silu(W, slope=1)
