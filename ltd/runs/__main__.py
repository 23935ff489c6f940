"""Lists runs, with the command that goes on with each that is not finished, and the cache that they share.

    python -m ltd.runs                            all runs below outputs/
    python -m ltd.runs outputs/sweeps/<sweep>     those of one sweep
    python -m ltd.runs --failed --commands | sh   do again what failed
    python -m ltd.runs --cache --prune            what of the shared cache no run refers to; --yes removes it

Exit codes: 0 done, also if runs have failed; 2 an error, in one line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from ltd.errors import LtdError, SettingsError
from ltd.places import outputs_folder
from ltd.runs import find_runs, is_sweep
from ltd.runs.artefacts import find_artefacts, prunable, remove
from ltd.runs.record import RunRecord, shell_line
from ltd.runs.sweep import read_jobs, submitted
from ltd.runs.table import WIDTH, artefacts_table, counted, runs_table, show_jobs, size_words


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code."""
    options = _parser().parse_args(arguments)
    outputs = outputs_folder()
    console = Console(width=WIDTH, highlight=False, markup=False)
    try:
        _check(options)
        if options.cache:
            _cache(console, options, options.places[0] if options.places else outputs)
        else:
            _runs(console, options, find_runs(options.places or [outputs]))
    except LtdError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ltd.runs", description="List runs and the cache that they share.")
    parser.add_argument(
        "places", nargs="*", type=Path, metavar="FOLDER", help="of outputs, a stage, a sweep or a run; by default all"
    )
    parser.add_argument("--failed", action="store_true", help="only what failed or was interrupted")
    parser.add_argument("--json", action="store_true", help="everything that is known, for programs")
    parser.add_argument("--commands", action="store_true", help="only the commands that go on with unfinished runs")
    parser.add_argument("--cache", action="store_true", help="list the shared cache instead")
    parser.add_argument("--prune", action="store_true", help="with --cache: what no run refers to")
    parser.add_argument("--days", type=float, help="with --prune: what was not used for so long, referred to or not")
    parser.add_argument("--yes", action="store_true", help="with --prune: remove it")
    return parser


def _check(options: argparse.Namespace) -> None:
    """Refuse options that would be passed over."""
    needed = {"prune": "cache", "days": "prune", "yes": "prune"}
    given = {name for name, value in vars(options).items() if value is not None and value is not False}
    for name, other in needed.items():
        if name in given and other not in given:
            raise SettingsError(f"--{name} goes with --{other}: python -m ltd.runs --cache --prune [--days 30] [--yes]")
    if options.cache and (options.failed or options.commands):
        raise SettingsError("--failed and --commands are for runs, --cache lists artefacts; leave one of them out")


def _runs(console: Console, options: argparse.Namespace, records: list[RunRecord]) -> None:
    if options.failed:
        records = [record for record in records if record.state in ("failed", "interrupted")]
    unfinished = [record for record in records if record.state in ("failed", "interrupted")]
    if options.json:
        rows = [asdict(one) | {"changed": one.changed.isoformat(), "resume": one.resume} for one in records]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    elif options.commands:
        # Not from the list itself, which is the standard input of the shell that reads it.
        sys.stdout.writelines(f"{record.resume} </dev/null\n" for record in unfinished if record.resume)
    else:
        if not options.failed and len(options.places) == 1 and is_sweep(options.places[0]):
            sweep = options.places[0].absolute()
            jobs = read_jobs(sweep, records)
            show_jobs(console, jobs)
            _show_missing(console, sweep, len(jobs))
        else:
            if records:
                console.print(runs_table(records))
            console.print(counted(records))
        for record in unfinished:
            console.print(f"\n{record.state}: {record.folder}", soft_wrap=True)
            resume = record.resume or "by which command is not known: its settings are in config.yaml"
            console.print(f"  {record.reason}\n  {resume}", soft_wrap=True)


def _show_missing(console: Console, sweep: Path, begun: int) -> None:
    """Say how many of its jobs have not begun, and how they would."""
    asked = submitted(sweep)
    if (missing := asked.get("jobs", begun) - begun) > 0:
        line = shell_line(asked["command"], asked["directory"], asked["environment"])
        what = f"{missing} of {asked['jobs']} jobs have not begun; if none waits in a queue, the sweep's command again:"
        console.print(f"\n{what}\n  {line}", soft_wrap=True)


def _cache(console: Console, options: argparse.Namespace, outputs: Path) -> None:
    cache = outputs / "cache"
    artefacts = find_artefacts(cache, outputs)
    if options.prune:
        artefacts = prunable(artefacts, outputs, options.days)
        if options.yes:
            artefacts = remove(artefacts, cache, outputs, options.days)
    if options.json:
        rows = [asdict(artefact) | {"folder": str(artefact.folder)} for artefact in artefacts]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        console.print(artefacts_table(artefacts))
        total = f"{len(artefacts)} artefacts, {size_words(sum(artefact.size for artefact in artefacts))}"
        done = "" if not options.prune else "; removed" if options.yes else "; --yes removes them"
        console.print(f"{total} of {cache}{done}", soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())
