"""Convolution: a window that slides, how far it sees, and what comes back to its weights."""

import numpy as np

from tinygrad_edu import nn
from tinygrad_edu.grade import Assignment, expect, require
from tinygrad_edu.grade.diagnosis import random_upstream
from tinygrad_edu.nn.functional import conv2d

hw = Assignment("convolution-lesson", title="Convolution")

PLACES = "the window's place (i, j) brings upstream[i, j] times the pixels under it, and all places add up"

EACH = "each weight has pixels of its own: kernel[a, b] lies on image[i + a, j + b] at the place (i, j)"


def correlated(image, kernel, stride=1, padding=0):
    return conv2d(image[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]


def is_close(answer, wrong):
    """Whether the answer is this array of floats."""
    made = isinstance(answer, np.ndarray) and answer.shape == wrong.shape and answer.dtype.kind == "f"
    return made and np.allclose(answer, wrong)


@hw.check(points=3, needs=["correlate"], title="A window that slides")
def sliding(student, rng):
    image, kernel = rng.normal(size=(11, 8)), rng.normal(size=(3, 2))
    for stride, padding in ((1, 0), (2, 0), (1, 2), (3, 2)):
        answer = student.correlate(image, kernel, stride, padding)
        expected = correlated(image, kernel, stride, padding)
        settings = {"stride": stride, "padding": padding}

        def is_not(wrong, what, kind, how, answer=answer, settings=settings):
            """The answer must not be this array, which is what a known mistake gives."""
            require(not is_close(answer, wrong), what, kind=kind, how=how, **settings)

        is_not(
            correlated(image, kernel[::-1, ::-1], stride, padding),
            "The kernel is turned by 180 degrees.",
            "kernel turned",
            "multiply kernel[a, b] by the pixel a rows below and b columns right of the window's first",
        )
        if stride > 1:
            everywhere, (height, width) = correlated(image, kernel, 1, padding), expected.shape
            for wrong in (everywhere, everywhere[:height, :width]):
                is_not(
                    wrong,
                    "The stride is left out, with stride {stride} and padding {padding}.",
                    "stride",
                    "the window of out[i, j] begins at row i * stride and column j * stride",
                )
        if padding > 0:
            is_not(
                correlated(image, kernel, stride, 0),
                "The border is left out, with stride {stride} and padding {padding}.",
                "padding",
                "np.pad(image, padding) puts zeros on all four sides",
            )
        expect(answer, "the result with stride {stride} and padding {padding}", **settings).is_close(
            expected, rtol=1e-9
        )


@hw.check(points=2, needs=["receptive_field"], title="How far a number sees")
def field(student, rng):
    strided = [[int(k), int(s)] for k, s in zip(rng.permutation([2, 3, 5, 7]), rng.permutation([1, 2, 2, 3]))]
    for layers in ([[5, 1]], [[3, 1], [3, 1], [3, 1]], [[5, 1], [2, 2], [5, 1], [2, 2]], strided):
        width, own_stride_too, step = 1, 1, 1
        for size, stride in layers:
            width += (size - 1) * step
            step *= stride
            own_stride_too += (size - 1) * step
        answer = student.receptive_field(layers)
        if step > 1:
            require(
                answer != 1 + sum(size - 1 for size, _ in layers),
                "The strides change nothing in the answer for {layers}.",
                kind="stride",
                how="behind a stride of 2, neighbours in a window are 2 pixels apart: keep this distance, too",
                layers=layers,
            )
            require(
                answer != own_stride_too,
                "In the answer for {layers} each stride spreads its own window.",
                kind="own stride",
                how="a stride spreads the windows of the layers behind it: widen the field first, then the step",
                layers=layers,
            )
        if isinstance(answer, int):
            text = "After {layers} the width is {width}; the answer is {answer}."
            require(answer == width, text, kind="values", layers=layers, width=width, answer=answer)
        expect(answer, "the width after {layers}", layers=layers).equals(width)


@hw.check(points=3, needs=["kernel_gradient"], title="The kernel's gradient")
def gradient(student, rng):
    for image_shape, kernel_shape in (((7, 9), (3, 2)), ((6, 5), (2, 4)), ((5, 5), (3, 3))):
        image, kernel = rng.normal(size=image_shape), rng.normal(size=kernel_shape)
        upstream = random_upstream(rng, correlated(image, kernel).shape)
        answer = student.kernel_gradient(upstream, image, kernel)
        last = image[-kernel_shape[0] :, -kernel_shape[1] :]
        for wrong, what, kind, how in (
            (correlated(image, upstream[::-1, ::-1]), "The upstream gradient is turned.", "upstream turned", PLACES),
            (correlated(image, upstream)[::-1, ::-1], "The gradient is turned by 180 degrees.", "turned", PLACES),
            (upstream.sum() * kernel, "The kernel stands where the image belongs.", "wrong operand", PLACES),
            (upstream[-1, -1] * last, "Only the window's last place counts.", "overwritten", PLACES),
            *(
                (np.full(kernel.shape, total), "All weights have the same gradient.", "one sum", EACH)
                for total in (
                    correlated(image, np.ones(kernel.shape)).sum(),
                    (correlated(image, np.ones(kernel.shape)) * upstream).sum(),
                    image.sum(),
                    upstream.sum(),
                )
            ),
        ):
            require(not is_close(answer, wrong), what, kind=kind, how=how)
        expect(answer).is_gradient_of(lambda k, image=image: correlated(image, k), at=kernel, upstream=upstream)


LAYERS = ["the first convolution", "the first pooling", "the second convolution", "the second pooling", "flatten"]
LAYERS += ["the first linear layer", "the second linear layer"]


@hw.check(points=2, needs=["shapes"], title="Every shape, on paper")
def every_shape(student, rng):
    answer = student.shapes()
    made = isinstance(answer, (list, tuple)) and all(isinstance(shape, (list, tuple)) for shape in answer)
    require(made and len(answer) == 7, "seven tuples are expected, one for each layer", kind="shape")
    images = np.zeros((10, 3, 28, 28), np.float32)
    network = (
        nn.Conv2d(3, 32, 5, stride=2, padding=2), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 128), nn.Linear(128, 10),
    )  # fmt: skip
    for name, layer, shape in zip(LAYERS, network, answer):
        images = layer(images)
        how = "Along each side, (n + 2p - k) / s, rounded down, plus 1; channels are the number of kernels."
        if images.ndim == 2:
            how = "Flatten keeps the axis of the images, and multiplies the others; then a number for each neuron."
        if len(shape) == 4 and (shape[0], shape[3], *shape[1:3]) == images.shape:
            how = "The channels stand before height and width here."
        text = "behind {layer} the shape is not {shape}"
        require(tuple(shape) == images.shape, text, kind="shape", how=how, layer=name, shape=tuple(shape))
