"""A module is an ordinary object that finds its parameters; mistakes in its attributes are refused."""

from __future__ import annotations

import copy
from collections import deque
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.nn.twins import torch_or_skip
from tinygrad_edu import nn, optim
from tinygrad_edu.engine.scopes import scopes_of
from tinygrad_edu.errors import DtypeError, ModuleError
from tinygrad_edu.nn import members, module


class Net(nn.Module):
    """Parameters wherever one would put them."""

    def __init__(self) -> None:
        self.scale = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
        self.blocks: Any = [nn.Linear(3, 4), (nn.Linear(4, 2, bias=False), nn.ReLU())]
        self.heads: Any = {"mean": nn.Linear(2, 1), "offsets": [nn.Parameter([0.5]), nn.Parameter([0.25])]}
        self.steps = nn.Buffer(0)
        self.constant = tg.tensor([7.0])
        self.settings = {"name": "net", "sizes": [3, 4, 2]}

    def forward(self, x: Any) -> Any:
        h = self.blocks[1][0](self.blocks[0](x * self.scale).relu())
        return self.heads["mean"](h) + self.heads["offsets"][0]


NAMES = ["scale", "heads.offsets.0", "heads.offsets.1", "blocks.0.weight", "blocks.0.bias", "blocks.1.0.weight",
         "heads.mean.weight", "heads.mean.bias"]  # fmt: skip


def test_parameters_are_learned_buffers_are_kept_and_anything_else_is_neither() -> None:
    weight, buffer = nn.Parameter([1.0]), nn.Buffer([1.0])
    others = [tg.tensor([1.0]), weight * 2.0, np.ones(1), 1.0, None]
    leaves = [weight, nn.Parameter([1.0], requires_grad=False), tg.Value(2.0), tg.tensor([1.0], requires_grad=True)]
    assert [isinstance(x, nn.Parameter) for x in [*leaves, buffer, *others]] == [True] * 4 + [False] * 6
    assert [isinstance(x, nn.Buffer) for x in [*leaves, buffer, *others]] == [False] * 4 + [True] + [False] * 5


@pytest.mark.parametrize("kind", [nn.Parameter, nn.Buffer])
def test_a_mark_has_no_subclasses(kind: type) -> None:
    with pytest.raises(tg.DtypeError, match=rf"{kind.__name__} has no subclasses: .* a function that returns one"):
        type("Scaled", (kind,), {})


def test_parameters_are_found_in_attributes_lists_tuples_and_dicts() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_buffers()] == ["steps"]
    assert [name for name, _ in net.named_modules()] == ["", "blocks.0", "blocks.1.0", "blocks.1.1", "heads.mean"]
    assert [name for name, _ in net.named_children()] == ["blocks.0", "blocks.1.0", "blocks.1.1", "heads.mean"]
    assert len(list(net.buffers())) == 1
    assert len(list(net.children())) == 4


def test_what_is_appended_later_is_found() -> None:
    net = Net()
    net.blocks.append(nn.Linear(2, 2))
    assert "blocks.2.weight" in dict(net.named_parameters())


def test_values_are_parameters_too() -> None:
    class Neuron(nn.Module):
        def __init__(self) -> None:
            self.w = [tg.Value(0.5), tg.Value(-0.5)]
            self.b = tg.Value(0.0)

        def forward(self, x: Any) -> Any:
            return sum((w * y for w, y in zip(self.w, x)), self.b).tanh()

    neuron = Neuron()
    neuron([1.0, 2.0]).backward()
    assert [name for name, _ in neuron.named_parameters()] == ["w.0", "w.1", "b"]
    assert all(p.grad is not None for p in neuron.parameters())
    neuron.load_state_dict({"w.0": 1.0, "w.1": 2.0, "b": 3.0})
    assert [p.data for p in neuron.parameters()] == [1.0, 2.0, 3.0]


