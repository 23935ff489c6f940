"""Arms can be told apart without colour, and labels never lie on each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from ltd.plots.style import RANDOM, figure
from ltd.report.figures.marks import MINUS, arm_marks, budget_axis, cost_axis, signed, spread


def test_arms_differ_by_more_than_their_colour() -> None:
    looks = arm_marks([False, True, *[False] * 6])
    assert looks[1]["color"] == RANDOM and [look["color"] for look in looks].count(RANDOM) == 1
    for sign in ("marker", "linestyle"):
        assert len({str(look[sign]) for look in looks[:7]}) == 7
    together = {(look["color"], look["marker"], str(look["linestyle"])) for look in looks}
    assert len(together) == len(looks)  # the seventh sampler has the first one's colour and another line


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_labels_keep_their_distance_and_order(wanted: list[float]) -> None:
    places = spread(wanted, 0.1)
    order = np.argsort(wanted, kind="stable")
    assert np.all(np.diff(np.array(places)[order]) >= 0.1 - 1e-9)
    if len(wanted) == 1 or np.diff(np.sort(wanted)).min() >= 0.1:
        assert places == pytest.approx(wanted)


def test_labels_are_as_near_as_can_be() -> None:
    wanted = np.array([0.5, 0.1, 0.52, 0.55, 0.12])
    order = np.argsort(wanted)
    apart = [{"type": "ineq", "fun": lambda x, i=i: x[i + 1] - x[i] - 0.1} for i in range(4)]
    best = minimize(lambda x: ((x - wanted[order]) ** 2).sum(), np.linspace(0, 1, 5), constraints=apart).x
    assert np.array(spread(wanted.tolist(), 0.1))[order] == pytest.approx(best, abs=1e-3)


@pytest.mark.parametrize(
    ("budgets", "shown"),
    [
        ([25, 50, 125, 2500], ["25", "50", "125", "2,500"]),  # the budgets themselves
        ([100, 101, 102, 1000], ["100", "200", "500", "1,000"]),  # which would lie on each other
        ([250], ["250"]),
    ],
)
def test_a_budget_axis_is_readable(budgets: list[float], shown: list[str]) -> None:
    with figure(5, 3) as canvas:
        axes = canvas.subplots()
        budget_axis(axes, budgets)
        canvas.draw_without_rendering()
        low, high = axes.get_xlim()
        labels = [one.label1.get_text() for one in axes.xaxis.get_major_ticks() if low <= one.get_loc() <= high]
    assert labels == shown
    assert low < budgets[0] and high > budgets[-1] and axes.get_xscale() == "log"


def test_a_cost_axis_writes_small_numbers_out() -> None:
    with figure(5, 3) as canvas:
        axes = canvas.subplots()
        cost_axis(axes, [0.02, 0.3])
        canvas.draw_without_rendering()
        low, high = axes.get_xlim()
        labels = [one.label1.get_text() for one in axes.xaxis.get_major_ticks() if low <= one.get_loc() <= high]
    assert labels == ["0.02", "0.05", "0.1", "0.2"]


def test_differences_have_their_sign() -> None:
    assert [signed(value) for value in (1.25, 0.04, -0.04, -3)] == ["+1.2", "0.0", "0.0", f"{MINUS}3.0"]
