"""Is a sentence good English, and the same sentence in another form."""

from __future__ import annotations

from collections.abc import Iterator

from ltd.corpus.contrast import Cast, sentences
from ltd.corpus.data_set import DataSet, Row, Template
from ltd.corpus.draw import Draw
from ltd.corpus.lexicon import Lexicon

FORMS = {
    "acceptable": (
        "{a} did not {p}",
        "{a} wanted to {p}",
        "{a} {v.past} {b}",
        "{b} was {v.participle} by {a}",
        "the {role} is {s.more} than {a}",
        "{a} has many {thing.plural}",
    ),
    "unacceptable": (
        "{a} did not {p.past}",
        "{a} wanted {p.past} to",
        "{v.past} {a} {b}",
        "{b} was by {a} {v.participle}",
        "the {role} is than {a} {s.more}",
        "{a} has many {thing}",
    ),
}
"""Each wrong form breaks one rule that the right form in its place keeps."""

CHANGES = (
    ("in the past tense", "{a} {p.third}.", "{a} {p.past}."),
    ("in the negative", "{a} {p.past}.", "{a} did not {p}."),
    ("as a question", "{a} {p.past}.", "Did {a} {p}?"),
    ("in the passive voice", "{a} {v.past} {b}.", "{b} was {v.participle} by {a}."),
    ("in the active voice", "{b} was {v.participle} by {a}.", "{a} {v.past} {b}."),
    ("with the object in the plural", "{a} found {thing.a}.", "{a} found {thing.plural}."),
)
"""The name of a form, a sentence, and the sentence in that form."""


def _slots(lexicon: Lexicon, draw: Draw) -> dict[str, object]:
    cast = Cast(lexicon, draw)
    event = cast.event()
    while event.base == event.past_form:  # "did not read" would be as right as wrong
        event = cast.event()
    return {
        "a": cast.name(),
        "b": cast.name(),
        "p": event,
        "v": cast.dealing(),
        "role": cast.role(),
        "thing": cast.thing(),
        "s": cast.any(lexicon.scales),
    }


def judgements(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    while True:
        answer = draw.choice(tuple(FORMS))
        yield {"sentence": sentences(draw.choice(FORMS[answer]).format_map(_slots(lexicon, draw)))}, answer


def rewritings(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    while True:
        slots = _slots(lexicon, draw)
        form, given, wanted = draw.choice(CHANGES)
        yield {"sentence": given.format_map(slots), "form": form}, wanted.format_map(slots)


ACCEPTABILITY = DataSet(
    "acceptability_sentences",
    judgements,
    (
        Template(
            "acceptable",
            "Is this sentence acceptable or unacceptable? {sentence}",
            {"acceptable": "acceptable", "unacceptable": "unacceptable"},
        ),
        Template(
            "grammar",
            "{sentence}\nIs the grammar correct? Yes or No?",
            {"acceptable": "Yes", "unacceptable": "No"},
        ),
        Template(
            "mark",
            'A pupil wrote: "{sentence}" The mark for grammar, good or bad:',
            {"acceptable": "good", "unacceptable": "bad"},
        ),
        Template(
            "native speaker",
            "Would a native speaker say this?\n{sentence}\nAnswer:",
            {"acceptable": "would say it", "unacceptable": "would not say it"},
        ),
    ),
)

REWRITING = DataSet(
    "rewriting_sentences",
    rewritings,
    (
        Template("rewrite", "Rewrite {form}: {sentence}"),
        Template("put", "{sentence}\nWrite this sentence {form}."),
        Template("before and after", "Change the sentence so that it is {form}.\nBefore: {sentence}\nAfter:"),
        Template("how", 'How do you write "{sentence}" {form}?'),
    ),
)
