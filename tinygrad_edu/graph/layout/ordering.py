"""The third step of the layered layout: an order in each rank with few crossings."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from itertools import pairwise

from .ranks import Lanes

__all__ = ["count_crossings", "order_rows"]

SWEEPS, PATIENCE = 24, 4
"""How many sweeps improve the order of the ranks at most, and how many in a row may fail."""


def order_rows(lanes: Lanes, boxes: int) -> list[list[int]]:
    """The items of each rank in an order with few crossings. The first operand begins above the second."""
    best = _first_order(lanes, boxes)
    fewest = count_crossings(best, lanes)
    # From the inputs, whose operands are in order; in a small graph also from the outputs.
    starts = [(_first_order(lanes, boxes), True, False)]
    if len(lanes.rank) < 1_000 and fewest:
        starts.append((_first_order(lanes, boxes), False, False))
        _swap_neighbours(starts[1][0], lanes)
        # Two swaps may help where neither does alone: so once with swaps that change nothing for the better or worse.
        starts.append((_first_order(lanes, boxes), True, True))
    for rows, down, ties in starts:
        patience = PATIENCE
        for _ in range(SWEEPS if len(lanes.rank) < 2_000 else 4):
            if not fewest or not patience:
                break
            _sweep(rows, lanes, down=down)
            if ties:
                _swap_neighbours(rows, lanes, ties=True)
            _swap_neighbours(rows, lanes)
            crossings = count_crossings(rows, lanes)
            if crossings < fewest:
                best, fewest, patience = [row[:] for row in rows], crossings, PATIENCE
            else:
                patience -= 1
            down = not down
    return best


def _first_order(lanes: Lanes, boxes: int) -> list[list[int]]:
    """Items as a depth-first search from the last boxes meets them, operand by operand."""
    rows: list[list[int]] = [[] for _ in range(max(lanes.rank) + 1)]
    seen = [False] * len(lanes.rank)
    todo = [i for i in range(boxes) if not lanes.below[i]][::-1]
    while todo:
        item = todo.pop()
        if not seen[item]:
            seen[item] = True
            rows[lanes.rank[item]].append(item)
            todo.extend(reversed(lanes.above[item]))
    return rows


def _places(row: list[int], place: list[int]) -> None:
    for i, item in enumerate(row):
        place[item] = i


def _sweep(rows: list[list[int]], lanes: Lanes, *, down: bool) -> None:
    """Sort each row by the medians of its neighbours' places in the row before it (`down`) or after it."""
    neighbours = lanes.above if down else lanes.below
    order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
    place = [0] * len(lanes.rank)
    _places(rows[0 if down else -1], place)
    for r in order:
        _places(rows[r], place)
        rows[r].sort(key=lambda item: _median([place[x] for x in neighbours[item]], place[item]))
        _places(rows[r], place)


def _median(places: list[int], otherwise: int) -> float:
    if not places:
        return otherwise
    places.sort()
    middle = len(places) // 2
    return places[middle] if len(places) % 2 else (places[middle - 1] + places[middle]) / 2


def _swap_neighbours(rows: list[list[int]], lanes: Lanes, *, ties: bool = False) -> None:
    """Swap neighbours in a row wherever this removes crossings; with `ties`, in one pass, wherever it adds none."""
    place = [0] * len(lanes.rank)
    for row in rows:
        _places(row, place)
    for _ in range(4 if len(lanes.rank) < 5_000 else 2):
        swapped = False
        for row in rows:
            # The places of each item's neighbours in the rows above and below, which do not move meanwhile.
            above = [sorted([place[x] for x in lanes.above[item]]) for item in row]
            below = [sorted([place[x] for x in lanes.below[item]]) for item in row]
            for i in range(len(row) - 1):
                saved = 0
                for ends in (above, below):
                    left, right = ends[i], ends[i + 1]
                    if left and right and left[-1] > right[0]:  # some of their arrows cross
                        one = len(left) == len(right) == 1
                        saved += 1 if one else _inversions(left, right) - _inversions(right, left)
                if saved > 0 or (ties and not saved):
                    row[i], row[i + 1] = row[i + 1], row[i]
                    above[i], above[i + 1] = above[i + 1], above[i]
                    below[i], below[i + 1] = below[i + 1], below[i]
                    swapped = True
            _places(row, place)
        if ties or not swapped:
            break


def _inversions(left: list[int], right: list[int]) -> int:
    """How many pairs of arrows cross when the box with neighbours `left` stands before the one with `right`."""
    return sum([bisect_left(right, x) for x in left])


def count_crossings(rows: list[list[int]], lanes: Lanes) -> int:
    """How many arrows cross, over all pairs of neighbouring ranks."""
    total, place = 0, [0] * len(lanes.rank)
    for upper, lower in pairwise(rows):
        _places(lower, place)
        ends: list[int] = []  # of the arrows so far, in order
        for item in upper:
            own = sorted([place[x] for x in lanes.below[item]])
            if not ends or not own or ends[-1] <= own[0]:
                ends += own
                continue
            total += sum([len(ends) - bisect_right(ends, end) for end in own])
            for end in own:
                insort(ends, end)
    return total
