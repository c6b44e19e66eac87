"""Programs as users of PyTorch write them: one text, run with both libraries, gives the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.nn.twins import torch_or_skip

BEGINNING = """
def numbers(*shape, seed=0):
    return tensor(np.random.default_rng(seed).standard_normal(shape))
X, Y = numbers(16, 5), numbers(16, 3, seed=3)
CLASSES = tensor(np.random.default_rng(5).integers(0, 3, 16))
def train(model, optimizer, loss=F.mse_loss, x=X, y=Y, steps=4):
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
    return list(model.parameters())
"""

PROGRAMS = {
    "a subclass with a buffer": """
class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.first, self.second = nn.Linear(5, hidden), nn.Linear(hidden, 3)
    def forward(self, x):
        return self.second(F.relu(self.first(x)))
net = same(Net(7))
result = [list(net.state_dict()), train(net, optim.Adam(net.parameters(), lr=1e-2))]
""",
    "containers in containers": """
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.layers = nn.ModuleList([nn.Linear(5, 4), nn.Sequential(nn.Linear(4, 4), nn.Tanh())])
        self.heads = nn.ModuleDict({"a": nn.Linear(4, 3), "b": nn.Linear(4, 3, bias=False)})
        self.shift = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.heads["a"](x) * self.heads["b"](x) + self.shift
net = same(Net())
names = [name for name, _ in net.named_parameters()] + [name for name, _ in net.named_modules()]
result = [names, train(net, optim.AdamW(net.parameters(), lr=1e-2, betas=[0.8, 0.9]))]
""",
    "tied weights": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.out = nn.Embedding(3, 5), nn.Linear(5, 3, bias=False)
        self.out.weight = self.embedding.weight
    def forward(self, x):
        return self.out(self.embedding(x))
net = same(Net())
learned = train(net, optim.SGD(net.parameters(), 0.1), nn.CrossEntropyLoss(), CLASSES, CLASSES)
result = [len(learned), learned]
""",
    "a part that is frozen": """
net = same(nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3)))
for p in net[0].parameters():
    p.requires_grad = False
optimizer = optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1, momentum=0.9, nesterov=True)
result = train(net, optimizer, nn.CrossEntropyLoss(label_smoothing=0.1), y=CLASSES)
""",
    "gradients of parts of a batch add up": """
net = same(nn.Linear(5, 3))
for i in range(0, 16, 4):
    (F.cross_entropy(net(X[i : i + 4]), CLASSES[i : i + 4]) / 4).backward()
result = [p.grad for p in net.parameters()]
""",
    "groups and a schedule": """
net = same(nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.Linear(8, 3)))
decayed = [p for p in net.parameters() if p.ndim > 1]
plain = [p for p in net.parameters() if p.ndim == 1]
groups = [{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0, "lr": 0.01}]
optimizer = optim.AdamW(groups, lr=0.1)
schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4, eta_min=1e-3)
result = []
for _ in range(5):
    result += [train(net, optimizer, steps=1), schedule.get_last_lr()]
    schedule.step()
""",
    "a training that goes on from its state": """
net = same(nn.Linear(5, 3))
optimizer = optim.Adam(net.parameters(), lr=0.1, amsgrad=True)
train(net, optimizer)
other = nn.Linear(5, 3)
other.load_state_dict(net.state_dict())
again = optim.Adam(other.parameters(), lr=0.5, amsgrad=True)
again.load_state_dict(optimizer.state_dict())
result = train(other, again)
""",
    "a loss of one's own": """
class Focal(nn.Module):
    def __init__(self, gamma=2.0, weight=None):
        super().__init__()
        self.gamma, self.weight = gamma, weight
    def forward(self, x, y):
        each = F.cross_entropy(x, y, weight=self.weight, reduction="none")
        return ((1 - torch.exp(-each)) ** self.gamma * each).mean()
net = same(nn.Linear(5, 3))
result = train(net, optim.RMSprop(net.parameters(), 0.01), Focal(weight=torch.ones(3) * 0.5), y=CLASSES)
""",
    "a block with a way around it": """
class Block(nn.Module):
    def __init__(self, i, o, stride=1):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        same_size = stride == 1 and i == o
        self.around = nn.Sequential() if same_size else nn.Sequential(nn.Conv2d(i, o, 1, stride), nn.BatchNorm2d(o))
    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        out += self.around(x)
        return F.relu(out)
net = same(nn.Sequential(Block(2, 2), Block(2, 4, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)))
images = numbers(6, 2, 7, 6)
(net(images) ** 2).mean().backward()
result = [[p.grad for p in net.parameters()], net.eval()(images)]
""",
    "attention by hand": """
class Head(nn.Module):
    def __init__(self, size, n):
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(size, n, bias=False) for _ in range(3))
        self.seen = torch.tril(torch.ones((6, 6)))
    def forward(self, x):
        length = x.shape[1]
        scores = self.query(x) @ self.key(x).swapaxes(-2, -1) * self.key.out_features ** -0.5
        scores = torch.where(self.seen[:length, :length] == 0, float("-inf"), scores)
        return F.softmax(scores, dim=-1) @ self.value(x)
head, x = same(Head(8, 4)), numbers(2, 5, 8)
(head(x) ** 2).sum().backward()
result = [head(x), [p.grad for p in head.parameters()]]
""",
    "a tagger of both directions": """
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(9, 4, padding_idx=0)
        self.lstm = nn.LSTM(4, 3, num_layers=2, batch_first=True, bidirectional=True, proj_size=2)
        self.out = nn.Linear(4, 3)
    def forward(self, x):
        _, (h, c) = self.lstm(self.embedding(x))
        return self.out(torch.concatenate([h[-2], h[-1]], axis=1))
net = same(Tagger())
tokens = tensor(np.random.default_rng(0).integers(0, 9, (16, 7)))
result = train(net, optim.Adam(net.parameters(), 0.01), nn.CrossEntropyLoss(), tokens, CLASSES)
""",
    "two networks against each other": """
maker = same(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 5)))
judge = same(nn.Sequential(nn.Linear(5, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid()))
of_maker, of_judge = (optim.Adam(m.parameters(), lr=2e-3, betas=(0.5, 0.999)) for m in (maker, judge))
bce, yes, no = nn.BCELoss(), torch.ones((16, 1)), torch.zeros((16, 1))
for i in range(3):
    noise = numbers(16, 2, seed=i)
    of_judge.zero_grad()
    (bce(judge(X), yes) + bce(judge(maker(noise).detach()), no)).backward()
    of_judge.step()
    of_maker.zero_grad()
    bce(judge(maker(noise)), yes).backward()
    of_maker.step()
result = [*maker.parameters(), *judge.parameters()]
""",
    "masks and indices": """
x = numbers(4, 6)
x.requires_grad = True
picked = x[[0, 0, 3], [1, 1, 5]] * 2
parts = x[:, None, ::2].sum() + x[..., -1].prod() + x[x > 0].sum() + (x * (x < 0)).mean()
(picked.sum() ** 2 + parts + torch.where(x > 0.5, x, x**2).sum()).backward()
result = [picked, x.grad]
""",
    "sums along axes": """
x, y = numbers(2, 3, 4), numbers(2, 5, 4, seed=1)
x.requires_grad = True
scores = torch.einsum("b i k, b j k -> b i j", x, y)
rest = torch.cumsum(x, axis=1) * torch.cumprod(x, axis=2) + x.mean((0, 1)) - x.sum(axis=1, keepdims=True)
(torch.logsumexp(scores, -1).sum() + (rest**2).sum() + x.norm() + torch.einsum("...i->...", x).sum()).backward()
result = [scores, rest, x.grad]
""",
    "a parameter changed by hand": """
w = numbers(5, 3, seed=2)
w.requires_grad = True
for _ in range(3):
    ((X @ w - Y) ** 2).mean().backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
result = w
""",
    "convolutions of all kinds": """
x = numbers(2, 4, 9, 8)
x.requires_grad = True
layers = nn.ModuleList([
    nn.Conv2d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), nn.Conv2d(4, 4, (3, 1), padding="same", groups=4),
    nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
    nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"), nn.MaxPool2d(3, 2, 1, dilation=2, ceil_mode=True),
    nn.AvgPool2d((3, 2), padding=(1, 0), ceil_mode=True, count_include_pad=False), nn.AdaptiveMaxPool2d((4, None)),
])
results = [layer(x) for layer in same(layers)]
sum((y**2).sum() for y in results).backward()
result = [results, x.grad, [p.grad for p in layers.parameters()]]
""",
    "masks of attention": """
layer = same(nn.MultiheadAttention(8, 2, batch_first=True))
x = numbers(2, 4, 8)
x.requires_grad = True
hidden = tensor(np.triu(np.ones((4, 4), bool), 1))
padding = tensor(np.array([[0, 0, 0, 1], [0, 0, 0, 0]], bool))
y, weights = layer(x, x, x, attn_mask=hidden, key_padding_mask=padding)
z, heads = layer(x[0], x[0], x[0], attn_mask=numbers(2, 4, 4, seed=4), average_attn_weights=False)
(y**2).sum().backward()
result = [y, weights, z, heads, x.grad, [p.grad for p in layer.parameters()]]
""",
}


