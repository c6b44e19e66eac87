"""The result of a call remembers who made it, and nothing else does."""

import copy
from typing import Any

import tinygrad_edu as tg
from tinygrad_edu.engine.scopes import made_by, scopes_of


@tg.block
def inner(x: Any) -> Any:
    return x * 2.0


@tg.block
def outer(x: Any) -> Any:
    return inner(x) + 1.0


def owners(node: Any) -> list[Any]:
    return [call.owner for call in scopes_of(node)]


def test_a_result_of_nested_calls_names_both_the_innermost_first() -> None:
    @tg.block
    def passing_on(x: Any) -> Any:
        return inner(x)

    assert owners(passing_on(tg.Value(1.0))) == [inner, passing_on]


def test_a_call_made_what_is_younger_than_its_start() -> None:
    x = tg.Value(1.0)
    y = outer(x)
    (call,) = scopes_of(y)
    between = y.inputs[0]
    assert x.index < call.start < between.index < y.index
    assert owners(between) == [inner]


def test_what_is_only_handed_on_belongs_to_nobody() -> None:
    x = tg.Value(1.0) * 2.0
    assert made_by("identity", lambda: x) is x
    assert owners(x) == []


def test_every_node_of_a_result_is_found_once() -> None:
    def many(x: Any) -> Any:
        y = x * 3.0
        return {"a": [y, (x + 1.0,)], "b": y}

    result = made_by("many", many, tg.Value(1.0))
    assert owners(result["b"]) == ["many"]
    assert owners(result["a"][1][0]) == ["many"]


def test_without_recording_nothing_is_noted() -> None:
    with tg.no_grad():
        y = outer(tg.Value(1.0))
    assert owners(y) == []


def test_a_copied_graph_keeps_its_calls() -> None:
    x = tg.Value(1.0)
    y = outer(outer(x) * 5.0)
    again = copy.deepcopy(y)
    for original, copied in ((y, again), (y.inputs[0].inputs[0].inputs[0], again.inputs[0].inputs[0].inputs[0])):
        assert owners(original) == owners(copied) == [outer]
        assert copied.inputs[0].inputs[0].index < scopes_of(copied)[0].start <= copied.inputs[0].index
