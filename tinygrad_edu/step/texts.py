"""The texts of the players, by short names: the script of the page knows them by these."""

from __future__ import annotations

from .._support.languages import texts

__all__ = ["LABELS", "MESSAGES", "TEXTS"]

MESSAGES = texts(
    {
        "forward": "Forward",
        "back": "Back",
        "update": "Update",
        "place": "{part}, step {step} of {count}",
        "part of": "{part}: {title}",
        # An event in sentences.
        "between sentences": " ",
        "said at the start": "Only the inputs are known. The next step computes the first result.",
        "said of forward": "{symbolic} = {value}: {operation} gives {label} its value.",
        "said of forward as array": "{operation} gives {label} its value, of shape {shape}.",
        "said of seed": "The way back begins at {label}, which changes with itself one to one: {symbolic}.",
        "said of contribution": "{from} passes its gradient on to {label}: upstream {upstream} times local derivative "
        "{local} is {value}.",
        "said of contribution as array": "{from} passes its gradient on to {label}: upstream times local derivative, "
        "element by element.",
        "said of carried contribution": "{from} passes its gradient on to {label}: {symbolic}.",
        "said of operand": "This is operand {operand} of {from}.",
        "said of broadcast contribution": "{label} was repeated to shape {shape}, so this is not its gradient yet.",
        "said of sum": "{label} was repeated to shape {shape}, so what comes back is summed over the repetitions.",
        "said of the rest": "{arrived} of {expected} contributions have arrived; the gradient of {label} is {after} so "
        "far.",
        "said of the rest as array": "{arrived} of {expected} contributions have arrived at {label}; the rest will be "
        "added.",
        "said of the last": "All {expected} contributions have arrived: the gradient of {label} is {after}.",
        "said of the last as array": "All {expected} contributions have arrived: the gradient of {label} is complete.",
        "said of the only one": "The gradient of {label} is {after}.",
        "said of the only one as array": "The gradient of {label} is complete.",
        "said of update": "A step of the optimiser changes {label} from {old} to {value}.",
        "said of update as array": "A step of the optimiser changes {label}.",
        # How much of a gradient has arrived.
        "arrived": "{arrived} of {expected}",
        "not reached": "not yet",
        "final": "final",
        # Predict mode.
        "asked for the number": "Which number comes here?",
        "asked for the numbers": "Which numbers come here? All elements in order, with commas between.",
        "asked for the shape": "Which shape does the result have?",
        "hint of upstream": "upstream: {left} = {upstream}",
        "hint of local": "local derivative: {left} = {local}",
        "right": "Right.",
        "try again": "Not yet. Try again, or take a hint.",
        "not a number": "This is not a number. Write it like 2, -0.5, 1e-3 or 1/3, and several with commas.",
        "score": "{points} of {of} points",
        "asked": "{asked} of {of}",
    }
)
"""What is said while a script is played."""

LABELS = texts(
    {
        "title": "Step by step: {of}",
        "your answer": "your answer; Enter alone for a hint",
        "wrong": "Not yet. Try again, or press Enter alone for a hint.",
        # Labels of the screen.
        "picture": "the graph",
        "event": "what happens now",
        "source": "the program",
        "controls": "player",
        "options": "options",
        "caption": "All values and gradients",
        "name": "name",
        "made_by": "made by",
        "value": "value",
        "gradient": "gradient",
        "arrivals": "arrived",
        # Buttons and keys.
        "check": "Check",
        "hint": "Hint",
        "reveal": "Show the answer",
        "export": "Save the score",
        "first": "first",
        "step_back": "back",
        "play": "play",
        "space": "space",
        "next": "next",
        "last": "last",
        "slider": "step",
        "speed": "speed",
        "skip": "skip the forward part",
        "predict": "predict each result",
        "grouped": "whole parts at a time",
        "zoom": "zoom",
        "farther": "smaller",
        "closer": "larger",
        "whole": "whole graph",
        "graph": "graph",
        "quit": "quit",
        "way_back": "way back",
        "leave": "leave the question",
        "next_part": "part",
    }
)
"""What is there from the start, and what the terminal alone says."""

TEXTS = {**MESSAGES, **LABELS}
