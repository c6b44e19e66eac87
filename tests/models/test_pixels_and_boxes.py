"""The networks that say where: shapes, starts, losses by their formulas, and that they learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.nn.twins import torch_or_skip
from tinygrad_edu import models, nn, optim, train
from tinygrad_edu.data import DataLoader, Scenes, boxes
from tinygrad_edu.errors import OutOfRangeError, ShapeError
from tinygrad_edu.models.fcn import conv_stages

FEW = Scenes(6, classes=(0, 1), seed=5)


def learned(model: Any, data: Any, loss: Any, epochs: int) -> train.History:
    loader = DataLoader(data, batch_size=3, shuffle=True)
    return train.fit(model, loader, loss, optim.Adam(model.parameters(), lr=0.01), epochs, progress=False)


# Pixels.


def test_an_fcn_begins_by_interpolating_its_coarse_scores() -> None:
    model = models.FCN(conv_stages(1, (3, 4)), (3, 4), classes=2)
    for score, bias in zip(model.scores, ([0, 0], [1, -2])):
        score.load_state_dict(
            {name: p.data * 0 for name, p in score.named_parameters()} | {"bias": np.array(bias, "f4")}
        )
    y = model(tg.tensor(FEW.images[:1, :, :6, :8])).data[0]
    assert y.shape == (2, 6, 8)
    assert np.allclose(y[0, 1:-1, 1:-1], 1), "between equal numbers lie equal numbers"
    assert np.allclose(y[1, 1:-1, 1:-1], -2)


def test_a_size_that_cannot_be_halved_often_enough_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"height and width are multiples of 8, and not \(40, 36\)"):
        models.fcn()(tg.zeros((1, 1, 40, 36)))


def test_an_fcn_learns_a_few_scenes_by_heart() -> None:
    tg.manual_seed(0)
    model = models.fcn(classes=3, widths=(8, 16, 24))
    assert isinstance(model.enlarge[0], nn.ConvTranspose2d)
    learned(model, FEW, nn.CrossEntropyLoss(), 40)
    said = model.eval()(tg.tensor(FEW.images))
    assert train.accuracy(said, FEW.masks) > 0.97
    assert train.iou(said, FEW.masks) > 0.8


# Boxes.


def test_the_predictions_are_in_the_order_of_the_anchors() -> None:
    """A number that the head of a map says at one of its cells is that of the cell's anchors."""
    model = models.ssd(classes=2, size=16)
    each = 5 + 2
    assert model.anchors.shape == ((16 + 4) * 3, 4)
    for head in model.heads:
        numbers = np.arange(3 * each, dtype=np.float32)
        head.load_state_dict({name: p.data * 0 for name, p in head.named_parameters()} | {"bias": numbers})
    said = model(tg.zeros((2, 1, 16, 16))).data
    assert said.shape == (2, 60, each)
    assert np.array_equal(said[1, 48:], np.tile(np.arange(3 * each).reshape(3, each), (4, 1)))
    middles = boxes.centre_form(model.anchors[48:])[:, :2]
    assert np.array_equal(middles[::3], [[4, 4], [12, 4], [4, 12], [12, 12]])


def test_at_first_an_object_is_improbable_everywhere() -> None:
    tg.manual_seed(0)
    model = models.ssd(classes=3)
    there = 1 / (1 + np.exp(-model(tg.tensor(FEW.images)).data[:, :, 0]))
    assert 0.002 < np.median(there) < 0.05
    assert [rows.shape[1] for rows in model.detect(FEW.images)] == [6] * 6


def test_the_losses_are_their_formulas() -> None:
    model = models.ssd(classes=2, size=16)
    model.anchors = np.array([[0.0, 0, 8, 8], [8, 8, 16, 16], [0, 8, 8, 16]])
    true = np.array([[[1, 0, 0, 8, 8], [-1, 0, 0, 0, 0]], [[-1, 0, 0, 0, 0]] * 2], float)
    said = np.random.default_rng(0).normal(size=(2, 3, 7))
    losses = {name: loss.item() for name, loss in model.losses(tg.tensor(said), true).items()}
    there = np.zeros((2, 3))
    there[0, 0] = 1
    p = 1 / (1 + np.exp(-said[:, :, 0]))
    assert losses["object"] == pytest.approx(-np.log(np.where(there == 1, p, 1 - p)).sum())
    assert losses["class"] == pytest.approx(np.log(np.exp(said[0, 0, 5:]).sum()) - said[0, 0, 6])
    d = np.abs(said[0, 0, 1:5])  # the offsets are 0
    assert losses["box"] == pytest.approx(np.where(d < 1, d**2 / 2, d - 0.5).sum())
    model.focal = 2.0
    q = np.where(there == 1, p, 1 - p)
    assert model.losses(tg.tensor(said), true)["object"].item() == pytest.approx(-((1 - q) ** 2 * np.log(q)).sum())


def test_scenes_without_a_box_have_a_loss_and_a_gradient() -> None:
    model = models.ssd(classes=2, size=16)
    nothing = np.full((2, 3, 5), -1.0)
    loss = model.loss(model(tg.zeros((2, 1, 16, 16))), nothing)
    loss.backward()
    assert np.isfinite(loss.item())
    assert all(p.grad is None or np.isfinite(p.grad).all() for p in model.parameters())


