"""The end of a run, for people: one table, what it cost, where the files are, and what to do next."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ltd.cost import Cost, RunCost
from ltd.run import Run


def show(run: Run) -> None:
    """Print what a finished run found, from its files alone."""
    console = Console(soft_wrap=True, highlight=False)
    console.print()
    metrics_file = run.folder / "metrics.json"
    if metrics_file.exists():
        metrics = json.loads(metrics_file.read_text())
        console.print(*_tables(metrics), sep="\n\n")
        if "precision" in metrics:
            console.print(f"ranked    in {metrics['precision']}")
        _print_constant(console, metrics["tasks"])
        _print_budget(console, metrics.get("budget"))
        _print_training(console, metrics.get("training"))
    manifest = _manifest(run.folder)
    if manifest and not metrics_file.exists():
        console.print(_selection_table(run.folder, manifest))
        _print_budget(console, manifest | {"pool": manifest["n_pool"], "related": manifest["n_candidates"]})
    if manifest:
        console.print(f"leakage   {_leakage(manifest['stated']['leakage'])}")
        if drawn := manifest["stated"].get("drawn"):
            console.print(f"drawn     {drawn['candidates']:,} of {drawn['of']:,} candidates at random (max_candidates)")
    _print_cost(console, run.cost)
    console.print(f"files     {_display(run.folder)}")
    for line in _next_steps(run):
        console.print(line)


def _tables(metrics: dict[str, Any]) -> list[Table]:
    """What a run's scores are; of one that only evaluated, also how far they depend on templates and on the score."""
    if "before" in metrics:
        return [_change_table(metrics)]
    tasks = metrics["tasks"]
    tables = [_scores_table(metrics), _variants_table(tasks)]
    return tables + [_templates_table(tasks)] * any(task["over_templates"]["n"] > 1 for task in tasks.values())


def _scores_table(metrics: dict[str, Any]) -> Table:
    table = _table(metrics["run_id"], "task", ("accuracy", "majority", "macro-F1", "calibration error", "n"))
    for name, task in metrics["tasks"].items():
        numbers = [_percent(task[number]) for number in ("majority", "macro_f1", "calibration_error")]
        table.add_row(name, _accuracy(task), *numbers, str(task["n"]))
    table.add_section()
    average, pooled = metrics["average"], metrics["pooled"]
    numbers = [_percent(average["majority"]), _percent(average["macro_f1"]), ""]
    table.add_row("average", _accuracy(average), *numbers, "", style="bold")
    table.add_row("pooled", _accuracy(pooled), "", "", "", str(pooled["n"]))
    return table


def _variants_table(tasks: dict[str, Any]) -> Table:
    variants = list(next(iter(tasks.values()))["variants"])
    table = _table("accuracy by score", "task", variants)
    for name, task in tasks.items():
        table.add_row(name, *(_percent(task["variants"][variant]["accuracy"]) for variant in variants))
    return table


def _templates_table(tasks: dict[str, Any]) -> Table:
    numbers = ("median", "mean", "spread", "best", "worst")
    table = _table("accuracy over templates", "task", (*numbers, "templates"))
    for name, task in tasks.items():
        over = task["over_templates"]
        table.add_row(name, *(_percent(over[number]) for number in numbers), str(over["n"]))
    return table


def _print_constant(console: Console, tasks: dict[str, Any]) -> None:
    constant = [name for name, task in tasks.items() if task["constant"]]
    if constant:
        console.print(f"constant  one answer to every question, which is no knowledge: {', '.join(constant)}")


def _change_table(metrics: dict[str, Any]) -> Table:
    table = _table(metrics["run_id"], "task", ("before", "after", "change", "majority", "macro-F1", "n"))
    before, change = metrics["before"], metrics["change"]
    for name, task in metrics["tasks"].items():
        table.add_row(name, *_cells(task, before["tasks"][name], change["tasks"][name]), str(task["n"]))
    table.add_section()
    cells = _cells(metrics["average"], before["average"], change["average"])
    table.add_row("average", *cells, str(metrics["pooled"]["n"]), style="bold")
    return table


