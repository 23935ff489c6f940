"""What a report compares: runs, and the arms that they make. An arm's runs differ in nothing but the seed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ltd.errors import DataError
from ltd.example import content_key
from ltd.report.names import arm_names, budget_words
from ltd.report.report_run import ReportRun, Settings
from ltd.runs import find_runs
from ltd.runs.record import RunRecord
from ltd.settings import choice_name
from ltd.statistics.outcomes import Outcomes

logger = logging.getLogger(__name__)

CHOSEN_BY = ("sampler", "instruction_mode")


@dataclass(frozen=True, eq=False)
class Arm:
    """Runs that differ in nothing but the seed.

    Attributes
    ----------
    name : in the words that tell it from the others of the report.
    sampler, mode : None if nothing was chosen; ``given`` is a choice made elsewhere, whose mode is not known.
    budget_word : what was asked for, such as ``0.5%``.
    settings : its runs' identity, without the seed.
    runs : by seed, ascending.
    """

    name: str
    sampler: str | None
    mode: str | None
    model: str
    budget_word: str
    settings: Settings
    runs: tuple[ReportRun, ...]

    @property
    def examples(self) -> float:
        """Examples chosen, on average over the runs."""
        return self._spent("examples")

    @property
    def tokens(self) -> float:
        """Tokens of the chosen examples, on average over the runs."""
        return self._spent("tokens")

    @property
    def fraction(self) -> float:
        """Share of the whole pool that was chosen, on average over the runs."""
        return self._spent("fraction")

    @property
    def trained_tokens(self) -> float | None:
        """Tokens that went through training, on average; None if a run does not say."""
        if self.is_untrained:
            return 0.0
        tokens = [run.training.get("tokens") for run in self.runs]
        return None if None in tokens else float(np.mean([count for count in tokens if count is not None]))

    @property
    def examples_seen(self) -> float | None:
        """Different examples that training came to, on average; None if a run does not say."""
        if self.is_untrained:
            return 0.0
        seen = [run.training.get("examples") for run in self.runs]
        return None if None in seen else float(np.mean([count for count in seen if count is not None]))

    @property
    def is_untrained(self) -> bool:
        return self.runs[0].is_untrained

    @property
    def is_capped(self) -> bool:
        """Whether training stopped at a cap on its tokens, in any run."""
        return any(bool(run.training.get("capped")) for run in self.runs)

    @property
    def is_cut_short(self) -> bool:
        """Whether the cap came before all that was chosen had been seen, in any run."""
        return any(
            bool(run.training.get("capped"))
            and run.training.get("examples", 0) < run.metrics.get("budget", {}).get("examples", 0)
            for run in self.runs
        )

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(run.seed for run in self.runs)

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(run.folder for run in self.runs)

    @property
    def tasks(self) -> tuple[str, ...]:
        return self.runs[0].answers.tasks

    def outcomes(self, variant: str | None = None, template: str | None = None) -> Outcomes:
        """What its runs answered right.

        Parameters
        ----------
        variant : the score that ranks; by default the one that the runs ranked by.
        template : of tasks that have this template, only its questions; other tasks keep all of theirs.
        """
        if (variant, template) not in self._outcomes:
            self._outcomes[variant, template] = self._made_outcomes(variant, template)
        return self._outcomes[variant, template]

    @cached_property
    def _outcomes(self) -> dict[tuple[str | None, str | None], Outcomes]:
        return {}

    def _made_outcomes(self, variant: str | None, template: str | None) -> Outcomes:
        answers = self.runs[0].answers
        kept = np.ones(len(answers.questions), np.bool_)
        if template is not None:
            having = {task for task, name, _ in answers.questions if name == template}
            kept = np.array([task not in having or name == template for task, name, _ in answers.questions])
        return Outcomes(
            correct=np.stack([run.answers.correct(variant)[kept] for run in self.runs]),
            seeds=self.seeds,
            questions=tuple(question for question, keep in zip(answers.questions, kept, strict=True) if keep),
            groups=tuple(group for group, keep in zip(answers.groups, kept, strict=True) if keep),
        )

    def _spent(self, name: str) -> float:
        return float(np.mean([run.metrics.get("budget", {}).get(name, 0) for run in self.runs]))


@dataclass(frozen=True)
class Found:
    """What lies in the folders that a report is made from.

    Attributes
    ----------
    arms : of runs with results, those with nothing trained first, then by sampler and budget.
    unfinished : failed, interrupted or still running.
    unreadable : finished, yet with files that cannot be read, and why.
    repeated : runs that were found a second time, such as in a copy of a folder, and are counted once.
    rivals : other runs of an arm and seed that are counted, with the run that is: seeds would not be independent.
    """

    arms: tuple[Arm, ...]
    unfinished: tuple[RunRecord, ...]
    unreadable: Mapping[Path, str]
    repeated: tuple[Path, ...]
    rivals: tuple[tuple[ReportRun, ReportRun], ...] = ()


def read_runs(places: Iterable[Path]) -> Found:
    """The arms of all finished runs below ``places``, which are folders as `find_runs` takes them.

    Raises
    ------
    DataError
        If a place does not exist, or no finished run lies below them.
    """
    places = [*places]
    records = find_runs(places)
    finished = [record for record in records if record.is_finished]
    runs, unreadable, repeated = _read([Path(record.folder) for record in finished if _has_results(record)])
    if not runs:
        where = ", ".join(map(str, places))
        raise DataError(
            f"there is no finished run in {where}, of {len(records)} found; python train.py -m "
            "sampler=random,kcenter seed=0,1,2 makes six"
        )
    arms, rivals = arms_of(runs)
    return Found(
        arms=arms,
        unfinished=tuple(record for record in records if not record.is_finished),
        unreadable=unreadable,
        repeated=tuple(repeated),
        rivals=rivals,
    )


def _has_results(record: RunRecord) -> bool:
    """Whatever its folder lies in: a run may have been copied to where the stage is no folder's name."""
    return record.stage in ("train", "evaluate") or Path(record.folder, "metrics.json").exists()


