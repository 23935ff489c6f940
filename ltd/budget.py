"""How many examples a share of the pool comes to."""

from __future__ import annotations

from dataclasses import dataclass

from ltd.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of examples, and the share of the whole pool that it was asked for as."""

    fraction: float
    examples: int

    @classmethod
    def from_fraction(cls, fraction: float, n_pool: int) -> Budget:
        """The budget of ``fraction`` of the *whole* pool, as the paper counts; halves round up.

        >>> Budget.from_fraction(0.005, 50_000).examples
        250
        """
        check_fraction(fraction)
        examples = int(fraction * n_pool + 0.5)
        if fraction > 0 and examples == 0:
            raise SettingsError(
                f"fraction={fraction:g} of a pool of {n_pool:,} prompts comes to no example; "
                f"the smallest that gives one is {1 / n_pool:.2g}, and 0 means no fine-tuning"
            )
        return cls(fraction, examples)

    def check_related(self, n_related: int) -> None:
        """Refuse a budget larger than the part of the pool that may be chosen from."""
        if self.examples > n_related:
            largest = n_related / self.examples * self.fraction
            raise SettingsError(
                f"fraction={self.fraction:g} asks for {self.examples:,} examples, but only {n_related:,} prompts "
                f"of the pool belong to the target task; take fraction<={largest:.4g} "
                "or widen pool.related"
            )


def check_fraction(fraction: float) -> None:
    """Refuse a share outside [0, 1]."""
    if not 0 <= fraction <= 1:  # also refuses NaN
        raise SettingsError(f"fraction={fraction:g} is not a share of the pool; it must be between 0 and 1")
