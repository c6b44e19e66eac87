"""Every argument of every public function and class refuses a value of a wrong type, by its name and its value."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import data, models, nn, optim, plots, saving, train
from tinygrad_edu.engine.messages.hints import kinds_of

ROOMS: list[Any] = [
    data, data.boxes, data.text, models, nn.init, optim, optim.lr_scheduler, saving, train,
]  # fmt: skip
LATER = {"Dataset", "Field", "LRScheduler", "LabelledImages", "NotFiniteError", "Optimizer", "ReceptiveField", "Run"}
"""Base classes, and what only this package makes."""


class Odd:
    def __repr__(self) -> str:
        return "an odd thing"


BOXES = [[0.0, 0.0, 4.0, 4.0], [1.0, 1.0, 3.0, 3.0]]
CHARACTERS = data.text.CharTokenizer("abcd", special=["<pad>", "<mask>", "<cls>", "<sep>"])
DATASET = data.TensorDataset(np.zeros((6, 2), np.float32), np.zeros(6, int))
IMAGES = np.full((2, 3, 8, 8), 0.5, np.float32)
MODEL = nn.Linear(2, 2)
PARAMETERS = [tg.Value(1.0)]

RIGHT: dict[str, Any] = {
    "a": BOXES, "anchors": BOXES, "b": BOXES, "bias": 1.0, "block": models.BasicBlock, "blocks": (1, 1),
    "boxes": BOXES, "channels": 8, "characters": "abc", "classes": 2, "confusion": [[9, 1], [2, 8]],
    "dataset": DATASET, "documents": [[[4, 5], [6]], [[7], [5, 5]]], "end": 0, "epochs": 1, "factor": 0.5,
    "found": [[[7, 0, 0, 10, 9, 0.9]]], "gamma": 0.5, "images": IMAGES, "indices": [0, 1], "label": 7,
    "labels": [0, 1, 1], "lengths": [0.5, 0.5], "loader": data.DataLoader(DATASET, 3), "logits": [0.0, 1.0],
    "loss": nn.CrossEntropyLoss(), "lr_lambda": len, "mean": 0.5, "metric": train.accuracy, "milestones": [2, 3],
    "model": MODEL, "nonlinearity": "relu", "obj": {}, "offsets": BOXES, "optimizer": optim.SGD(PARAMETERS, lr=0.1),
    "pad": 0, "parameters": PARAMETERS, "params": PARAMETERS, "path": "x.npz", "predicted": [4, 6],
    "predictions": [0, 1, 1], "prompt": [0], "ratios": (1.0,), "scores": [0.5, 0.4], "sequences": [[1, 2], [3]],
    "shape": (3, 3), "size": 32, "sizes": [2.0], "start": 0, "std": 0.5, "stages": [], "stem": {}, "strides": (4, 8),
    "targets": [0, 1, 0], "tensor": tg.zeros((3, 3)), "texts": [[1, 2], [3]], "tokenizer": CHARACTERS,
    "tokens": list(range(8)),
    "true": [[[7, 0, 0, 10, 10]]], "weight": [1.0, 2.0], "widths": (4, 4),
}  # fmt: skip
"""Right arguments, by their names; where none stands here, 4."""

ALSO_RIGHT: dict[Any, dict[str, Any]] = {
    data.text.mask_tokens: {"tokens": [[4, 5]]}, models.bits_per_character: {"loss": 1.0},
    models.perplexity: {"loss": 1.0}, models.next_token_loss: {"logits": tg.zeros((1, 3, 4)), "targets": [[0, 1, 2]]},
    models.bert_loss: {"outputs": (tg.zeros((1, 4, 8)), tg.zeros((1, 2))), "targets": [[1, -100, 5, -100]]},
    models.NiN: {"blocks": [(8, 5, 2, 2)]}, train.top_k: {"predictions": np.eye(3), "targets": [0, 1, 2]},
}  # fmt: skip


def calls() -> Iterator[Any]:
    """A function or class, its right arguments, and the argument to change."""
    for room in ROOMS:
        for name in room.__all__:
            function = getattr(room, name)
            if not callable(function) or name in LATER:
                continue
            every = inspect.signature(function).parameters.values()
            known = [p for p in every if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
            right = {p.name: RIGHT.get(p.name, 4) for p in known if p.default is p.empty}
            right |= {key: x for key, x in ALSO_RIGHT.get(function, {}).items() if key in right}
            for p in known:
                yield pytest.param(function, right, p, id=f"{room.__name__}.{name}({p.name})")


@pytest.mark.parametrize(("function", "right", "argument"), list(calls()))
def test_an_argument_of_a_wrong_type_is_refused(function: Any, right: dict[str, Any], argument: Any) -> None:
    name, hint = argument.name, str(argument.annotation)
    if not kinds_of(hint):  # data, which are refused in many words
        with pytest.raises(tg.TinygradError):
            function(**right | {name: Odd()})
        return
    wrong = [Odd(), *(["word"] if "str" not in hint else []), *([2.5] if "float" not in hint and "int" in hint else [])]
    for value in wrong:
        with pytest.raises(tg.DtypeError, match=f"{name} is .*, not .*{value!r}"):
            function(**right | {name: value})


def test_the_table_is_of_all_that_takes_arguments() -> None:
    assert len(list(calls())) > 400


def test_lists_are_arrays_tensors_and_ranges_too() -> None:
    for indices in (np.array([0, 1]), tg.tensor([0, 1], dtype="int64"), range(2), (0, 1)):
        assert len(data.Subset(DATASET, indices)) == 2  # type: ignore[arg-type]
        assert len(DATASET.batch(indices)[0]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("one", [np.float32(0.5), np.array(0.5), tg.tensor(0.5), tg.Value(0.5), True])
def test_what_holds_one_number_is_a_number(one: Any) -> None:
    assert nn.init.constant_(tg.zeros(2), one).tolist() == [float(one)] * 2


def test_an_array_of_length_one_is_a_list() -> None:
    for one in ([1.0], (np.array(1.0),), [tg.Value(1.0)], np.array([1.0]), tg.tensor([1.0])):
        assert [len(part) for part in data.random_split(DATASET, one)] == [len(DATASET)]  # type: ignore[arg-type]
    assert [len(part) for part in data.random_split(DATASET, tg.tensor([0.5, 0.5]))] == [3, 3]  # type: ignore[arg-type]


HINTED = [(call, kinds_of(str(call.values[2].annotation))) for call in calls()]
NUMBERS = [call for call, kinds in HINTED if any(kind.word == "a number" for kind in kinds)]


@pytest.mark.parametrize(("function", "right", "argument"), NUMBERS)
def test_a_number_may_be_in_a_value_or_a_tensor(function: Any, right: dict[str, Any], argument: Any) -> None:
    def outcome(number: Any) -> type[Exception] | None:
        try:
            function(**right | {argument.name: number})
        except tg.TinygradError as error:
            return type(error)
        return None

    plain = right.get(argument.name, argument.default)
    number = float(plain) if isinstance(plain, (int, float)) else 0.5
    for kind in (tg.Value, tg.tensor, np.array):
        assert outcome(kind(number)) == outcome(number)


@pytest.mark.parametrize("several", [np.array([0.5, 0.6]), tg.tensor([0.5, 0.6]), np.zeros(0), [0.5]])
def test_what_holds_several_numbers_is_none(several: Any) -> None:
    with pytest.raises(tg.DtypeError, match="nms: threshold is a number, not"):
        data.boxes.nms(BOXES, [0.5, 0.4], several)


@pytest.mark.parametrize("pair", [(8, 8), [8, 8], np.array([8, 8])])
def test_two_numbers_may_stand_in_any_list(pair: Any) -> None:
    assert data.boxes.anchors(pair, 1.0, [2.0], [1.0]).shape == (64, 4)


@pytest.mark.parametrize("pair", [(8,), [8, 8, 8], np.array([8, 8, 8]), np.array(8), {8: 1}])
def test_two_numbers_are_neither_one_nor_three(pair: Any) -> None:
    with pytest.raises(tg.DtypeError, match="anchors: shape is two whole numbers, not"):
        data.boxes.anchors(pair, 1.0, [2.0], [1.0])


def test_of_arguments_that_are_too_many_python_tells() -> None:
    with pytest.raises(TypeError, match="positional arguments"):
        data.moons(10, 0.1, 0, 0)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("function", "wrong", "said"),
    [
        (data.moons, "sead", "moons has no argument sead; did you mean seed"),
        (data.DataLoader, "bach_size", "DataLoader has no argument bach_size; did you mean batch_size"),
        (DATASET.batch, "index", "TensorDataset.batch has no argument index; did you mean indices"),
        (nn.Linear, "foo", "Linear has no argument foo; it has in_features, out_features and bias"),
        (nn.functional.softmin, "dimm", "softmin has no argument dimm; did you mean dim"),
        (nn.init.normal_, "sdt", "normal_ has no argument sdt; did you mean std"),
        (optim.SGD, "momentun", "SGD has no argument momentun; did you mean momentum"),
        (optim.clip_grad_norm_, "max_nrm", "clip_grad_norm_ has no argument max_nrm; did you mean max_norm"),
        (partial(tg.Value, 1.0), "nam", "Value has no argument nam; did you mean name"),
        (tg.draw, "widht", "draw has no argument widht; did you mean width"),
        (tg.draw, "size", "draw has no argument size; it has node, mode"),
        (tg.ones(2).sum, "axsi", "sum has no argument axsi; did you mean axis"),
        (tg.load, "pth", "load has no argument pth; did you mean path"),
        (tg.save, "ob", "save has no argument ob; did you mean obj"),
        (tg.svd, "full_matrixes", "svd has no argument full_matrixes; did you mean full_matrices"),
        (tg.graph.plain, "gradient", "plain has no argument gradient; did you mean gradients"),
        (tg.explain, "digit", "explain has no argument digit; did you mean digits"),
        (tg.formula, "latx", "formula has no argument latx; did you mean latex"),
        (tg.gradcheck, "rtoll", "gradcheck has no argument rtoll; did you mean rtol"),
        (tg.steps, "digit", "steps has no argument digit; did you mean digits"),
        (tg.tensor, "dtyp", "tensor has no argument dtyp; did you mean dtype"),
        (plots.lines, "titel", "lines has no argument titel; did you mean title"),
        (train.fit, "epoch", "fit has no argument epoch; did you mean epochs"),
    ],
)
def test_of_a_misspelt_argument_it_is_said_which_was_meant(function: Any, wrong: str, said: str) -> None:
    with pytest.raises(tg.DtypeError, match=said):
        function(**{wrong: 1})


@pytest.mark.parametrize("seed", [None, 3, np.int64(3), np.random.default_rng(3), np.random.SeedSequence(3)])
def test_a_seed_is_all_that_numpy_takes(seed: Any) -> None:
    assert len(data.moons(4, seed=seed)) == sum(map(len, data.random_split(DATASET, [4, 2], seed))) - 2
    assert len(data.text.NextSentence(RIGHT["documents"], CHARACTERS, 9, seed)) == 2
    loader = data.DataLoader(DATASET, shuffle=True, seed=seed)
    again = data.DataLoader(DATASET, shuffle=True, seed=loader.seed)
    assert [x.tolist() for x, _ in loader] == [x.tolist() for x, _ in again]


def test_a_loader_draws_its_seed_from_the_generator_of_the_package_if_it_is_none() -> None:
    seeds = []
    for start in (1, 1, 2):
        tg.manual_seed(start)
        seeds += [data.DataLoader(DATASET, seed=None).seed]
    assert seeds[0] == seeds[1] != seeds[2]


@pytest.mark.parametrize(
    "adjust", [data.adjust_brightness, data.adjust_contrast, data.adjust_saturation, data.adjust_hue]
)
def test_images_are_tensors_and_lists_too(adjust: Any) -> None:
    wanted = adjust(IMAGES, 0.3)
    np.testing.assert_array_equal(adjust(tg.tensor(IMAGES), 0.3), wanted)
    np.testing.assert_allclose(adjust(IMAGES.tolist(), 0.3), wanted)


def test_an_error_of_a_users_function_stays_as_it_is() -> None:
    optimizer = optim.SGD([tg.Value(1.0)], lr=0.1)
    for function, error in ((lambda t: [0.1][t + 1], IndexError), (lambda t: t.rate, AttributeError)):
        with pytest.raises(error) as caught:
            optim.lr_scheduler.LambdaLR(optimizer, function)
        assert str(caught.traceback[-1].path) == __file__
    with pytest.raises(tg.DtypeError, match="ModuleList"):
        nn.ModuleList([3])  # type: ignore[list-item]
