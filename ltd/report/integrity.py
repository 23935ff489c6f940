"""What may be wrong with the runs of a report: what is missing, mixed or unequal where it should be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltd.report.arms import Arm, Found
from ltd.report.content import Cell, Section, Table, Tone
from ltd.report.grid import Gap, gaps, gaps_table
from ltd.report.names import flattened
from ltd.report.report_run import ReportRun
from ltd.report.results_table import constant_tasks
from ltd.report.wording import counted, joined

UNEQUAL = 0.05
"""Share by which the tokens of two arms of one budget may differ before it is told."""

SHOWN = 4
"""Cases written out in a cell; the table of gaps and the runs' own folders have them all."""

COMPARED = ("sampler", "fraction", "budget", "budget_unit", "instruction_mode", "pool", "task")
"""Settings in which arms are meant to differ, or that have a line of their own."""


@dataclass(frozen=True)
class Check:
    """What was looked for, and what was found of it.

    Attributes
    ----------
    tone : good where nothing is wrong, unsure what readers should know, bad what makes numbers wrong.
    """

    name: str
    found: str
    tone: Tone = "good"
    folders: tuple[Path, ...] = ()


def integrity(found: Found) -> Section:
    """Everything that was looked for, with what was found, whether or not anything is wrong."""
    missing = gaps(found.arms)
    runs = [run for arm in found.arms for run in arm.runs]
    trained = [arm for arm in found.arms if not arm.is_untrained]
    checks = [
        _gaps(missing),
        _unfinished(found),
        _unreadable(found),
        _repeated(found),
        _rivals(found),
        _versions(runs),
        _pools(trained),
        _questions(found.arms),
        _leakage([run for arm in trained for run in arm.runs]),
        _constant(found.arms),
        _budgets(trained),
        _settings(trained),
        _truncated(runs),
    ]
    tables = [_table(checks)] + [gaps_table(missing)] * bool(missing)
    return Section("integrity", "Integrity", _lead(checks, len(runs)), tuple(tables))


def _lead(checks: Sequence[Check], n_runs: int) -> str:
    wrong = {tone: [check.name for check in checks if check.tone == tone] for tone in ("bad", "unsure")}
    begin = f"{counted(n_runs, 'run')} were looked at for {counted(len(checks), 'kind')} of fault."
    if not any(wrong.values()):
        return f"{begin} None was found."
    parts = []
    if wrong["bad"]:
        parts.append(f"To be put right: {joined(wrong['bad'])}.")
    if wrong["unsure"]:
        parts.append(f"To be known when reading: {joined(wrong['unsure'])}.")
    return " ".join((begin, *parts))


def _table(checks: Sequence[Check]) -> Table:
    words = {"good": "nothing", "unsure": "to be known", "bad": "to be put right"}
    rows = [
        (
            Cell(check.name),
            Cell(words[check.tone], tone="plain" if check.tone == "good" else check.tone),
            Cell(check.found, sources=check.folders),
        )
        for check in checks
    ]
    return Table("integrity", "What was looked for", ("looked for", "found", "what"), tuple(rows))


def _gaps(missing: Sequence[Gap]) -> Check:
    if not missing:
        return Check("gaps in the grid", "every sampler has the budgets and seeds that others have")
    seeds = [gap for gap in missing if gap.is_arm_there]
    parts = [counted(len(seeds), "arm") + " without all seeds"] * bool(seeds)
    parts += [counted(len(missing) - len(seeds), "cell") + " without any run"] * (len(seeds) < len(missing))
    return Check("gaps in the grid", f"{joined(parts)}, listed below", "unsure")


def _unfinished(found: Found) -> Check:
    name = "runs that did not finish"
    if not found.unfinished:
        return Check(name, "all that were found are finished")
    counts = Counter(record.state for record in found.unfinished)
    cases = [f"{record.run_id}: {record.reason or record.state}" for record in found.unfinished]
    state = ", ".join(f"{count} {state}" for state, count in counts.items())
    folders = tuple(Path(record.folder) for record in found.unfinished)
    return Check(name, f"{state}; {_some(cases)}; `python -m ltd.runs --failed --commands` goes on", "bad", folders)


def _unreadable(found: Found) -> Check:
    if not found.unreadable:
        return Check("unreadable runs", "the files of all finished runs can be read")
    return Check("unreadable runs", _some([*found.unreadable.values()]), "bad", tuple(found.unreadable))


