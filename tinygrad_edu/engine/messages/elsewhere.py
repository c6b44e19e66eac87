"""Names that PyTorch and NumPy have and this package spells differently: what to write here instead.

An attribute of a Tensor or of the package that is not there says so from these tables; docs/coming-from.md shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from inspect import CO_VARARGS, CO_VARKEYWORDS, isfunction, unwrap
from typing import Any, NoReturn, TypeVar, cast

import numpy as np

from ...errors import DtypeError, TinygradError

__all__ = [
    "ARGUMENTS",
    "FUNCTIONS",
    "IN_PLACE",
    "METHODS",
    "NODES",
    "Elsewhere",
    "answer",
    "of_package",
    "refuse_arguments",
    "spell_here",
    "spelt_here",
]

ARGUMENTS = {
    "dim": "axis", "keepdim": "keepdims", "dims": "axis", "unbiased": "ddof", "correction": "ddof", "size": "shape",
    "label": "name", "argnum": "argnums", "grad_outputs": "gradient", "end": "stop", "steps": "num",
}  # fmt: skip
"""What arguments are called here."""

IN_PLACE = "changes in place are written `x += y`, in tg.no_grad()"

NODES = {
    "label": "here it is x.name",
    "_prev _children": "here it is x.inputs",
    "_op": "here it is x.primitive, which is None for a leaf",
    "_backward": "here it is x.primitive.rules, and tg.explain(z, x) says what they do",
}
"""What micrograd's attributes are called here."""

