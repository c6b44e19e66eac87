"""The networks of the papers have the textbook's shapes and sizes, and compute what PyTorch's twins compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_edu as tg
from tests.models import twins
from tests.nn.twins import torch_or_skip
from tinygrad_edu import models, nn
from tinygrad_edu.cli.networks import NETWORKS
from tinygrad_edu.cli.tasks import Images
from tinygrad_edu.models.alexnet import ONE_TOWER, TWO_TOWERS
from tinygrad_edu.models.googlenet import SMALL, STAGES, Paths
from tinygrad_edu.models.lenet5 import TABLE


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights stay zeros: those of VGG would take seconds to draw."""
    zeros = SimpleNamespace(uniform=lambda a, b, shape: None, normal=lambda mean, std, shape: None)
    monkeypatch.setattr(nn.init, "generator", lambda seed=None: zeros)
    monkeypatch.setattr(nn.init, "_fill", lambda tensor, numbers: tensor)


def rows(model: nn.Module, *shape: int, depth: int = 1) -> list[tuple[str, str]]:
    """Kind and output of each layer in the table of `nn.summary`."""
    return [(row.kind, row.output) for row in nn.summary(model, (1, *shape), depth=depth).rows[1:]]


def outputs(model: nn.Module, *shape: int, depth: int = 1) -> list[str]:
    """The outputs alone, as channels×height×width."""
    return [cell[4:-1].replace(", ", "×") for _, cell in rows(model, *shape, depth=depth)]


def count(model: nn.Module) -> int:
    return sum(parameter.size for parameter in model.parameters())


PARAMETERS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "lenet": (models.lenet, 61_706),
    "bn_lenet": (models.bn_lenet, 44_878),
    "lenet5": (models.lenet5, 60_000),
    "alexnet of colour images": (models.alexnet, 57_044_810),
    "alexnet": (lambda: models.alexnet(1), 57_029_322),
    "alexnet_2012, as in the paper": (lambda: models.alexnet_2012(3, 1000), 60_965_224),
    "vgg11 of colour images": (models.vgg11, 128_807_306),
    "vgg11": (lambda: models.vgg11(1), 128_806_154),
    "vgg11, a quarter as wide": (lambda: models.vgg11(1, width=16), 43_093_322),
    # The paper's table 2: 133, 133, 138 and 144 million, exactly as torchvision has them.
    "vgg11 of ImageNet": (lambda: models.vgg11(classes=1000), 132_863_336),
    "vgg13 of ImageNet": (lambda: models.vgg13(classes=1000), 133_047_848),
    "vgg16 of ImageNet": (lambda: models.vgg16(classes=1000), 138_357_544),
    "vgg19 of ImageNet": (lambda: models.vgg19(classes=1000), 143_667_240),
    "nin": (lambda: models.nin(1), 1_992_166),
    "googlenet": (lambda: models.googlenet(1), 5_977_530),
    "resnet18": (lambda: models.resnet18(1), 11_175_370),
    "resnet18 of ImageNet": (lambda: models.resnet18(classes=1000), 11_689_512),
    "resnet34 of ImageNet": (lambda: models.resnet34(classes=1000), 21_797_672),
    "resnet50 of ImageNet": (lambda: models.resnet50(classes=1000), 25_557_032),
    "densenet": (lambda: models.densenet(1), 758_226),
    "densenet121 of ImageNet": (lambda: models.densenet121(classes=1000), 7_978_856),
}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("make", "size"), PARAMETERS.values(), ids=PARAMETERS.keys())
def test_the_number_of_parameters(make: Callable[[], nn.Module], size: int) -> None:
    assert count(make()) == size


