"""The networks of the textbooks, each on a page: images (N, C, height, width) to logits (N, classes).

`fcn` gives logits for every pixel, and `ssd` boxes.
"""

from .cnn import cnn
from .fcn import FCN, fcn
from .lenet import lenet
from .mlp import mlp
from .resnet import ResNet18, resnet18
from .rnn import RowRNN, rnn
from .ssd import SSD, ssd

__all__ = ["FCN", "SSD", "ResNet18", "RowRNN", "cnn", "fcn", "lenet", "mlp", "resnet18", "rnn", "ssd"]
