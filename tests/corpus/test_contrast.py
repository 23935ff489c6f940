from collections import Counter, defaultdict

import pytest

from ltd.corpus.contrast import LABELS, Cast, Contrast, Phenomenon, deal, sentences
from ltd.corpus.draw import Draw
from ltd.corpus.inference import CONSEQUENCES, ONE_STEP
from ltd.corpus.words import EVALUATION, TRAINING


def test_a_cast_hands_out_nothing_twice() -> None:
    cast = Cast(TRAINING, Draw(0))
    names = [cast.name() for _ in TRAINING.names]
    assert sorted(names) == sorted(TRAINING.names)
    verbs = [cast.event().base for _ in range(12)]
    assert len(set(verbs)) == 12


def test_a_phenomenon_fills_the_contrast_of_its_variant() -> None:
    contrasts = (Contrast("{a} sang", ("{a} sang twice",), ("{b} sang",), ("{a} did not sing",)),) * 2
    phenomenon = Phenomenon("singing", lambda cast: {"a": "Anna", "b": "Ben"}, contrasts)
    told = {label: phenomenon.infer(label, 1, Cast(TRAINING, Draw(0))).premise for label in LABELS}
    assert told == {"entailment": "Anna sang twice", "neutral": "Ben sang", "contradiction": "Anna did not sing"}


@pytest.mark.parametrize("kind", [*ONE_STEP, *CONSEQUENCES], ids=lambda kind: kind.name)
def test_the_form_of_the_hypothesis_depends_on_the_variant_alone(kind) -> None:
    def hypotheses(label: str, variant: int) -> set[tuple[str, ...]]:
        content = TRAINING.forms() | set("two three four five six seven eight nine ten a an".split())
        texts = [kind.infer(label, variant, Cast(TRAINING, Draw(seed))).hypothesis for seed in range(30)]
        return {tuple(word for word in text.lower().split() if word not in content) for text in texts}

    for variant in range(4):
        entailed, neutral, contradicted = (hypotheses(label, variant) for label in LABELS)
        assert entailed == neutral == contradicted


def test_a_deal_is_even() -> None:
    deals = deal(ONE_STEP, LABELS, 300, Draw(0))
    labels = Counter(label for _, label, _ in deals)
    kinds = Counter(kind.name for kind, _, _ in deals)
    assert set(labels.values()) == {100}
    assert max(kinds.values()) - min(kinds.values()) <= len(LABELS)
    variants = defaultdict(set)
    for kind, label, variant in deals:
        variants[kind.name, variant].add(label)
    assert all(found == set(LABELS) for found in variants.values())


@pytest.mark.parametrize(
    ("text", "written"),
    [("anna sang", "Anna sang."), ("some sang. none ran", "Some sang. None ran."), ("Ben ran", "Ben ran.")],
)
def test_sentences(text: str, written: str) -> None:
    assert sentences(text) == written


@pytest.mark.parametrize("kind", ONE_STEP, ids=lambda kind: kind.name)
@pytest.mark.parametrize("lexicon", [TRAINING, EVALUATION], ids=["training", "evaluation"])
def test_every_sentence_can_be_written(kind: Phenomenon, lexicon) -> None:
    for contrast in kind.contrasts:
        slots = kind.slots(Cast(lexicon, Draw(0)))
        for template in (contrast.hypothesis, *(text for label in LABELS for text in contrast.premises(label))):
            written = sentences(template.format_map(slots))
            assert written[0].isupper()
            assert "{" not in written
            assert "  " not in written
