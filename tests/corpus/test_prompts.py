from collections import Counter

import pytest

from ltd.corpus.inference import ONE_STEP
from ltd.corpus.instructions import EVALUATIONS, NLI
from ltd.corpus.prompts import FAMILIES, pool_prompts, questions
from ltd.corpus.words import TRAINING

SIZES = {"nli_two_way": 20, "nli_embedded": 6, "nli_multi_step": 40}
ORDERS = {
    "two_way": ("True", "False"),  # RTE
    "embedded": ("True", "False", "Neither"),  # CB: entailment, contradiction, neutral
    "round_1": ("True", "Neither", "False"),  # ANLI: entailment, neutral, contradiction
    "round_2": ("True", "Neither", "False"),
    "round_3": ("True", "Neither", "False"),
}


def test_the_pool_has_what_the_settings_say() -> None:
    batches = list(pool_prompts(SIZES, n_family=5, seed=0))
    counts = Counter(prompt.task for batch in batches for prompt in batch)
    assert counts == {name: 4 * number for name, number in SIZES.items()} | {family.name: 20 for family in FAMILIES}
    assert len(FAMILIES) >= 8
    assert len(ONE_STEP) >= 10


def test_the_same_seed_gives_the_same_prompts_and_another_one_others() -> None:
    one, same, other = ([p.prompt for b in pool_prompts(SIZES, 5, seed) for p in b] for seed in (0, 0, 1))
    assert one == same
    assert len(set(one) & set(other)) < 20


@pytest.mark.parametrize("data_set", NLI, ids=lambda data_set: data_set.name)
def test_an_inference_prompt_is_short_and_its_templates_have_answers_of_their_own(data_set) -> None:
    assert len(data_set.templates) >= 4
    assert len({tuple(template.answers.values()) for template in data_set.templates}) >= 2
    for template in data_set.templates:
        lengths = [len(template.write(example).prompt.split()) for example in data_set.examples(TRAINING, 0, 390)]
        assert sum(lengths) / len(lengths) <= 30  # words; a word is about 1.3 tokens


def test_an_example_says_the_same_through_every_template() -> None:
    for data_set in NLI:
        for example in data_set.examples(TRAINING, 0, 30):
            prompts = [template.write(example) for template in data_set.templates]
            premise, clause = example.fields["premise"], example.fields["clause"]
            assert all(premise in prompt.prompt for prompt in prompts)
            assert all(clause[1:] in prompt.prompt for prompt in prompts)
            assert len({prompt.choices.index(prompt.target) for prompt in prompts}) == 1


@pytest.mark.parametrize(("part", "number", "most_words"), [
    ("two_way", 240, 30), ("embedded", 56, 30), ("round_1", 240, 30), ("round_2", 240, 42), ("round_3", 240, 57),
])  # fmt: skip
def test_questions(part: str, number: int, most_words: int) -> None:
    found = questions(part, number, seed=0)
    assert len({question.id for question in found}) == len(found) == number
    lengths = [len(question.text.split()) for question in found]
    assert sum(lengths) / number <= most_words
    for question in found:
        assert question.choices == ORDERS[part]
        *_, asked, last = question.text.split("\n")
        assert last == "Answer:"
        assert asked.startswith("Question: ")
        assert asked.endswith(" True or False?" if part == "two_way" else " True, False, or Neither?")


def test_gold_is_the_label_in_the_words_of_the_choices() -> None:
    for part in EVALUATIONS:
        examples = EVALUATIONS[part].examples(TRAINING, 0, 30)
        (template,) = EVALUATIONS[part].templates
        words = {"entailment": "True", "neutral": "Neither", "contradiction": "False", "not_entailment": "False"}
        assert [template.write(example).target for example in examples] == [words[e.answer] for e in examples]


def test_rounds_grow_longer_and_the_last_ones_share_premises() -> None:
    lengths, groups = [], []
    for part in ("round_1", "round_2", "round_3"):
        found = questions(part, 240, seed=0)
        lengths.append(sum(len(question.text) for question in found) / len(found))
        groups.append(Counter(question.group for question in found))
        for question in found:
            (first,) = (other for other in found if other.id == question.group)
            assert first.text.split("\n")[0] == question.text.split("\n")[0]
    assert lengths[0] < 0.8 * lengths[1]
    assert lengths[1] < 0.8 * lengths[2]
    assert groups[0].most_common(1)[0][1] <= 2
    assert groups[2].most_common(1)[0][1] >= 2
