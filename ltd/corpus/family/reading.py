"""Answering questions from a short text, and telling whether two sentences mean the same."""

from __future__ import annotations

from collections.abc import Iterator

from ltd.corpus.contrast import Cast, sentences
from ltd.corpus.data_set import DataSet, Row, Template
from ltd.corpus.draw import Draw
from ltd.corpus.family import CITIES
from ltd.corpus.lexicon import Lexicon

FACTS = (
    ("{name} lives in {city}.", ("Where does {name} live?", "{city}"), ("Who lives in {city}?", "{name}")),
    ("{name} is {role.a}.", ("What is the job of {name}?", "{role}"), ("Who is {role.a}?", "{name}")),
    ("{name} {event.past} in the {place}.", ("Who {event.past}?", "{name}"), ("Where was {name}?", "in the {place}")),
    (
        "{name} has {number} {thing.plural}.",
        ("How many {thing.plural} does {name} have?", "{number}"),
        ("Who has {number} {thing.plural}?", "{name}"),
    ),
)
"""Statements, each with two pairs of a question and its answer."""


def passages(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    """Three facts about three people, and a question about one of the facts."""
    while True:
        cast = Cast(lexicon, draw)
        told = []
        for city, place in zip(draw.sample(CITIES, 3), draw.sample(lexicon.places, 3), strict=True):
            slots: dict[str, object] = {"name": cast.name(), "role": cast.role(), "thing": cast.thing()}
            slots |= {"event": cast.event(), "number": draw.integer(2, 30), "city": city, "place": place}
            statement, *questions = draw.choice(FACTS)
            question, answer = draw.choice(questions)
            told.append((statement.format_map(slots), question.format_map(slots), answer.format_map(slots)))
        _, question, answer = draw.choice(told)
        yield {"passage": " ".join(statement for statement, _, _ in told), "question": question}, answer


PAIRS = {
    "same": (
        ("{a} {v.past} {b}", "{b} was {v.participle} by {a}"),
        ("{a} and {b} {p.past}", "{b} and {a} {p.past}"),
        ("{a} {p.past} before {b}", "{b} {p.past} after {a}"),
        ("if {a} {p.past}, {b} {q.past}", "{b} {q.past} if {a} {p.past}"),
        ("{a} is {s.more} than {b}", "{b} is {s.less} than {a}"),
    ),
    "different": (
        ("{a} {v.past} {b}", "{a} was {v.participle} by {b}"),
        ("{a} and {b} {p.past}", "{a} and {b} {q.past}"),
        ("{a} {p.past} before {b}", "{a} {p.past} after {b}"),
        ("if {a} {p.past}, {b} {q.past}", "if {b} {q.past}, {a} {p.past}"),
        ("{a} is {s.more} than {b}", "{b} is {s.more} than {a}"),
    ),
}


def sentence_pairs(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    while True:
        cast = Cast(lexicon, draw)
        answer = draw.choice(tuple(PAIRS))
        slots: dict[str, object] = {"a": cast.name(), "b": cast.name(), "v": cast.dealing()}
        slots |= {"p": cast.event(), "q": cast.event(), "s": cast.any(lexicon.scales)}
        first, second = (sentences(text.format_map(slots)) for text in draw.choice(PAIRS[answer]))
        yield {"first": first, "second": second}, answer


READING = DataSet(
    "reading_passages",
    passages,
    (
        Template("question", "{passage}\nQuestion: {question}\nAnswer:"),
        Template("read", "Read the text and answer the question.\n{passage}\n{question}"),
        Template("from the text", "{question} Answer from this text: {passage}"),
        Template("context", "Context: {passage}\n\n{question}"),
    ),
)

PARAPHRASE = DataSet(
    "paraphrase_sentences",
    sentence_pairs,
    (
        Template(
            "same meaning",
            "Sentence 1: {first}\nSentence 2: {second}\nDo they mean the same? Yes or No?",
            {"same": "Yes", "different": "No"},
        ),
        Template(
            "same or different",
            "{first}\n{second}\nSame or different?",
            {"same": "same", "different": "different"},
        ),
        Template(
            "in other words",
            '"{first}" In other words: "{second}" Is this right or wrong?',
            {"same": "right", "different": "wrong"},
        ),
        Template(
            "paraphrase",
            "Is the second sentence a paraphrase of the first?\n1. {first}\n2. {second}\nAnswer:",
            {"same": "paraphrase", "different": "not a paraphrase"},
        ),
    ),
)
