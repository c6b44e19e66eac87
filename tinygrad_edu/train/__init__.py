"""The training loop `fit`, its history, metrics and callbacks."""

from .callbacks import Callback, Checkpoint, EarlyStopping, LivePlot, SaveBest
from .fit import NotFiniteError, Run, evaluate, fit
from .history import History
from .metrics import (
    Running,
    accuracy,
    average_precision,
    confusion_matrix,
    f1,
    precision,
    precision_recall_curve,
    recall,
    top_k,
)

__all__ = [
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "LivePlot",
    "NotFiniteError",
    "Run",
    "Running",
    "SaveBest",
    "accuracy",
    "average_precision",
    "confusion_matrix",
    "evaluate",
    "f1",
    "fit",
    "precision",
    "precision_recall_curve",
    "recall",
    "top_k",
]