METHODS = {
    "zero_ copy_ fill put": IN_PLACE,
    "uniform_ normal_": "here it is tg.nn.init.uniform_(x) and tg.nn.init.normal_(x)",
    "random_ bernoulli_ exponential_": "here it is x.data = ..., of np.random.default_rng(seed)",
    "detach_": "here it is x = x.detach()",
    "eq ne lt le gt ge greater less equal not_equal greater_equal less_equal": "here it is x == y, x != y, "
    "x < y, x <= y, x > y and x >= y",
    "acos asin atan atan2": "here it is tg.arccos(x), tg.arcsin(x), tg.arctan(x) and tg.arctan2(y, x)",
    "acosh asinh atanh": "here it is tg.arccosh(x), tg.arcsinh(x) and tg.arctanh(x)",
    "absolute": "here it is x.abs()",
    "rsqrt": "here it is 1 / x.sqrt()",
    "neg": "here it is -x",
    "aminmax amax amin": "here it is x.max(axis) and x.min(axis)",
    "isnan isinf isfinite isclose allclose": "here it is np.isnan(x), np.isclose(x, y) and their like",
    "bitwise_and bitwise_or bitwise_xor bitwise_not": "of bools it is x & y, x | y, x ^ y and ~x",
    "logical_and logical_or logical_xor logical_not": "here it is np.logical_not(x) and its like",
    "nonzero argwhere unique unique_consecutive count_nonzero bincount": "here it is np.nonzero(x), np.unique(x) "
    "and their like",
    "take_along_dim": "here it is tg.take_along_axis(x, indices, axis)",
    "swapdims": "here it is x.swapaxes(axis1, axis2)",
    "movedim": "here it is tg.moveaxis(x, source, destination)",
    "mT mH adjoint": "here it is x.swapaxes(-1, -2)",
    "unbind": "here it is list(x), along the first axis",
    "narrow select": "here it is indexing: x[start:stop], x[i]",
    "unflatten resize": "here it is x.reshape(...)",
    "sgn": "here it is x.sign()",
    "fliplr flipud": "here it is tg.flip(x, axis)",
    "diag_embed diagflat": "here it is tg.diag(x), of a vector",
    "dist": "here it is tg.norm(x - y)",
    "addmm": "here it is x + y @ z",
    "lerp": "here it is x + weight * (y - x)",
    "type_as": "here it is x.astype(y.dtype)",
    "is_floating_point": 'here it is x.dtype.kind == "f"',
    "bool": 'here it is x.astype("bool")',
    "view": "here it is x.reshape(...)",
    "unsqueeze": "here it is tg.expand_dims(x, axis)",
    "permute": "here it is x.transpose(...), with all axes",
    "t": "here it is x.T",
    "clamp clamp_min clamp_max": "here it is x.clip(min, max)",
    "pow float_power": "here it is x ** y",
    "add": "here it is x + y",
    "sub subtract": "here it is x - y",
    "mul multiply": "here it is x * y",
    "div divide true_divide": "here it is x / y",
    "mm matmul bmm mv": "here it is x @ y",
    "numel nelement": "here it is x.size",
    "dim ndimension": "here it is x.ndim",
    "clone copy": "here it is tg.identity(x); x.numpy() is a copy of the array outside the graph",
    "to": "here it is x.astype(dtype); everything is on the CPU",
    "cpu cuda device": "everything is on the CPU here, so it can be left out",
    "double": 'here it is x.astype("float64")',
    "float": 'here it is x.astype("float32"), or float(x) for the plain number',
    "half": 'here it is x.astype("float16")',
    "long int": 'here it is x.astype("int64")',
    "type": "here it is x.dtype, and x.astype(dtype)",
    "gather": "here it is tg.take_along_axis(x, indices, axis)",
    "scatter_ scatter_add scatter_reduce index_add index_reduce": "here it is tg.scatter",
    "masked_fill": "here it is tg.where(mask, value, x)",
    "masked_select index_select": "here it is indexing: x[mask], x[indices]",
    "expand expand_as": "here it is x.broadcast_to(shape)",
    "view_as reshape_as": "here it is x.reshape(y.shape)",
    "any all": "here it is x.data.any() and x.data.all(): no gradient flows through it",
    "chunk": "here it is tg.split(x, n, axis)",
    "contiguous is_contiguous": "arrays need no order here, so it can be left out",
    "repeat_interleave": "here it is tg.repeat(x, n, axis)",
    "new_zeros new_ones new_full new_tensor": "here it is tg.zeros(shape, dtype=x.dtype) and its like",
    "element_size itemsize nbytes tobytes": "x.data is a NumPy array, which has them",
    "stride strides data_ptr storage flags flat searchsorted real imag conj": "x.data is a NumPy array, which has them",
    "split split_with_sizes": "here it is tg.split(x, n, axis), into n parts, or tg.split(x, [2, 5], axis), at places",
    "sort": "here it is tg.sort(x, axis)",
    "argsort": "here it is tg.argsort(x, axis)",
    "topk": "here it is tg.sort(x, axis), and a slice of it",
    "values": "max, min, sort and median give the values themselves here",
    "indices": "here it is x.argmax(axis), x.argmin(axis) or tg.argsort(x, axis)",
    "floor ceil trunc fix": "here it is tg.floor, tg.ceil and tg.trunc",
    "remainder": "here it is x % y",
    "median quantile cumprod diff": "here it is tg.median, tg.quantile, tg.cumprod and tg.diff",
    "register_hook register_post_accumulate_grad_hook": "here it is x.retain_grad(), which keeps the gradient; "
    "tg.gradients(y, [x]) gives it at once",
    "retain_graph": "graphs stay usable here, so it can be left out",
    "grad_fn creator": "here it is x.primitive, with its operands in x.inputs",
    "is_cuda get_device pin_memory share_memory_": "everything is on the CPU here, so it can be left out",
    "addcmul addcdiv": "here it is x + value * y * z, or x + value * y / z",
    "baddbmm addmv addbmm": "here it is x + y @ z",
    "rsub": "here it is y - x",
    "multinomial bernoulli": "here it is drawn by np.random.default_rng(seed), of x.data",
    "logit": "here it is tg.log(x / (1 - x))",
    "logdet": "here it is np.linalg.slogdet(x)[1]",
    "inverse pinverse": "here it is tg.inv(x) and tg.pinv(x)",
    "cummax cummin": "x.data is a NumPy array: np.maximum.accumulate(x.data, axis) has no gradient",
    "kthvalue mode msort": "here it is tg.sort(x, axis), and an index into it",
    "index_fill index_copy index_put masked_scatter": "here it is tg.where(mask, new, x), or tg.scatter",
    "new_empty new": "here it is tg.zeros(shape, dtype=x.dtype)",
    "bfloat16 short char byte": "here it is x.astype(dtype), of NumPy's dtypes",
    "unfold as_strided": "here it is indexing with arrays of places, x[places]",
    "tensor_split hsplit vsplit dsplit": "here it is tg.array_split(x, n, axis)",
    "log_softmax": "here it is nn.functional.log_softmax(x, dim)",
    "zero_gradient cleargrad null_grad": "here it is x.zero_grad()",
    "attach_grad": "here it is x.requires_grad_()",
    "asnumpy": "here it is x.numpy()",
    "asscalar": "here it is x.item()",
}
"""What methods and attributes of tensors are called here."""