def _table(title: str, first: str, numbers: Sequence[str]) -> Table:
    """An empty table that fits 80 columns with the names of tasks in full."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False
    )
    table.add_column(first, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cells(after: dict[str, Any], before: dict[str, Any], change: dict[str, Any]) -> list[str]:
    return [
        _percent(before["accuracy"]),
        _accuracy(after),
        f"{100 * change['accuracy']:+.1f} ± {_percent(change['standard_error'])}",
        _percent(after["majority"]),
        _percent(after["macro_f1"]),
    ]


def _accuracy(numbers: dict[str, Any]) -> str:
    return f"{_percent(numbers['accuracy'])} ± {_percent(numbers['standard_error'])}"


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        manifest: dict[str, Any] = json.loads((folder / "selection.json").read_text())
    except FileNotFoundError:
        return None
    return manifest


def _selection_table(folder: Path, manifest: dict[str, Any]) -> Table:
    import pyarrow.parquet as pq

    chosen = pq.read_table(folder / "selection.parquet", columns=["task", "template"])
    grouped = chosen.group_by("task").aggregate([("template", "count"), ("template", "count_distinct")]).to_pylist()
    by_name = {row["task"]: row for row in grouped}
    table = _table(folder.name, "data set", ("chosen", "of", "templates"))
    for task, n_related in sorted(manifest["stated"]["related"].items()):
        row = by_name.get(task, {"template_count": 0, "template_count_distinct": 0})
        table.add_row(task, f"{row['template_count']:,}", f"{n_related:,}", str(row["template_count_distinct"]))
    return table


def _leakage(stated: dict[str, Any]) -> str:
    """What the gate found, in one line."""
    if stated["action"] == "off":
        return "not looked for"
    kinds: Counter[str] = Counter()
    for found in stated["found"].values():
        kinds.update(found)
    looked = f"{stated['looked_at']:,} prompts compared with the questions"
    if not kinds:
        return f"{looked}: none shares text with them"
    done = "taken away" if stated["taken_away"] else "kept"
    counts = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    return f"{looked}: {kinds.total():,} share text and were {done} ({counts})"


def _print_budget(console: Console, budget: dict[str, Any] | None) -> None:
    if budget:
        console.print(
            f"budget    {budget['examples']:,} examples, {budget['tokens']:,} tokens; {100 * budget['fraction']:.3g}% "
            f"of {budget['pool']:,} prompts, chosen from {budget['related']:,} candidates"
        )


def _print_training(console: Console, training: dict[str, Any] | None) -> None:
    if training:
        precision = f", in {training['precision']}" if "precision" in training else ""
        stopped = "; stopped there by trainer.tokens_cap" if training["capped"] else ""
        console.print(
            f"training  {training['tokens']:,} tokens in {training['steps']:,} steps, "
            f"of {training['examples']:,} examples{precision}{stopped}"
        )


def _print_cost(console: Console, cost: RunCost) -> None:
    stages = ", ".join(f"{stage} {_duration(each.seconds)}" for stage, each in cost.stages.items())
    total, alone = cost.total, cost.total_alone
    reused = alone.seconds > 1.01 * total.seconds
    more = f" ({_duration(alone.seconds)} if nothing had been there)" if reused else ""
    console.print(f"time      {stages}; together {_duration(total.seconds)}{more}")
    if spent := _spent(total):
        console.print(f"spent     {', '.join(spent)}")


def _spent(total: Cost) -> list[str]:
    """What is known of a cost beside its time."""
    joules = None if total.processor_joules is total.device_joules is None else 0.0
    if joules is not None:
        joules = (total.processor_joules or 0.0) + (total.device_joules or 0.0)
    words = {
        "of processors": total.cpu_seconds and _duration(total.cpu_seconds),
        "of devices": total.device_seconds and _duration(total.device_seconds),
        "of memory at most": total.peak_memory and _with_prefix(total.peak_memory, "B"),
        "of the device's": total.peak_device_memory and _with_prefix(total.peak_device_memory, "B"),
        "tokens": total.tokens and f"{total.tokens:,}",
        "": total.flops and _with_prefix(total.flops, "FLOP"),
        "drawn": joules and _with_prefix(joules, "J"),
    }
    return [f"{amount} {of}".rstrip() for of, amount in words.items() if amount]


def _with_prefix(amount: float, unit: str) -> str:
    """Three digits and the prefix of the international system.

    >>> _with_prefix(1_234_567_890, "B")
    '1.23 GB'
    """
    prefixes = ("", "k", "M", "G", "T", "P", "E", "Z")
    power = min(int(math.log10(max(amount, 1)) // 3), len(prefixes) - 1)
    return f"{amount / 1000**power:.3g} {prefixes[power]}{unit}"


def _next_steps(run: Run) -> list[str]:
    if run.stage == "select":
        return ["next      python train.py with the same settings fine-tunes on this selection"]
    if run.stage == "evaluate":
        return ["next      python train.py sampler=kcenter fraction=0.005"]
    model = run.folder / "model"
    loaded = [f"model     AutoModelForCausalLM.from_pretrained('{_display(model)}')"] if model.exists() else []
    return [*loaded, "next      is it better than chance?  python train.py -m sampler=random,kcenter seed=0,1,2"]


def _display(path: Path) -> str:
    """Relative to where the user stands if it is below, else absolute."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"
