"""A report in W&B: everything in one run, offline and online, and a saved report where the package for it is there."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ltd.report.content import Cell, Figure, Report, Section, Table
from ltd.report.page import write
from ltd.report.publishing import publish
from tests.lab.wandb_environment import scrubbed
from tests.lab.wandb_log import closed_run, table
from tests.lab.wandb_server import ENTITY, KEY, WandbServer

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

RUN = Path("outputs/train/kcenter-s0-1234abcd")


def draw(canvas: Canvas) -> None:
    canvas.subplots().plot([0.001, 0.005], [40, 55])


def a_report() -> Report:
    rows = (
        (Cell("random"), Cell("54.1", 0.541, (RUN,)), Cell("-")),
        (Cell("kcenter"), Cell("56.6", 0.566, (RUN,)), Cell("better", tone="good")),
    )
    results = Table("results", "Results", ("arm", "average (%)", "verdict"), rows, frozenset({1}))
    figure = Figure("budget", "accuracy against budget", "two points", draw)
    sections = (
        Section("results", "Results", "kcenter is better.", (results,), (figure,)),
        Section("costs", "Costs", "", missing="no run has a cost; python train.py"),
    )
    return Report("Is 0.5% enough?", "made of 6 runs", ("kcenter is better than random",), sections)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A report written to a folder, in an environment where W&B finds nothing else."""
    folder = tmp_path / "a report"
    folder.mkdir()
    write(a_report(), folder)
    with scrubbed(tmp_path):
        yield folder


def test_offline_the_run_holds_tables_figures_and_the_page(folder: Path) -> None:
    said = publish(a_report(), folder)
    assert said == f"not sent yet: wandb sync '{folder}/wandb'"
    run = closed_run(folder)
    assert (run.name, run.job_type, run.notes) == ("Is 0.5% enough?", "report", "kcenter is better than random")
    assert table(run, folder, "report/results") == [
        {"arm": "random", "average (%)": 0.541, "verdict": "-"},
        {"arm": "kcenter", "average (%)": 0.566, "verdict": "better"},
    ]
    [files] = folder.glob("wandb/*run-*/files")
    assert (files / run.summary["report/page"]["path"]).read_text() == (folder / "index.html").read_text()
    drawn = (files / run.summary["report/plot_budget"]["path"]).read_bytes()
    assert drawn == (folder / "plots" / "budget.png").read_bytes()
    assert run.config["runs"] == [str(RUN)]
    assert {"index.html", "table.csv", "plots/budget.svg"} <= set(run.artifact("report").files)
    assert not any(name.startswith("wandb") for name in run.artifact("report").files)


def test_what_lies_beside_the_report_is_not_sent(folder: Path) -> None:
    (folder / "tables" / "of_an_earlier_report.csv").write_text("a,b")
    publish(a_report(), folder)
    sent = set(closed_run(folder).artifact("report").files)
    assert {"tables/results.csv", "index.html"} <= sent
    assert "tables/of_an_earlier_report.csv" not in sent


def test_the_same_report_again_is_the_same_run(folder: Path) -> None:
    publish(a_report(), folder)
    run_id = closed_run(folder).run_id
    later = replace(a_report(), made="made of 6 runs, a minute later")
    write(later, folder)
    publish(later, folder)
    assert {path.name for path in folder.glob("wandb/*run-*/run-*.wandb")} == {f"run-{run_id}.wandb"}


@pytest.mark.skipif(find_spec("wandb_workspaces") is not None, reason="a report is saved, and its address given")
def test_online_it_gives_the_address(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with WandbServer() as server:
        os.environ.update(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url)
        said = publish(a_report(), folder, project="tests")
    [run] = server.runs.values()
    assert run.artifact("report").files["index.html"] == (folder / "index.html").read_bytes()
    assert run.project == "tests"
    assert server.saved_reports == []
    assert said == f"{server.url}/{ENTITY}/tests/runs/{run.run_id}"
    assert "pip install wandb-workspaces" in caplog.text


def test_with_the_package_for_it_a_report_is_saved(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("wandb_workspaces", reason="it is no dependency")
    with WandbServer() as server:
        os.environ.update(WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url)
        said = publish(a_report(), folder, project="tests")
    assert "no W&B report could be saved" not in caplog.text
    [saved] = server.saved_reports
    assert saved["displayName"] == "Is 0.5% enough?"
    assert "| kcenter | 56.6 | better |" in saved["spec"]
    assert "report/plot_budget" in saved["spec"]
    assert "config.arm" in saved["spec"] or '"arm' in saved["spec"]
    assert said.startswith(f"{server.url}/{ENTITY}/tests/reports/")
