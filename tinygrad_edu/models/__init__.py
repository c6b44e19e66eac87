"""The networks of the textbooks, each a page to read.

They take images (N, C, height, width) and give logits (N, classes).
"""

from .cnn import cnn
from .lenet import lenet
from .mlp import mlp
from .resnet import ResNet18, resnet18
from .rnn import RowRNN, rnn

__all__ = ["ResNet18", "RowRNN", "cnn", "lenet", "mlp", "resnet18", "rnn"]
