"""A model of three words, scored by hand: the next word depends on the last one alone, with logits that were chosen."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from ltd.encoding import TextEncoder
from ltd.errors import DataError, ModelError
from ltd.free_prompts import FreePrompts
from ltd.ranking import rank
from ltd.score import Question

WORDS = ("yes", "no", "maybe")
LOGITS = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]])  # line: last word; column: next word


def three_word_network() -> Any:
    """Attention and feed-forward add nothing; a word's state is 2 at its own place after normalisation, 0 elsewhere."""
    sizes = {
        "vocab_size": 3,
        "hidden_size": 4,
        "intermediate_size": 4,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
    }
    special = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None, "rms_norm_eps": 0.0}
    network = LlamaForCausalLM(LlamaConfig(**sizes, **special)).eval()
    with torch.no_grad():
        network.model.embed_tokens.weight.copy_(torch.eye(3, 4))
        network.model.layers[0].self_attn.o_proj.weight.zero_()
        network.model.layers[0].mlp.down_proj.weight.zero_()
        network.lm_head.weight.zero_()
        network.lm_head.weight[:, :3] = torch.tensor(LOGITS.T) / 2
    return network


def word_encoder(max_length: int = 2048) -> TextEncoder:
    def tokenize(texts: list[str], **_: object) -> dict[str, list[list[int]]]:
        return {"input_ids": [[WORDS.index(word) for word in text.split()] for text in texts]}

    tokenizer: Any = tokenize
    return TextEncoder(tokenizer, max_length=max_length)


def question(text: str, *choices: str, gold: int = 0) -> Question:
    return Question(text, text, choices, gold, "t", text)


def test_three_words_by_hand() -> None:
    questions = [
        question("no yes", "yes", "no", "maybe"),  # after yes: logits 0, 1, 2
        question("maybe", "yes no", "maybe maybe maybe"),  # choices of several words, and unequal numbers of them
        question("maybe", "yes", "no", "maybe"),  # all as likely: the first wins
        question("yes", "no yes", "no yes no", "no"),  # choices that begin with the same words
    ]
    ranked = rank(three_word_network(), word_encoder(), questions)
    one = math.log(1 + math.e + math.e**2)
    three = math.log(math.e**3 + 2)
    third = math.log(3)
    expected = [
        (-one, 1 - one, 2 - one),
        (-third + 1 - one, -3 * third),
        (-third, -third, -third),
        (1 - one + 3 - three, 1 - one + 3 - three + 1 - one, 1 - one),
    ]
    for result, scores in zip(ranked, expected, strict=True):
        np.testing.assert_allclose(result.log_probabilities, scores, rtol=0, atol=1e-6)
    assert [result.predicted for result in ranked] == [2, 0, 0, 2]
    assert [result.question for result in ranked] == questions
    assert [result.n_tokens for result in ranked] == [(1, 1, 1), (2, 3), (1, 1, 1), (2, 3, 1)]


def test_every_variant_by_hand() -> None:
    """After "no": logits 3, 0, 0; after "yes": 0, 1, 2; after "maybe": all 0."""
    questions = [question("no yes", "no", "maybe no no"), question("no no yes", "no", "maybe no no")]
    free = FreePrompts(domain_free="no", content_free=["yes", "no"])  # the content-free ones are "yes no" and "no no"
    first, second = rank(three_word_network(), word_encoder(), questions, free=free)
    one, three, third = math.log(1 + math.e + math.e**2), math.log(math.e**3 + 2), math.log(3)
    sums = (1 - one, 2 - one - third - three)  # yes -> no; yes -> maybe -> no -> no
    aside = (-three, -three - third - three)  # no -> no; no -> maybe -> no -> no
    np.testing.assert_allclose(first.log_probabilities, sums, atol=1e-6)
    np.testing.assert_allclose(first.scores("mean"), (sums[0], sums[1] / 3), atol=1e-6)
    np.testing.assert_allclose(first.scores("characters"), (sums[0] / 2, sums[1] / 11), atol=1e-6)
    assert first.scores("bytes") == first.scores("characters")
    np.testing.assert_allclose(first.scores("pmi"), np.subtract(sums, aside), atol=1e-6)
    among, content = (np.exp(scores) / np.exp(scores).sum() for scores in (sums, aside))
    np.testing.assert_allclose(np.exp(first.content_free), content, atol=1e-6)  # both end in "no", so both are aside
    np.testing.assert_allclose(np.exp(first.scores("calibrated")), among / content, atol=1e-6)
    assert second.domain_free == first.domain_free