@pytest.mark.usefixtures("undrawn")
def test_lenet5_has_the_papers_layers() -> None:
    model = models.lenet5()
    learned = {name: count(part) for name, part in model.named_children() if count(part)}
    assert learned == {"C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "F6": 10_164}
    shapes = dict(zip(("C1", "S2", "C3", "S4", "C5", "F6"), outputs(model, 1, 32, 32)[::2]))
    assert shapes == {"C1": "6×28×28", "S2": "6×14×14", "C3": "16×10×10", "S4": "16×5×5", "C5": "120×1×1", "F6": "120"}
    assert sum(map(len, TABLE)) == 60
    assert TABLE[6:15] == ("0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235")


@pytest.mark.usefixtures("undrawn")
def test_alexnet_has_the_shapes_of_the_table() -> None:
    layers = outputs(models.alexnet(1), 1, 224, 224, depth=2)
    convolutions = ["64×55×55"] * 2 + ["64×27×27"] + ["192×27×27"] * 2 + ["192×13×13"]
    convolutions += ["384×13×13"] * 2 + ["256×13×13"] * 4 + ["256×6×6"]
    assert layers[1:14] == convolutions
    assert layers[14] == "9216"
    assert layers[16:] == ["9216", "4096", "4096", "4096", "4096", "4096", "10"]
    narrow = models.AlexNet(1, 10, 224, TWO_TOWERS, hidden=8)
    assert outputs(narrow, 1, 224, 224, depth=2)[1:5] == ["96×55×55"] * 3 + ["96×27×27"]


@pytest.mark.usefixtures("undrawn")
def test_vgg_has_the_shapes_of_its_blocks() -> None:
    table = rows(models.vgg11(1, width=8), 1, 224, 224, depth=2)
    pooled = [output for kind, output in table if kind == "MaxPool2d"]
    assert pooled == [
        "(1, 8, 112, 112)", "(1, 16, 56, 56)", "(1, 32, 28, 28)", "(1, 64, 14, 14)", "(1, 64, 7, 7)",
    ]  # fmt: skip
    assert [kind for kind, _ in table].count("Conv2d") == 8
    assert models.vgg11(1, width=16).classifier[0].weight.shape == (4096, 6_272)
    for make, convolutions in ((models.vgg13, 10), (models.vgg16, 13), (models.vgg19, 16)):
        kinds = [type(layer).__name__ for layer in make(size=32, width=4).features]
        assert kinds.count("Conv2d") == convolutions


@pytest.mark.usefixtures("undrawn")
def test_nin_has_the_shapes_of_the_table() -> None:
    assert outputs(models.nin(1), 1, 224, 224) == [
        "96×54×54", "96×26×26", "256×26×26", "256×12×12", "384×12×12", "384×5×5", "384×5×5", "10×5×5", "10×1×1", "10",
    ]  # fmt: skip


@pytest.mark.usefixtures("undrawn")
def test_googlenet_has_the_shapes_of_its_stages() -> None:
    model = models.googlenet(1)
    shapes = dict(zip([name for name, _ in model.named_children()], outputs(model, 1, 96, 96)))
    ends = ["maxpool1", "maxpool2", "inception3a", "inception3b", "maxpool3", "inception4e", "maxpool4", "inception5b"]
    assert [shapes[name] for name in ends] == [
        "64×24×24", "192×12×12", "256×12×12", "480×12×12", "480×6×6", "832×6×6", "832×3×3", "1024×3×3",
    ]  # fmt: skip
    assert [paths.outputs for stage in STAGES for paths in stage.values()] == [
        256, 480, 512, 512, 512, 528, 832, 832, 1024,
    ]  # fmt: skip
    assert (shapes["avgpool"], shapes["flatten"], shapes["fc"]) == ("1024×1×1", "1024", "10")


@pytest.mark.usefixtures("undrawn")
def test_resnet_has_the_shapes_of_its_stages() -> None:
    assert outputs(models.resnet18(1), 1, 224, 224) == [
        "64×112×112", "64×112×112", "64×112×112", "64×56×56",
        "64×56×56", "128×28×28", "256×14×14", "512×7×7", "512×1×1", "512", "10",
    ]  # fmt: skip
    assert outputs(models.resnet50(), 3, 64, 64)[4:8] == ["256×16×16", "512×8×8", "1024×4×4", "2048×2×2"]
    names = list(models.resnet50(classes=1000).state_dict())
    for name in ("conv1.weight", "bn1.running_mean", "layer1.0.downsample.0.weight", "layer4.2.bn3.bias", "fc.bias"):
        assert name in names
    small = models.resnet18().state_dict()
    assert "layer2.0.downsample.1.num_batches_tracked" in small
    assert not any(name.startswith("layer1.0.downsample") for name in small)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("size", "side"), [(96, 24), (224, 56)])