def _repeated(found: Found) -> Check:
    name = "runs found twice"
    if not found.repeated:
        return Check(name, "each run was found once")
    return Check(name, f"{counted(len(found.repeated), 'folder')} left out: copies", "unsure", found.repeated)


def _rivals(found: Found) -> Check:
    """Runs that differ in nothing that a result depends on, such as of two versions or devices: one has to go."""
    name = "runs of one arm and seed"
    if not found.rivals:
        return Check(name, "each arm has one run a seed")
    alike = [left_out.answers.is_alike(kept.answers) for left_out, kept in found.rivals]
    cases = [
        f"{left_out.run_id} beside {kept.run_id} ({'the same' if same else 'other'} answers)"
        for (left_out, kept), same in zip(found.rivals, alike, strict=True)
    ]
    tone: Tone = "unsure" if all(alike) else "bad"
    folders = tuple(run.folder for pair in found.rivals for run in pair)
    return Check(name, f"{counted(len(cases), 'run')} left out: {_some(cases)}", tone, folders)


def _versions(runs: Sequence[ReportRun]) -> Check:
    """Of the libraries that can change a selection, and of whatever else a run notes, which others may not."""
    name = "mixed versions"
    stated: dict[str, Counter[str]] = {}
    unsaid = {library: "not said" for run in runs for library in run.metrics.get("versions", {})}
    for run in runs:
        versions = {**unsaid, **(run.manifest or {}).get("versions", {}), **run.metrics.get("versions", {})}
        for library, version in versions.items():
            stated.setdefault(library, Counter())[str(version)] += 1
    if not stated:
        return Check(name, "no run says which versions it was made with", "unsure")
    mixed = {library: counts for library, counts in stated.items() if len(counts) > 1}
    if not mixed:
        return Check(
            name, f"all the same: {', '.join(f'{name} {next(iter(counts))}' for name, counts in stated.items())}"
        )
    cases = [
        f"{library} " + ", ".join(f"{version} ({counted(count, 'run')})" for version, count in counts.most_common())
        for library, counts in mixed.items()
    ]
    return Check(name, _some(cases), "unsure")


def _pools(trained: Sequence[Arm]) -> Check:
    pools: dict[str, list[str]] = {}
    for arm in trained:
        pools.setdefault(arm.settings["pool"]["fingerprint"], []).append(arm.name)
    if len(pools) < 2:
        return Check("different pools", f"one pool, {next(iter(pools), 'of no run')}")
    cases = [f"{pool}: {joined(names[:SHOWN])}" for pool, names in pools.items()]
    return Check("different pools", _some(cases), "unsure")


def _questions(arms: Sequence[Arm]) -> Check:
    sets: dict[str, list[Arm]] = {}
    for arm in arms:
        sets.setdefault(arm.settings["task"]["questions"], []).append(arm)
    if len(sets) == 1:
        n = len(arms[0].runs[0].answers.questions)
        return Check("different questions", f"all arms were asked the same {counted(n, 'question')}")
    cases = [
        f"{counted(len(group[0].runs[0].answers.questions), 'question')}: {joined([arm.name for arm in group[:SHOWN]])}"
        for group in sets.values()
    ]
    return Check("different questions", f"not compared with each other: {_some(cases)}", "unsure")


def _leakage(runs: Sequence[ReportRun]) -> Check:
    """How many prompts share text with the questions, and what became of them."""
    name = "leakage"
    stated = [(run, (run.manifest or {}).get("stated", {}).get("leakage")) for run in runs]
    off = [run for run, leakage in stated if not leakage or leakage["action"] == "off"]
    if off:
        where = tuple(run.folder for run in off)
        return Check(name, f"{counted(len(off), 'run')} did not look for prompts that share text with the questions",
                     "bad", where)  # fmt: skip
    kept = [run for run, leakage in stated if _n_leaks(leakage) and not leakage["taken_away"]]
    if kept:
        most = max(_n_leaks(leakage) for _, leakage in stated)
        text = f"{counted(len(kept), 'run')} may have trained on prompts that share text with questions, up to {most:,}"
        return Check(name, text, "bad", tuple(run.folder for run in kept))
    taken = sorted({leakage["taken_away"] for _, leakage in stated})
    looked = sorted({leakage["looked_at"] for _, leakage in stated})
    if not taken:
        return Check(name, "nothing was trained on")
    if taken == [0]:
        return Check(name, f"of {_range(looked)} candidates none shares text with the questions")
    return Check(name, f"of {_range(looked)} candidates {_range(taken)} shared text with questions and were taken away")


