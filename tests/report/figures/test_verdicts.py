"""Each cell shows its difference, a colour of its sign and a symbol of its verdict."""

from __future__ import annotations

import math

from ltd.plots.style import figure
from ltd.report.figures import verdict_grid
from ltd.report.figures.marks import MINUS, NOTHING

DIFFERENCES = [[3.0, -1.0, 0.5], [-4.0, math.nan, 0.0]]


def test_cells_are_the_differences_and_the_verdicts() -> None:
    made = verdict_grid(
        "sensitivity",
        "caption",
        ["kcenter", "topk"],
        ["sum", "mean", "pooled"],
        DIFFERENCES,
        [["good", "unsure", "plain"], ["bad", "unsure", "plain"]],
    )
    with figure(*made.size) as canvas:
        made.draw(canvas)
        canvas.draw_without_rendering()
    axes = canvas.axes[0]
    image = axes.images[0]
    assert image.get_array().filled(math.nan)[0].tolist() == DIFFERENCES[0]
    assert image.get_clim() == (-4, 4)
    written = [text.get_text() for text in axes.texts]
    assert written == ["▲ +3.0", f"? {MINUS}1.0", "= +0.5", f"▼ {MINUS}4.0", NOTHING, "= 0.0"]
    red, green, blue, _ = image.cmap(image.norm(3.0))
    assert green > red  # better
    red, green, blue, _ = image.cmap(image.norm(-4.0))
    assert red > green > blue  # worse
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["sum", "mean", "pooled"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["kcenter", "topk"]
    assert "1 better, 1 worse, 2 no difference, 2 undecided" in made.alternative


def test_a_grid_of_nothing_known_can_be_drawn() -> None:
    made = verdict_grid("sensitivity", "", ["kcenter"], ["sum"], [[math.nan]], [["unsure"]])
    with figure(*made.size) as canvas:
        made.draw(canvas)
        canvas.draw_without_rendering()
    assert [text.get_text() for text in canvas.axes[0].texts] == [NOTHING]
