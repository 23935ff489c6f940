"""The inference data sets with their instruction templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ltd.corpus import inference
from ltd.corpus.contrast import sentences
from ltd.corpus.data_set import DataSet, Row, Template
from ltd.corpus.draw import Draw
from ltd.corpus.inference import Builder
from ltd.corpus.lexicon import Lexicon

ENTAILED, OPEN, CONTRADICTED, NOT_ENTAILED = "entailment", "neutral", "contradiction", "not_entailment"


def _three(entailed: str, left_open: str, contradicted: str) -> dict[str, str]:
    return {ENTAILED: entailed, OPEN: left_open, CONTRADICTED: contradicted}


def _two(entailed: str, not_entailed: str) -> dict[str, str]:
    return {ENTAILED: entailed, NOT_ENTAILED: not_entailed}


TWO_WAY_TEMPLATES = (
    # The evaluation format, as in lm-evaluation-harness.
    Template("true or false", "{premise}\nQuestion: {hypothesis} True or False?\nAnswer:", _two("True", "False")),
    Template("is it true", "{premise} Is it true that {clause}? True or False?", _two("True", "False")),
    Template("does it follow", "{premise} Does it follow that {clause}? Yes or No?", _two("Yes", "No")),
    Template("therefore", "{premise} Therefore, {clause}. Yes or No?", _two("Yes", "No")),
)

THREE_WAY_TEMPLATES = (
    Template(
        "true, false, or neither",
        "{premise}\nQuestion: {hypothesis} True, False, or Neither?\nAnswer:",
        _three("True", "Neither", "False"),
    ),
    Template(
        "is it true",
        "{premise} Is it true that {clause}? True, False, or Neither?",
        _three("True", "Neither", "False"),
    ),
    Template(
        "does it follow",
        "{premise} Does it follow that {clause}? Yes, No, or Maybe?",
        _three("Yes", "Maybe", "No"),
    ),
    Template(
        "therefore",
        "{premise} Therefore, {clause}. Yes, No, or Maybe?",
        _three("Yes", "Maybe", "No"),
    ),
)


def _rows(build: Builder, two_way: bool = False) -> Callable[[Lexicon, Draw, int], Iterator[Row]]:
    def rows(lexicon: Lexicon, draw: Draw, number: int) -> Iterator[Row]:
        while True:  # a second helping is needed only if some of the first were the same
            for inferred in build(lexicon, draw, number):
                fields = {
                    "premise": sentences(inferred.premise),
                    "hypothesis": sentences(inferred.hypothesis),
                    "clause": inferred.hypothesis,
                    "reasoning": inferred.reasoning,
                }
                label = NOT_ENTAILED if two_way and inferred.label != ENTAILED else inferred.label
                yield fields, label

    return rows


TWO_WAY = DataSet("nli_two_way", _rows(inference.two_way, two_way=True), TWO_WAY_TEMPLATES)
EMBEDDED = DataSet("nli_embedded", _rows(inference.embedded), THREE_WAY_TEMPLATES)
MULTI_STEP = DataSet("nli_multi_step", _rows(inference.multi_step), THREE_WAY_TEMPLATES)
NLI = (TWO_WAY, EMBEDDED, MULTI_STEP)

_CB_ORDER = Template(
    "true, false, or neither",
    "{premise}\nQuestion: {hypothesis} True, False, or Neither?\nAnswer:",
    {ENTAILED: "True", CONTRADICTED: "False", OPEN: "Neither"},
)
EVALUATIONS = {
    "two_way": DataSet("two_way", _rows(inference.two_way, two_way=True), TWO_WAY_TEMPLATES[:1]),
    "embedded": DataSet("embedded", _rows(inference.embedded), (_CB_ORDER,)),
    "round_1": DataSet("round_1", _rows(inference.round_1), THREE_WAY_TEMPLATES[:1]),
    "round_2": DataSet("round_2", _rows(inference.round_2), THREE_WAY_TEMPLATES[:1]),
    "round_3": DataSet("round_3", _rows(inference.round_3), THREE_WAY_TEMPLATES[:1]),
}
"""One prompt a question, in the format of lm-evaluation-harness, with each data set's own order of the choices."""