def test_prompts_that_ask_nothing_are_scored_once() -> None:
    network = three_word_network()
    texts: list[str] = []
    encoder = word_encoder()
    tokenizer: Any = encoder.tokenizer

    def counted(batch: list[str], **keywords: Any) -> Any:
        texts.extend(batch)
        return tokenizer(batch, **keywords)

    questions = [question(f"{'yes ' * length}no", "yes", "no") for length in range(1, 9)]
    rank(network, replace(encoder, tokenizer=counted), questions, free=FreePrompts("no", ["yes"]))
    assert texts.count("no yes") == texts.count("yes\nno yes") == 1


def test_a_long_prompt_is_cut_and_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    questions = [question("yes " * 10 + "no", "yes", "maybe maybe"), question("no", "yes", "maybe maybe")]
    cut, whole = rank(three_word_network(), word_encoder(max_length=5), questions)
    assert cut.log_probabilities == whole.log_probabilities  # the label and the words next to it are all there
    assert (cut.n_cut, whole.n_cut) == (8, 0)
    assert [record.message for record in caplog.records] == ["1 of 2 prompts lost tokens to fit the model's window"]


def test_progress_counts_questions() -> None:
    calls: list[tuple[int, int]] = []
    questions = [question("yes " * length, "yes", "no no") for length in range(1, 9)]
    rank(
        three_word_network(), word_encoder(), questions, tokens_per_batch=16, progress=lambda *call: calls.append(call)
    )
    assert calls[-1] == (8, 8)
    assert len(calls) > 1
    assert calls == sorted(calls)


def test_parts_of_many_prompts_give_what_all_together_give(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int]] = []
    ends = [("yes", "no no"), ("maybe",), ("no", "yes", "maybe")]
    questions = [question(" ".join(WORDS[n] for n in (i % 3, i // 3)), *ends[i % 3]) for i in range(9)] * 2
    whole = rank(three_word_network(), word_encoder(), questions, free=FreePrompts("no", ["yes"]))
    monkeypatch.setattr("ltd.ranking.PROMPTS_AT_ONCE", 4)
    parts = rank(
        three_word_network(),
        word_encoder(),
        questions,
        free=FreePrompts("no", ["yes"]),
        progress=lambda *call: calls.append(call),
    )
    assert [(one.question, one.n_tokens) for one in parts] == [(one.question, one.n_tokens) for one in whole]
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_allclose(one.log_probabilities, other.log_probabilities, atol=1e-6)
        np.testing.assert_allclose(one.content_free, other.content_free, atol=1e-6)
    assert calls == sorted(calls)
    assert calls[-1] == (18, 18)


def test_what_cannot_be_ranked_says_so() -> None:
    network, encoder = three_word_network(), word_encoder()
    assert rank(network, encoder, []) == []
    with pytest.raises(DataError, match="question  has an empty prompt: nothing predicts"):
        rank(network, encoder, [question("", "yes")])
    with pytest.raises(ModelError, match=r"needs fp32 weights, these are torch\.bfloat16"):
        rank(three_word_network().bfloat16(), encoder, [question("yes", "no")])
    network.lm_head.weight.data[0, 0] = math.nan
    with pytest.raises(ModelError, match="scores for question yes are not numbers"):
        rank(network, encoder, [question("yes", "no", "maybe")])
