"""No tracking leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ltd.tracker import Tracker
from ltd.tracker.none import NoTracker
from ltd.tracker.product import Product
from tests.tracker.conftest import describe


def not_made() -> Iterator[Product]:
    raise AssertionError("made for nobody")
    yield


def test_nothing_is_written(tmp_path: Path) -> None:
    tracker: Tracker = NoTracker()
    tracker.start(describe(tmp_path))
    tracker.log({"train/loss": 0.5}, 1)
    tracker.log({"eval/average": 0.5})
    tracker.keep(not_made())
    tracker.finish()
    tracker.finish(succeeded=False)
    assert list(tmp_path.iterdir()) == []
