"""Step by step: the walk of a program's chain rule as a script, and what tells or plays it."""

from .script import Arrival, Event, Script, State, steps

__all__ = ["Arrival", "Event", "Script", "State", "steps"]
