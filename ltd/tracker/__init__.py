"""Trackers: where a run's configuration, numbers and products are sent while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ltd.tracker.product import Product


@dataclass(frozen=True)
class RunDescription:
    """What a tracker is told about a run when it starts.

    Attributes
    ----------
    run_id : derived from the configuration, so that a resumed run goes on under the same id.
    name : readable name.
    group : the sweep it belongs to.
    stage : ``select``, ``train`` or ``evaluate``; the job type.
    tags : sampler, fraction, instruction mode, model.
    settings : the resolved configuration as a plain dict.
    folder : the run's folder; a tracker keeps its files below it.
    notes : what the run is, in a line.
    """

    run_id: str
    name: str
    group: str
    stage: str
    tags: Sequence[str]
    settings: Mapping[str, object]
    folder: Path
    notes: str = ""


class Tracker(Protocol):
    """Receives numbers and products. Always finished, also after an error, so that runs in one process never merge."""

    def start(self, run: RunDescription) -> None:
        """Open the run, or go on with it under the same run id; never waits long for a network.

        Raises
        ------
        SettingsError
            If the tracker's own settings make no sense.
        """

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Record numbers of one optimiser step (``train/...``), or of no step: then they are results of the whole run.

        A resumed run logs again whatever steps follow its checkpoint.
        """

    def keep(self, products: Iterable[Product]) -> None:
        """Show what the run has made so far; a tracker that shows numbers alone makes nothing of it.

        The products are made one by one as they are asked for. One that fails is a warning: no run is lost to a figure.
        """

    def finish(self, succeeded: bool = True) -> None:
        """Close the run; safe to call twice."""
