"""Fine-tuning: what is frozen learns nothing, records nothing, and behaves as after training; heads are replaced."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import models, nn, optim

IMAGES = np.random.default_rng(0).random((6, 1, 28, 28), np.float32)


def backbone_and_head() -> models.ResNet:
    tg.manual_seed(0)
    model = models.resnet_small()
    model.freeze()
    model.fc = nn.Linear(64, 3)
    return model


def step(model: nn.Module) -> None:
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    nn.CrossEntropyLoss()(model(IMAGES), np.arange(6) % 3).backward()
    optimizer.step()


def test_only_the_new_head_learns() -> None:
    model = backbone_and_head().train()
    before = model.state_dict()
    step(model)
    changed = {name for name, x in model.state_dict().items() if not np.array_equal(x, before[name])}
    assert changed == {"fc.weight", "fc.bias"}, "neither weights by decay, nor moving averages"
    assert all(p.grad is None for name, p in model.named_parameters() if not name.startswith("fc"))


def test_frozen_layers_record_nothing() -> None:
    model = backbone_and_head().train()
    assert not model[:-1](IMAGES).requires_grad
    shown = nn.summary(model, (1, 1, 28, 28), depth=1)
    assert [row.name for row in shown.rows if "frozen" in row.notes] == ["conv1", "bn1"]
    drawn = tg.draw(model(IMAGES), depth="all", gradients=False)
    assert repr(drawn).endswith("3 leaves, 1 operation; 3 arrows")


def test_frozen_dropout_and_batch_norm_behave_as_after_training() -> None:
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5)).freeze()
    assert np.array_equal(model.train()(IMAGES).data, model.eval()(IMAGES).data)
    assert model[0].num_batches_tracked.item() == 0


def test_unfrozen_it_learns_again() -> None:
    model = backbone_and_head()
    model.layer2.unfreeze()
    model.train()
    assert (model.layer1.training, model.layer2[0].bn1.training) == (False, True)
    before = model.state_dict()
    step(model)
    changed = {name.split(".")[0] for name, x in model.state_dict().items() if not np.array_equal(x, before[name])}
    assert changed == {"layer2", "fc"}


def test_fit_leaves_frozen_parts_frozen() -> None:
    model = backbone_and_head()
    averages = model.bn1.running_mean.data.copy()
    loader = tg.data.DataLoader(tg.data.TensorDataset(IMAGES, np.arange(6) % 3), batch_size=3)
    tg.train.fit(model, loader, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), epochs=2, progress=False)
    assert np.array_equal(model.bn1.running_mean.data, averages)


def test_the_weights_of_another_head_are_left_out() -> None:
    """Weights for ten classes begin a network for three; what does not fit is named."""
    trained, tuned = models.resnet_small(), backbone_and_head()
    state = {name: x for name, x in trained.state_dict().items() if not name.startswith("fc.")}
    differ = tuned.load_state_dict(state, strict=False)
    assert differ == (["fc.weight", "fc.bias"], [])
    says = r"fc.weight has shape \(3, 64\) in the module and \(10, 64\) in the state"
    with pytest.raises(tg.ModuleError, match=says):
        tuned.load_state_dict(trained.state_dict())


@pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleDict])
def test_a_part_that_is_assigned_takes_its_place(kind: type) -> None:
    model = kind({"body": nn.Linear(2, 3), "head": nn.Linear(3, 4)})
    new = nn.Linear(3, 5)
    model.head = new
    assert model.head is new
    assert [name for name, _ in model.named_parameters()] == ["body.weight", "body.bias", "head.weight", "head.bias"]
    assert sum(p.size for p in model.parameters()) == 9 + 20
    with pytest.raises(tg.DtypeError, match="holds modules, and 'head' is 3"):
        model.head = 3


def test_a_frozen_layer_in_the_middle_passes_gradients_on() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4).freeze(), nn.Linear(4, 2)).double()
    x = np.random.default_rng(0).normal(size=(5, 3))
    model(x).sum().backward()
    assert model[0].weight.grad is not None
    assert model[1].weight.grad is None
    assert abs(model[0].weight.grad).max() > 0


def test_a_leaf_that_requires_a_gradient_late_gets_one_through_all_its_uses() -> None:
    x = tg.tensor([2.0])
    w = tg.tensor([3.0], requires_grad=True)
    before, apart = x * w, x.detach() * w
    x.requires_grad_()
    (before + apart + 10 * x).backward()
    assert x.grad.tolist() == [13.0]  # PyTorch says 10; docs/limits.md
