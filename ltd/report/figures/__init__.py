"""Figures of the report: each function gives a `ltd.report.content.Figure`, from numbers alone.

Accuracies and differences are in percent and percentage points throughout; what is unknown is NaN.
"""

from __future__ import annotations

from ltd.report.figures.budget import Curve, Reference, budget_curves
from ltd.report.figures.contrasts import Contrast, forest
from ltd.report.figures.cost import CostPoint, pareto
from ltd.report.figures.selections import Chance, Coverage, Reading, against_chance, coverage, overlap
from ltd.report.figures.verdicts import verdict_grid

__all__ = [
    "Chance",
    "Contrast",
    "CostPoint",
    "Coverage",
    "Curve",
    "Reading",
    "Reference",
    "against_chance",
    "budget_curves",
    "coverage",
    "forest",
    "overlap",
    "pareto",
    "verdict_grid",
]