@pytest.mark.parametrize("focal", [0.0, 2.0])
def test_a_detector_learns_a_few_scenes_by_heart(focal: float) -> None:
    tg.manual_seed(0)
    model = models.ssd(classes=2, widths=(8, 16, 24, 24), focal=focal)
    history = learned(model, FEW.with_boxes(), model.loss, 40)
    assert history["loss"][-1] < history["loss"][0] / 10
    found = model.detect(FEW.images, score=0.3)
    assert model.training, "it is left as it was"
    assert train.mean_average_precision(found, FEW.boxes) > 0.95


def test_images_of_another_size_and_maps_of_another_stride_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"the anchors are for images of \(40, 40\), not \(48, 40\)"):
        models.ssd()(tg.zeros((1, 1, 48, 40)))
    model = models.SSD(conv_stages(1, (3, 4)), (4,), (4,), [[9]], [1.0], classes=2, size=16)  # the stride is 2
    with pytest.raises(
        ShapeError, match=r"promise 16 anchors, and its stages give maps of \[\(8, 8\)\] cells, with 64"
    ):
        model(tg.zeros((1, 1, 16, 16)))


def test_a_network_that_has_diverged_says_so_and_one_that_is_sure_finds_nothing() -> None:
    model = models.ssd(classes=2, size=16)
    for head in model.heads:
        head.load_state_dict({name: p.data * 0 - 1e4 for name, p in head.named_parameters()})
    assert model.detect(np.ones((2, 1, 16, 16), np.float32))[1].shape == (0, 6)
    model.heads[0].load_state_dict({name: p.data * np.nan for name, p in model.heads[0].named_parameters()})
    with pytest.raises(OutOfRangeError, match="has its training diverged"):
        model.detect(np.ones((2, 1, 16, 16), np.float32))


def test_true_boxes_that_are_none_are_named() -> None:
    model = models.ssd(classes=2, size=16)
    with pytest.raises(ShapeError, match=r"class, x1, y1, x2, y2 for each of 1 images, not \(2, 1, 5\)"):
        model.loss(model(tg.zeros((1, 1, 16, 16))), np.zeros((2, 1, 5)))
    with pytest.raises(OutOfRangeError, match=r"the box \[4.0, 4.0, 4.0, 8.0\] has no width"):
        model.loss(model(tg.zeros((1, 1, 16, 16))), np.array([[[1, 4, 4, 4, 8]]]))


# The same networks in PyTorch, written as their papers draw them.


def torch_twin(detects: bool, widths: tuple[int, ...], outputs: int) -> Any:
    """An FCN, or an SSD with two maps, for our state dict; `outputs` are those of each pixel or cell."""
    torch = torch_or_skip()
    base: Any = torch.nn.Module

    class Twin(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            t = torch.nn
            stages = []
            for i, (a, b) in enumerate(zip((1, *widths), widths)):
                pool = [t.MaxPool2d(2)] if i else []
                stages.append(t.Sequential(*pool, t.Conv2d(a, b, 3, padding=1, bias=False), t.BatchNorm2d(b), t.ReLU()))
            self.stages = t.ModuleList(stages)
            if detects:
                self.heads = t.ModuleList([t.Conv2d(w, outputs, 3, padding=1) for w in widths[-2:]])
            else:
                self.scores = t.ModuleList([t.Conv2d(w, outputs, 1) for w in widths])
                self.enlarge = t.ModuleList(
                    [t.ConvTranspose2d(outputs, outputs, 4, 2, 1, bias=False) for _ in widths[1:]]
                )

        def forward(self, x: Any) -> Any:
            maps = []
            for stage in self.stages:
                x = stage(x)
                maps.append(x)
            if detects:
                said = [head(m).permute(0, 2, 3, 1).flatten(1) for head, m in zip(self.heads, maps[-2:])]
                return torch.cat(said, 1).unflatten(1, (-1, 7))
            y = self.scores[-1](maps[-1])
            for enlarge, score, m in zip(self.enlarge, self.scores[-2::-1], maps[-2::-1]):
                y = enlarge(y) + score(m)
            return y

    return Twin().double()


@pytest.mark.torch
@pytest.mark.parametrize("detects", [False, True])
def test_outputs_and_gradients_are_those_of_the_twin(detects: bool) -> None:
    torch = torch_or_skip()
    tg.manual_seed(3)
    widths = (3, 4, 5, 6)
    ours: Any = models.ssd(classes=2, size=16, widths=widths) if detects else models.fcn(classes=5, widths=widths)
    ours.double()
    theirs = torch_twin(detects, widths, 3 * 7 if detects else 5)
    theirs.load_state_dict({k: torch.tensor(np.asarray(v)) for k, v in ours.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(3, 1, 16, 16))
    y, expected = ours(tg.tensor(x)), theirs(torch.tensor(x))
    assert np.allclose(y.data, expected.detach().numpy(), atol=1e-9)
    upstream = np.random.default_rng(1).normal(size=y.shape)
    (y * upstream).sum().backward()
    (expected * torch.tensor(upstream)).sum().backward()
    for (name, p), (same, q) in zip(ours.named_parameters(), theirs.named_parameters()):
        assert name == same
        assert np.allclose(p.grad, q.grad.numpy(), rtol=1e-9, atol=1e-9), name
