"""The training loop `fit`, its history, metrics and callbacks."""

from .callbacks import Checkpoint, EarlyStopping, LivePlot, SaveBest
from .detection import box_precision_recall_curve, mean_average_precision
from .fit import evaluate, fit
from .history import History
from .metrics import (
    Running,
    accuracy,
    average_precision,
    confusion_matrix,
    f1,
    iou,
    precision,
    precision_recall_curve,
    recall,
    top_k,
)
from .run import Callback, NotFiniteError, Run
from .shift import class_weights, importance_weights, label_shift_weights

__all__ = [
    "Callback", "Checkpoint", "EarlyStopping", "History", "LivePlot", "NotFiniteError", "Run", "Running", "SaveBest",
    "accuracy", "average_precision", "box_precision_recall_curve", "class_weights", "confusion_matrix", "evaluate",
    "f1", "fit", "importance_weights", "iou", "label_shift_weights", "mean_average_precision", "precision",
    "precision_recall_curve", "recall", "top_k",
]  # fmt: skip
