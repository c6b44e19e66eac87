"""The built site in a browser, from its folder: no page writes an error or needs a network, every player plays, and the
Chinese search finds every lesson that has a word.

python .ci/browse.py docs/_build/html
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTHS = {"desktop": 1280, "phone": 390}
WORDS = ["反向传播", "学习率", "计算图", "交叉熵", "链式法则", "多层感知机", "权重衰减", "局部导数", "梯度下降",
         "小批量", "广播", "暂退法", "批量规范化", "卷积核", "感受野", "残差块", "注意力", "困惑度", "过拟合", "池化",
         "早停", "熵"]  # fmt: skip


def main(folder: str) -> None:
    """Open every page; exit with 1 if something is wrong with one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium on the PATH, so nobody has looked at the site: apt install chromium")
        return
    pages = sorted(Path(folder).resolve().rglob("*.html"))
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        page.on("console", lambda said: said.type == "error" and wrong.append(f"{page.url}: {said.text}"))
        page.on("request", lambda to: to.url.startswith(("http", "ws")) and wrong.append(f"{page.url}: {to.url}"))
        players = sum(look(page, path, wrong) for path in pages)
        search(browser.new_page(), Path(folder, "zh_CN").resolve(), wrong)  # from a file it fails to show excerpts
        browser.close()
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(pages)} pages with {players} players, on a desktop and on a phone; {len(WORDS)} words are found")


def look(page: Page, path: Path, wrong: list[str]) -> int:
    """Note what is wrong with the page at a path; gives how many players it has."""
    page.goto(path.as_uri())
    for screen, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{path}: wider than a {screen}")
    players = page.locator("iframe").count()
    for i in range(players):
        player = page.frame_locator("iframe").nth(i)
        place = player.locator("#place").inner_text()
        player.locator("#next").click()
        if player.locator("#place").inner_text() == place:
            wrong.append(f"{path}: player {i + 1} stands still")
    return players


def search(page: Page, site: Path, wrong: list[str]) -> None:
    """Note each word for which the search misses a lesson that has it, or finds two that do not.

    Words are found by pairs of characters: a lesson in which all pairs of a word stand apart is found, too.
    """
    texts: dict[str, str] = {}
    for lesson in sorted(site.glob("lessons/[0-9]*.html")):
        page.goto(lesson.as_uri())
        texts[lesson.name] = page.locator("article").evaluate("article => article.textContent")
    for word in WORDS:
        page.goto(f"{(site / 'search.html').as_uri()}?q={word}")
        page.locator("#search-results.done, .search-summary:not(:empty)").first.wait_for()
        links = page.locator("ul.search a").evaluate_all("links => links.map(a => a.pathname.split('/').pop())")
        having = {name for name, text in texts.items() if word in text}
        found = set(links) & set(texts)
        if having - found or not found or len(found - having) > 1:
            wrong.append(f"search for {word}: not found {sorted(having - found)}, without it {sorted(found - having)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
