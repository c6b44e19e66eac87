"""The networks of the textbooks, each on a page: of images (N, C, height, width), and of tokens (N, T).

Most networks of images give logits (N, classes); `fcn` gives logits for every pixel, and `ssd` boxes.
"""

# ruff: noqa: F403
from ..engine.messages.hints import hold_to_hints
from .alexnet import *
from .bert import *
from .char_rnn import *
from .cnn import *
from .densenet import *
from .fcn import *
from .gan import *
from .googlenet import *
from .gpt import *
from .language import *
from .lenet import *
from .lenet5 import *
from .mlp import *
from .nin import *
from .receptive_field import *
from .resnet import *
from .rnn import *
from .seq2seq import *
from .ssd import *
from .transformer import *
from .vgg import *

__all__ = [name for name, x in vars().items() if getattr(x, "__module__", "").startswith(__name__)]
hold_to_hints(globals())
