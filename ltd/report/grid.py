"""The grid that the arms of a report make, and the cells of it that no run fills."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ltd.example import content_key
from ltd.report.arms import Arm
from ltd.report.content import Cell, Table
from ltd.runs.record import shell_line

VARIED = ("sampler", "fraction", "budget", "budget_unit", "instruction_mode")


@dataclass(frozen=True, slots=True)
class Gap:
    """Runs that are not there.

    Attributes
    ----------
    cell : the arm's name, or what an arm would be called.
    seeds : that are missing, as ``seed=`` takes them.
    command : that makes them; empty if no run of the kind was started by a script.
    """

    cell: str
    seeds: str
    command: str
    is_arm_there: bool


def gaps(arms: Sequence[Arm]) -> list[Gap]:
    """Cells of sampler, budget, mode and seed that others of the same model, pool and training have.

    A sampler or mode is expected at the budgets of others only where it has two or more itself: one that was tried at
    one budget was meant to be.
    """
    contexts: dict[str, list[Arm]] = {}
    for arm in arms:
        if not arm.is_untrained:
            rest = {name: value for name, value in arm.settings.items() if name not in VARIED}
            contexts.setdefault(content_key(rest), []).append(arm)
    found = [gap for group in contexts.values() for gap in (*_seeds(group), *_cells(group))]
    return sorted(found, key=lambda gap: (not gap.is_arm_there, gap.cell))


def gaps_table(missing: Sequence[Gap]) -> Table:
    """With the command that makes each."""
    rows = [(Cell(gap.cell), Cell(gap.seeds), Cell(f"`{gap.command}`" if gap.command else "")) for gap in missing]
    return Table(
        "gaps",
        "Missing from the grid",
        ("cell", "seeds", "command that makes it"),
        tuple(rows),
        note="Cells of sampler, budget, instruction mode and seed that other arms of this report have.",
    )


def _seeds(arms: Sequence[Arm]) -> Iterator[Gap]:
    all_seeds = sorted({seed for arm in arms for seed in arm.seeds})
    for arm in arms:
        missing = ",".join(str(seed) for seed in all_seeds if seed not in arm.seeds)
        if missing:
            yield Gap(arm.name, missing, _command(arm, seed=missing), True)


def _cells(arms: Sequence[Arm]) -> Iterator[Gap]:
    budgets: dict[str, Arm] = {arm.budget_word: arm for arm in arms if arm.budget_word}
    rows: dict[tuple[str, str], dict[str, Arm]] = {}
    for arm in arms:
        if arm.budget_word:
            rows.setdefault((_word(arm, "sampler"), _word(arm, "instruction_mode")), {})[arm.budget_word] = arm
    for having in rows.values():
        if len(having) < 2:
            continue
        like = next(iter(having.values()))
        for word in budgets.keys() - having.keys():
            budget = budgets[word].settings
            asked = (
                {"budget": budget["budget"]} if budget.get("budget") is not None else {"fraction": budget["fraction"]}
            )
            seeds = ",".join(map(str, like.seeds))
            mode = "" if like.mode == "multi" else f" {like.mode}"
            yield Gap(f"{like.sampler} {word}{mode}", seeds, _command(like, seed=seeds, **asked), False)


def _word(arm: Arm, group: str) -> str:
    return content_key(arm.settings[group])


def _command(arm: Arm, **changes: Any) -> str:
    """That of one of its runs, with other settings, as `ltd.runs` gives it: where and by what that was started."""
    status = arm.runs[0].status
    command = str(status.get("command") or "")
    if not command:
        return ""
    if "budget" in changes:
        command = re.sub(r" fraction=\S+", "", command)
    for name, value in changes.items():
        setting = f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        command, n_changed = re.subn(rf"(?<= ){name}=\S+", setting, command)
        command += "" if n_changed else f" {setting}"
    if "," in str(changes["seed"]) and " -m " not in command:
        command = command.replace(".py ", ".py -m ", 1)
    return shell_line(command, status.get("directory"), status.get("environment") or {})
