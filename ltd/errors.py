"""Errors meant for people: one line that says what was wrong, both numbers, the valid names and the remedy.

The scripts print the message of an `LtdError` without a traceback and leave with exit code 2. Anything else that is
raised is a fault of ours and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LtdError(Exception):
    """Base of every error a user can act on; its text is one line."""


class SettingsError(LtdError):
    """A setting is out of range, unknown or contradicts another."""


class DataError(LtdError):
    """A pool or task cannot be read, or holds something that cannot be used."""


class ModelError(LtdError):
    """A model or tokenizer cannot be had."""


class SelectionError(LtdError):
    """A selection is impossible, or does not belong to the pool it is used with."""


class TrainingError(LtdError):
    """Fine-tuning cannot go on; the message names what to change."""


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> str:
    """Message for a name that does not exist, with the nearest valid one first and then all of them.

    >>> unknown_name("task", "rt", ["rte", "cb"])
    "there is no task 'rt' (did you mean 'rte'?); valid: cb, rte"
    """
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    return f"there is no {kind} '{name}'{hint}; valid: {', '.join(names)}"
