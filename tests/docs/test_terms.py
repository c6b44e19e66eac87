"""In Chinese one thing has one word: in the lessons, the pages, what the package says, and the README."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinygrad_edu.cli.translation import read_catalogue

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "docs" / "locale" / "zh_CN" / "LC_MESSAGES"
LANGUAGE = ROOT / "tinygrad_edu" / "_support" / "languages" / "zh"

OTHER_WORDS = {  # by the word that is used: those that are not, as patterns
    "反向传播": "回程|往回走|反向行走|后向传播",
    "记录带": "计算带",
    "不可导点": "(?<!转)折点",
    "索引": "下标",
    "矩阵乘法": "矩阵乘积",
    "层": "隐含层|隐层",
    "感知机": "感知器",
    "激活函数": "激励函数",
    "权重": "权值",
    "异或": "XOR(?!）)",
    "双月": "月牙",
    "早停": "提前停止",
    "暂退法": "丢弃法|(?<!也译“)随机失活",
    "小批量": "小批次",
    "批量规范化": "(?<!也叫)批归一化",
    "层规范化": "层归一化",
    "梯度裁剪": "梯度剪裁",
    "汇聚": "(?<!通常叫)池化",
    "评分器": "评分程序",
    "沙箱": "沙盒",
    "本库": "这个库",
    "课": "课文",
    "识别": "读对|读错",
    "叫作": "叫做",
    "你": "您",
    "补全": "，填好，",
    "引用不加空格": r"\d %",
    "书名不加星号、引号": r"，[*“\"][A-Z]",
    "作者之间用顿号": r"[A-Z]\. [A-Z]\w+(, |和)[A-Z]\. [A-Z]\w+(、|，[A-Z])",
    "四位数不分节": r"(?<![\d,{])\d,\d{3}(?![\d,])",
}
OTHER_IN_LESSONS = {"图像": "图片"}  # a picture in a plot is 图, and one of a README may be 图片


def spoken() -> Iterator[tuple[str, str]]:
    """All Chinese texts, with where they stand."""
    for path in sorted(CATALOGUES.rglob("*.po")):
        for text in read_catalogue(path).values():
            yield path.relative_to(CATALOGUES).as_posix(), text
    for path in sorted(LANGUAGE.glob("*.json")):
        for text in json.loads(path.read_text(encoding="utf-8")).values():
            yield path.name, text
    yield from (("README.zh.md", line) for line in (ROOT / "README.zh.md").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_no_other_word_stands_for_it(word: str) -> None:
    other = re.compile(OTHER_WORDS[word])
    found = [f"{where}: {text}" for where, text in spoken() if other.search(text)]
    assert found == [], f"say {word}"


def test_what_a_network_sees_is_an_image() -> None:
    assert [text for where, text in spoken() if where.startswith("lessons/") and "图片" in text] == []


def rows() -> Iterator[tuple[str, list[str], int]]:
    """The terms of the table: English, Chinese, and the lesson that explains them."""
    table = (ROOT / "docs" / "terms.md").read_text(encoding="utf-8").partition("## Terms")[2]
    for english, chinese, lesson in re.findall(r"^\| ([^|]+) \| ([^|]+) \| (\d+) \|$", table, re.MULTILINE):
        words = re.sub(r"（[^）]*）", "", chinese.partition("：")[2] or chinese)
        yield english, re.split("[；、，]", words), int(lesson)


@pytest.mark.parametrize(("english", "chinese", "lesson"), list(rows()), ids=lambda value: str(value)[:40])
def test_the_lesson_says_the_words_of_the_table(english: str, chinese: list[str], lesson: int) -> None:
    (path,) = CATALOGUES.glob(f"lessons/{lesson:02d}_*.po")
    said = "\n".join(read_catalogue(path).values()).replace("*", "")
    assert [word for word in chinese if word not in said] == []