def test_a_tied_parameter_counts_once_and_is_saved_under_both_names_as_in_pytorch() -> None:
    tied = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    tied[2].weight = tied[0].weight
    assert [name for name, _ in tied.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    assert list(tied.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    shared = nn.Linear(2, 2)
    twice = nn.Sequential(shared, nn.Tanh(), shared)
    assert len(list(twice.parameters())) == 2
    assert list(twice.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_modules_that_hold_each_other_are_walked_once() -> None:
    parent, child = nn.Identity(), nn.Linear(1, 2)
    parent.child, child.parent = child, parent
    assert [name for name, _ in parent.named_modules()] == ["", "child"]
    assert list(parent.state_dict()) == ["child.weight", "child.bias"]


def test_train_and_eval_reach_all_modules() -> None:
    net = Net()
    assert all(not module.training for module in net.eval().modules())
    assert all(module.training for module in net.train().modules())


def test_a_frozen_module_gets_no_gradient_and_records_nothing() -> None:
    backbone, head = nn.Sequential(nn.Linear(4, 3), nn.ReLU()).requires_grad_(False), nn.Linear(3, 2)
    features = backbone(tg.randn(5, 4))
    assert features.is_leaf
    head(features).sum().backward()
    assert all(p.grad is None for p in backbone.parameters())
    assert all(p.grad is not None for p in head.parameters())
    assert len(list(backbone.parameters())) == 2
    assert all(p.requires_grad for p in backbone.requires_grad_().parameters())


def test_a_plain_tensor_stays_a_parameter_when_it_is_frozen() -> None:
    net = Net()
    net.scale.requires_grad = False
    assert "scale" in dict(net.named_parameters())


def test_zero_grad_forgets_all_gradients() -> None:
    net = Net()
    net(tg.randn(5, 3)).sum().backward()
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_apply_visits_inner_modules_before_outer_ones() -> None:
    seen: list[str] = []
    nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU())).apply(lambda module: seen.append(type(module).__name__))
    assert sorted(seen) == ["Linear", "ReLU", "Sequential", "Sequential"]
    assert seen.index("ReLU") < seen.index("Sequential")
    assert seen[-1] == "Sequential"


def test_the_result_remembers_who_made_it() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    assert [call.owner for call in scopes_of(net(tg.randn(5, 3)))] == [net[1], net]


def test_forward_may_branch_and_loop() -> None:
    class Deep(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(3, 3)

        def forward(self, x: Any, depth: int, *, double: bool = False) -> Any:
            for _ in range(depth):
                x = self.layer(x)
            return {"out": x * 2 if double else x, "depth": depth}

    deep = Deep()
    x = tg.randn(2, 3)
    np.testing.assert_allclose(deep(x, 3, double=True)["out"].data, 2 * deep(x, depth=3)["out"].data)


def test_a_deep_copy_has_parameters_of_its_own_tied_as_before() -> None:
    net: Any = Net()
    net.alias = net.blocks[0].weight
    twin = copy.deepcopy(net)
    assert [name for name, _ in twin.named_parameters()] == [name for name, _ in net.named_parameters()]
    assert twin.alias is twin.blocks[0].weight
    assert not {id(p) for p in net.parameters()} & {id(p) for p in twin.parameters()}


def test_float_and_double_change_the_dtype_in_place() -> None:
    net = Net()
    weight = net.blocks[0].weight
    assert net.double().blocks[0].weight is weight
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float64)}
    assert {p.dtype for p in net.float().parameters()} == {np.dtype(np.float32)}


# Saving and loading.


def test_a_state_dict_holds_copies_and_loads_into_a_twin() -> None:
    net, twin = Net(), Net()
    state = net.state_dict()
    assert all(type(x) is np.ndarray for x in state.values())
    with tg.no_grad():
        net.scale += 1.0
    assert state["scale"].tolist() == [1.0, 2.0, 3.0]
    twin.load_state_dict(state)
    assert all((twin.state_dict()[name] == x).all() for name, x in state.items())


def test_loading_lists_all_that_does_not_fit_and_changes_nothing() -> None:
    layer = nn.Linear(3, 2)
    before = layer.state_dict()
    with pytest.raises(tg.ModuleError) as error:
        layer.load_state_dict({"weight": np.ones((3, 2)), "baîs": np.ones(2)})
    assert str(error.value).splitlines() == [
        "load_state_dict: the state does not fit this Linear:",
        "  weight has shape (2, 3) in the module and (3, 2) in the state",
        "  bias is missing",
        "  baîs is not expected",
    ]
    assert all((layer.state_dict()[name] == x).all() for name, x in before.items())


