"""What arms are called: only the words in which those of one report differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltd.compare import sampler_word
from ltd.settings import choice_name

SPELT_OUT = (
    "sampler._target_",
    "fraction",
    "budget",
    "budget_unit",
    "instruction_mode",
    "model._target_",
    "model.name",
)
"""Settings that names have words of their own for."""


def budget_words(settings: Mapping[str, Any]) -> str:
    """What was asked for, such as ``0.5%``, ``16,000`` or ``50,000 tokens``; empty if nothing was chosen."""
    if settings.get("sampler") is None or settings.get("selection") is not None:
        return ""
    if sampler_word(settings["sampler"]) == "all":
        return ""  # it takes all there is, whatever it is asked for
    amount, unit = settings.get("budget"), settings.get("budget_unit", "examples")
    words = f"{100 * settings['fraction']:g}%" if amount is None else f"{amount:,}"
    return words if unit == "examples" else f"{words} tokens" if amount is not None else f"{words} of tokens"


def arm_names(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each arm, from the settings that its runs share."""
    words = [_words(one) for one in settings]
    differing = [key for key in ("budget", "mode", "model") if len({one[key] for one in words} - {None}) > 1]
    names = [" ".join(filter(None, (one["sampler"], *(one[key] for key in differing)))) for one in words]
    flat = [dict(flattened(one)) for one in settings]
    for name, count in Counter(names).items():
        if count > 1:
            alike = [place for place, other in enumerate(names) if other == name]
            for place, suffix in zip(alike, _differences([flat[place] for place in alike]), strict=True):
                names[place] = f"{name} {suffix}".strip()
    return names


def _words(settings: Mapping[str, Any]) -> dict[str, str | None]:
    """Each None where it says nothing of the arm; the usual mode is not spoken of."""
    model = choice_name(settings["model"])
    if settings.get("selection") is not None:
        given = settings["selection"]
        name = f"given {Path(given).name}" if isinstance(given, str) else "given"
        return {"sampler": name, "budget": None, "mode": None, "model": model}
    if "sampler" not in settings:
        return {"sampler": "vanilla", "budget": None, "mode": None, "model": model}
    sampler = sampler_word(settings["sampler"])
    if sampler == "all":
        sampler = "whole pool" if settings["pool"]["related"] == ["*"] else "all related"
    mode = choice_name(settings["instruction_mode"])
    budget = budget_words(settings) or None
    return {"sampler": sampler, "budget": budget, "mode": "" if mode == "multi" else mode, "model": model}


def _differences(flat: Sequence[Mapping[str, Any]]) -> list[str]:
    """For each of several arms with one name, the settings in which they differ, as ``lr=0.001``."""
    keys = list(dict.fromkeys(key for one in flat for key in one))
    differing = [key for key in keys if len({repr(one.get(key)) for one in flat}) > 1 and key not in SPELT_OUT]
    texts = [", ".join(f"{_short(key)}={_value(one.get(key))}" for key in differing) for one in flat]
    if len({*texts}) == len(texts):
        return texts
    return [f"{text} {place + 1}".strip() for place, text in enumerate(texts)]


def _short(key: str) -> str:
    *_, group, last = ("", *key.split("."))
    return f"{group}.{last}".strip(".") if last in ("name", "seed", "_target_") else last


def _value(value: Any) -> str:
    if isinstance(value, str) and value.strip() != value:
        return repr(value)
    if isinstance(value, str) and "/" in value:
        path = Path(value)
        return path.parent.name if path.name == "model" else path.name  # a run keeps its model in its folder
    return f"{value:g}" if isinstance(value, float) else str(value)


def flattened(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from flattened(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", inner
