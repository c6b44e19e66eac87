"""The code cells of a notebook, read as JSON: no kernel, no outputs, no formatting."""

from __future__ import annotations

import json

from ..errors import SubmissionError
from ..text import clean

__all__ = ["read_notebook"]


def read_notebook(data: bytes, name: str) -> list[tuple[str, str]]:
    r"""The code cells in the order of the notebook, each with a name such as "cell 3" and its source.

    Raises `SubmissionError` for what is no notebook.

    >>> read_notebook(b'{"cells": [{"cell_type": "code", "source": ["x = 1\\n", "y = 2"]}]}', "a.ipynb")
    [('cell 1', 'x = 1\ny = 2')]
    """
    try:
        notebook = json.loads(data)
        if "worksheets" in notebook:  # version 3 of the format
            cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
        else:
            cells = notebook["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"] if "source" in cell else cell["input"]) for cell in code]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SubmissionError(f"{clean(name)}: not a notebook ({type(error).__name__})") from None
    return [(f"cell {number}", source.replace("\r\n", "\n")) for number, source in enumerate(sources, 1)]