def numbers_in(x: Any) -> list[Any]:
    """All arrays, numbers and texts in a result, one after the other."""
    if isinstance(x, (list, tuple)):
        return [number for y in x for number in numbers_in(y)]
    return [np.asarray(x.detach() if hasattr(x, "detach") else x)]


def run(program: str, library: Any, **names: Any) -> list[Any]:
    """The result of the program; `same` gives a model the first weights that are the same on both sides."""
    given = {"torch": library, "nn": library.nn, "F": library.nn.functional, "optim": library.optim, "np": np}
    given |= names | {"__name__": "program"}
    exec(BEGINNING + program, given)
    return numbers_in(given["result"])


def weights(model: Any) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    state = {name: np.asarray(x) for name, x in model.state_dict().items()}
    return {k: x if "running" in k or x.dtype.kind != "f" else rng.normal(0, 0.3, x.shape) for k, x in state.items()}


@pytest.mark.torch
@pytest.mark.parametrize("name", PROGRAMS)
def test_one_text_gives_the_same_numbers_with_both(name: str) -> None:
    torch = torch_or_skip()

    def ours_like_this(model: Any) -> Any:
        model.double().load_state_dict(weights(model))
        return model

    def theirs_like_this(model: Any) -> Any:
        model.double().load_state_dict({key: torch.tensor(x) for key, x in weights(model).items()})
        return model

    program = PROGRAMS[name]
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        theirs = run(program, torch, tensor=torch.tensor, same=theirs_like_this)
    finally:
        torch.set_default_dtype(default)
    ours = run(program, tg, tensor=tg.tensor, same=ours_like_this)
    assert len(ours) == len(theirs) > 0
    for a, b in zip(ours, theirs):
        if a.dtype.kind == "U":
            assert a == b
        else:
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)