FUNCTIONS = {
    "cat": "here it is tg.concatenate",
    "clamp": "here it is tg.clip",
    "concat": "here it is tg.concatenate",
    "chunk": "here it is tg.array_split(x, n, axis)",
    "symeig": "here it is tg.eigh",
    "Size": "here it is a tuple",
    "std_mean var_mean": "here it is tg.std(x) or tg.var(x), and tg.mean(x)",
    "get_rng_state set_rng_state": "here it is tg.random.get_state() and tg.random.set_state(state)",
    "autocast amp GradScaler": "there is no mixed precision: model.float() and model.double() set the dtype",
    "set_num_threads get_num_threads": "here it is tg.train.fit(..., threads=2)",
    "use_deterministic_algorithms": "all is deterministic here, so it can be left out",
    "set_anomaly_enabled": "here it is tg.find_nan(y)",
    "bucketize": "here it is np.digitize(x.data, boundaries)",
    "is_tensor": "here it is isinstance(x, tg.Tensor)",
    "from_numpy as_tensor": "here it is tg.tensor",
    "array asarray": "here it is tg.tensor",
    "FloatTensor": "here it is tg.tensor, which makes float32 of lists",
    "Generator seed initial_seed": "here it is tg.manual_seed(seed)",
    "LongTensor IntTensor ShortTensor ByteTensor": 'here it is tg.tensor(..., dtype="int64")',
    "DoubleTensor HalfTensor BoolTensor": "here it is tg.tensor(..., dtype=...), with NumPy's dtypes",
    "range": "here it is tg.arange(start, stop + step, step)",
    "detach": "here it is x.detach()",
    "empty": "here it is tg.zeros",
    "normal": "here it is mean + std * tg.randn(shape), or nn.init.normal_ for weights",
    "randint randint_like": "here it is np.random.default_rng(seed).integers(low, high, shape)",
    "randperm": "here it is np.random.default_rng(seed).permutation(n)",
    "multinomial": "here it is np.random.default_rng(seed).choice(n, k, p=probabilities)",
    "bernoulli": "here it is tg.rand(shape).data < p",
    "distributions": "np.random.default_rng(seed) draws numbers, and tg.nn.functional has losses of distributions",
    "permute": "here it is tg.transpose",
    "pow": "here it is tg.power, or x ** y",
    "set_grad_enabled inference_mode is_grad_enabled": "here it is tg.no_grad() and tg.enable_grad()",
    "autograd": "here it is tg.gradients, tg.grad, tg.jacobian, tg.hessian, tg.vjp, tg.jvp and tg.hvp; tg.primitive "
    "makes a function with a derivative of your own",
    "cuda device backends set_default_device": "everything is on the CPU here, so it can be left out",
    "compile jit": "NumPy computes at once, so it can be left out",
    "vmap": "operations take whole arrays, with further axes in front",
    "func": "here it is tg.grad, tg.jacobian, tg.hessian, tg.vjp and tg.jvp",
    "onnx hub": "tg.save writes weights as .npz and .safetensors, and tg.load reads them",
    "get_default_dtype set_default_dtype set_default_tensor_type": "lists become float32, and arrays keep their "
    "dtype; dtype= says otherwise",
    "float32 float64 float16 int64 int32 bool": "dtypes are NumPy's: np.float32, or its name in quotes",
    "long half double": 'dtypes are NumPy\'s: "int64", "float16" and "float64"',
    "Variable": "here it is tg.Value for one number, tg.tensor for an array",
    "utils": "here it is tg.data for loaders, tg.optim for clipping",
    "cdist": "here it is tg.norm(x[:, None] - y, axis=-1)",
    "histc": "here it is np.histogram(x.data)",
    "trapz": "here it is tg.trapezoid",
    "Function": "here it is tg.primitive, for a function with its rules",
    "elementwise_grad": "here it is tg.grad of the sum, or tg.jacobian",
    "backward": "here it is y.backward()",
}
"""What functions of the package are called here, where it is not what methods are called."""


