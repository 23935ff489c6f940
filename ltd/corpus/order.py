"""Inferences about strict orders: by degree, in time, in space. All three obey the same laws."""

from __future__ import annotations

from ltd.corpus.contrast import Cast, Contrast, Phenomenon, Slots

SIDES = (("to the left of", "to the right of"), ("above", "below"), ("in front of", "behind"))


def _degrees(cast: Cast) -> Slots:
    scale = cast.any(cast.lexicon.scales)
    more, less = f"{scale.more} than", f"{scale.less} than"
    words = {"over": f"is {more}", "under": f"is {less}", "not_over": f"is not {more}", "not_under": f"is not {less}"}
    return words | {place: cast.name() for place in "vwxyz"}


def _times(cast: Cast) -> Slots:
    verb = cast.activity()
    words = {
        "over": f"{verb.past} before",
        "under": f"{verb.past} after",
        "not_over": f"did not {verb} before",
        "not_under": f"did not {verb} after",
    }
    return words | {place: cast.name() for place in "vwxyz"}


def _sides(cast: Cast) -> Slots:
    over, under = cast.any((*SIDES, *[(under, over) for over, under in SIDES]))
    words = {"over": f"is {over}", "under": f"is {under}", "not_over": f"is not {over}", "not_under": f"is not {under}"}
    return words | {place: f"the {cast.thing()}" for place in "vwxyz"}


ONE_STEP = (
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

CHAIN = (
    Contrast(
        "{x} {over} {y}",
        entailed_by=(
            "{x} {over} {z}. {z} {over} {w}. {w} {over} {y}",
            "{z} {over} {w}. {w} {over} {y}. {x} {over} {z}",
        ),
        left_open_by=(
            "{x} {over} {z}. {z} {over} {w}. {w} {over} {v}",
            "{z} {over} {w}. either {w} or {v} {over} {y}. {x} {over} {z}",
        ),
        contradicted_by=(
            "{y} {over} {z}. {z} {over} {w}. {w} {over} {x}",
            "{z} {over} {w}. {w} {over} {x}. {y} {over} {z}",
        ),
    ),
)

COMPARATIVE = Phenomenon("comparative", _degrees, ONE_STEP)
TEMPORAL = Phenomenon("temporal", _times, ONE_STEP)
SPATIAL = Phenomenon("spatial", _sides, ONE_STEP)

COMPARATIVE_CHAIN = Phenomenon("comparative chain", _degrees, CHAIN)
TEMPORAL_CHAIN = Phenomenon("temporal chain", _times, CHAIN)
SPATIAL_CHAIN = Phenomenon("spatial chain", _sides, CHAIN)
