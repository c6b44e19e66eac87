"""The networks of the textbooks, each on a page: of images (N, C, height, width), and of tokens (N, T)."""

from .bert import BERT, bert, bert_loss
from .cnn import cnn
from .gpt import GPT, gpt
from .language import bits_per_character, choose, generate, next_token_loss, perplexity
from .lenet import lenet
from .mlp import mlp
from .resnet import ResNet18, resnet18
from .rnn import RowRNN, rnn
from .seq2seq import AdditiveAttention, Seq2Seq, seq2seq
from .transformer import Translator, transformer

__all__ = [
    "BERT",
    "GPT",
    "AdditiveAttention",
    "ResNet18",
    "RowRNN",
    "Seq2Seq",
    "Translator",
    "bert",
    "bert_loss",
    "bits_per_character",
    "choose",
    "cnn",
    "generate",
    "gpt",
    "lenet",
    "mlp",
    "next_token_loss",
    "perplexity",
    "resnet18",
    "rnn",
    "seq2seq",
    "transformer",
]
