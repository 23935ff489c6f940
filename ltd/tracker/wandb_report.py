"""A report in W&B: a run that holds its tables and figures and, where one can be made, a saved report around them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ltd.tracker import RunDescription
from ltd.tracker.product import Product
from ltd.tracker.wandb import Wandb

logger = logging.getLogger(__name__)

COMPARED = ("eval/average", "eval/pooled")
"""Drawn as bars of each arm's mean over seeds."""


@dataclass(frozen=True)
class WrittenSection:
    """A section of a saved W&B report.

    Attributes
    ----------
    text : Markdown.
    figures : names of the pictures that belong to it.
    """

    title: str
    text: str
    figures: tuple[str, ...] = ()


def publish_run(description: RunDescription, products: Sequence[Product], tracker: Wandb) -> str | None:
    """Open a run, have it hold the products, and close it; give its address if it is online."""
    tracker.start(description)
    succeeded = False
    try:
        tracker.keep(products)
        succeeded = True
        return tracker.url
    finally:
        tracker.finish(succeeded)


def save_report(title: str, sections: Sequence[WrittenSection], run_url: str) -> str | None:
    """Save a W&B report that shows the figures of the run at ``run_url``; give its address.

    None if the package `wandb-workspaces` is not installed, or if the server does not take it: one line says so.
    """
    if find_spec("wandb_workspaces") is None:
        logger.info("for a saved W&B report rather than a run: pip install wandb-workspaces")
        return None
    try:
        return _saved(title, sections, run_url)
    except Exception as error:  # of a server, its transport or the package: the run holds the same
        logger.warning("no W&B report could be saved (%s); %s holds the same", " ".join(str(error).split()), run_url)
        return None


def _saved(title: str, sections: Sequence[WrittenSection], run_url: str) -> str:
    with warnings.catch_warnings(action="ignore"):  # of what its own code will have to change
        reports: Any = import_module("wandb_workspaces.reports.v2")

    entity, project, _, run_id = run_url.split("/")[-4:]
    arms = reports.Runset(entity, project, name="all runs, by arm", groupby=["config.arm"])
    this = reports.Runset(entity, project, name="this report", filters=f"Metric('ID') == '{run_id}'")
    blocks = [
        reports.TableOfContents(),
        reports.PanelGrid(
            runsets=[arms],
            panels=[reports.BarPlot(title=metric, metrics=[metric], groupby="config.arm") for metric in COMPARED],
        ),
    ]
    for section in sections:
        blocks += [reports.H1(section.title), reports.MarkdownBlock(section.text)]
        if section.figures:
            browser = reports.MediaBrowser(media_keys=list(section.figures), num_columns=1)
            blocks.append(reports.PanelGrid(runsets=[this], panels=[browser], hide_run_sets=True))
    saved = reports.Report(project=project, entity=entity, title=title[:128], blocks=blocks, width="fluid").save()
    return str(saved.url)
