"""What follows what, what is what, and facts as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ltd.corpus.contrast import Cast
from ltd.corpus.data_set import DataSet, Row, Template
from ltd.corpus.draw import Draw
from ltd.corpus.family import CITIES
from ltd.corpus.lexicon import Lexicon

CAUSES = (
    ("{a} dropped the glass", "the glass broke"),
    ("{a} forgot the umbrella in the rain", "{a} got wet"),
    ("{a} stayed up all night", "{a} was tired in the morning"),
    ("{a} left the ice in the sun", "the ice melted"),
    ("{a} prepared well for the exam", "{a} passed the exam"),
    ("{a} missed the train", "{a} was late for the meeting"),
    ("{a} switched off the lights", "the room became dark"),
    ("{a} ate nothing all day", "{a} was hungry"),
    ("{a} told a funny story", "everyone laughed"),
    ("{a} pulled the plug in the bath", "the bath emptied"),
    ("{a} put the milk on the stove", "the milk became hot"),
    ("{a} left the windows open in winter", "the house became cold"),
    ("{a} planted the seeds", "little green leaves came up"),
    ("{a} leaned against the freshly painted door", "{a} had paint on both hands"),
    ("{a} bought all the tickets", "no tickets were left"),
    ("{a} pressed the bell", "the bell rang"),
    ("{a} cut the rope", "the rope was in two pieces"),
    ("{a} lost the key of the house", "{a} could not get in"),
    ("{a} saved money for years", "{a} could afford a house"),
    ("{a} sat down on the egg", "the egg cracked"),
    ("{a} added too much salt", "the stew was too salty"),
    ("{a} drank three cups of tea in the evening", "{a} could not fall asleep"),
    ("{a} practised the piano every day", "{a} played the piano better"),
    ("{a} let go of the balloon", "the balloon rose into the air"),
)
"""Events with their effects."""


def causes(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    """Two things that may have happened; only one is an effect of what came before."""
    while True:
        name, answer = draw.choice(lexicon.names), draw.choice(("one", "two"))
        (cause, effect), (_, other) = draw.sample(CAUSES, 2)
        one, two = (effect, other) if answer == "one" else (other, effect)
        texts = {"event": f"{cause}.", "one": one, "two": two}
        yield {field: text.format(a=name) for field, text in texts.items()}, answer


def descriptions(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    """A thing is named; of three kinds it belongs to one."""
    while True:
        cast = Cast(lexicon, draw)
        kinds = [cast.kind() for _ in range(3)]
        answer = draw.integer(0, 2)
        thing = draw.choice(kinds[answer].sorts)
        text = f"{cast.name()} {draw.choice(lexicon.gettings).past} {thing.a} in the {draw.choice(lexicon.places)}."
        options = {place: str(kind.noun) for place, kind in zip(OPTIONS, kinds, strict=True)}
        yield {"sentence": text, "thing": str(thing), **options}, tuple(OPTIONS)[answer]


def facts(lexicon: Lexicon, draw: Draw, _number: int) -> Iterator[Row]:
    while True:
        name, role, city = draw.choice(lexicon.names), draw.choice(lexicon.roles), draw.choice(CITIES)
        age = draw.integer(20, 70)
        text = f"name: {name}; age: {age}; job: {role}; city: {city}"
        yield {"facts": text, "name": name}, f"{name}, aged {age}, is {role.a} in {city}."


CAUSE = DataSet(
    "cause_events",
    causes,
    (
        Template("next", "{event} What happened next: {one}, or {two}?", {"one": "{one}", "two": "{two}"}),
        Template("a or b", "{event}\nA: {one}\nB: {two}\nWhich is the effect, A or B?", {"one": "A", "two": "B"}),
        Template("so", "Possible effects: {one}; {two}.\n{event} So", {"one": "{one}", "two": "{two}"}),
        Template(
            "more likely",
            "After this event, is the first or the second more likely?\nEvent: {event}\n1. {one}\n2. {two}\nAnswer:",
            {"one": "the first", "two": "the second"},
        ),
    ),
)

OPTIONS = {"one": "{one}", "two": "{two}", "three": "{three}"}
TYPING = DataSet(
    "typing_things",
    descriptions,
    (
        Template("what", "{sentence} What is the {thing}: {one}, {two}, or {three}?", OPTIONS),
        Template("type", "Types: {one}, {two}, {three}.\n{sentence}\nType of the {thing}:", OPTIONS),
        Template(
            "letter",
            "{sentence}\nWhat is that {thing}?\n(a) {one}\n(b) {two}\n(c) {three}\nAnswer:",
            {"one": "a", "two": "b", "three": "c"},
        ),
        Template("is a kind of", "{sentence} Options: {one}, {two}, {three}. The {thing} is a kind of", OPTIONS),
    ),
)

FACTS = DataSet(
    "facts_people",
    facts,
    (
        Template("sentence", "Write a sentence with these facts. {facts}"),
        Template("describe", "Describe the person in one sentence.\n{facts}\nSentence:"),
        Template("data", "Data: {facts}\nText:"),
        Template("biography", "{facts}\nTurn this into the first sentence of a biography of {name}."),
    ),
)
