"""Inferences about before and after: a strict order."""

from __future__ import annotations

from ltd.corpus.contrast import Cast, Contrast, Phenomenon, Slots


def _times(cast: Cast) -> Slots:
    verb = cast.activity()
    words = {
        "over": f"{verb.past} before",
        "under": f"{verb.past} after",
        "not_over": f"did not {verb} before",
        "not_under": f"did not {verb} after",
    }
    return words | {place: cast.name() for place in "vwxyz"}


BEFORE_AND_AFTER = (
    Contrast(
        "{x} {over} {y}",
        entailed_by=("{y} {under} {x}", "{x} {over} {z}, and {z} {over} {y}"),
        left_open_by=("{x} {over} {z}", "either {x} or {z} {over} {y}"),
        contradicted_by=("{y} {over} {x}", "{x} {not_over} {y}"),
    ),
    Contrast(
        "{x} {under} {y}",
        entailed_by=("{y} {over} {x}", "{x} {under} {z}, and {z} {under} {y}"),
        left_open_by=("{x} {under} {z}", "either {x} or {z} {under} {y}"),
        contradicted_by=("{y} {under} {x}", "{x} {not_under} {y}"),
    ),
)

TEMPORAL = Phenomenon("temporal", _times, BEFORE_AND_AFTER)