def test_densenet_has_the_shapes_of_its_blocks(size: int, side: int) -> None:
    model = models.densenet(1)
    shapes = dict(zip([name for name, _ in model.features.named_children()], outputs(model.features, 1, size, size)))
    blocks = [shapes[f"denseblock{i}"] for i in (1, 2, 3, 4)]
    sides = [side, side // 2, side // 4, side // 8]
    assert shapes["pool0"] == f"64×{side}×{side}"
    assert blocks == [f"{n}×{s}×{s}" for n, s in zip((192, 224, 240, 248), sides)]
    assert [shapes[f"transition{i}"] for i in (1, 2, 3)] == [f"{n}×{s}×{s}" for n, s in zip((96, 112, 120), sides[1:])]
    assert outputs(model, 1, size, size)[-1] == "10"
    names = list(models.densenet121().state_dict())
    for name in ("features.conv0.weight", "features.denseblock4.denselayer16.conv2.weight", "features.norm5.bias"):
        assert name in names
    assert {"features.transition3.norm.running_var", "classifier.weight"} <= set(names)


OF_IMAGES = [name for name, row in NETWORKS.items() if row.task is Images]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", OF_IMAGES)
def test_the_command_makes_each_network_for_the_images_that_it_gives_it(name: str) -> None:
    row = NETWORKS[name]
    size = row.settings["size"]
    model = row.build(SimpleNamespace(channels=1, classes=10, size=size))
    assert getattr(model, "size", None) in (None, size)
    if size < 64:
        assert model.eval()(tg.zeros((2, 1, size, size))).shape == (2, 10)


def test_residual_blocks_of_the_textbook() -> None:
    assert models.BasicBlock(3, 3)(tg.zeros((4, 3, 6, 6))).shape == (4, 3, 6, 6)
    assert models.BasicBlock(3, 3, stride=2)(tg.zeros((4, 3, 6, 6))).shape == (4, 3, 3, 3)
    assert models.DenseBlock(2, 3, growth=10)(tg.zeros((4, 3, 8, 8))).shape == (4, 23, 8, 8)


def test_a_residual_block_whose_last_scale_is_zero_is_the_identity() -> None:
    """So a deeper network contains the shallower one; for inputs that are not negative."""
    block = models.BasicBlock(3, 3)
    assert block.bn2.weight is not None
    nn.init.zeros_(block.bn2.weight)
    x = np.random.default_rng(0).random((4, 3, 6, 5), np.float32)
    assert np.array_equal(block(x).data, x)


SMALL_FORMS = ["alexnet_small", "vgg_small", "nin_small", "googlenet_small", "resnet_small", "densenet_small"]


@pytest.mark.parametrize("name", SMALL_FORMS)
@pytest.mark.parametrize("size", [28, 32])
def test_small_forms_take_small_images(name: str, size: int) -> None:
    sized = {"size": size} if name in ("alexnet_small", "vgg_small") else {}
    model = getattr(models, name)(3, 7, **sized)
    assert model(tg.zeros((2, 3, size, size))).shape == (2, 7)
    assert count(model) < 400_000


# Twins in PyTorch: outputs and all gradients.


def tower(rows: Any, *channels: int) -> Any:
    """The table of AlexNet with other channels."""
    return [row._replace(channels=n) for row, n in zip(rows, channels)]


def googlenet_rows(channels: int, stages: Any, pools: int) -> Iterator[tuple[Any, ...]]:
    """The inception blocks as rows of numbers."""
    for i, stage in enumerate(stages):
        for name, paths in stage.items():
            yield f"inception{name}", channels, paths.ones, paths.threes, paths.fives, paths.pooled
            channels = paths.outputs
        if i < len(stages) - 1:
            yield "pool", f"maxpool{pools + i + 1}"


NARROW = [{"3a": Paths(2, (3, 4), (2, 3), 2), "3b": Paths(3, (2, 4), (1, 2), 3)}, {"4a": Paths(2, (2, 3), (1, 2), 2)}]
WIDTHS = (4, 6, 8, 6, 4)
PLAN_OF_VGG13 = [4, 4, "M", 8, 8, "M", 16, 16, "M", 32, 32, "M", 32, 32, "M"]
CONV = "conv"


def narrow_googlenet() -> nn.Module:
    whole = models.googlenet(2, 5)
    stem = {name: part for name, part in whole.named_children() if name in ("conv1", "maxpool1")}
    return models.GoogLeNet(stem, 64, NARROW, 2, 5)


TWINS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Any], tuple[int, ...]]] = {
    "alexnet": (
        lambda: models.AlexNet(2, 5, 67, tower(ONE_TOWER, *WIDTHS), hidden=9),
        lambda: twins.alexnet(2, 5, 1, WIDTHS, 9),
        (2, 67, 67),
    ),
    "alexnet_2012": (
        lambda: models.AlexNet(2, 5, 67, tower(TWO_TOWERS, *WIDTHS), hidden=9, dropout_first=False),
        lambda: twins.alexnet_2012(2, 5, 1, WIDTHS, 9),
        (2, 67, 67),
    ),
    "vgg13": (
        lambda: models.VGG((2, 2, 2, 2, 2), 2, 5, 32, width=4, hidden=9),
        lambda: twins.vgg(PLAN_OF_VGG13, 2, 5, 1, 9),
        (2, 32, 32),
    ),
    "vgg_small": (
        models.vgg_small,
        lambda: twins.vgg([16, "M", 32, "M", 64, 64, "M"], 1, 10, 3, 128),
        (1, 28, 28),
    ),
    "nin": (
        lambda: models.NiN([(4, 11, 4, 0), (6, 5, 1, 2), (8, 3, 1, 1)], 2, 5),
        lambda: twins.nin(2, 5, [(4, 11, 4, 0), (6, 5, 1, 2), (8, 3, 1, 1)]),
        (2, 75, 83),
    ),
    "nin_small": (models.nin_small, lambda: twins.nin(1, 10, [(48, 5, 2, 2), (96, 3, 1, 1)], 96), (1, 28, 28)),
    "googlenet": (
        narrow_googlenet,
        lambda: twins.googlenet(
            [(CONV, "conv1", 2, 64, 7, 2), ("pool", "maxpool1")], [*googlenet_rows(64, NARROW, 1)], 5
        ),
        (2, 20, 24),
    ),
    "googlenet_small": (
        models.googlenet_small,
        lambda: twins.googlenet(
            [(CONV, "conv1", 1, 16, 3, 1), ("pool", "maxpool1")], [*googlenet_rows(16, SMALL, 1)], 10
        ),
        (1, 28, 28),
    ),
    "resnet18": (
        lambda: models.ResNet(models.BasicBlock, (2, 2, 2, 2), 2, 5, width=4),
        lambda: twins.resnet(False, (2, 2, 2, 2), 2, 5, 4),
        (2, 64, 48),
    ),
    "resnet50, with fewer blocks": (
        lambda: models.ResNet(models.Bottleneck, (2, 1, 2, 1), 2, 5, width=4),
        lambda: twins.resnet(True, (2, 1, 2, 1), 2, 5, 4),
        (2, 64, 48),
    ),
    "resnet_small": (models.resnet_small, lambda: twins.resnet(False, (2, 2), 1, 10, 32, small=True), (1, 28, 28)),
    "densenet": (
        lambda: models.DenseNet((4, 4, 4, 4), 4, 2, 5, width=8),
        lambda: twins.densenet((4, 4, 4, 4), 4, 2, 5, 8, bottleneck=False, small=False),
        (2, 64, 48),
    ),
    "densenet121": (
        lambda: models.DenseNet((6, 12, 24, 16), 2, 2, 5, width=4, bottleneck=True),
        lambda: twins.densenet((6, 12, 24, 16), 2, 2, 5, 4, bottleneck=True, small=False),
        (2, 64, 48),
    ),
    "densenet_small": (
        models.densenet_small,
        lambda: twins.densenet((4, 4), 12, 1, 10, 16, bottleneck=False, small=True),
        (1, 28, 28),
    ),
    "lenet5": (
        models.lenet5,
        lambda: twins.lenet5(models.lenet5().output.pictures.data, [[int(c) for c in row] for row in TABLE]),
        (1, 32, 32),
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", TWINS)
def test_outputs_and_gradients_are_those_of_the_twin(name: str, dtype: Any, training: bool) -> None:
    torch = torch_or_skip()
    make, make_twin, shape = TWINS[name]
    tg.manual_seed(1)
    ours, theirs = make(), make_twin()
    for module in ours.modules():  # masks of dropout are drawn from other generators
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    for module in theirs.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    ours = ours.double() if dtype == np.float64 else ours
    theirs = theirs.double() if dtype == np.float64 else theirs
    state = {
        key: torch.tensor(x) for key, x in ours.state_dict().items() if key not in ("C3.places", "output.pictures")
    }
    theirs.load_state_dict(state)
    ours.train(training), theirs.train(training)

    rng = np.random.default_rng(0)
    images = rng.random((8, *shape)).astype(dtype)
    x, t = tg.tensor(images, requires_grad=True), torch.tensor(images, requires_grad=True)
    out, expected = ours(x), theirs(t)
    upstream = rng.normal(size=out.shape).astype(dtype)
    out.backward(upstream), expected.backward(torch.tensor(upstream))

    tolerance = 1e-9 if dtype == np.float64 else 1e-4
    found = {"images": x.grad, **{key: parameter.grad for key, parameter in ours.named_parameters()}}
    wanted = {
        key: np.asarray(t) for key, t in [("images", t.grad), *((k, p.grad) for k, p in theirs.named_parameters())]
    }
    assert found.keys() == wanted.keys()
    assert_allclose(out.data, expected.detach().numpy(), rtol=0, atol=tolerance * max(1.0, abs(out.data).max()))
    largest = max(float(abs(gradient).max()) for gradient in wanted.values())
    for key, gradient in wanted.items():  # some are 0 but for rounding, such as a bias before batch norm
        assert_allclose(found[key], gradient, rtol=0, atol=tolerance * largest, err_msg=key)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["alexnet", "vgg13", "resnet18", "densenet121"])
def test_weights_in_torchvisions_names_load_from_a_file(name: str, tmp_path: Path) -> None:
    torch = torch_or_skip()
    exchange = pytest.importorskip("safetensors.torch", reason="reads .safetensors: pip install safetensors")
    make, make_twin, shape = TWINS[name]
    torch.manual_seed(0)
    ours, theirs = make().eval(), make_twin().eval()
    exchange.save_file(theirs.state_dict(), tmp_path / "weights.safetensors")
    ours.load_state_dict(tg.load(tmp_path / "weights.safetensors"))
    images = np.random.default_rng(0).random((2, *shape), np.float32)
    with torch.no_grad():
        expected = theirs(torch.tensor(images)).numpy()
    assert_allclose(ours(images).data, expected, rtol=1e-4, atol=1e-5)


# Pictures.


@pytest.mark.parametrize("name", SMALL_FORMS)
def test_a_picture_has_a_box_for_each_part_and_opens(name: str) -> None:
    model = getattr(models, name)().eval()
    out = model(tg.zeros((1, 1, 28, 28), requires_grad=True))
    closed, opened = (tg.draw(out, depth=depth, gradients=False, engine="builtin") for depth in (1, 2))
    parts = [part for part in model.children() if not isinstance(part, nn.Dropout)]  # which does nothing now
    assert f"{len(parts)} boxes of modules hide" in closed.svg()
    assert type(model).__name__ in closed.svg()
    assert len(opened.svg()) > 1.4 * len(closed.svg())


# Wrong images.

WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "a dense end made for another size": (
        lambda: models.lenet()(tg.zeros((2, 1, 32, 32))),
        r"LeNet: made for images \(N, 1, 28, 28\), and these are \(2, 1, 32, 32\); data.resize changes their size",
    ),
    "of another size again": (
        lambda: models.alexnet_small()(tg.zeros((2, 1, 28, 32))),
        r"AlexNet: made for images \(N, 1, 28, 28\), and these are \(2, 1, 28, 32\)",
    ),
    "colour": (
        lambda: models.resnet_small()(tg.zeros((2, 3, 28, 28))),
        r"ResNet: made for images \(N, 1, height, width\), and these are \(2, 3, 28, 28\)$",
    ),
    "too small for its poolings": (lambda: models.vgg11(size=16), "VGG: nothing is left of images of 16 × 16"),
    "much too small": (lambda: models.alexnet_small(size=5), "AlexNet: nothing is left of images of 5 × 5"),
    "no batch": (lambda: models.vgg_small()(tg.zeros((1, 28, 28))), r"VGG: .* and these are \(1, 28, 28\)$"),
    "too small": (
        lambda: models.nin()(tg.zeros((2, 3, 28, 28))),
        r"NiN: made for images \(N, 3, height, width\) from 67 × 67 pixels on, and these are \(2, 3, 28, 28\); data",
    ),
    "one number a channel": (
        lambda: models.resnet18()(tg.zeros((1, 3, 32, 32))),
        "have no variance to train with; give a larger batch, or call .eval",
    ),
}


@pytest.mark.parametrize(("call", "says"), WRONG.values(), ids=WRONG.keys())
def test_wrong_images_are_refused_in_words(call: Callable[[], Any], says: str) -> None:
    with pytest.raises(tg.ShapeError, match=says):
        call()


@pytest.mark.parametrize(("make", "least"), [(models.nin, 67), (models.nin_small, 13)])
def test_the_smallest_images(make: Callable[[], models.NiN], least: int) -> None:
    model = make().eval()
    assert model(tg.zeros((1, model.channels, least, least))).shape == (1, 10)
    model.least = 1
    with pytest.raises(tg.ShapeError, match="larger than the image"):
        model(tg.zeros((1, model.channels, least, least - 1)))


def test_one_image_at_a_time_after_training() -> None:
    """In evaluation mode a batch of one is as good as any other."""
    tg.manual_seed(0)
    model = models.resnet_small().eval()
    images = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    alone = np.concatenate([model(image[None]).data for image in images])
    assert_allclose(alone, model(images).data, rtol=1e-4, atol=1e-5)
