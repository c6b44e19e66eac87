"""Three wrong answers to each assignment that ships: the Chinese feedback says the same as the English."""

from __future__ import annotations

import re

import pytest

from tinygrad_edu.grade import Sandbox, Submission, grade_one
from tinygrad_edu.grade.assignment import load_assignment
from tinygrad_edu.grade.assignments import ASSIGNMENTS, folder
from tinygrad_edu.grade.diagnosis.mistakes import KINDS, MISTAKES

FACTOR = "前向传播中除以 n 的，反向传播中也除以 n，别的都不除。"
USES = "一个值被使用几次，就得到几份贡献。这里只有来自 {}的一份：请用 +=，不要用 =。"

WRONG = [
    # assignment, check, what stands in the solution, what is handed in, feedback in English, in Chinese, how to mend it
    ("chain_rule", "product", "return upstream * y, upstream * x", "return upstream * x, upstream * y",
     "The gradients are returned in the wrong order.", "各梯度的返回顺序错了。",
     "请按输入的顺序返回：每个梯度对另一个输入来说都是对的。"),
    ("chain_rule", "tanh", "1 - np.tanh(x) ** 2", "1 - x**2",
     "The derivative formula uses the input, instead of the output.", "求导公式里代入了输入，而不是输出。",
     "这个公式以结果表示，例如 y = tanh(x) 的 1 − y²：请代入 y。"),
    ("chain_rule", "twice", "return direct + tanh", "return tanh",
     "The gradient is overwritten instead of accumulated.", "梯度被覆盖了，而没有累加。",
     USES.format("`tanh`（第 1 个操作数）")),
    ("value_engine", "order", "order.append(node)", "order.insert(0, node)",
     "{'a': [], 'b': ['a']}, output b: in ['b', 'a'], b comes before its input a",
     "{'a': [], 'b': ['a']}，输出 b：['b', 'a'] 中，b 排在它的输入 a 之前",
     "节点要排在它所有的输入之后：等对输入的循环结束再列出它。"),
    ("value_engine", "arithmetic", "1.0 - t * t", "1.0 - t",
     "The formula of the derivative is wrong.", "求导公式错了。",
     "这些数来自 1 − tanh(x)，漏了平方；应为 1 − tanh(x)²。"),
    ("value_engine", "accumulation", "node.grad += flow", "node.grad = flow",
     "After a second backward, the gradients are those of one.", "第二次 backward 之后，梯度还是一次的梯度。",
     "梯度要加到 `grad` 已有的值上：请用 +=，不要用 =，也不要把它清零。"),
    ("broadcasting", "matmul", "x.T @ upstream", "upstream.T @ x",
     "The axes are in the wrong order.", "轴的顺序错了。",
     "数都对，但轴的顺序是 (1, 0)：请转置。梯度的形状与它所对应的量相同；对 x @ w 来说，由此就能确定转置哪个因子。"),
    ("broadcasting", "addition", "unbroadcast(upstream, b.shape)", "upstream",
     "It is not summed back after broadcasting.", "广播之后没有求和。",
     "被广播的输入用了多次：它的梯度要沿所有被重复的轴求和，使形状与输入相同。"),
    ("broadcasting", "mean", "upstream / len(x)", "upstream", "A constant factor is wrong.", "差一个常数因子。",
     f"所有数与应有值之比为 5（批量大小，即 x 的轴 0 的大小，或参与平均的数的个数）。{FACTOR}"),
    ("mlp", "loss", "grad / len(labels)", "grad", "A constant factor is wrong.", "差一个常数因子。",
     f"所有数与应有值之比为 5（批量大小，即 logits 的轴 0 的大小，或参与平均的数的个数）。{FACTOR}"),
    ("mlp", "loss", "grad[rows, labels] -= 1.0", "pass", "The target is left out.", "漏了目标类别的那一项。",
     "梯度等于概率，在目标处再减 1；这里只有概率。"),
    ("mlp", "network", "relu_backward(grad_logits @ w2.T, before)", "relu_backward(grad_logits @ w2, before)",
     "ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0, "
     "with gufunc signature (n?,k),(k,m?)->(n?,m?) (size 11 is different from 3)",
     "ValueError：矩阵乘法：中间的大小 3 与 11 不同", ""),
    ("convolution", "image", "stride)[...] += np", "stride)[...] = np",
     "Where windows overlap, only the last one counts.", "窗口重叠之处，只有最后一个窗口起作用。",
     "每个像素从覆盖它的每个窗口各得到一份贡献：请用 +=，不要用 =。"),
    ("convolution", "image_strided", "w[:, :, i, j]", "w[:, :, -i - 1, -j - 1]",
     "The kernel is the wrong way round.", "卷积核的方向反了。",
     "前向传播中原样滑动的卷积核，求图像的梯度时要旋转 180 度再滑动。"),
    ("convolution", "bias", "axis=(0, 2, 3)", "axis=(2, 3)",
     "the gradient of b: shape (5, 7), expected (7,)", "b 的梯度：形状为 (5, 7)，应为 (7,)",
     "梯度的形状与它所对应的量完全相同。"),
]  # fmt: skip

SENTENCE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")


@pytest.fixture(scope="module")
def sandbox():  # type: ignore[no-untyped-def]
    with Sandbox() as sandbox:
        yield sandbox


def test_there_are_three_of_each() -> None:
    assert [sum(name == row[0] for row in WRONG) for name in ASSIGNMENTS] == [3] * len(ASSIGNMENTS)


@pytest.mark.parametrize(("name", "check", "right", "wrong", "english", "chinese", "how"), WRONG)
def test_a_wrong_answer_is_told_in_two_languages(
    name: str, check: str, right: str, wrong: str, english: str, chinese: str, how: str, sandbox: Sandbox
) -> None:
    assignment = load_assignment(folder(name)).assignment
    assignment.checks = [assignment[check]]
    program = (folder(name) / "reference.py").read_text("utf-8")
    assert right in program
    handed_in = Submission.from_source(program.replace(right, wrong))
    told = {lang: grade_one(assignment, handed_in, sandbox=sandbox, lang=lang).checks[0] for lang in ("en", "zh")}
    assert told["en"].kind == told["zh"].kind
    assert (told["en"].message, told["zh"].message, told["zh"].how) == (english, chinese, how)
    assert not SENTENCE.search(told["zh"].message + told["zh"].how)


def test_every_kind_of_mistake_has_words() -> None:
    """A kind such as "finite" is for programs; reports and hidden checks say it in words."""
    source = "".join(path.read_text("utf-8") for path in folder("mlp").parents[1].rglob("*.py"))
    given = set(re.findall(r'(?:Different|StudentError)\(\s*"([a-z ]+)"|kind="([a-z ]+)"', source))
    assert len(given) > 25
    of_examples = {"not summed back", "order"}
    assert {kind for kinds in given for kind in kinds if kind} - set(KINDS) - set(MISTAKES) == of_examples
