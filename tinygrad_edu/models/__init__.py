"""The networks of the textbooks, each on a page: images (N, C, height, width) to logits (N, classes)."""

from .alexnet import AlexNet, alexnet, alexnet_2012, alexnet_small
from .cnn import cnn
from .densenet import DenseBlock, DenseNet, densenet, densenet121, densenet_small
from .googlenet import GoogLeNet, Inception, googlenet, googlenet_small
from .lenet import bn_lenet, lenet
from .lenet5 import LeNet5, lenet5
from .mlp import mlp
from .nin import NiN, nin, nin_block, nin_small
from .resnet import BasicBlock, Bottleneck, ResNet, resnet18, resnet34, resnet50, resnet_small
from .rnn import RowRNN, rnn
from .vgg import VGG, vgg11, vgg13, vgg16, vgg19, vgg_small

__all__ = [
    "VGG",
    "AlexNet",
    "BasicBlock",
    "Bottleneck",
    "DenseBlock",
    "DenseNet",
    "GoogLeNet",
    "Inception",
    "LeNet5",
    "NiN",
    "ResNet",
    "RowRNN",
    "alexnet",
    "alexnet_2012",
    "alexnet_small",
    "bn_lenet",
    "cnn",
    "densenet",
    "densenet121",
    "densenet_small",
    "googlenet",
    "googlenet_small",
    "lenet",
    "lenet5",
    "mlp",
    "nin",
    "nin_block",
    "nin_small",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet_small",
    "rnn",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg19",
    "vgg_small",
]
