"""Inferences by the meaning of phrases: narrower and wider descriptions, kinds, and who did what to whom."""

from __future__ import annotations

from ltd.corpus.contrast import Cast, Contrast, Phenomenon, Slots


def _descriptions(cast: Cast) -> Slots:
    kind, other = cast.kind(), cast.kind()
    this, sister = cast.draw.sample(kind.sorts, 2)
    good, bad = cast.draw.sample(cast.lexicon.modifiers, 2)
    return {
        "a": cast.name(),
        "b": cast.name(),
        "get": cast.any(cast.lexicon.gettings),
        "kind": kind.noun,
        "this": this,
        "sister": sister,
        "other": cast.any(other.sorts),
        "good": good,
        "bad": bad,
        "place": cast.any(cast.lexicon.places),
    }


def _dealings(cast: Cast) -> Slots:
    return {
        "a": cast.name(),
        "b": cast.name(),
        "c": cast.name(),
        "role": cast.role(),
        "v": cast.dealing(),
        "w": cast.dealing(),
        "p": cast.event(),
        "q": cast.event(),
    }


MONOTONICITY = Phenomenon(
    "monotonicity",
    _descriptions,
    (
        Contrast(
            "{a} {get.past} {this.a}",
            entailed_by=("{a} {get.past} {good.a} {this}", "{a} {get.past} {this.a} in the {place}"),
            left_open_by=("{a} {get.past} something", "{a} {get.past} something in the {place}"),
            contradicted_by=("{a} did not {get} any {this.plural}", "{a} {get.past} no {this.plural}"),
        ),
        Contrast(
            "{a} {get.past} {good.a} {this}",
            entailed_by=("{a} {get.past} {good.a} {this} in the {place}", "{a} {get.past} {bad.a}, {good} {this}"),
            left_open_by=("{a} {get.past} {this.a}", "{a} {get.past} {this.a} in the {place}"),
            contradicted_by=("{a} did not {get} any {this.plural}", "{a} {get.past} no {this.plural}"),
        ),
    ),
)

HYPERNYM = Phenomenon(
    "hypernym",
    _descriptions,
    (
        Contrast(
            "{a} {get.past} {kind.a}",
            entailed_by=("{a} {get.past} {this.a}", "{a} {get.past} {good.a} {this}"),
            left_open_by=("{a} {get.past} {other.a}", "{b} {get.past} {other.a}"),
            contradicted_by=("{a} did not {get} any {kind.plural}", "{a} {get.past} no {kind.plural}"),
        ),
        Contrast(
            "{a} {get.past} {this.a}",
            entailed_by=("{a} {get.past} {good.a} {this}", "{a} {get.past} {this.a} and {other.a}"),
            left_open_by=("{a} {get.past} {kind.a}", "{a} {get.past} {good.a} {kind}"),
            contradicted_by=("{a} did not {get} any {kind.plural}", "{a} {get.past} no {kind.plural}"),
        ),
    ),
)

PASSIVE = Phenomenon(
    "passive",
    _dealings,
    (
        Contrast(
            "{b} was {v.participle} by {a}",
            entailed_by=("{a} {v.past} {b}", "{a} {v.past} both {b} and {c}"),
            left_open_by=("someone {v.past} {b}", "{c} {v.past} {b}"),
            contradicted_by=("{a} did not {v} {b}", "nobody {v.past} {b}"),
        ),
        Contrast(
            "{a} {v.past} {b}",
            entailed_by=("{b} was {v.participle} by {a}", "both {b} and {c} were {v.participle} by {a}"),
            left_open_by=("{b} was {v.participle} by someone", "{b} was {v.participle} by {c}"),
            contradicted_by=("{b} was not {v.participle} by {a}", "{b} was not {v.participle} by anyone"),
        ),
    ),
)

RELATIVE = Phenomenon(
    "relative clause",
    _dealings,
    (
        Contrast(
            "the {role} {p.past}",
            entailed_by=("the {role} who {v.past} {a} {p.past}", "the {role} who {q.past} {p.past}"),
            left_open_by=("someone who {v.past} the {role} {p.past}", "someone who {v.past} {a} {p.past}"),
            contradicted_by=("the {role} who {v.past} {a} did not {p}", "the {role} who {q.past} did not {p}"),
        ),
        Contrast(
            "{a} {p.past}",
            entailed_by=("{a}, who {v.past} the {role}, {p.past}", "{a}, who {q.past}, {p.past}"),
            left_open_by=("someone who {v.past} {a} {p.past}", "someone who {q.past} {p.past}"),
            contradicted_by=("{a}, who {v.past} the {role}, did not {p}", "{a}, who {q.past}, did not {p}"),
        ),
    ),
)
