"""How many examples or tokens may be trained on, asked for as a share of the whole pool or as a number."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Literal

from ltd.errors import SettingsError, unknown_name

logger = logging.getLogger(__name__)

Unit = Literal["examples", "tokens"]
UNITS = ("examples", "tokens")


@dataclass(frozen=True, slots=True)
class Request:
    """A budget as it is asked for, before anything is known of the pool.

    Attributes
    ----------
    fraction : share of the *whole* pool, as the paper counts; 0 is the vanilla row, no fine-tuning.
    amount : a number of examples or tokens, which overrides the fraction.
    unit : what is counted, of the pool and of the budget.
    clip : whether to take all there is where more is asked for, instead of refusing.
    """

    fraction: float
    amount: int | None = None
    unit: Unit = "examples"
    clip: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= 1:  # also refuses NaN
            raise SettingsError(
                f"fraction={self.fraction:g} is not a share of the pool; it must be between 0 and 1 "
                "(budget= takes a number of examples)"
            )
        if self.amount is not None and self.amount < 0:
            raise SettingsError(f"budget={self.amount} must not be negative")
        if self.unit not in UNITS:
            raise SettingsError(unknown_name("budget_unit", self.unit, UNITS))

    def of(self, n_pool: int) -> Budget:
        """What is asked for of a pool of ``n_pool`` examples or tokens; halves round up.

        >>> Request(0.005).of(50_000).amount, Request(0.005, amount=16_000).of(50_000).amount
        (250, 16000)
        """
        amount = int(self.fraction * n_pool + 0.5) if self.amount is None else self.amount
        if amount == 0 and self.amount is None and self.fraction > 0:
            raise SettingsError(
                f"fraction={self.fraction:g} of a pool of {n_pool:,} {self._counted} comes to no {self.unit[:-1]}; "
                f"the smallest that gives one is {1 / n_pool:.2g}, and 0 means no fine-tuning"
            )
        return Budget(amount, self.unit, self)

    @property
    def is_nothing(self) -> bool:
        """Whether it asks for the vanilla row, which no example is trained on for."""
        return (self.fraction if self.amount is None else self.amount) == 0

    @property
    def text(self) -> str:
        """As it stands on the command line."""
        return f"fraction={self.fraction:g}" if self.amount is None else f"budget={self.amount:,}"

    @property
    def _counted(self) -> str:
        return "prompts" if self.unit == "examples" else "tokens"


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of examples or tokens, and what was asked for."""

    amount: int
    unit: Unit
    request: Request

    def within(self, n_related: int) -> Budget:
        """The budget, refused (or clipped) if the part of the pool that may be chosen from has not as much.

        Parameters
        ----------
        n_related : examples or tokens of that part.
        """
        if self.amount <= n_related:
            return self
        if self.request.clip:
            logger.info("%s asks for %s %s; all %s that there are are taken", self.request.text, f"{self.amount:,}",
                        self.unit, f"{n_related:,}")  # fmt: skip
            return replace(self, amount=n_related)
        largest = f"budget={n_related}"
        if self.request.amount is None:
            largest = f"fraction<={n_related / self.amount * self.request.fraction:.4g}"
        counted = "prompts" if self.unit == "examples" else "tokens"
        raise SettingsError(
            f"{self.request.text} asks for {self.amount:,} {self.unit}, but only {n_related:,} {counted} of the pool "
            f"may be chosen from (target task, instruction mode, leakage gate, max_candidates); take {largest}, widen "
            "pool.related, raise max_candidates if it is set, or take all there is with clip=true"
        )
