"""Budgets of tokens: filled as far as they go, whatever the sampler, and asked for as what fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ltd.choosing import ConfiguredSampler, check_picks, fill
from ltd.errors import SelectionError

TOKENS = np.random.default_rng(0).integers(5, 120, 2000).astype(np.int32)


def in_order(order: NDArray[np.int64]):
    return lambda budget: order[:budget]


@pytest.mark.parametrize("budget", [200, 5_000, 60_000, int(TOKENS.sum())])
@pytest.mark.parametrize("order", [np.arange(2000), np.argsort(TOKENS), np.argsort(-TOKENS)], ids=["any", "up", "down"])
def test_no_further_pick_of_the_order_would_fit(order: NDArray[np.int64], budget: int) -> None:
    picks = fill(in_order(order), TOKENS, budget)
    assert picks.tolist() == order[: len(picks)].tolist()
    assert TOKENS[picks].sum() <= budget
    if len(picks) < len(order):
        assert TOKENS[order[: len(picks) + 1]].sum() > budget


def test_a_sampler_that_divides_what_it_is_asked_for_is_asked_for_about_what_fits() -> None:
    asked: list[int] = []

    def halves(budget: int) -> NDArray[np.int64]:
        """Half from the front, half from the back; a prefix of a far larger choice would be the front alone."""
        asked.append(budget)
        return np.concatenate([np.arange(budget - budget // 2), 1999 - np.arange(budget // 2)])

    tokens = np.where(np.arange(2000) < 1000, 10, 190).astype(np.int32)
    picks = fill(halves, tokens, 20_000)
    assert tokens[picks].sum() <= 20_000
    assert (picks < 1000).mean() == pytest.approx(0.5, abs=0.02)
    assert len(picks) >= 0.98 * asked[-1]


def test_a_budget_below_the_first_pick_is_refused_with_both_numbers() -> None:
    with pytest.raises(SelectionError, match="a budget of 20 tokens holds not even the sampler's first pick, of 50"):
        fill(in_order(np.arange(3)), np.array([50, 1, 1], np.int32), 20)


@pytest.mark.parametrize(
    ("picks", "message"),
    [
        ([0, 1], "asked for 3 prompts and gave 2, 2 distinct"),
        ([0, 1, 1], "asked for 3 prompts and gave 3, 2 distinct"),
        ([0, 1, 5], "outside of its 5 candidates"),
        ([0, 1, -1], "outside of its 5 candidates"),
    ],
)
def test_a_sampler_that_does_not_do_its_work_is_found_out(picks: list[int], message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        check_picks(np.array(picks), 5, 3)


class Odd:
    """Its constructor looks at what the run fills in."""

    def __init__(self, labels: Sequence[str], share: float, words: str | None = None, seed: int = 0) -> None:
        if share > 1:
            raise SelectionError(f"share={share:g} is above 1")
        self.picks = int(len(labels) * 10 / seed)

    def select(self, points: NDArray[np.float32], budget: int) -> NDArray[np.int64]:
        raise AssertionError("it is checked, never asked to choose")


def configured(**parameters: object) -> ConfiguredSampler:
    return ConfiguredSampler(Odd, parameters, lambda **supplied: Odd(**{**parameters, **supplied}))  # type: ignore[arg-type]


def test_a_constructor_that_cannot_stand_what_is_not_there_yet_is_no_mistake() -> None:
    configured(share=0.5, seed=1).check()
    configured(share=1, words=None, labels=None, seed=1).check()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"share": 2.0}, "share=2 is above 1"),
        ({}, "sampler.share must be given"),
        ({"share": "half", "words": 3}, "sampler.share=half must be a number; sampler.words=3 must be text or null"),
        ({"share": True}, "sampler.share=True must be a number"),
        ({"share": 0.5, "seed": 0.5}, "sampler.seed=0.5 must be a whole number"),
        (
            {"share": 0.5, "sead": 1},
            "there is no setting of sampler 'sead' (did you mean 'seed'?); valid: labels, seed, share, words",
        ),
        ({"share": 0.5, "labels": ["a"]}, "sampler: ZeroDivisionError: division by zero"),
        ({"share": 0.5, "labels": "run.label"}, "there is no attribute of the run 'label' (did you mean 'labels'?)"),
    ],
)
def test_what_is_configured_wrong_is_told_before_the_run_fills_anything_in(
    parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(SelectionError) as refused:
        configured(**parameters).check()
    assert str(refused.value).startswith(message)


def test_a_mistake_of_a_sampler_inside_another_says_where_it_stands() -> None:
    outer = ConfiguredSampler(Odd, {"share": 1.0, "seed": 1}, lambda **_: None, {"inner": configured(share="all")})
    with pytest.raises(SelectionError, match=r"^sampler\.inner\.share=all must be a number$"):
        outer.check()
