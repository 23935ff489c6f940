"""No tracking leaves nothing."""

from __future__ import annotations

from pathlib import Path

from ltd.tracker import Tracker
from ltd.tracker.none import NoTracker
from tests.tracker.conftest import describe


def test_nothing_is_written(tmp_path: Path) -> None:
    tracker: Tracker = NoTracker()
    tracker.start(describe(tmp_path))
    tracker.log({"train/loss": 0.5}, 1)
    tracker.log({"eval/average": 0.5})
    tracker.finish()
    tracker.finish(succeeded=False)
    assert list(tmp_path.iterdir()) == []