def _read(folders: Iterable[Path]) -> tuple[list[ReportRun], dict[Path, str], list[Path]]:
    """Runs that can be read, each once; why others cannot; and where a run was found again."""
    runs: dict[str, ReportRun] = {}
    unreadable: dict[Path, str] = {}
    repeated: list[Path] = []
    for folder in folders:
        try:
            run = ReportRun.read(folder)
        except DataError as error:  # one such folder must not hide the others
            logger.warning("%s", error)
            unreadable[folder] = str(error)
            continue
        if run.run_id in runs:
            repeated.append(folder)
        else:
            runs[run.run_id] = run
    return [*runs.values()], unreadable, repeated


def arms_of(runs: Sequence[ReportRun]) -> tuple[tuple[Arm, ...], tuple[tuple[ReportRun, ReportRun], ...]]:
    """The runs grouped by all that they do not differ in but the seed, and named.

    Of several runs of one arm and seed the first by its run id is counted; the others are given with it.
    """
    groups: dict[str, tuple[Settings, dict[int, ReportRun]]] = {}
    rivals = []
    for run in sorted(runs, key=lambda run: (run.seed, run.run_id)):
        identity = run.identity
        counted = groups.setdefault(content_key(identity), (identity, {}))[1].setdefault(run.seed, run)
        if counted is not run:
            rivals.append((run, counted))
    named = zip(arm_names([identity for identity, _ in groups.values()]), groups.values(), strict=True)
    arms = [_arm(name, identity, tuple(by_seed.values())) for name, (identity, by_seed) in named]
    return tuple(sorted(arms, key=lambda arm: (arm.sampler or "", arm.tokens, arm.name))), tuple(rivals)


def _arm(name: str, identity: Settings, runs: tuple[ReportRun, ...]) -> Arm:
    sampler, mode = (choice_name(identity[group]) if group in identity else None for group in CHOSEN_BY)
    return Arm(
        name=name,
        sampler=sampler,
        mode=mode,
        model=choice_name(identity["model"]),
        budget_word=budget_words(identity),
        settings=identity,
        runs=runs,
    )
