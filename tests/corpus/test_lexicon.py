import pytest

from ltd.corpus.lexicon import Lexicon, Verb, Word
from ltd.corpus.words import EVALUATION, TRAINING


@pytest.mark.parametrize(
    ("text", "a", "plural"),
    [
        ("rose", "a rose", "roses"),
        ("insect", "an insect", "insects"),
        ("box", "a box", "boxes"),
        ("daisy", "a daisy", "daisies"),
        ("toy", "a toy", "toys"),
        ("wrench", "a wrench", "wrenches"),
        ("potato", "a potato", "potatoes"),
        ("bus", "a bus", "buses"),
    ],
)
def test_nouns(text: str, a: str, plural: str) -> None:
    assert (Word(text).a, Word(text).plural) == (a, plural)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("paint", ("paint", "painted", "painted", "paints")),
        ("bake", ("bake", "baked", "baked", "bakes")),
        ("carry", ("carry", "carried", "carried", "carries")),
        ("pray", ("pray", "prayed", "prayed", "prays")),
        ("sell/sold", ("sell", "sold", "sold", "sells")),
        ("write/wrote/written", ("write", "wrote", "written", "writes")),
        ("wash", ("wash", "washed", "washed", "washes")),
    ],
)
def test_verbs(text: str, forms: tuple[str, ...]) -> None:
    verb = Verb.parse(text)
    assert (str(verb), verb.past, verb.participle, verb.third) == forms
    with_object = Verb.parse(text, "the wall")
    assert with_object.past == f"{forms[1]} the wall"


@pytest.mark.parametrize("lexicon", [TRAINING, EVALUATION], ids=["training", "evaluation"])
def test_no_word_stands_for_two_things_that_a_premise_may_tell_apart(lexicon: Lexicon) -> None:
    for words in (lexicon.names, lexicon.roles, lexicon.things, lexicon.places, lexicon.modifiers):
        assert len(set(map(str, words))) == len(words)
    sorts = [str(sort) for kind in lexicon.kinds for sort in (kind.noun, *kind.sorts)]
    assert len(set(sorts)) == len(sorts)  # nothing is of two kinds
    for verbs in (lexicon.events, lexicon.dealings, lexicon.gettings, lexicon.knowing, lexicon.thinking):
        assert len({verb.past for verb in verbs}) == len(verbs)
    assert not {verb.base for verb in lexicon.knowing} & {verb.base for verb in lexicon.thinking}


@pytest.mark.parametrize("lexicon", [TRAINING, EVALUATION], ids=["training", "evaluation"])
def test_every_kind_has_sorts_to_choose_from(lexicon: Lexicon) -> None:
    assert all(len(kind.sorts) >= 3 for kind in lexicon.kinds)
    assert len(lexicon.kinds) >= 4  # a premise of two parts takes four


def test_forms_hold_every_form_of_every_word() -> None:
    assert {"anna", "nurses", "sang", "sung", "wrote", "report", "roses", "taller", "shorter", "pretended"} <= (
        TRAINING.forms()
    )
    assert "the" not in TRAINING.forms()
