"""Examples in the guides of another language: what they print is in that language, as the program says it there."""

from doctest import BLANKLINE_MARKER, DocTest, DocTestParser, DocTestRunner, Example
from typing import Any

from sphinx.application import Sphinx

RUN = ["howto/shipped"]
"""The pages whose text speaks of what is printed."""


class Printed(DocTestRunner):
    """Runs examples, and keeps what each prints."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.found: dict[int, str] = {}

    def report_start(self, out: Any, test: DocTest, example: Example) -> None:
        """Say nothing."""

    def report_success(self, out: Any, test: DocTest, example: Example, got: str) -> None:
        """Keep what is in the page."""

    def report_failure(self, out: Any, test: DocTest, example: Example, got: str) -> None:
        """Keep what was printed."""
        self.found[id(example)] = got

    def report_unexpected_exception(self, out: Any, test: DocTest, example: Example, error: Any) -> None:
        """An example that runs in English must run in this language."""
        raise error[1]


def with_outputs(text: str, page: str) -> str:
    """A page with what its examples print now."""
    parts = DocTestParser().parse(text)
    examples = [part for part in parts if isinstance(part, Example)]
    runner = Printed()
    runner.run(DocTest(examples, {}, page, page, 0, text), clear_globs=False)
    return "".join(part if isinstance(part, str) else written(part, runner.found) for part in parts)


def written(example: Example, found: dict[int, str]) -> str:
    """An example as it stands in a page."""
    first, *more = example.source.rstrip("\n").split("\n")
    printed = found.get(id(example), example.want).replace("\n\n", f"\n{BLANKLINE_MARKER}\n")
    return "\n".join([f">>> {first}", *(f"... {line}".rstrip() for line in more), printed])


def print_again(app: Sphinx, page: str, source: list[str]) -> None:
    """Run the examples of a page before it is read."""
    if page in RUN and app.config.language != "en":
        source[0] = with_outputs(source[0], page)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", print_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
