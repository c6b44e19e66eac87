"""Step by step: a derivation as a script of events, and the texts, pictures and players that show it."""

from .derivation import steps
from .script import Arrival, Event, Script, State

__all__ = ["Arrival", "Event", "Script", "State", "steps"]
