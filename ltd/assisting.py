"""What a process does beside the one that leads a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ltd.example import Prompt
from ltd.model import LoadedModel
from ltd.process_group import ProcessGoneError, end_with_launcher
from ltd.results import assist_ranking
from ltd.selecting import chosen
from ltd.tracker import Tracker
from ltd.tracker.none import NoTracker

if TYPE_CHECKING:
    from ltd.experiment import Experiment

FINE_TUNE = "fine-tune"
"""What a process may be asked for besides tasks, which are asked for by name."""


FineTuned = Callable[[Any, Sequence[Prompt], Tracker], tuple[LoadedModel, Any]]
"""Fine-tunes the model of an experiment on prompts, with the other processes, and gives it."""


def assist(experiment: Experiment[Any], fine_tuned: FineTuned | None = None) -> float:
    """Do what the process that leads the run asks for, and leave everything else to it.

    It leaves at once if it is not needed, and without a word if that process is gone.
    """
    end_with_launcher()
    experiment.load()
    group, loaded = experiment.group, experiment.loaded
    if group is None or not experiment.run.is_called(experiment.settings["force"]):
        return math.nan
    tasks = {task.name: task for task in experiment.parts.tasks.values()}
    with suppress(ProcessGoneError), group:
        while (request := group.asked()) is not None:
            if request == FINE_TUNE and fine_tuned is not None:
                choice = chosen(experiment)  # as the process that leads has saved it
                prompts = list(choice.pool.prompts(choice.selection.indices))
                loaded, _ = fine_tuned(experiment, prompts, NoTracker())  # ranked from now on
            else:
                assist_ranking(loaded, tasks[request], experiment.settings, group)
    return math.nan
