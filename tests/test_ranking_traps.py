"""The ways in which published code gets scores wrong without an error, with real tokenizers where they are at hand."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoTokenizer

from ltd.encoding import Encoded, TextEncoder
from ltd.model.tiny import byte_tokenizer, random_network
from ltd.ranking import rank
from ltd.score import Question, RankedQuestion

PROMPT = "No cat swims.\nQuestion: A cat swims. True, False, or Neither?\nAnswer:"
CHOICES = ("True", "False", "Neither", "not entailment", "42")
END = 2  # Galactica's </s>


def tiny_network(tokenizer: Any, architecture: str = "llama") -> Any:
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 256}
    width = {"word_embed_proj_dim": 16, "ffn_dim": 32} if architecture == "opt" else {"intermediate_size": 32}
    special = {"pad_token_id": None, "bos_token_id": None, "eos_token_id": None}
    scale = {"init_std": 0.3, "initializer_range": 0.3}
    config = AutoConfig.for_model(architecture, vocab_size=len(tokenizer), **sizes, **width, **special, **scale)
    return random_network(config, 0)


@pytest.fixture(scope="module")
def smollm2() -> Any:
    folders = sorted(Path("~/.cache/ltd/models").expanduser().glob("smollm2_135m-*/tokenizer.json"))
    if not folders:
        pytest.skip("SmolLM2's tokenizer is not in the cache: python train.py puts it there")
    return AutoTokenizer.from_pretrained(folders[0].parent)


@pytest.fixture
def galactica(real_data: Path) -> Any:
    return AutoTokenizer.from_pretrained(real_data / "galactica-tokenizer")


@pytest.fixture(params=["smollm2", "galactica"])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def asked(*choices: str, text: str = PROMPT) -> Question:
    return Question("q", text, choices, 0, "t", "q")


def ranked(network: Any, tokenizer: Any, question: Question, **keywords: Any) -> RankedQuestion:
    (result,) = rank(network, TextEncoder(tokenizer, **keywords), [question])
    return result


def by_own_forward(network: Any, prompt: list[int], choice: list[int]) -> float:
    """The score of ``choice`` after ``prompt``: one row, no mask, full logits."""
    with torch.no_grad():
        scores = network(input_ids=torch.tensor([prompt + choice])).logits[0].log_softmax(-1)
    return math.fsum(float(scores[len(prompt) + place - 1, token]) for place, token in enumerate(choice))


def test_prompt_and_choice_are_encoded_together_and_split_at_the_prompt(tokenizer: Any) -> None:
    network = tiny_network(tokenizer)
    result = ranked(network, tokenizer, asked(*CHOICES))
    prompt = tokenizer(PROMPT, add_special_tokens=False)["input_ids"]
    for choice, score, n_tokens in zip(CHOICES, result.log_probabilities, result.n_tokens, strict=True):
        whole = tokenizer(f"{PROMPT} {choice}", add_special_tokens=False)["input_ids"]
        assert whole[: len(prompt)] == prompt
        assert n_tokens == len(whole) - len(prompt)
        assert score == pytest.approx(by_own_forward(network, prompt, whole[len(prompt) :]), abs=1e-4)
    assert len(set(result.n_tokens)) > 1  # choices of unequal numbers of tokens


def test_a_choice_encoded_alone_or_after_an_end_would_be_another(tokenizer: Any) -> None:
    network = tiny_network(tokenizer)
    result = ranked(network, tokenizer, asked("True", "False", "Neither"))
    prompt = tokenizer(PROMPT, add_special_tokens=False)["input_ids"]
    for choice, score in zip(("True", "False", "Neither"), result.log_probabilities, strict=True):
        alone = tokenizer(choice, add_special_tokens=False)["input_ids"]
        with_space = tokenizer(f" {choice}", add_special_tokens=False)["input_ids"]
        assert by_own_forward(network, prompt, with_space) == pytest.approx(score, abs=1e-4)
        assert abs(by_own_forward(network, prompt, alone) - score) > 0.01
        assert abs(by_own_forward(network, prompt, [END, *with_space]) - score) > 0.01


def test_training_and_ranking_build_the_same_text(tokenizer: Any) -> None:
    encoder = TextEncoder(tokenizer, begin=(END,), end=END, max_length=16)  # so short that the prompt is cut
    (ranked_row,) = encoder.choices([PROMPT], [CHOICES])
    for choice, target in zip(ranked_row, encoder.targets([PROMPT] * len(CHOICES), CHOICES), strict=True):
        n_kept = min(choice.n_prompt, target.n_prompt)  # a target's end token leaves its prompt one token less room
        assert target.ids[target.n_prompt :] == (*choice.ids[choice.n_prompt :], END)
        assert target.ids[1 : target.n_prompt] == choice.ids[choice.n_prompt - n_kept + 1 : choice.n_prompt]


def test_questions_with_unequal_numbers_of_choices_keep_to_their_own() -> None:
    tokenizer = byte_tokenizer()
    network = tiny_network(tokenizer)
    questions = [asked(*CHOICES[:n], text=f"{n}. {PROMPT}") for n in (2, 5, 1, 3)]
    for question, result in zip(questions, rank(network, TextEncoder(tokenizer), questions), strict=True):
        alone = ranked(network, tokenizer, question)
        assert len(result.log_probabilities) == len(result.n_tokens) == len(question.choices)
        np.testing.assert_allclose(result.log_probabilities, alone.log_probabilities, rtol=0, atol=1e-4)


def test_a_tokenizer_that_adds_special_tokens_adds_none_here(smollm2: Any) -> None:
    from tokenizers.processors import TemplateProcessing

    network = tiny_network(smollm2)
    expected = ranked(network, smollm2, asked("True", "False")).log_probabilities
    before = smollm2.backend_tokenizer.post_processor
    try:
        smollm2.backend_tokenizer.post_processor = TemplateProcessing(
            single="<|im_start|>:0 $A:0 <|im_end|>:0", special_tokens=[("<|im_start|>", 1), ("<|im_end|>", 2)]
        )
        assert smollm2("a")["input_ids"][0] == 1
        assert ranked(network, smollm2, asked("True", "False")).log_probabilities == expected
    finally:
        smollm2.backend_tokenizer.post_processor = before


def test_galactica_splits_digits_and_begins_as_its_authors_begin(galactica: Any) -> None:
    network = tiny_network(galactica, "opt")
    result = ranked(network, galactica, asked("2048", "1"), begin=(END,))
    assert result.n_tokens[0] >= 4
    prompt = [END, *galactica(PROMPT, add_special_tokens=False)["input_ids"]]
    whole = [END, *galactica(f"{PROMPT} 2048", add_special_tokens=False)["input_ids"]]
    assert result.log_probabilities[0] == pytest.approx(by_own_forward(network, prompt, whole[len(prompt) :]), abs=1e-4)
    assert ranked(network, galactica, asked("2048", "1")).log_probabilities != result.log_probabilities


@pytest.mark.parametrize("cut", ["context", "beginning"])
def test_a_prompt_longer_than_the_window_loses_its_premise_and_never_its_label(tokenizer: Any, cut: Any) -> None:
    network, choices = tiny_network(tokenizer), ("True", "not entailment")
    (result,) = rank(network, TextEncoder(tokenizer, max_length=12), [asked(*choices)], cut=cut)
    prompt = tokenizer(PROMPT, add_special_tokens=False)["input_ids"]
    answers = [
        tokenizer(f"{PROMPT} {choice}", add_special_tokens=False)["input_ids"][len(prompt) :] for choice in choices
    ]
    longest = max(map(len, answers))
    assert result.n_cut == len(prompt) - (12 - longest)
    for answer, score in zip(answers, result.log_probabilities, strict=True):
        kept = prompt[-(12 - (longest if cut == "context" else len(answer))) :]  # the harness gives each its own room
        assert score == pytest.approx(by_own_forward(network, kept, answer), abs=1e-4)


def test_a_question_before_its_passage_stays_whole(tokenizer: Any) -> None:
    network, passage = tiny_network(tokenizer), "The cat sat on the mat. " * 9
    start = "Can a cat swim? Passage: "
    question = Question("q", start + passage, ("Yes", "No"), 0, "t", "q", passage)
    (result,) = rank(network, TextEncoder(tokenizer, max_length=40), [question])
    rest = next(
        text
        for words in range(60)
        if len(tokenizer(text := start + passage.split(" ", words)[-1], add_special_tokens=False)["input_ids"]) < 40
    )
    prompt = tokenizer(rest, add_special_tokens=False)["input_ids"]
    answer = tokenizer(rest + " Yes", add_special_tokens=False)["input_ids"][len(prompt) :]
    assert result.log_probabilities[0] == pytest.approx(by_own_forward(network, prompt, answer), abs=1e-4)


def test_a_choice_that_another_begins_with_is_scored_as_itself(tokenizer: Any) -> None:
    network = tiny_network(tokenizer)
    together = ranked(network, tokenizer, asked("not", "not entailment", "not entailed", "no"))
    for place, choice in enumerate(together.question.choices):
        alone = ranked(network, tokenizer, asked(choice, choice))
        assert together.log_probabilities[place] == pytest.approx(alone.log_probabilities[0], abs=1e-4)


def test_padding_on_either_side_makes_no_difference(galactica: Any) -> None:
    """OPT counts positions from the attention mask; ours come from depth."""
    network = tiny_network(galactica, "opt")
    questions = [asked("True", "not entailment", text=PROMPT * length) for length in (1, 3, 2)]
    questions = [Question(str(n), q.text, q.choices, 0, "t", str(n)) for n, q in enumerate(questions)]
    together = rank(network, TextEncoder(galactica, begin=(END,)), questions)
    for question, result in zip(questions, together, strict=True):
        alone = ranked(network, galactica, question, begin=(END,))
        np.testing.assert_allclose(result.log_probabilities, alone.log_probabilities, rtol=0, atol=1e-4)


def test_bfloat16_logits_would_not_tell_choices_apart(smollm2: Any) -> None:
    """The output layer is in fp32: scores that differ in the fourth digit stay different."""
    network = tiny_network(smollm2)
    with torch.no_grad():
        true, false = (smollm2(f" {word}")["input_ids"][0] for word in ("True", "False"))
        network.lm_head.weight[false] = network.lm_head.weight[true] * 1.0005
    (result,) = rank(network, TextEncoder(smollm2), [asked("True", "False")], precision="bf16")
    first, second = result.log_probabilities
    assert 0 < abs(first - second) < 0.01


def test_prompts_that_choices_split_differently_are_kept_apart() -> None:
    """A tokenizer may merge across the boundary: then each choice has its own prompt tokens."""
    network = tiny_network(byte_tokenizer())
    split = [[Encoded((3, 4, 5, 6), 3), Encoded((3, 4, 7, 8, 9), 3), Encoded((3, 4, 5, 7), 2)]]
    encoder: Any = SimpleNamespace(choices=lambda prompts, choices, contexts: split)
    (ranked,) = rank(network, encoder, [asked("a", "b", "c")])
    expected = [by_own_forward(network, list(s.ids[: s.n_prompt]), list(s.ids[s.n_prompt :])) for s in split[0]]
    np.testing.assert_allclose(ranked.log_probabilities, expected, rtol=0, atol=1e-4)
    assert ranked.n_tokens == (1, 2, 2)


def test_a_beginning_of_document_is_part_of_the_prompt() -> None:
    tokenizer = byte_tokenizer()
    network = tiny_network(tokenizer)
    result = ranked(network, tokenizer, asked("yes", "no", text="abc"), begin=(END,))
    prompt, choice = tokenizer("abc")["input_ids"], tokenizer(" yes")["input_ids"]
    assert result.log_probabilities[0] == pytest.approx(by_own_forward(network, [END, *prompt], choice), abs=1e-4)
    assert abs(result.log_probabilities[0] - by_own_forward(network, prompt, choice)) > 0.01
