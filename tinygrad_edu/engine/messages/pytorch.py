"""What PyTorch has and this package lacks, and what to use instead: two tables, also shown in docs/coming-from.md."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from inspect import Signature, signature
from itertools import zip_longest
from typing import Any, ClassVar, NoReturn

from numpy import ndarray

from ..._support.languages import texts
from ...errors import DtypeError, TinygradError
from ..node import Node
from .arguments import in_the_name_of, known_arguments
from .hints import FOREIGN, explained, fitted, takes_any
from .words import describe, short

__all__ = ["ARGUMENTS", "PARTS", "TakesPyTorchsArguments", "lacks", "missing", "taking_pytorchs", "without_pytorchs"]

_NEW = "leave out the underscore: results are always new arrays"
_SIZED = ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm")
_OPEN = ["Linear", *(f"{kind}{n}d" for kind in _SIZED for n in (1, 2, 3))]

PARTS: dict[str, dict[str, str]] = {
    "tinygrad_edu.data": {
        "BatchSampler": "DataLoader(dataset, batch_size), and bucket_by=lengths",
        "ChainDataset": "a list of all examples",
        "ConcatDataset": "a list of all examples, [*first, *second], is a dataset",
        "IterableDataset": "a list of examples, or a Dataset that defines __len__ and __getitem__",
        "RandomSampler": "DataLoader(..., shuffle=True)",
        "Sampler": "DataLoader(Subset(dataset, indices)), with the indices in an order of your own",
        "SequentialSampler": "DataLoader reads in order unless shuffle=True",
        "StackDataset": "take TensorDataset",
        "SubsetRandomSampler": "DataLoader(Subset(dataset, indices), shuffle=True)",
        "WeightedRandomSampler": "Subset(dataset, generator.choice(len(dataset), n, p=shares)), with NumPy's "
        "default_rng(seed)",
        "default_collate": "a Dataset's batch(indices) puts its batches together",
    },
    "tinygrad_edu.nn": {
        "AdaptiveLogSoftmaxWithLoss": "take CrossEntropyLoss",
        "CTCLoss": "there is no alignment of sequences; where each step has its class, take CrossEntropyLoss",
        "ChannelShuffle": "x.reshape(n, groups, -1, h, w).swapaxes(1, 2).reshape(x.shape)",
        "CrossMapLRN2d": "take LocalResponseNorm",
        "DataParallel": "train.fit(..., threads=2) computes the parts of a batch side by side",
        "EmbeddingBag": "Embedding, and .mean(axis=1) or .sum(axis=1) of what it gives",
        "FeatureAlphaDropout": "take AlphaDropout, or Dropout2d for whole channels",
        "Fold": "ConvTranspose2d puts windows back where they were",
        "FractionalMaxPool2d": "take AdaptiveMaxPool2d",
        "LPPool1d": "AvgPool1d of x ** p, times the size of the window, to the power 1 / p",
        "LPPool2d": "AvgPool2d of x ** p, times the size of the window, to the power 1 / p",
        "MaxUnpool2d": "take Upsample or ConvTranspose2d",
        "MultiLabelMarginLoss": "take MultiLabelSoftMarginLoss",
        "ParameterDict": "a plain dict of nn.Parameter(...) as an attribute is found",
        "ParameterList": "a plain list of nn.Parameter(...) as an attribute is found",
        "RReLU": "take LeakyReLU",
        "Softmax2d": "Softmax(dim=-3)",
        "SyncBatchNorm": "take BatchNorm2d",
        "TripletMarginWithDistanceLoss": "TripletMarginLoss, or relu(d(a, p) - d(a, n) + margin).mean()",
        "Unfold": "Conv2d multiplies windows; x[:, :, rows, columns] with arrays of places gives them",
        "UpsamplingBilinear2d": "Upsample(scale_factor=..., mode='bilinear', align_corners=True)",
        "UpsamplingNearest2d": "Upsample(scale_factor=...)",
        "utils": "optim.clip_grad_norm_ and optim.clip_grad_value_ clip gradients; nn.pad_sequence pads sequences, and "
        "nn.LSTM(...)(x, lengths=lengths) reads them",
        **{f"Lazy{name}": f"{name}(None, ...) learns its size at the first call" for name in _OPEN},
    },
    "tinygrad_edu.nn.functional": {
        "affine_grid": "take tg.einsum of the matrix and the places",
        "channel_shuffle": "x.reshape(n, groups, -1, h, w).swapaxes(1, 2).reshape(x.shape)",
        "ctc_loss": "there is no alignment of sequences; where each step has its class, take cross_entropy",
        "dropout1d": "nn.Dropout1d(p)(x)",
        "dropout2d": "nn.Dropout2d(p)(x)",
        "dropout3d": "nn.Dropout3d(p)(x)",
        "embedding_bag": "embedding, and .mean(axis=1) or .sum(axis=1) of what it gives",
        "fold": "conv_transpose2d puts windows back where they were",
        "grid_sample": "interpolate changes sizes; x[:, :, rows, columns] with arrays of places picks pixels",
        "gumbel_softmax": "softmax((x + g) / tau), where g = -log(-log(u)) for u of tg.rand",
        "lp_pool2d": "avg_pool2d of x ** p, times the size of the window, to the power 1 / p",
        "max_unpool2d": "tg.scatter at the places of max_pool2d(..., return_indices=True); or take interpolate",
        "multi_head_attention_forward": "nn.MultiheadAttention(...) is the layer",
        "multilabel_margin_loss": "take multilabel_soft_margin_loss",
        "pdist": "pairwise_distance(x[:, None], x)",
        "relu_": _NEW,
        "rrelu": "take leaky_relu",
        "unfold": "conv2d multiplies windows; x[:, :, rows, columns] with arrays of places gives them",
        "upsample": "take interpolate",
    },
    "tinygrad_edu.nn.init": {
        "dirac_": "weight.data = ... with an array of your own; it is 1 in the middle of the window i of channel i",
        "sparse_": "normal_, and then weight.data = weight.data * mask",
    },
    "tinygrad_edu.optim": {
        "Adafactor": "take Adam",
        "LBFGS": "take Adam; or, for a function of an array, scipy.optimize.minimize(f, x, jac=tg.grad(f))",
        "Muon": "take AdamW",
        "SparseAdam": "take Adam: gradients are never sparse",
        "swa_utils": "average the arrays of several state_dict(), and load the result",
    },
    "tinygrad_edu.optim.lr_scheduler": {
        "SWALR": "take LinearLR, and ConstantLR behind it",
        "_LRScheduler": "LRScheduler, without the underscore",
    },
}  # fmt: skip
"""By module: names that only PyTorch has, and the way to go."""

ARGUMENTS: dict[str, tuple[tuple[Any, ...], str]] = {
    "add_bias_kv": ((False,), "leave it out"),
    "add_zero_attn": ((False,), "leave it out"),
    "allow_unused": ((True, False, None), "leave it out: an input that no path reaches gets None"),
    "antialias": ((False,), "leave it out; avg_pool2d before it makes images smaller smoothly"),
    "batch_sampler": (
        (None,),
        "shuffle=True, bucket_by=lengths, or a Subset(dataset, indices) in an order of your own",
    ),
    "capturable": ((False,), "leave it out: steps are NumPy's"),
    "collate_fn": ((None,), "a Dataset's batch(indices) puts its batches together"),
    "descending": ((False,), "-tg.sort(-x) goes from the largest down, and tg.argsort(-x) has the places"),
    "device": ((None, "cpu"), "leave it out: NumPy computes on the processor"),
    "differentiable": ((False,), "leave it out; optimizer.preview(gradients) gives a step without making it"),
    "dtype": ((None,), ".double() or .float() sets that of a module, .astype(dtype) that of a tensor"),
    "enable_nested_tensor": ((True, False), "leave it out: padding is computed, and masked"),
    "foreach": ((None, False), "leave it out: steps are NumPy's"),
    "fused": ((None, False), "leave it out: steps are NumPy's"),
    "generator": ((None,), "leave it out: tg.manual_seed(seed) says which numbers are drawn"),
    "inplace": ((False, True), "leave it out: results are always new arrays"),
    "last_epoch": ((-1,), "make the schedule anew, and load_state_dict() of the old one's state_dict()"),
    "mask_check": ((True, False), "leave it out"),
    "max_norm": ((None,), "scale weight.data after each step"),
    "num_workers": ((0,), "leave it out: batches are made where they are asked for"),
    "padding_mode": (("zeros",), "convolutions take it; before other layers put nn.ReflectionPad2d or its like"),
    "persistent_workers": ((False,), "leave it out: there are no workers"),
    "pin_memory": ((False,), "leave it out: NumPy computes on the processor"),
    "prefetch_factor": ((None,), "leave it out: there are no workers"),
    "recompute_scale_factor": ((None, False), "give size= instead of scale_factor="),
    "reduce": ((None,), "reduction='mean', 'sum' or 'none'"),
    "retain_graph": ((True, False, None), "leave it out: a graph stays usable"),
    "return_indices": ((False,), "tg.argmax finds places along an axis"),
    "sampler": ((None,), "shuffle=True, or a Subset(dataset, indices) in an order of your own"),
    "scale_grad_by_freq": ((False,), "leave it out"),
    "size_average": ((None,), "reduction='mean', 'sum' or 'none'"),
    "sparse": ((False,), "leave it out: gradients are never sparse"),
    "stable": ((False, True), "leave it out: equal numbers always keep their order"),
    "timeout": ((0,), "leave it out: there are no workers"),
    "verbose": ((False, "deprecated"), "print(schedule.get_last_lr())"),
    "worker_init_fn": ((None,), "leave it out: there are no workers"),
}
"""Arguments that only PyTorch's classes have: the values that change nothing, and the way to go for others."""