def _n_leaks(leakage: Mapping[str, Any]) -> int:
    return sum(sum(kinds.values()) for kinds in leakage["found"].values())


def _constant(arms: Sequence[Arm]) -> Check:
    cases = {arm: constant_tasks(arm) for arm in arms}
    wrong = {arm: tasks for arm, tasks in cases.items() if tasks}
    if not wrong:
        return Check("constant predictors", "every run gave more than one answer in every task")
    texts = [
        f"{arm.name} ({'all tasks' if len(tasks) == len(arm.tasks) else joined(tasks)})" for arm, tasks in wrong.items()
    ]
    folders = tuple(folder for arm in wrong for folder in arm.folders)
    return Check("constant predictors", f"one answer to every question of a task: {_some(texts)}", "unsure", folders)


def _budgets(trained: Sequence[Arm]) -> Check:
    """Arms that were given one budget, and what they came to in examples and tokens."""
    name = "budgets that do not match"
    given: dict[tuple[object, ...], list[Arm]] = {}
    for arm in trained:
        if arm.budget_word:
            given.setdefault((arm.budget_word, arm.mode, arm.model, arm.settings["pool"]["fingerprint"]), []).append(
                arm
            )
    cases, folders = [], []
    for (word, *_), group in given.items():
        for unit, values in (
            ("examples", [arm.examples for arm in group]),
            ("tokens chosen", [arm.tokens for arm in group]),
            ("tokens trained on", [arm.trained_tokens or 0.0 for arm in group if arm.trained_tokens is not None]),
        ):
            tolerance = 0.0 if unit == "examples" and "tokens" not in str(word) else UNEQUAL
            if values and max(values) > (1 + tolerance) * min(values):
                least, most = (pick(group, key=lambda arm: _amount(arm, unit)) for pick in (min, max))
                cases.append(f"at {word} {most.name} has {max(values):,.0f} {unit}, {least.name} {min(values):,.0f}")
                folders += [*least.folders, *most.folders]
    if not cases:
        return Check(name, f"arms of one budget have as many examples, and tokens within {UNEQUAL:.0%}")
    return Check(name, _some(cases), "unsure", tuple(dict.fromkeys(folders)))


def _amount(arm: Arm, unit: str) -> float:
    return {"examples": arm.examples, "tokens chosen": arm.tokens}.get(unit, arm.trained_tokens or 0.0)


def _settings(trained: Sequence[Arm]) -> Check:
    """Settings besides those that a comparison is about."""
    name = "other settings that differ"
    settings = [
        dict(flattened({key: value for key, value in arm.settings.items() if key not in COMPARED})) for arm in trained
    ]
    keys = dict.fromkeys(key for one in settings for key in one)
    values = {key: Counter(str(one.get(key)) for one in settings) for key in keys}
    cases = [f"{key}: {', '.join(counts)}" for key, counts in values.items() if len(counts) > 1]
    if not cases:
        return Check(name, "trained arms differ in sampler, budget, instruction mode and pool alone")
    return Check(name, f"not compared with each other: {_some(cases)}", "unsure")


def _truncated(runs: Sequence[ReportRun]) -> Check:
    """Prompts that were cut, in training or in a question."""
    name = "prompts that were cut"
    training = [run for run in runs if run.training.get("truncated")]
    asked = [run for run in runs if any(task.get("n_cut") for task in run.metrics["tasks"].values())]
    if not training and not asked:
        return Check(name, "no prompt was too long")
    parts = []
    if training:
        most = max(run.training["truncated"] for run in training)
        parts.append(f"up to {most:,} examples of {counted(len(training), 'run')} in training")
    if asked:
        most = max(sum(task["n_cut"] for task in run.metrics["tasks"].values()) for run in asked)
        parts.append(f"up to {counted(most, 'question')} of {counted(len(asked), 'run')}")
    return Check(name, joined(parts), "unsure", tuple(dict.fromkeys(run.folder for run in (*training, *asked))))


def _some(cases: Iterable[str]) -> str:
    every = [*cases]
    rest = f"; and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return "; ".join(every[:SHOWN]) + rest


def _range(numbers: Sequence[int]) -> str:
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
