"""The answers of the other task families, found again from the prompt's text alone."""

import re

import pytest

from ltd.corpus.data_set import DataSet
from ltd.corpus.family import grammar, number, opinion, reading, spelling, world
from ltd.corpus.prompts import FAMILIES
from ltd.corpus.words import TRAINING
from ltd.example import Example


def examples(data_set: DataSet) -> list[Example]:
    return data_set.examples(TRAINING, 0, 300)


each_family = pytest.mark.parametrize("data_set", FAMILIES, ids=lambda data_set: data_set.name)


@each_family
def test_every_template_writes_a_clean_prompt_and_its_answer(data_set: DataSet) -> None:
    assert len(data_set.templates) >= 3
    for prompt in data_set.prompts(TRAINING, 0, 100):
        assert prompt.prompt == prompt.prompt.strip() != ""
        assert prompt.target == prompt.target.strip() != ""
        assert "{" not in prompt.prompt + prompt.target
        assert "  " not in prompt.prompt
        if prompt.choices is not None:
            assert prompt.target in prompt.choices
            assert len(set(prompt.choices)) == len(prompt.choices) >= 2


@each_family
def test_answers_with_choices_are_even(data_set: DataSet) -> None:
    closed = [template for template in data_set.templates if template.answers is not None]
    if closed:
        answers = [example.answer for example in data_set.examples(TRAINING, 0, 920)]
        n_answers = len(closed[0].answers or ())
        for answer in closed[0].answers or ():
            assert abs(answers.count(answer) / len(answers) - 1 / n_answers) < 0.05


def test_sentiment_follows_from_every_part() -> None:
    for example in examples(opinion.SENTIMENT):
        good, bad = ([word in example.fields["review"] for word in (*adjectives, *verdicts)]
                     for adjectives, verdicts in ((opinion.GOOD, opinion.GLAD), (opinion.BAD, opinion.SORRY)))  # fmt: skip
        assert (sum(good), sum(bad)) == ((3, 0) if example.answer == "positive" else (0, 3))


def test_headlines_of_a_topic_have_words_no_other_topic_has() -> None:
    told = {topic: set(re.findall(r"[a-z]{4,}", " ".join(texts).lower())) for topic, texts in opinion.HEADLINES.items()}
    for example in examples(opinion.TOPIC):
        found = set(re.findall(r"[a-z]{4,}", example.fields["headline"].lower()))
        others = set().union(*(words for topic, words in told.items() if topic != example.answer))
        assert found & (told[example.answer] - others)


def test_reading_asks_about_one_fact_and_its_answer_stands_there() -> None:
    for example in examples(reading.READING):
        parts = example.fields["passage"].removesuffix(".").split(". ")
        asked = set(re.findall(r"\w+", example.fields["question"]))
        overlaps = [len(asked & set(re.findall(r"\w+", part))) for part in parts]
        assert overlaps.count(max(overlaps)) == 1, example
        assert re.search(rf"\b{example.answer}\b", parts[overlaps.index(max(overlaps))]), example


def test_paraphrases_differ_from_other_pairs() -> None:
    for example in examples(reading.PARAPHRASE):
        first, second = example.fields["first"], example.fields["second"]
        assert first != second
        names = [[word for word in re.findall(r"\w+", text) if word in TRAINING.names] for text in (first, second)]
        swapped, kept = names[0] == names[1][::-1], names[0] == names[1]
        if " and " in first:
            assert kept != (example.answer == "same")
        elif " before " in first:
            assert (swapped and " after " in second) == (example.answer == "same")
        elif " was " in second:
            assert swapped == (example.answer == "same")
        assert kept or swapped


def test_arithmetic() -> None:
    for example in examples(number.ARITHMETIC):
        text = example.fields["problem"]
        x, y = map(int, re.findall(r"\d+", text))
        right = x * y if "each" in text else x - y if "took" in text else x + y
        assert int(example.answer) == right > 0


def test_sorting() -> None:
    for example in examples(number.SORTING):
        items, answer = example.fields["items"].split(", "), example.answer.split(", ")
        assert sorted(items) == sorted(answer)
        assert items != [] and len(set(items)) == 4
        key = int if answer[0].isdigit() else str
        assert all(key(one) < key(other) for one, other in zip(answer, answer[1:], strict=False))
        assert (example.fields["first"], example.fields["last"]) == (answer[0], answer[-1])


def test_letters() -> None:
    for example in examples(spelling.LETTERS):
        words, wanted, answer = example.fields["words"].split(), example.fields["wanted"], example.answer.split()
        for word, part in zip(words, answer if "last to first" not in wanted else reversed(answer), strict=True):
            if "first letter" in wanted:
                assert word.startswith(part) and len(part) == 1
            elif "last letter" in wanted:
                assert word.endswith(part) and len(part) == 1
            elif "number" in wanted:
                assert word == word[: int(part)] and word[: int(part) - 1] != word
            else:
                assert word.upper() == part.upper()


def test_patterns_go_on() -> None:
    for example in examples(spelling.PATTERNS):
        row = [*example.fields["row"].split(", "), example.answer]
        if row[0].isdigit():
            assert len({int(after) - int(before) for before, after in zip(row, row[1:], strict=False)}) == 1
        else:
            assert any(all(row[i] == row[i - period] for i in range(period, len(row))) for period in (2, 3))


def test_wrong_sentences_are_wrong_and_right_ones_right() -> None:
    pasts = {verb.past_form for verb in TRAINING.events} - {verb.base for verb in TRAINING.events}
    wrong = re.compile(
        rf"did not ({'|'.join(pasts)})\b|wanted \w+.* to\.|^\w+ed [A-Z]|^taught|was by|is than|has many \w+[^s]\.", re.I
    )
    for example in examples(grammar.ACCEPTABILITY):
        sentence = example.fields["sentence"]
        is_wrong = bool(wrong.search(sentence)) and not re.search(r"wanted to|has many \w+s\.", sentence)
        assert is_wrong == (example.answer == "unacceptable"), example


def test_rewriting_keeps_the_words() -> None:
    for example in examples(grammar.REWRITING):
        before, after = example.fields["sentence"], example.answer
        names = set(TRAINING.names)
        assert set(re.findall(r"\w+", before)) & names == set(re.findall(r"\w+", after)) & names
        assert before != after
        assert after.endswith("?") == (example.fields["form"] == "as a question")
        assert ("did not" in after) == (example.fields["form"] == "in the negative")


def test_causes_name_their_effect() -> None:
    effects = dict(world.CAUSES)
    assert len(effects) == len(set(effects.values())) == len(world.CAUSES)
    for example in examples(world.CAUSE):
        name = next(word for word in re.findall(r"\w+", example.fields["event"]) if word in TRAINING.names)
        cause = example.fields["event"].removesuffix(".").replace(name, "{a}")
        assert example.fields[example.answer] == effects[cause].replace("{a}", name)


def test_types_are_right_and_the_others_wrong() -> None:
    kind_of = {str(sort): str(kind.noun) for kind in TRAINING.kinds for sort in kind.sorts}
    for example in examples(world.TYPING):
        options = {place: example.fields[place] for place in ("one", "two", "three")}
        right = kind_of[example.fields["thing"]]
        assert [place for place, option in options.items() if option == right] == [example.answer]


def test_facts_are_all_told() -> None:
    for example in examples(world.FACTS):
        for fact in example.fields["facts"].split("; "):
            assert fact.split(": ")[1] in example.answer
