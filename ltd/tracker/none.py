"""No tracking: what a run found is in its folder all the same."""

from __future__ import annotations

from collections.abc import Mapping

from ltd.tracker import RunDescription


class NoTracker:
    """Drops every number."""

    def start(self, run: RunDescription) -> None:
        """Open nothing."""

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Record nothing."""

    def finish(self, succeeded: bool = True) -> None:
        """Close nothing."""
