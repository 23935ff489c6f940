"""The second stage: the model, fine-tuned on what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ltd import results
from ltd.console import progress_bar
from ltd.example import Prompt
from ltd.finetune import finetune
from ltd.finetune_settings import FinetuneResult, StepReport
from ltd.model import LoadedModel
from ltd.tracker import Tracker

if TYPE_CHECKING:
    from ltd.experiment import Experiment
    from ltd.parts import SelectParts


def fine_tuned(
    experiment: Experiment[SelectParts], prompts: Sequence[Prompt], tracker: Tracker
) -> tuple[LoadedModel, dict[str, Any]]:
    """The model fine-tuned on the prompts, read back from ``model/`` also when it was just made; and what it saw."""
    from ltd.model.causal_lm import CausalLM

    done, untuned = _finetune(experiment, prompts, tracker), experiment.loaded
    training = done.summary()
    tracker.log({f"train/{name}": float(value) for name, value in training.items() if isinstance(value, float | int)})
    tuned = CausalLM(name=experiment.parts.model.name, path=str(done.model)).load()
    return replace(tuned, begin=untuned.begin, end=untuned.end, max_length=untuned.max_length), training


def _finetune(experiment: Experiment[SelectParts], prompts: Sequence[Prompt], tracker: Tracker) -> FinetuneResult:
    settings, untuned = experiment.settings, experiment.loaded
    encoder = results.training_encoder(untuned, settings)
    encoded = encoder.targets([prompt.prompt for prompt in prompts], [prompt.target for prompt in prompts])
    with progress_bar("fine-tune") as bar:

        def on_step(report: StepReport) -> None:
            bar(report.step, report.steps, f"loss {report.loss:.3f}, {report.tokens_per_second:.0f} tokens/s")
            values = {"loss": report.loss, "lr": report.lr, "tokens_per_second": report.tokens_per_second}
            if report.validation_loss is not None:
                values["validation_loss"] = report.validation_loss
            tracker.log({f"train/{name}": value for name, value in values.items()}, step=report.step)

        ids = [prompt.id for prompt in prompts]
        finetuning, folder = experiment.finetuning(), experiment.run.folder
        return finetune(untuned, encoded, ids, finetuning, settings["seed"], folder, on_step)
