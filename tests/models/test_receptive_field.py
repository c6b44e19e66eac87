"""What `receptive_field` says the gradient says, too: a number changes with the pixels that it sees, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_edu as tg
from tinygrad_edu import models, nn
from tinygrad_edu.models import receptive_field
from tinygrad_edu.models.alexnet import ONE_TOWER
from tinygrad_edu.models.googlenet import Paths


def positive(model: nn.Module) -> nn.Module:
    """All weights positive, so that nothing cancels."""
    for parameter in model.parameters():
        parameter.data = 0.1 + np.random.default_rng(0).random(parameter.shape)
    return model.eval()


def seen(model: nn.Module, height: int, width: int, place: tuple[int, int]) -> tuple[int, int, int, int]:
    """The smallest box around the pixels with a gradient."""
    image = tg.tensor(np.ones((1, 1, height, width)), requires_grad=True)
    out = model(image)
    out[0, :, place[0], place[1]].sum().backward()
    assert image.grad is not None
    rows, columns = np.nonzero(image.grad[0, 0])
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1


def layer(kind: str, kernel: tuple[int, int], stride: int, padding: int, dilation: int) -> Any:
    if kind == "conv":
        return nn.Conv2d(1, 1, kernel, stride, padding, dilation)
    if kind == "mean":
        return nn.AvgPool2d(kernel, stride, min(padding, min(kernel) // 2))
    return nn.ReLU()


LAYERS = st.builds(
    layer, st.sampled_from(["conv", "mean", "relu"]), st.tuples(st.integers(1, 4), st.integers(1, 3)),
    st.integers(1, 3), st.integers(0, 2), st.integers(1, 2),
)  # fmt: skip


@settings(max_examples=25)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_chains_see_what_their_gradient_reaches(layers: Any, random: Any) -> None:
    model = positive(nn.Sequential(*layers).double())
    height, width = 24, 19
    try:
        out = model(np.ones((1, 1, height, width)))
    except tg.ShapeError:
        return  # too small for so many windows
    fields = receptive_field(model, 1, height, width)
    for _ in range(3):
        place = random.randrange(out.shape[2]), random.randrange(out.shape[3])
        box = fields.box(str(len(layers) - 1), place)
        top, left, bottom, right = box
        if top < bottom and left < right:  # else it stands in the border alone
            inner = seen(model, height, width, place) if reaches(model, height, width, place) else None
            if inner is not None:
                assert top <= inner[0] < inner[2] <= bottom
                assert left <= inner[1] < inner[3] <= right
                if all(getattr(each, "dilation", (1, 1)) == (1, 1) for each in layers) and gapless(layers):
                    assert inner == box


def reaches(model: nn.Module, height: int, width: int, place: tuple[int, int]) -> bool:
    image = tg.tensor(np.ones((1, 1, height, width)), requires_grad=True)
    model(image)[0, :, place[0], place[1]].sum().backward()
    assert image.grad is not None
    return bool(image.grad.any())


def gapless(layers: Any) -> bool:
    """Whether each window is at least as large as its stride, so that no pixel is left out."""
    return all(
        k >= s
        for each in layers
        if hasattr(each, "kernel_size")
        for k, s in zip(both(each.kernel_size), both(each.stride))
    )


def both(x: Any) -> tuple[int, int]:
    return x if isinstance(x, tuple) else (x, x)


def narrow_inception() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), models.Inception(2, Paths(1, (1, 1), (1, 1), 1)))


NETWORKS: dict[str, tuple[Callable[[], nn.Module], str, tuple[int, int]]] = {
    "paths side by side": (narrow_inception, "1", (7, 6)),
    "a way around": (lambda: nn.Sequential(models.BasicBlock(1, 2, stride=2), models.BasicBlock(2, 2)), "1", (4, 4)),
    "joined": (lambda: nn.Sequential(models.DenseBlock(2, 1, growth=1)), "0", (8, 3)),
}


@pytest.mark.parametrize(("make", "name", "place"), NETWORKS.values(), ids=NETWORKS.keys())
def test_blocks_see_what_their_gradient_reaches(make: Any, name: str, place: tuple[int, int]) -> None:
    model = positive(make().double())
    assert receptive_field(model, 1, 17, 16).box(name, place) == seen(model, 17, 16, place)


def test_lenet_sees_16_pixels_and_the_square_is_the_gradients() -> None:
    model = positive(models.lenet().double())
    fields = receptive_field(model, 1, 28, 28)
    vertical, horizontal = fields["5"].fields or (None, None)
    assert vertical == horizontal == (16, 4, -2)
    assert fields.box("5", (2, 2)) == (6, 6, 22, 22)
    with pytest.raises(tg.OutOfRangeError, match="no layer '6'"):
        fields["6"]


def test_alexnet_and_vgg() -> None:
    """The figures of the table in Araujo and others (2019): 195 and 212 pixels, both 32 apart."""
    tower = [row._replace(channels=1) for row in ONE_TOWER]
    last = receptive_field(models.AlexNet(1, 10, 224, tower, hidden=1), 1, 224, 224)["features.12"].fields
    assert last is not None
    assert last[0][:2] == (195, 32)
    vgg = receptive_field(models.vgg16(1, size=32, width=1), 1, 32, 32)["features.30"].fields
    assert vgg is not None
    assert vgg[0][:2] == (212, 32)


def test_a_mean_over_all_pixels_sees_all_of_them_and_so_does_what_follows() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            self.conv, self.mean = nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1)

        def forward(self, x: Any) -> Any:
            y = self.conv(x)
            return y * self.mean(y)

    fields = receptive_field(nn.Sequential(Gated(), nn.Conv2d(2, 1, 3)), 1, 9, 8)
    assert fields["0.conv"].fields is not None
    assert fields["0.mean"].fields is fields["0"].fields is fields["1"].fields is None
    assert fields.box("1", (0, 0)) == (0, 0, 9, 8)
    assert repr(fields).splitlines()[-1].split()[-1] == "all"


def test_what_enlarges_is_bounded() -> None:
    model = positive(nn.Sequential(nn.Conv2d(1, 1, 3, stride=2), nn.ConvTranspose2d(1, 1, 4, 2, 1)).double())
    fields = receptive_field(model, 1, 17, 17)
    for place in [(0, 0), (5, 6), (15, 15)]:
        top, left, bottom, right = fields.box("1", place)
        inner = seen(model, 17, 17, place)
        assert top <= inner[0] < inner[2] <= bottom
        assert left <= inner[1] < inner[3] <= right


def test_depth_and_names() -> None:
    fields = receptive_field(models.googlenet_small(), 1, 28, 28, depth=1)
    assert [row.name for row in fields.layers] == [
        "conv1", "maxpool1", "inception2a", "inception2b", "maxpool2", "inception3a", "inception3b", "avgpool",
    ]  # fmt: skip
    model = models.lenet()
    before = model.state_dict()
    receptive_field(model, 1, 28, 28)
    assert all(np.array_equal(x, before[name]) for name, x in model.state_dict().items())
    assert model(np.zeros((1, 1, 28, 28), np.float32)).shape == (1, 10)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: receptive_field(np.sin, 1, 8, 8), "needs a module, not"),  # type: ignore[arg-type]
        (lambda: receptive_field(models.lenet(), 1, 32, 32), "made for images"),
        (
            lambda: receptive_field(models.lenet(), 1, 28, 28).box("3", (10, 0)),
            r"'3' is \(10, 10\); no place \(10, 0\)",
        ),
    ],
)
def test_wrong_input(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(tg.TinygradError, match=says):
        call()
