"""What the page about limits says of kinks holds."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
CLAIMS = re.findall(r"\| `(tg\.[^|]*)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)


def test_every_kink_has_its_claim() -> None:
    assert len(CLAIMS) == 12


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_gradient_at_a_kink(claim: str) -> None:
    assert eval(claim, {"tg": tg, "np": np})