def test_what_is_no_array_of_numbers_is_not_loaded() -> None:
    with pytest.raises(tg.ModuleError, match="bias is no array of numbers but of <U1"):
        nn.Linear(3, 2).load_state_dict({"weight": np.ones((2, 3)), "bias": np.array(["a", "b"])})


def test_loading_may_leave_the_rest_alone() -> None:
    layer = nn.Linear(3, 2)
    differ = layer.load_state_dict({"weight": np.ones((2, 3)), "other": 1.0}, strict=False)
    assert differ == (["bias"], ["other"])
    assert (layer.weight.data == 1).all()


def test_a_loaded_number_takes_the_dtype_of_the_parameter() -> None:
    layer = nn.Linear(3, 2)
    layer.load_state_dict({"weight": np.ones((2, 3)), "bias": [1, 2]})
    assert {x.dtype for x in layer.state_dict().values()} == {np.dtype(np.float32)}


@pytest.mark.torch
def test_pytorchs_state_dict_loads_and_gives_the_same_output_and_ours_loads_there() -> None:
    torch = torch_or_skip()

    def network(n: Any) -> Any:
        return n.Sequential(
            n.Conv2d(1, 6, 5, padding=2), n.BatchNorm2d(6), n.PReLU(6), n.Flatten(), n.Linear(6 * 4 * 5, 7), n.Tanh(),
            n.LayerNorm(7), n.Sequential(n.Dropout(0.5), n.Linear(7, 3, bias=False)),
        )  # fmt: skip

    ours, theirs = network(nn).eval(), network(torch.nn).eval()
    assert {k: x.shape for k, x in ours.state_dict().items()} == {
        k: tuple(x.shape) for k, x in theirs.state_dict().items()
    }
    x = np.random.default_rng(0).normal(size=(2, 1, 4, 5)).astype(np.float32)
    ours.load_state_dict(theirs.state_dict())
    np.testing.assert_allclose(ours(tg.tensor(x)).data, theirs(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-6)
    tg.manual_seed(1)
    other = network(nn).eval()
    theirs.load_state_dict({name: torch.tensor(a) for name, a in other.state_dict().items()})
    np.testing.assert_allclose(other(tg.tensor(x)).data, theirs(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-6)


# Mistakes.


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("wieght", "Linear has no attribute 'wieght'; did you mean 'weight'?"),
        ("paramters", "did you mean 'parameters'?"),
        ("xyzzy", "Linear has no attribute 'xyzzy'$"),
        ("register_buffer", "assign nn.Buffer"),
        ("cuda", "NumPy computes on the processor only"),
    ],
)
def test_a_misspelt_attribute_is_an_error_that_suggests_the_right_one(name: str, says: str) -> None:
    with pytest.raises(AttributeError, match=says):
        getattr(nn.Linear(2, 1), name)
    assert not hasattr(nn.Linear(2, 1), name)


