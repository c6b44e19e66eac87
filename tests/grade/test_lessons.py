"""The exercises of the lessons: a right answer gets all points from everybody, and a wrong one hears what is wrong.

Each row is a solution with one mistake that learners make, and what they must read of it, in English and in Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu._support.languages import speaking
from tinygrad_edu.grade import Sandbox, Submission, grade_one
from tinygrad_edu.grade.assignment import load_assignment
from tinygrad_edu.grade.verdict import load, verdict

pytestmark = pytest.mark.slow

EXERCISES = {
    int(folder.name[:2]): folder for folder in (Path(tg.__file__).parents[1] / "tutorials" / "exercises").iterdir()
}


class Row(NamedTuple):
    """A wrong answer: the lesson, the function, what stands in its solution and what in its place, and what is said."""

    lesson: int
    function: str
    old: str
    new: str
    english: str
    chinese: str


ROWS = [
    Row(9, "standardise", "np.nanmean(training, axis=0), np.nanstd(training, axis=0)",
        "training.mean(axis=0), training.std(axis=0)", "Columns with a gap are all 0", "含有缺失值的列全是 0"),
    Row(9, "standardise", "(others - mean) / deviation",
        "(others - np.nanmean(others, axis=0)) / np.nanstd(others, axis=0)", "their own mean", "它们自己的均值"),
    Row(9, "one_hot", "for category in categories]", "for category in sorted(categories)]", "alphabetical", "字母顺序"),
    Row(9, "one_hot", "np.array([[float(value == category) for category in categories] for value in values])",
        "np.eye(len(categories))[[categories.index(value) for value in values]]", "has a row of zeros", "整行为零"),
    Row(9, "tied_backward", "h.T @ outer + x.T @ inner", "h.T @ outer", "missing|overwritten", "缺少|覆盖"),
    Row(9, "tied_backward", "(outer @ w.T) * (1 - h**2)", "outer @ w.T",
        "local derivative is ignored", "忽略了局部导数"),
    Row(10, "correlate", "* kernel)", "* kernel[::-1, ::-1])", "turned by 180 degrees", "旋转了 180 度"),
    Row(10, "correlate", "np.pad(image, padding)", "image", "border is left out", "漏了边框"),
    Row(10, "receptive_field", "(size - 1) * step, stride * step", "size - 1, step", "change nothing", "没有考虑步幅"),
    Row(10, "receptive_field", "(size - 1) * step,", "(size - 1) * step * stride,", "its own window", "它自己的窗口"),
    Row(10, "kernel_gradient",
        "(upstream * np.array(under)).sum(axis=(2, 3))", "np.full(kernel.shape, upstream.sum())",
        "All weights have the same", "所有权重的梯度都相同"),
    Row(10, "kernel_gradient", "(upstream * ", "(upstream[::-1, ::-1] * ",
        "upstream gradient is turned", "上游梯度旋转"),
    Row(10, "shapes", "(second + 2 * 1 - 3)", "(second - 3)", "behind the second convolution", "第二个卷积层之后"),
    Row(10, "shapes", "(10, 32, first, first)", "(10, first, first, 32)",
        "channels stand before", "通道排在高和宽之前"),
    Row(11, "cost", "(channels * window**2 + 1)", "channels * window**2", "biases are left out", "漏了偏置"),
    Row(11, "cost", "new**2 * channels", "size**2 * channels", "on the image that comes in", "按输入图像"),
    Row(11, "one_by_one", " + bias[:, None]", "", "bias is left out", "漏了偏置"),
    Row(11, "one_by_one", "height, width)\n\n", "height, width).transpose(0, 2, 3, 1)\n\n", "last axis", "最后一个轴"),
    Row(11, "joined_backward", "np.split(upstream, np.cumsum(sizes)[:-1], axis=1)", "[upstream for _ in sizes]",
        "whole gradient", "整个梯度"),
    Row(11, "joined_backward", "np.split(upstream, np.cumsum(sizes)[:-1], axis=1)",
        "[upstream[:, :size] for size in sizes]", "first channels", "最前面的通道"),
    Row(12, "batch_norm", "axes = (0, 2, 3)", "axes = (0,)", "pixel has a mean of its own", "每个像素各有一个均值"),
    Row(12, "batch_norm",
        "np.sqrt(variance + eps)\n    return gamma", "(np.sqrt(variance) + eps)\n    return gamma",
        "added to the standard deviation", "加在了标准差上"),
    Row(12, "follow", "momentum * moving + (1 - momentum)", "(1 - momentum) * moving + momentum",
        "exchanged", "弄反了"),
    Row(12, "follow", "for batch in batches:", "for batch in batches[-1:]:",
        "Only the last batch", "最后一个批量起作用"),
    Row(12, "residual_backward", "return upstream + inner", "return inner", "missing|overwritten", "缺少|覆盖"),
    Row(12, "residual_backward", " * (1 - np.tanh(x @ w) ** 2)", "", "local derivative is ignored", "忽略了局部导数"),
    Row(12, "normalised_backward", " - upstream.mean(0)", "", "mean is taken for a constant|mean", "均值"),
    Row(12, "normalised_backward", " - out * (upstream * out).mean(0)", "", "variance|deviation", "方差|标准差"),
    Row(13, "crop", "zip(wide, tops, lefts)", "zip(wide, lefts, tops)", "Rows and columns", "行和列弄反了"),
    Row(13, "crop", "[one[:, y : y + height, x : x + width] for one, y, x in zip(wide, tops, lefts)]",
        "[np.roll(one, (padding - y, padding - x), (1, 2)) for one, y, x in zip(images, tops, lefts)]",
        "comes back on the other", "又从另一侧进来"),
    Row(13, "true_shares", "solve(rates.T", "solve(rates", "Rows and columns of the confusion", "行和列弄反了"),
    Row(13, "true_shares", " / confusion.sum(axis=1, keepdims=True)", "", "holds counts", "混淆矩阵里是个数"),
    Row(13, "balanced_weights", "len(labels) / (occurs.sum() * np.maximum(counts, 1))", "counts / len(labels)",
        "Frequent classes count more", "常见的类别"),
    Row(13, "balanced_weights", "occurs.sum()", "n_classes", "do not occur are counted", "没有出现的类别也算"),
    Row(14, "iou",
        "    covered =", "    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])\n"
        "    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])\n    covered =",
        "apart have an overlap", "分开的两个框有了重叠"),
    Row(14, "iou", "areas[1] - width * height", "areas[1]", "counted twice", "算了两次"),
    Row(14, "nms", " if classes[j] == classes[i]", "", "another class", "别的类别的框"),
    Row(14, "nms", "np.argsort(-scores)", "np.argsort(scores)", "worst boxes go first", "最差的框"),
    Row(14, "average_precision", "np.maximum.accumulate(precision[::-1])[::-1]", "precision",
        "not raised", "没有把精确率"),
    Row(14, "average_precision", "prepend=0) / total", "prepend=0) / max(sum(hits), 1)", "by the hits", "命中数"),
    Row(15, "states", "return np.array(found)", "return h", "one after each step", "每一步之后都应有一个"),
    Row(15, "states", "h = np.tanh(x_t @ w_xh + h @ w_hh + b)\n        found.append(h)",
        "found.append(np.tanh(x_t @ w_xh + h @ w_hh + b))", "begins at the initial state", "又从第一个状态开始"),
    Row(15, "perplexity", "np.exp(-np.mean(np.log(chances)))", "-np.mean(np.log(chances))", "the loss", "即损失"),
    Row(15, "perplexity", "np.mean(", "np.sum(", "added up", "加了起来"),
    Row(15, "through_time", "(upstream[t] + by_h)", "upstream[t]", "its own gradient only", "只传了它自己的梯度"),
    Row(15, "through_time", " * (1 - after[t] ** 2)", "", "tanh|local derivative", "tanh|局部导数"),
    Row(16, "lstm_step", "return sigmoid(o) * np.tanh(c), c", "return c, sigmoid(o) * np.tanh(c)",
        "other order", "次序反了"),
    Row(16, "lstm_step", "np.tanh(g)", "sigmoid(g)", "goes through a sigmoid", "经过的是 sigmoid"),
    Row(16, "memory_backward", "upstream * c, upstream * f, upstream * g, upstream * i", "c, f, g, i",
        "upstream gradient is ignored", "忽略了上游梯度"),
    Row(16, "memory_backward", "upstream * c, upstream * f,", "upstream * f, upstream * c,",
        "order|mixed", "顺序|弄反"),
    Row(16, "gru_step", "(1 - z) * n + z * h\n", "z * n + (1 - z) * h\n", "other way round", "更新门用反了"),
    Row(16, "gru_step", "sigmoid(x_r + h_r) * h_n", "h_n", "reset gate has no effect", "重置门没有起作用"),
    Row(17, "attention", " / np.sqrt(keys.shape[1])", "", "not divided by √d", "没有除以 √d"),
    Row(17, "attention", "np.exp(scores - scores.max(axis=1, keepdims=True))", "np.exp(scores)", "overflow", "上溢"),
    Row(17, "causal_weights", "np.tril(np.ones", "np.triu(np.ones", "what comes later", "看到的是后面的"),
    Row(17, "causal_weights", "-np.inf)\n", "0.0)\n", "A score of 0 is no mask", "分数为 0 不是掩码"),
    Row(17, "split_heads", "x.reshape(length, heads, d // heads).transpose(1, 0, 2)",
        "x.reshape(heads, length, d // heads)", "cut across the positions", "打乱了位置"),
    Row(17, "split_heads", ".transpose(1, 0, 2)", "", "still in front", "还在最前面"),
    Row(17, "scores_gradient", "weights * (upstream - (upstream * weights).sum(axis=1, keepdims=True))",
        "upstream * weights", "its own comparison alone", "只随它自己的比较"),
    Row(17, "scores_gradient", "weights * (upstream - (upstream * weights).sum(axis=1, keepdims=True))",
        "upstream * weights * (1 - weights)", "rule of the sigmoid", "sigmoid 的规则"),
    Row(18, "loss_gradient", "return shares / len(targets)", "return shares", "mean over the text", "漏了对文本取平均"),
    Row(18, "loss_gradient", "shares / len(targets)", "shares / logits.shape[1]", "tokens that there are", "种类数"),
    Row(18, "perplexity", "float(np.exp(-np.log(chances).mean()))", "float(-np.log(chances).mean())",
        "in nats", "奈特"),
    Row(18, "perplexity", "np.exp(-np.log", "np.exp(np.log", "sign is left out", "漏了负号"),
    Row(18, "sharpened", "logits / temperature", "logits * temperature", "multiplied by the temperature", "乘以了温度"),
    Row(18, "sharpened", "shares[np.argsort(-scores)[k:]] = 0\n    return shares / shares.sum()",
        "shares = shares / shares.sum()\n    shares[np.argsort(-scores)[k:]] = 0\n    return shares",
        "do not sum to 1", "之和不是 1"),
    Row(18, "nucleus", ">= p) + 1", ">= p)", "crosses p is left out", "使总和达到 p"),
    Row(18, "nucleus", "return kept / kept.sum()", "return kept", "does not sum to 1", "之和不是 1"),
    Row(19, "best_answer", "p / (p + q)", "q / (p + q)", "exchanged", "弄反了"),
    Row(19, "best_answer", "p / (p + q)", "p / q", "ratio of the densities", "密度之比"),
    Row(19, "discriminator_backward", "(sigmoid(real) - 1) / len(real), sigmoid(fake) / len(fake)",
        "sigmoid(real) - 1, sigmoid(fake)", "added up", "求了和"),
    Row(19, "discriminator_backward", "(sigmoid(real) - 1) / len(real), sigmoid(fake)",
        "(1 - sigmoid(real)) / len(real), -sigmoid(fake)", "point uphill", "反了符号"),
    Row(19, "generator_backward", 'kind == "minimax"', 'kind != "minimax"', "other loss", "另一种损失"),
    Row(19, "generator_backward", "return -sigmoid(fake) / len(fake)", "return -sigmoid(fake)", "added up", "求了和"),
    Row(20, "descend", "    for _ in range(steps):\n        gradient =",
        "    gradient = 0.0\n    for _ in range(steps):\n        gradient = gradient +",
        "sum of all gradients", "梯度之和"),
    Row(20, "descend", "w - lr * gradient", "w + lr * gradient", "the weights after five steps", "五步之后的权重"),
    Row(20, "loss", "    return (np.log(np.exp(scores)", "    scores = np.exp(scores) / np.exp(scores).sum(axis=1, "
        "keepdims=True)\n    return (np.log(np.exp(scores)", "softmax is taken twice", "做了两次 softmax"),
    Row(20, "loss", "labels]).mean()", "labels]).sum()", "the loss", "损失"),
    Row(20, "shuffled", "return images[order], labels[order]", "return images[order], labels",
        "their own label", "自己的标签"),
    Row(20, "shuffled", "return images[order], labels[order]", "return images, labels",
        "in which they came", "原来的顺序"),
    Row(20, "standardised", "(test - mean) / spread",
        "(test - test.mean(axis=0)) / test.std(axis=0)", "its own mean",
        "它自己的均值"),
    Row(20, "standardised", "(training - mean) / spread", "training - mean", "the training table", "训练表"),
    Row(20, "first_weights", "np.random.default_rng(seed).normal(0, np.sqrt(2 / n_in), (n_in, n_out))",
        "np.full((n_in, n_out), np.sqrt(2 / n_in))", "same weights", "权重都相同"),
    Row(20, "first_weights", "np.sqrt(2 / n_in)", "2 / n_in", "takes the standard deviation", "要的是标准差"),
    Row(20, "accuracy", "argmax(axis=1)", "argmax(axis=1, keepdims=True)", "with every label", "每个标签"),
    Row(20, "accuracy", "argmax(axis=1)", "argmin(axis=1)", "the accuracy", "准确率"),
    Row(21, "largest_rate", "return 2 /", "return 1 /", "half of what is allowed", "允许值的一半"),
    Row(21, "largest_rate", "X.T @ X / len(X)", "X.T @ X", "mean over the N rows", "对 N 行取平均"),
    Row(21, "adadelta", "np.sqrt(u + 1e-6)", "np.sqrt(u)", "no step could ever be taken", "永远迈不出一步"),
    Row(21, "adadelta", "w = w - lr * d", "w -= lr * d", "changes one array|chang", "同一个数组|修改"),
    Row(21, "clip_by_norm", "[g * min(1.0, most / norm) for g in gradients]",
        "[g * min(1.0, most / np.linalg.norm(g)) for g in gradients]", "by its own norm", "自己的范数"),
    Row(21, "clip_by_norm", "[g * min(1.0, most / norm) for g in gradients]",
        "[np.clip(g, -most, most) for g in gradients]", "clipped by itself", "单独裁剪"),
]  # fmt: skip

ENGLISH = re.compile(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row: what no Chinese feedback has, but for an error that Python raised."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def feedback(row: Row, sandbox: Sandbox, lang: str) -> str:
    """What is said of the checks of the function that are not passed."""
    folder = EXERCISES[row.lesson]
    solution = (folder / "reference.py").read_text("utf-8")
    assert row.old in solution
    assignment = load_assignment(folder).assignment
    checks = [check for check in assignment.checks if row.function in check.needs]
    wrong = Submission.from_source(solution.replace(row.old, row.new), "my_answers.py")
    with speaking(lang, assignment.texts), sandbox.open(wrong) as session:
        assert load(session) is None
        results = [verdict(check, session, lambda: np.random.default_rng(7), twice=False) for check in checks]
    return "\n".join(f"{r.message}\n{r.where}\n{r.how}" for r in results if r.outcome == "fail")


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.lesson}-{row.function}-{i}" for i, row in enumerate(ROWS)])
def test_a_wrong_answer_hears_what_is_wrong_in_both_languages(row: Row, sandbox: Sandbox) -> None:
    english, chinese = feedback(row, sandbox, "en"), feedback(row, sandbox, "zh")
    assert re.search(row.english, english), english
    assert re.search(row.chinese, chinese), chinese
    assert not ENGLISH.search(chinese) or "Error" in chinese, chinese


@pytest.mark.parametrize("lesson", sorted(EXERCISES))
def test_a_right_answer_gets_all_points_whoever_hands_it_in(lesson: int, sandbox: Sandbox) -> None:
    assignment = load_assignment(EXERCISES[lesson]).assignment
    right = Submission.read(EXERCISES[lesson] / "reference.py")
    result = grade_one(assignment, right, sandbox=sandbox, student="Ada")
    assert result.score == result.max_score, [check.message for check in result.checks]
    with sandbox.open(right) as session:  # 20 other students' numbers, asked of one process: that costs a fifth
        assert load(session) is None
        for seed in range(20):
            for check in assignment.checks:
                told = verdict(check, session, partial(np.random.default_rng, seed), twice=False)
                assert told.outcome == "pass", told.message


def test_each_function_from_lesson_9_on_is_tried_twice() -> None:
    asked = {
        (lesson, name)
        for lesson, folder in EXERCISES.items()
        if lesson >= 9
        for check in load_assignment(folder).assignment.checks
        for name in check.needs
    }
    tried = [(row.lesson, row.function) for row in ROWS]
    assert {pair for pair in asked if tried.count(pair) < 2} == set()
