"""The networks of the textbooks, each on a page: of images (N, C, height, width), and of tokens (N, T).

Most networks of images give logits (N, classes); `fcn` gives logits for every pixel, and `ssd` boxes.
"""

from .alexnet import AlexNet, alexnet, alexnet_2012, alexnet_small
from .bert import BERT, bert, bert_loss
from .char_rnn import CharRNN, char_rnn
from .cnn import cnn
from .densenet import DenseBlock, DenseNet, densenet, densenet121, densenet_small
from .fcn import FCN, fcn
from .gan import GAN, discriminator_loss, gan, generator_loss
from .googlenet import GoogLeNet, Inception, googlenet, googlenet_small
from .gpt import GPT, gpt
from .language import bits_per_character, choose, generate, next_token_loss, perplexity
from .lenet import LeNet, bn_lenet, lenet
from .lenet5 import LeNet5, lenet5
from .mlp import mlp
from .nin import NiN, nin, nin_block, nin_small
from .receptive_field import Field, ReceptiveField, receptive_field
from .resnet import BasicBlock, Bottleneck, ResNet, resnet18, resnet34, resnet50, resnet_small
from .rnn import RowRNN, rnn
from .seq2seq import AdditiveAttention, Seq2Seq, seq2seq
from .ssd import SSD, ssd
from .transformer import Translator, transformer
from .vgg import VGG, vgg11, vgg13, vgg16, vgg19, vgg_small

__all__ = [
    "BERT", "FCN", "GAN", "GPT", "SSD", "VGG", "AdditiveAttention", "AlexNet", "BasicBlock", "Bottleneck", "CharRNN",
    "DenseBlock", "DenseNet", "Field", "GoogLeNet", "Inception", "LeNet", "LeNet5", "NiN", "ReceptiveField", "ResNet",
    "RowRNN", "Seq2Seq", "Translator", "alexnet", "alexnet_2012", "alexnet_small", "bert", "bert_loss",
    "bits_per_character", "bn_lenet", "char_rnn", "choose", "cnn", "densenet", "densenet121", "densenet_small",
    "discriminator_loss", "fcn", "gan", "generate", "generator_loss", "googlenet", "googlenet_small", "gpt", "lenet",
    "lenet5", "mlp", "next_token_loss", "nin", "nin_block", "nin_small", "perplexity", "receptive_field", "resnet18",
    "resnet34", "resnet50", "resnet_small", "rnn", "seq2seq", "ssd", "transformer", "vgg11", "vgg13", "vgg16", "vgg19",
    "vgg_small",
]  # fmt: skip
