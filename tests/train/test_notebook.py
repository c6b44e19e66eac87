"""In a notebook, training shows a bar and curves that grow in their place."""

from __future__ import annotations

import pytest

CELLS = [
    """
import tinygrad_edu as tg
from tinygrad_edu import nn, optim, train
model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))
loader = tg.data.DataLoader(tg.data.xor(40), batch_size=10, shuffle=True)
fit = lambda **more: train.fit(model, loader, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), 3, **more)
""",
    "history = fit(callbacks=[train.LivePlot()])",
    "history",
    "history.plot();",
]


@pytest.mark.slow
def test_curves_are_drawn_in_place() -> None:
    nbclient = pytest.importorskip("nbclient", reason="runs a notebook: pip install nbclient ipykernel")
    nbformat = pytest.importorskip("nbformat", reason="runs a notebook: pip install nbclient ipykernel")
    pytest.importorskip("matplotlib", reason="draws curves: pip install matplotlib")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, timeout=120).execute()
    _, trained, table, curves = (cell.outputs for cell in notebook.cells)
    pictures = [output for output in trained if "image/png" in output.get("data", {})]
    assert len(pictures) == 1, "one picture, updated in its place"
    assert any("epoch 3/3" in output.get("text", "") for output in trained)
    assert table[0].data["text/plain"].split()[:3] == ["epoch", "loss", "lr"]
    assert ["image/png" in output.data for output in curves] == [True]
