"""Every label is proved again from the text alone, by a reader and a prover that know nothing of the generator."""

from collections import Counter

import pytest

from ltd.corpus.data_set import DataSet
from ltd.corpus.inference import ONE_STEP
from ltd.corpus.instructions import EVALUATIONS, NLI
from ltd.corpus.lexicon import Lexicon
from ltd.corpus.words import EVALUATION, TRAINING

from .english import Reader, kinds_of, persons_in
from .worlds import decide

SETS = [(data_set, TRAINING) for data_set in NLI] + [(data_set, EVALUATION) for data_set in EVALUATIONS.values()]


def proved(lexicon: Lexicon, premise: str, hypothesis: str) -> str:
    reader = Reader(lexicon, persons_in(lexicon, f"{premise} {hypothesis}"))
    return decide(reader.text(premise), reader.text(hypothesis), kinds_of(lexicon))


def check(data_set: DataSet, lexicon: Lexicon, seed: int, number: int) -> set[str]:
    """Prove every label; give the kinds of reasoning that came up."""
    examples = data_set.examples(lexicon, seed, number)
    for example in examples:
        label = proved(lexicon, example.fields["premise"], example.fields["hypothesis"])
        if example.answer == "not_entailment":
            assert label != "entailment", example
        else:
            assert label == example.answer, example
    return {example.fields["reasoning"] for example in examples}


@pytest.mark.parametrize(("data_set", "lexicon"), SETS, ids=lambda value: getattr(value, "name", ""))
def test_every_label_of_the_corpus_is_proved(data_set: DataSet, lexicon: Lexicon) -> None:
    check(data_set, lexicon, seed=0, number=400 if lexicon is TRAINING else 250)  # more than the default corpus has


@pytest.mark.slow
@pytest.mark.parametrize(("data_set", "lexicon"), SETS, ids=lambda value: getattr(value, "name", ""))
def test_every_label_of_other_corpora_is_proved(data_set: DataSet, lexicon: Lexicon) -> None:
    for seed in (1, 2):
        check(data_set, lexicon, seed, number=2000)


def test_the_prover_covers_every_phenomenon() -> None:
    covered = check(EVALUATIONS["round_1"], EVALUATION, seed=3, number=200)
    assert covered == {kind.name for kind in ONE_STEP}
    assert len(covered) >= 10


@pytest.mark.parametrize(
    ("premise", "hypothesis", "label"),
    [
        ("Anna sang.", "Anna sang.", "entailment"),
        ("Anna sang.", "Ben sang.", "neutral"),
        ("Anna did not sing.", "Anna sang.", "contradiction"),
        ("If Anna sang, then Ben ran. Ben did not run.", "Anna sang.", "contradiction"),
        ("If Anna sang, then Ben ran. Ben ran.", "Anna sang.", "neutral"),
        ("Most of the nurses sang.", "Some of the nurses sang.", "entailment"),
        ("Some of the nurses sang.", "Most of the nurses sang.", "neutral"),
        ("Exactly nine nurses sang.", "At most eight nurses sang.", "contradiction"),
        ("Neither Anna nor Ben sang.", "Ben sang.", "contradiction"),
        ("Anna bought a rose.", "Anna bought a flower.", "entailment"),
        ("Anna bought a flower.", "Anna bought a rose.", "neutral"),
        ("Anna did not buy any flowers.", "Anna bought a red rose.", "contradiction"),
        ("Anna bought a rose in the park.", "Anna bought a red rose in the park.", "neutral"),
        ("Anna sang before Ben, and Ben sang before Clara.", "Clara sang after Anna.", "entailment"),
        ("Anna sang before Ben.", "Clara sang before Ben.", "neutral"),
        ("Nobody thanked Anna.", "Anna was thanked by Ben.", "contradiction"),
        ("The nurse who thanked Anna sang.", "Anna was thanked by the nurse.", "entailment"),
        ("Someone who thanked Anna sang.", "Anna sang.", "neutral"),
        ("Ben did not realize that Anna sang.", "Anna did not sing.", "neutral"),
        ("Ben pretended that Anna sang.", "Anna did not sing.", "entailment"),
    ],
)  # fmt: skip
def test_the_prover_knows_what_logicians_know(premise: str, hypothesis: str, label: str) -> None:
    assert proved(TRAINING, premise, hypothesis) == label


def test_the_prover_can_disagree() -> None:
    examples = EVALUATIONS["round_2"].examples(EVALUATION, 0, 100)
    labels = Counter(proved(EVALUATION, e.fields["premise"], e.fields["hypothesis"]) for e in examples)
    assert set(labels) == {"entailment", "neutral", "contradiction"}
    assert max(labels.values()) < 40