@pytest.mark.parametrize("name", ["wieght", "weigth", "weght", "weightt", "traning", "open_size"])
def test_a_misspelt_assignment_from_outside_is_refused(name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'; did you mean"):
        setattr(nn.Linear(2, 1), name, None)


def test_other_new_attributes_are_welcome() -> None:
    net = nn.Linear(2, 1)
    for name in ("weight2", "note", "encoder", "decoder", "w"):
        setattr(net, name, 1)

    class Own(nn.Module):
        def __init__(self) -> None:
            self.weight, self.wieght = 1, 2  # in its own methods a class may name things as it likes

    assert vars(Own()) == {"weight": 1, "wieght": 2}


def test_the_error_of_a_property_is_its_own() -> None:
    class Net(nn.Module):
        @property
        def width(self) -> int:
            return self.layer.wdith  # type: ignore[attr-defined, no-any-return]

        def __init__(self) -> None:
            self.layer = nn.Linear(2, 1)

    with pytest.raises(AttributeError, match="Linear has no attribute 'wdith'"):
        _ = Net().width


def test_a_forgotten_or_misspelt_forward_is_named() -> None:
    class Forgot(nn.Module):
        pass

    class Misspelt(nn.Module):
        def foward(self, x: Any) -> Any:
            return x

    with pytest.raises(AttributeError, match="Forgot has no method 'forward'; write what a call computes"):
        Forgot()(1.0)
    with pytest.raises(AttributeError, match=r"Misspelt has no method 'forward'; .* 'foward'"):
        Misspelt()(1.0)


@pytest.mark.parametrize("value", [lambda w: w - 0.1, lambda w: w.data, lambda w: 3.0, lambda w: tg.ones(2)])
def test_a_parameter_is_not_replaced_by_what_would_not_learn(value: Any) -> None:
    layer = nn.Linear(3, 2)
    with pytest.raises(tg.DtypeError, match="weight is a parameter of Linear"):
        layer.weight = value(layer.weight)
    layer.weight = nn.Parameter(np.ones((2, 3)))
    layer.bias = None
    assert len(list(layer.parameters())) == 1


def test_the_repr_is_the_tree() -> None:
    assert repr(nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Dropout(0.1)))) == (
        "Sequential(\n"
        "  (0): Linear(in_features=4, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.1)\n"
        "  )\n"
        ")"
    )


@pytest.mark.torch
def test_the_repr_of_a_container_is_pytorchs() -> None:
    torch = torch_or_skip()

    def network(n: Any) -> Any:
        return n.Sequential(n.Linear(4, 3), n.ReLU(), n.ModuleList([n.Tanh(), n.Softmax(dim=1)]), n.Flatten())

    assert repr(network(nn)) == repr(network(torch.nn))


class Keeps(nn.Module):
    """Keeps what it was given, to be looked at."""

    def __init__(self) -> None:
        self.linear = nn.Linear(4, 3)
        self.seen: list[Any] = []
        self.cache: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        self.last = x
        self.both = (x, {"again": x})
        self.seen.append(x)
        self.cache["x"] = x
        return self.linear(x)


def test_what_a_call_keeps_is_no_parameter() -> None:
    net = Keeps()
    for _ in range(2):
        net(tg.randn(2, 4, requires_grad=True))
        assert list(net.state_dict()) == ["linear.weight", "linear.bias"]
    assert len(net.seen) == 2
    nn.Sequential(net)(tg.ones((2, 4)))  # it may also be assigned anew
    assert len(list(net.parameters())) == 2


def test_what_a_call_makes_as_a_parameter_or_a_module_is_one() -> None:
    class Grows(nn.Module):
        def forward(self, x: Any) -> Any:
            self.scale = nn.Parameter([1.0])
            self.layer = nn.Linear(4, 3)
            return self.layer(x) * self.scale

    net = Grows()
    net(np.ones((2, 4), np.float32))
    assert list(net.state_dict()) == ["scale", "layer.weight", "layer.bias"]


def test_a_plain_tensor_in_a_list_is_a_parameter_before_and_after_the_first_call() -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            self.weights: list[Any] = []
            self.weights.append(tg.randn(3, requires_grad=True))

        def forward(self, x: Any) -> Any:
            return self.weights[0] * x

    net = Plain()
    assert list(net.state_dict()) == ["weights.0"]
    net(np.ones(3, np.float32))
    net.shift = tg.zeros(3, requires_grad=True)
    assert list(net.state_dict()) == ["weights.0", "shift"]
    assert list(deepcopy(net).state_dict()) == ["weights.0", "shift"]


def test_a_module_that_knows_its_parent_is_printed() -> None:
    parent = nn.Sequential(nn.Linear(2, 3))
    parent[0].parent = parent
    assert repr(parent).splitlines()[2] == "    (parent): ..."
    assert str(nn.summary(parent, (5, 2)))


