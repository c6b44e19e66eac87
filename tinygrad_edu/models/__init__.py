"""The networks of the textbooks, each on a page: images (N, C, height, width) to logits (N, classes)."""

from .cnn import cnn
from .lenet import lenet
from .mlp import mlp
from .resnet import ResNet18, resnet18
from .rnn import RowRNN, rnn

__all__ = ["ResNet18", "RowRNN", "cnn", "lenet", "mlp", "resnet18", "rnn"]
