"""No tracking: what a run found is in its folder all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ltd.tracker import RunDescription
from ltd.tracker.product import Product


class NoTracker:
    """Drops everything."""

    def start(self, run: RunDescription) -> None:
        """Open nothing."""

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Record nothing."""

    def keep(self, products: Iterable[Product]) -> None:
        """Show nothing."""

    def finish(self, succeeded: bool = True) -> None:
        """Close nothing."""