@pytest.mark.parametrize(
    "words", [{f"w{i}": i for i in range(5000)}, [f"w{i}" for i in range(5000)], {i: [i, str(i)] for i in range(5000)}]
)
def test_a_vocabulary_is_searched_once_and_again_when_it_has_grown(words: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    net = nn.Sequential(nn.Linear(4, 3))
    net.vocabulary = words
    net.zero_grad()
    looked = 0
    plain = members.is_plain

    def counted(x: Any) -> bool:
        nonlocal looked
        looked += 1
        return plain(x)

    monkeypatch.setattr(module, "is_plain", counted)
    for _ in range(3):
        net.zero_grad()
    assert looked == 0
    if isinstance(words, dict):
        words["new"] = nn.Linear(1, 1)
    else:
        words.append(nn.Linear(1, 1))
    assert len(list(net.parameters())) == 4
    net.vocabulary = {}
    assert len(list(net.parameters())) == 2


def test_gaps_in_a_long_list_may_be_filled_later() -> None:
    net = nn.Sequential()
    net.heads = [None] * 100
    net.zero_grad()
    net.heads[7] = nn.Linear(2, 1)
    assert len(list(net.parameters())) == 2


@pytest.mark.parametrize("kind", [set, frozenset, deque])
def test_modules_where_they_would_not_be_found_are_refused(kind: Any) -> None:
    net = nn.Sequential()
    with pytest.raises(DtypeError, match=f"found in lists, tuples and dicts, not in a {kind.__name__}"):
        net.layers = kind([nn.Linear(2, 1)])
    net.words = kind(["a", "b"])


@pytest.mark.parametrize("name", ["0.weight", "1.weight"])
def test_one_name_of_a_tied_parameter_suffices(name: str) -> None:
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    net[1].weight = net[0].weight
    assert net.load_state_dict({name: np.ones((3, 3))}) == ([], [])
    assert (net[0].weight.data == 1).all()
    with pytest.raises(ModuleError, match=r"0\.weight is missing"):
        net.load_state_dict({})


def test_names_of_modules_are_printed_as_python_writes_them() -> None:
    net = nn.Sequential()
    setattr(net, "\x1b[31mred", nn.Linear(2, 2))
    assert "\x1b" not in repr(net)


@pytest.mark.parametrize("wrong", [np.ones((2, 3)), "yes", None, 1])
def test_the_mode_of_training_is_a_bool_and_data_are_none(wrong: Any) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))
    with pytest.raises(tg.DtypeError, match=r"^train: mode is True or False, not .*train\.fit"):
        model.train(wrong)
    assert model.training


def test_what_is_held_directly_and_under_another_prefix_is_named_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="compared with PyTorch: pip install torch")
    ours = nn.Sequential(nn.BatchNorm1d(3), nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)))
    theirs = torch.nn.Sequential(
        torch.nn.BatchNorm1d(3), torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2))
    )
    for of in ("named_parameters", "named_buffers"):
        for way in ({}, {"prefix": "net"}, {"recurse": False}, {"prefix": "net", "recurse": False}):
            for a, b in ((ours, theirs), (ours[1][0], theirs[1][0])):
                assert [x for x, _ in getattr(a, of)(**way)] == [x for x, _ in getattr(b, of)(**way)]
    assert len(list(ours.parameters(recurse=False))) == len(list(ours.buffers(recurse=False))) == 0


def test_gradients_are_dropped_or_set_to_zero() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    model[0](np.ones((1, 3))).sum().backward()
    model[0].weight.grad[0, 0] = np.inf  # inf times 0 would be nan
    model.zero_grad(set_to_none=False)
    assert [p.grad is None for p in model.parameters()] == [False, False, True, True]
    assert (model[0].weight.grad == 0).all()
    model.zero_grad()
    assert model[0].weight.grad is None


@pytest.mark.parametrize(
    "zeros", [nn.Module.zero_grad, lambda m, **how: optim.SGD(m.parameters(), 0.1).zero_grad(**how)]
)
def test_no_gradient_is_not_a_gradient_of_zero(zeros: Any) -> None:
    model: Any = nn.Module()
    model.reached, model.unreached = tg.Value(2.0), tg.Value(2.0)
    (model.reached * np.inf).backward()
    zeros(model, set_to_none=False)
    optim.SGD(model.parameters(), lr=0.1, weight_decay=1.0).step()
    assert (model.reached.data, model.unreached.data) == (1.8, 2.0)
