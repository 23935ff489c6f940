"""Inferences by the words not, and, or, if."""

from __future__ import annotations

from ltd.corpus.contrast import Cast, Contrast, Phenomenon, Slots


def _people(cast: Cast) -> Slots:
    names, events = [cast.name() for _ in "abc"], [cast.event() for _ in "pqr"]
    return dict(zip("abcpqr", (*names, *events), strict=True))


NEGATION = Phenomenon(
    "negation",
    _people,
    (
        Contrast(
            "{a} {p.past}",
            entailed_by=("it is true that {a} {p.past}", "{a} did indeed {p}"),
            left_open_by=("it is true that {b} {q.past}", "{b} did indeed {p}"),
            contradicted_by=("it is not true that {a} {p.past}", "{a} never {p.past}"),
        ),
        Contrast(
            "{a} did not {p}",
            entailed_by=("it is not true that {a} {p.past}", "{a} never {p.past}"),
            left_open_by=("it is not true that {b} {q.past}", "{b} never {p.past}"),
            contradicted_by=("it is true that {a} {p.past}", "{a} did indeed {p}"),
        ),
    ),
)

COORDINATION = Phenomenon(
    "coordination",
    _people,
    (
        Contrast(
            "{a} {p.past}",
            entailed_by=("both {a} and {b} {p.past}", "{b} {q.past}, and {a} {p.past}"),
            left_open_by=("either {a} or {b} {p.past}", "{b} {p.past}, or {a} {p.past}"),
            contradicted_by=("neither {a} nor {b} {p.past}", "{b} {p.past}, but {a} did not"),
        ),
    ),
)

CONDITIONAL = Phenomenon(
    "conditional",
    _people,
    (
        Contrast(
            "{b} {q.past}",
            entailed_by=(
                "if {a} {p.past}, then {b} {q.past}. {a} {p.past}",
                "{a} {p.past}. if {a} {p.past}, then {b} {q.past}",
            ),
            left_open_by=("if {a} {p.past}, then {b} {q.past}", "if {a} {p.past}, then {b} {q.past}. {a} {r.past}"),
            contradicted_by=(
                "if {a} {p.past}, then {b} did not {q}. {a} {p.past}",
                "if {b} {q.past}, then {a} {p.past}. {a} did not {p}",
            ),
        ),
    ),
)
