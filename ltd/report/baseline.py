"""The arms that others are set against, and those comparisons: each with the baseline that is equal in all else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltd.errors import SettingsError, unknown_name
from ltd.report.arms import Arm
from ltd.report.content import Tone
from ltd.report.contrasts import Pair, key_without, pairs, versus
from ltd.report.wording import NOTHING
from ltd.settings import CHOOSING, choice_name
from ltd.statistics.comparison import MARGIN, Comparison, Verdict, holm

SINGLE = " (of these runs)"
"""What follows a verdict that a single seed on a side makes one about those very runs."""

SIZES = ("fraction", "budget", "budget_unit")
"""Settings that make budgets unequal when they differ."""

TONES: Mapping[Verdict, Tone] = {"better": "good", "worse": "bad", "no difference": "plain", "undecidable": "unsure"}

UNEQUAL = 0.05
"""Share by which budgets may differ and still be called equal."""

USED_BY_SAMPLER = ("embedder", "distribution_centre")
"""Settings that a sampler such as random does not look at; arms that differ in these are still a pair."""


@dataclass(frozen=True, eq=False)
class Compared:
    """An arm and its baseline, and how they compare."""

    arm: Arm
    baseline: Arm
    comparison: Comparison

    @property
    def unequal(self) -> dict[str, float]:
        """By what share the arm's budget is larger (or smaller, below 0), where that is more than `UNEQUAL`."""
        spent = {
            "examples": (self.arm.examples, self.baseline.examples),
            "tokens": (self.arm.tokens, self.baseline.tokens),
            "tokens trained on": (self.arm.trained_tokens, self.baseline.trained_tokens),
        }
        shares = {unit: ours / theirs - 1 for unit, (ours, theirs) in spent.items() if ours is not None and theirs}
        return {unit: share for unit, share in shares.items() if abs(share) > UNEQUAL}

    @property
    def words(self) -> str:
        """The verdict, and what it is about if that is not any seed."""
        return verdict_words(self.comparison)

    @property
    def tone(self) -> Tone:
        """That of the verdict, which a single seed leaves unsure."""
        return "unsure" if self.comparison.conditional else TONES[self.comparison.verdict]


def verdict_words(comparison: Comparison) -> str:
    """The verdict, and what it is about if that is not any seed."""
    return comparison.words + SINGLE * comparison.conditional


def baseline_name(baseline: str) -> str:
    """As people call it: a sampler by its name, anything else by its setting.

    >>> baseline_name("sampler=random"), baseline_name("fraction=0.005")
    ('random', 'fraction=0.005')
    """
    key, _, value = baseline.partition("=")
    return value if key == "sampler" else baseline


def at_equal_budget(baseline: str) -> str:
    """Said of comparisons with it, unless the budget is what they are about."""
    return "" if baseline.partition("=")[0] in SIZES else " at equal budget"


def baseline_arms(arms: Sequence[Arm], baseline: str) -> list[Arm]:
    """The trained arms that a baseline such as ``sampler=random`` names.

    Raises
    ------
    SettingsError
        If it is no setting and value, or one that no arm has; but for ``sampler=random``, which is what nobody asked
        for, and whose lack a report tells with the command that makes it.
    """
    key, equals, value = baseline.partition("=")
    if not equals or not value:
        raise SettingsError(f"a baseline is a setting and its value, such as sampler=random, not '{baseline}'")
    trained = [arm for arm in arms if not arm.is_untrained]
    if trained and not any(key in arm.settings for arm in trained):
        valid = ", ".join(sorted({name for arm in trained for name in arm.settings}))
        raise SettingsError(f"arms have no setting '{key}' that could be a baseline; they have {valid}")
    chosen = [arm for arm in trained if _is(setting_of(arm, key), value)]
    if trained and not chosen and baseline != "sampler=random":
        have = {setting_of(arm, key) or NOTHING for arm in trained}
        raise SettingsError(unknown_name(f"trained run with {key}", value, have))
    return chosen


def baseline_pairs(arms: Sequence[Arm], baseline: str) -> list[Pair]:
    """Each trained arm with the baseline that differs from it in the baseline's setting alone; some have none.

    Of a choice made elsewhere nobody knows by which settings: its baseline sampler is the one of as many examples.
    """
    key, chosen = baseline.partition("=")[0], baseline_arms(arms, baseline)
    others = [arm for arm in arms if arm not in chosen and not arm.is_untrained]
    also = USED_BY_SAMPLER if key == "sampler" else ()
    found: dict[Arm, Pair] = {}
    for pair in (*pairs(others, chosen, key), *pairs(others, chosen, key, *also)):
        found.setdefault(pair[0], pair)
    if key == "sampler":
        found |= {pair[0]: pair for pair in _given_pairs(others, chosen)}
    return [found[arm] for arm in others if arm in found]


def _given_pairs(arms: Sequence[Arm], chosen: Sequence[Arm]) -> list[Pair]:
    """Choices made elsewhere with the arm, of the same pool and training, whose examples are nearest in number."""
    found = []
    for arm in (arm for arm in arms if arm.sampler == "given"):
        key = key_without(arm, *CHOOSING, "selection")
        equal = [
            other
            for other in chosen
            if abs(arm.examples / other.examples - 1) <= UNEQUAL and key_without(other, *CHOOSING, "selection") == key
        ]
        if equal:
            nearest = min(equal, key=lambda other: (abs(arm.examples - other.examples), other.mode != "multi"))
            found.append((arm, nearest))
    return found


def compare_with_baseline(arms: Sequence[Arm], baseline: str, margin: float = MARGIN) -> tuple[Compared, ...]:
    """All pairs, as one family for Holm's correction.

    Parameters
    ----------
    margin : differences below it do not matter, as a share of questions.
    """
    found = baseline_pairs(arms, baseline)
    tested = holm([versus(arm, other, margin=margin) for arm, other in found])
    return tuple(Compared(*pair, comparison) for pair, comparison in zip(found, tested, strict=True))


def _is(value: str | None, asked: str) -> bool:
    """As words, or as numbers: 0.50 is 0.5."""
    try:
        return value == asked or (value is not None and float(value) == float(asked))
    except ValueError:
        return False


def setting_of(arm: Arm, key: str) -> str | None:
    """As ``key=`` takes it; None if the arm has no such setting."""
    value = arm.settings.get(key)
    return (
        choice_name(value) if isinstance(value, dict) and "_target_" in value else None if value is None else str(value)
    )
