"""The networks once more, in PyTorch: the layers of the papers' tables, with torchvision's names."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from tests.nn.twins import torch_or_skip


def alexnet(channels: int, classes: int, side: int, widths: Any, hidden: int) -> Any:
    """One tower; the images are so large that `side` × `side` numbers are left."""
    nn = torch_or_skip().nn
    a, b, c, d, e = widths
    features = nn.Sequential(
        nn.Conv2d(channels, a, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2),
        nn.Conv2d(a, b, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2),
        nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
        nn.Conv2d(c, d, 3, padding=1), nn.ReLU(),
        nn.Conv2d(d, e, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, stride=2),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Dropout(), nn.Linear(e * side * side, hidden), nn.ReLU(),
        nn.Dropout(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, classes),
    )  # fmt: skip
    return nn.Sequential(OrderedDict(features=features, flatten=nn.Flatten(), classifier=classifier))


def alexnet_2012(channels: int, classes: int, side: int, widths: Any, hidden: int) -> Any:
    """Two towers, with response normalisation: α of the paper's sum is α/5 of PyTorch's mean."""
    nn = torch_or_skip().nn
    a, b, c, d, e = widths
    after = [(nn.ReLU(), nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0), nn.MaxPool2d(3, stride=2)) for _ in range(2)]
    features = nn.Sequential(
        nn.Conv2d(channels, a, 11, stride=4, padding=2), *after[0],
        nn.Conv2d(a, b, 5, padding=2, groups=2), *after[1],
        nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
        nn.Conv2d(c, d, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(d, e, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, stride=2),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Linear(e * side * side, hidden), nn.ReLU(), nn.Dropout(),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes),
    )  # fmt: skip
    return nn.Sequential(OrderedDict(features=features, flatten=nn.Flatten(), classifier=classifier))


def vgg(plan: Any, channels: int, classes: int, side: int, hidden: int) -> Any:
    """`plan` as torchvision writes it: the channels of each convolution, and "M" for a max pooling."""
    nn = torch_or_skip().nn
    features: list[Any] = []
    last = channels
    for step in plan:
        if step == "M":
            features.append(nn.MaxPool2d(2, 2))
        else:
            features += [nn.Conv2d(last, step, 3, padding=1), nn.ReLU()]
            last = step
    classifier = nn.Sequential(
        nn.Linear(last * side * side, hidden), nn.ReLU(), nn.Dropout(),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes),
    )  # fmt: skip
    return nn.Sequential(OrderedDict(features=nn.Sequential(*features), flatten=nn.Flatten(), classifier=classifier))


def nin(channels: int, classes: int, blocks: Any, width: Any = None) -> Any:
    """The blocks of the book, of any sizes; with a width the last one ends in a 1×1 convolution to the classes."""
    nn = torch_or_skip().nn

    def block(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> Any:
        ones = [nn.Conv2d(outputs, outputs, 1), nn.ReLU(), nn.Conv2d(outputs, outputs, 1), nn.ReLU()]
        return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU(), *ones)

    layers: list[Any] = []
    for row in blocks:
        layers += [block(channels, *row), nn.MaxPool2d(3, stride=2)]
        channels = row[0]
    last = block(channels, width or classes, 3, 1, 1)
    if width:
        last = nn.Sequential(*last[:4], nn.Conv2d(width, classes, 1))
    layers += [nn.Dropout(0.5), last, nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten()]
    return nn.Sequential(*layers)


def googlenet(stem: Any, stages: Any, classes: int) -> Any:
    """`stem` of ("conv", name, in, out, kernel, stride) and ("pool", name); stages of (name, in, c1, c2, c3, c4)."""
    torch = torch_or_skip()
    nn = torch.nn

    def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> Any:
        layer = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2)
        return nn.Sequential(OrderedDict(conv=layer, relu=nn.ReLU()))

    class Inception(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inputs: int, c1: int, c2: Any, c3: Any, c4: int) -> None:
            super().__init__()
            self.branch1 = convolution(inputs, c1, 1)
            self.branch2 = nn.Sequential(convolution(inputs, c2[0], 1), convolution(c2[0], c2[1], 3))
            self.branch3 = nn.Sequential(convolution(inputs, c3[0], 1), convolution(c3[0], c3[1], 5))
            self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), convolution(inputs, c4, 1))

        def forward(self, x: Any) -> Any:
            return torch.cat((self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)), dim=1)

    parts = OrderedDict()
    for row in [*stem, *stages]:
        if row[0] == "pool":
            parts[row[1]] = nn.MaxPool2d(3, stride=2, padding=1)
        elif row[0] == "conv":
            parts[row[1]] = convolution(*row[2:])
        else:
            parts[row[0]] = Inception(*row[1:])
    last = row[2] + row[3][1] + row[4][1] + row[5]
    ends = OrderedDict(avgpool=nn.AdaptiveAvgPool2d((1, 1)), flatten=nn.Flatten(), fc=nn.Linear(last, classes))
    return nn.Sequential(OrderedDict([*parts.items(), *ends.items()]))


def resnet(bottleneck: bool, blocks: Any, channels: int, classes: int, width: int, small: bool = False) -> Any:
    """torchvision's; `small` begins with a 3×3 convolution and a pooling of 2×2."""
    nn = torch_or_skip().nn
    expansion = 4 if bottleneck else 1

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inputs: int, planes: int, stride: int) -> None:
            super().__init__()
            outputs = planes * expansion
            rows = [(inputs, planes, 3, stride), (planes, planes, 3, 1)]
            if bottleneck:
                rows = [(inputs, planes, 1, 1), (planes, planes, 3, stride), (planes, outputs, 1, 1)]
            self.count = len(rows)
            for i, (a, b, kernel, step) in enumerate(rows, start=1):
                setattr(self, f"conv{i}", nn.Conv2d(a, b, kernel, step, kernel // 2, bias=False))
                setattr(self, f"bn{i}", nn.BatchNorm2d(b))
            self.downsample = None
            if stride != 1 or inputs != outputs:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )

        def forward(self, x: Any) -> Any:
            y = x
            for i in range(1, self.count + 1):
                y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
                y = nn.functional.relu(y) if i < self.count else y
            return nn.functional.relu(y + (x if self.downsample is None else self.downsample(x)))

    kernel = (3, 1, 1) if small else (7, 2, 3)
    parts = OrderedDict(conv1=nn.Conv2d(channels, width, *kernel, bias=False), bn1=nn.BatchNorm2d(width))
    parts |= OrderedDict(relu=nn.ReLU(), maxpool=nn.MaxPool2d(2) if small else nn.MaxPool2d(3, 2, 1))
    inputs = width
    for i, count in enumerate(blocks):
        planes = width * 2**i
        stage = [Block(inputs if j == 0 else planes * expansion, planes, 2 if i and not j else 1) for j in range(count)]
        parts[f"layer{i + 1}"], inputs = nn.Sequential(*stage), planes * expansion
    parts |= OrderedDict(avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(inputs, classes))
    return nn.Sequential(parts)


def densenet(blocks: Any, growth: int, channels: int, classes: int, width: int, bottleneck: bool, small: bool) -> Any:
    """The textbook's, or with `bottleneck` torchvision's; `small` begins as the small ResNet."""
    torch = torch_or_skip()
    nn, bias = torch.nn, not bottleneck

    class Layer(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inputs: int) -> None:
            super().__init__()
            between = 4 * growth if bottleneck else growth
            self.norm1 = nn.BatchNorm2d(inputs)
            self.conv1 = nn.Conv2d(inputs, between, 1 if bottleneck else 3, padding=0 if bottleneck else 1, bias=bias)
            if bottleneck:
                self.norm2 = nn.BatchNorm2d(between)
                self.conv2 = nn.Conv2d(between, growth, 3, padding=1, bias=False)

        def forward(self, x: Any) -> Any:
            y = self.conv1(nn.functional.relu(self.norm1(x)))
            return self.conv2(nn.functional.relu(self.norm2(y))) if bottleneck else y

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, count: int, inputs: int) -> None:
            super().__init__()
            for k in range(count):
                self.add_module(f"denselayer{k + 1}", Layer(inputs + k * growth))

        def forward(self, x: Any) -> Any:
            seen = [x]
            for layer in self.children():
                seen.append(layer(torch.cat(seen, 1)))
            return torch.cat(seen, 1)

    kernel = (3, 1, 1) if small else (7, 2, 3)
    parts = OrderedDict(conv0=nn.Conv2d(channels, width, *kernel, bias=bias), norm0=nn.BatchNorm2d(width))
    parts |= OrderedDict(relu0=nn.ReLU(), pool0=nn.MaxPool2d(2) if small else nn.MaxPool2d(3, 2, 1))
    for i, count in enumerate(blocks, start=1):
        parts[f"denseblock{i}"] = Block(count, width)
        width += count * growth
        if i < len(blocks):
            halved = nn.Conv2d(width, width // 2, 1, bias=bias)
            layers = OrderedDict(norm=nn.BatchNorm2d(width), relu=nn.ReLU(), conv=halved, pool=nn.AvgPool2d(2))
            parts[f"transition{i}"] = nn.Sequential(layers)
            width //= 2
    parts[f"norm{len(blocks) + 1}"] = nn.BatchNorm2d(width)
    end = OrderedDict(relu=nn.ReLU(), avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    whole = OrderedDict([("features", nn.Sequential(parts)), *end.items(), ("classifier", nn.Linear(width, classes))])
    return nn.Sequential(whole)


def lenet5(pictures: Any, table: Any) -> Any:
    """The paper's, written out: each map of C3 is a sum over the maps that its row of the table names."""
    torch = torch_or_skip()
    nn = torch.nn

    class Weighted(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, weight: Any, bias: Any) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(weight))
            self.bias = nn.Parameter(torch.zeros(bias))

    class LeNet5(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.C1, self.C5, self.F6 = nn.Conv2d(1, 6, 5), nn.Conv2d(16, 120, 5), nn.Linear(120, 84)
            self.S2, self.S4 = Weighted((6, 1, 1), (6, 1, 1)), Weighted((16, 1, 1), (16, 1, 1))
            self.C3 = Weighted((60, 5, 5), 16)
            self.pictures = torch.tensor(pictures)

        def squares(self, x: Any) -> Any:
            return x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]

        def forward(self, x: Any) -> Any:
            def squash(a: Any) -> Any:
                return 1.7159 * torch.tanh(2 / 3 * a)

            x = squash(self.C1(x))
            x = squash(self.squares(x) * self.S2.weight + self.S2.bias)
            maps, k = [], 0
            for row, bias in zip(table, self.C3.bias):
                kernels = self.C3.weight[k : k + len(row)]
                maps.append(nn.functional.conv2d(x[:, list(row)], kernels[None])[:, 0] + bias)
                k += len(row)
            x = squash(torch.stack(maps, dim=1))
            x = squash(self.squares(x) * self.S4.weight + self.S4.bias)
            x = squash(self.C5(x)).flatten(1)
            x = squash(self.F6(x))
            return -0.5 * torch.cdist(x, self.pictures.to(x.dtype)) ** 2

    return LeNet5()
