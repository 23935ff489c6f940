"""Inferences about strict orders: by degree, in time, in space. All three obey the same laws."""

from __future__ import annotations

from ltd.corpus.contrast import Cast, Contrast, Phenomenon, Slots

SIDES = (("to the left of", "to the right of"), ("above", "below"), ("in front of", "behind"))


def _degrees(cast: Cast) -> Slots:
    scale = cast.any(cast.lexicon.scales)
    names = {place: cast.name() for place in "vwxyz"}
    return names | {"over": f"is {scale.more} than", "under": f"is {scale.less} than"}


def _times(cast: Cast) -> Slots:
    verb = cast.activity().past
    return {place: cast.name() for place in "vwxyz"} | {"over": f"{verb} before", "under": f"{verb} after"}


def _sides(cast: Cast) -> Slots:
    over, under = cast.any((*SIDES, *[(under, over) for over, under in SIDES]))
    return {place: f"the {cast.thing()}" for place in "vwxyz"} | {"over": f"is {over}", "under": f"is {under}"}


ONE_STEP = (
    Contrast(
        "{x} {over} {y}",
        entailed_by=("{x} {over} {z}, and {z} {over} {y}", "{y} {under} {x}"),
        left_open_by=("{x} {over} {z}, and {z} {over} {w}", "{z} {over} {y}"),
        contradicted_by=("{y} {over} {z}, and {z} {over} {x}", "{y} {over} {x}"),
    ),
    Contrast(
        "{x} {under} {y}",
        entailed_by=("{x} {under} {z}, and {z} {under} {y}", "{y} {over} {x}"),
        left_open_by=("{x} {under} {z}, and {z} {under} {w}", "{z} {under} {y}"),
        contradicted_by=("{y} {under} {z}, and {z} {under} {x}", "{y} {under} {x}"),
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
            "{x} {over} {z}. {z} {over} {w}. {v} {over} {y}",
            "{x} {over} {z}. {y} {over} {w}. {z} {over} {w}",
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