def missing(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module: an error that says what to take instead, or which name was meant."""

    def __getattr__(name: str) -> NoReturn:
        way_out = PARTS[module].get(name)
        if way_out:
            raise lacks(module, name, f"{module} has no {name}: {way_out}")
        meant = "" if name.startswith("_") else _meant(name, module)
        raise lacks(module, name, f"module {module!r} has no attribute {name!r}{meant}")

    return __getattr__


def _meant(name: str, module: str) -> str:
    """Which name of the module was meant, or where else the package has this one; "" if nothing is near."""
    known = sys.modules[module].__all__
    by_letters = {other.lower(): other for other in known}.get(name.lower())  # Adamw, Conv2D
    for elsewhere, called in (("tinygrad_edu.nn.functional", "nn.functional"), ("tinygrad_edu", "tg")):
        if not by_letters and name in import_module(elsewhere).__all__:
            return f": here it is {called}.{name}"
    from difflib import get_close_matches  # which is needed here alone

    near = [by_letters] if by_letters else get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def lacks(module: str, name: str, said: str) -> AttributeError | ImportError:
    """The error of a module's `__getattr__`. `from module import name` drops the words of an AttributeError."""
    from opcode import opmap  # which is needed here alone

    asking = sys._getframe(2)
    if asking.f_code.co_code[asking.f_lasti] == opmap["IMPORT_FROM"]:
        return ImportError(said, name=module)
    return AttributeError(said, name=name, obj=sys.modules[module])


def without_pytorchs(name: str, given: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The arguments without those of PyTorch that change nothing; raises `DtypeError` for those that would."""
    kept = dict(given)
    for argument in given.keys() & ARGUMENTS.keys() - set(known):
        nothing, way_out = ARGUMENTS[argument]
        value = kept.pop(argument)
        if not any(value is x or (isinstance(value, (str, int)) and value == x) for x in nothing):
            raise DtypeError(f"{name} has no argument {argument}={short(value)}: {way_out}")
    return kept


def refuse_data(kind: str, names: Iterable[str], args: Sequence[Any]) -> None:
    """Refuse `nn.ReLU(x)` and `nn.MSELoss(prediction, target)`; only the weights of losses are arrays."""
    given = zip_longest(names, args)
    arrays = {name: x for name, x in given if isinstance(x, Node) or (isinstance(x, ndarray) and x.ndim)}
    is_data = any(isinstance(x, Node) or x.dtype.kind == "f" for x in arrays.values())
    if is_data and not arrays.keys() <= {"weight", "pos_weight"}:
        text = texts("{kind}: is made of settings, and then called with data: {code}; here it is given {value}")
        code = f"{kind}(...)({', '.join('xyz'[: len(args)])})"
        raise DtypeError(text, kind=kind, code=code, value=describe(next(iter(arrays.values()))))


class TakesPyTorchsArguments:
    """The base of classes that know what to say of PyTorch's further arguments, which no signature has to name.

    Classes of this package also refuse arguments that do not fit their type hints; a user's class is left alone.
    """

    is_made_of_settings: ClassVar[bool] = False
    """Whether data are no arguments of the class, but of a call of what it makes."""

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        init = vars(cls).get("__init__")
        if init is None:
            return

        _, *parameters = signature(init).parameters.values()
        known = Signature(parameters)
        if takes_any(known):
            return
        ours = cls.__module__.partition(".")[0] == __name__.partition(".")[0]

        @wraps(init)
        def checked(self: Any, *args: Any, **given: Any) -> None:
            name = type(self).__name__
            if not given.keys() <= known.parameters.keys():
                given = without_pytorchs(name, given, known.parameters)
            if ours and self.is_made_of_settings:
                refuse_data(name, known.parameters, args)
            try:
                plain, named = fitted(name, known, args, given) if ours else (args, given)
                init(self, *plain, **named)
            except FOREIGN as error:
                if not ours or isinstance(error, TinygradError):
                    raise
                raise explained(name, known, args, given, error) from None

        cls.__init__ = checked  # type: ignore[method-assign]


def taking_pytorchs(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that answers for PyTorch's arguments as well, and for those that do not fit its type hints."""
    known = signature(function)

    @wraps(function)
    def call(*args: Any, **given: Any) -> Any:
        if not given.keys() <= known.parameters.keys():
            given = without_pytorchs(function.__name__, given, known.parameters)
            known_arguments(function.__name__, given, known.parameters)
        try:
            return function(*args, **given)
        except FOREIGN as error:
            if isinstance(error, TinygradError):
                renamed = in_the_name_of(function.__name__, error)
                if renamed is error:
                    raise
                raise renamed from None
            raise explained(function.__name__, known, args, given, error) from None

    return call