def _spread(table: dict[str, str]) -> dict[str, str]:
    """The table with one name an entry."""
    return {name: way for names, way in table.items() for name in names.split()}


NODES, METHODS, FUNCTIONS = _spread(NODES), _spread(METHODS), _spread(FUNCTIONS)


def refuse_other_names(function: str, attrs: dict[str, Any], known: Collection[str]) -> None:
    """Refuse arguments that are called otherwise here."""
    for name in attrs.keys() & ARGUMENTS.keys():
        if ARGUMENTS[name] in known:
            raise DtypeError(f"{function}: {name} is called {ARGUMENTS[name]} here")


def refuse_arguments(function: str, given: dict[str, Any], known: Collection[str]) -> None:
    """Refuse arguments that a class does not have, and say what those of micrograd are called here."""
    refuse_other_names(function, given, known)
    for name in given.keys() & NODES.keys():
        raise DtypeError(f"{function}: has no argument {name}: {NODES[name]}")
    from .arguments import known_arguments  # which is needed here alone

    known_arguments(function, given, known)


F = TypeVar("F", bound=Callable[..., Any])


def spelt_here(x: F) -> F:
    """The function, which answers for arguments that it does not have.

    It says what those are called here that are called otherwise elsewhere, and takes those that nothing here needs.
    """
    code = unwrap(x).__code__  # whose signature would take ten times as long, at every import
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & CO_VARARGS)
    known = dict.fromkeys(code.co_varnames[:count]).keys()
    if code.co_flags & CO_VARKEYWORDS or known <= {"self", "x", "y", "bias"}:
        return x

    of_table = ".primitives." in x.__module__
    name = x.__name__.removesuffix("_") if of_table else x.__name__  # such as round_

    @wraps(x)
    def call(*given: Any, **named: Any) -> Any:
        if not named.keys() <= known:
            refuse_other_names(name, named, known)
            from .arguments import known_arguments  # which are needed here alone
            from .pytorch import without_pytorchs

            named = without_pytorchs(name, named, known)
            known_arguments(name, named, known)
        try:
            return x(*given, **named)
        except TinygradError as error:
            from .arguments import in_the_name_of

            renamed = in_the_name_of(name, error)
            if renamed is error or not of_table:  # others may call functions of the user's
                raise
            raise renamed from None

    return cast(F, call)


def spell_here(names: dict[str, Any]) -> None:
    """Let all functions of a room among these names, its `globals()`, be as `spelt_here` makes them."""
    room = names["__name__"]
    names.update({name: spelt_here(x) for name, x in names.items() if isfunction(x) and x.__module__.startswith(room)})


def of_package(name: str) -> str:
    """The hint for a name that the package does not have, such as "here it is tg.stack"; "" if there is none."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    return f"here it is np.{name}" if hasattr(np, name) and not name.startswith("_") else METHODS.get(name, "")


def of_array(name: str, in_place: str) -> str:
    """What is said of a name that the array of a tensor does not have."""
    if name in ("cpu", "cuda", "detach", "numpy", "to"):
        return "it is a NumPy array already, so it can be left out"
    if name.endswith("_"):
        return METHODS[name] if name in ("normal_", "uniform_") else in_place
    here = {"clone": "x.copy", "norm": "np.linalg.norm"}.get(name) or (hasattr(np, name) and f"np.{name}")
    return f"it is a NumPy array, of which it is {here}(...)" if here else METHODS.get(name, "it is a NumPy array")


class Elsewhere(str):
    """Stands in a class for a name that is another one here. To ask for it is an AttributeError that says which."""

    __slots__ = ()  # and so there are not hundreds of objects more for the garbage collector to visit

    def __get__(self, node: Any, kind: type) -> NoReturn:
        raise AttributeError(f"{kind.__name__} has no {self}: {_WAYS[self]}", name=str(self), obj=node)

    def __set__(self, node: Any, value: Any) -> NoReturn:
        self.__get__(node, type(node))


_WAYS: dict[str, str] = {}
"""For each such name what to write."""


def answer(kind: type, ways: dict[str, str]) -> None:
    """Let a class answer for the names of these that it does not have."""
    for name in ways.keys() - {name for base in kind.__mro__ for name in vars(base)}:
        setattr(kind, name, Elsewhere(name))
        _WAYS[name] = ways[name]
