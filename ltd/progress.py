"""How machinery tells the top floor how far it is: a callable, so that no algorithm draws a bar."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)``, at most a few times a second's worth of work."""


def silent(done: int, total: int) -> None:
    """A progress that says nothing."""
