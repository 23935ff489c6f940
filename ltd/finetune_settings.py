"""What can be set of fine-tuning, and what it reports of each step and of the whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ltd.errors import SettingsError
from ltd.model.low_rank_adapters import LowRankAdapters
from ltd.optimisation import Schedule


@dataclass(frozen=True, slots=True)
class FinetuneSettings:
    """How to fine-tune.

    Attributes
    ----------
    lr : peak learning rate where all weights are trained; models carry the one that suits them.
    lora : train adapters instead of all weights.
    match : what says how long training is, and so what two trainings on different examples have in common.
    epochs : how often every example is seen.
    steps : the number of optimiser steps.
    tokens : how many are seen, prompts included and padding not; the step that reaches it is the last.
    tokens_cap : how many are seen at most, whatever says how long training is; None: no end but that.
    examples_per_step : examples in an optimiser step, whatever their lengths and the number of devices.
    tokens_per_batch : padded tokens that go through the network at once, on each device; changes memory and speed only.
    loss_on : the targets' tokens, or all.
    label_smoothing : share of a target's probability that is spread over the vocabulary.
    schedule, warmup_fraction : linear rise over that share of the steps, then the decay to zero.
    weight_decay : of weight matrices; biases, norms and embeddings do not decay.
    gradient_clip : largest norm of a step's gradient; 0 does not clip.
    validation_share : share of the examples that are not trained on but judge the weights after every epoch, of which
        the best are kept; 0 keeps the last.
    patience : epochs in a row without a better judgement after which training stops; None goes on to its end.
    precision : ``bf16`` computes in bfloat16 with weights in fp32; ``auto`` does so where the hardware has it.
    gradient_checkpointing : compute activations again in the backward pass rather than keep them.
    compile : have torch compile the network, on padded rows.
    checkpoint_every_steps : optimiser steps between two checkpoints; there is always one after the last step.
    accelerator, devices, strategy, num_nodes : Lightning's own.

    Raises
    ------
    SettingsError
        If they contradict each other or are out of range.
    """

    lr: float = 1e-4
    lora: LowRankAdapters | None = None
    match: Literal["epochs", "steps", "tokens"] = "epochs"
    epochs: float = 3
    steps: int | None = None
    tokens: int | None = None
    tokens_cap: int | None = None
    examples_per_step: int = 8
    tokens_per_batch: int = 2048
    loss_on: Literal["target", "all"] = "target"
    label_smoothing: float = 0.0
    schedule: Schedule = "linear"
    warmup_fraction: float = 0.1
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    validation_share: float = 0.0
    patience: int | None = None
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    gradient_checkpointing: bool = False
    compile: bool = False
    checkpoint_every_steps: int = 50
    accelerator: str = "cpu"
    devices: int = 1
    strategy: str = "auto"
    num_nodes: int = 1

    def __post_init__(self) -> None:
        if problems := trainer_problems(asdict(self)):
            raise SettingsError("; ".join(problems))

    @property
    def peak_lr(self) -> float:
        """The highest learning rate that is used."""
        return self.lr if self.lora is None else self.lr * self.lora.lr_factor


@dataclass(frozen=True, slots=True)
class StepReport:
    """One optimiser step, as it is finished.

    Attributes
    ----------
    step, steps : its number, from 1, and how many there will be.
    loss : mean negative log-likelihood of the step's target tokens, in nats; label smoothing included.
    lr : the learning rate it was made with.
    tokens_per_second : tokens of its examples, prompts included and padding not.
    validation_loss : of the examples held out, without smoothing, if an epoch ended.
    """

    step: int
    steps: int
    loss: float
    lr: float
    tokens_per_second: float
    validation_loss: float | None = None


@dataclass(frozen=True, slots=True)
class FinetuneResult:
    """What fine-tuning left.

    Attributes
    ----------
    model : folder with the weights and the tokenizer, as `AutoModelForCausalLM` loads it.
    losses : of each optimiser step, including those of earlier, interrupted calls.
    tokens, padded_tokens : that training went through, prompts included, without and with padding.
    seconds : spent in optimiser steps, including those of earlier calls whose work was kept.
    validation_losses : of the examples held out, after each epoch; the model is that of the lowest.
    truncated : how many examples lost the beginning of their prompt to fit into the window.
    examples : how many were trained on, each counted once.
    capped : whether `FinetuneSettings.tokens_cap` ended training before its own end.
    precision : ``bf16`` or ``fp32``, in which the network was computed.
    """

    model: Path
    losses: Sequence[float]
    tokens: int
    padded_tokens: int
    seconds: float
    validation_losses: Sequence[float]
    truncated: int
    examples: int
    capped: bool
    precision: str

    @property
    def steps(self) -> int:
        return len(self.losses)

    def summary(self) -> dict[str, float | bool | str | None]:
        """The numbers of ``metrics.json``, as plain values."""
        return {
            "examples": self.examples,
            "tokens": self.tokens,
            "steps": self.steps,
            "final_loss": self.losses[-1],
            "validation_loss": min(self.validation_losses, default=None),
            "capped": self.capped,
            "truncated": self.truncated,
            "precision": self.precision,
        }


HOW_AND_WHERE = (
    "tokens_per_batch",
    "gradient_checkpointing",
    "compile",
    "checkpoint_every_steps",
    "accelerator",
    "devices",
    "strategy",
    "num_nodes",
)
"""Settings that say how and where a run is computed, not what comes out: no part of its identity, and training goes on
with other values of them."""

WORDS = {
    "match": ("epochs", "steps", "tokens"),
    "loss_on": ("target", "all"),
    "schedule": ("linear", "cosine", "constant"),
}
AT_LEAST_ONE = (
    "steps",
    "tokens",
    "tokens_cap",
    "patience",
    "examples_per_step",
    "tokens_per_batch",
    "checkpoint_every_steps",
    "devices",
    "num_nodes",
)
RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "validation_share": (lambda value: 0 <= value < 1, "in [0, 1)"),
    "label_smoothing": (lambda value: 0 <= value < 1, "in [0, 1)"),
    "warmup_fraction": (lambda value: 0 <= value <= 1, "in [0, 1]"),
    "weight_decay": (lambda value: 0 <= value < math.inf, "0 or above"),
    "gradient_clip": (lambda value: value >= 0, "0, which does not clip, or above"),
    "epochs": (lambda value: 0 < value < math.inf, "above 0; fraction=0 does not fine-tune"),
}


def trainer_problems(trainer: Mapping[str, Any]) -> list[str]:
    """What is wrong with values that go by the names of `FinetuneSettings`, all at once."""
    problems = [
        f"trainer.{name}={trainer[name]} must be one of {', '.join(valid)}"
        for name, valid in WORDS.items()
        if trainer[name] not in valid
    ]
    given = {name: trainer[name] for name in AT_LEAST_ONE if trainer[name] is not None}
    problems += [f"trainer.{name}={value} must be at least 1" for name, value in given.items() if value < 1]
    problems += [
        f"trainer.{name}={trainer[name]:g} must be {words}"
        for name, (is_within, words) in RANGES.items()
        if not is_within(trainer[name])
    ]
    return problems + _contradictions(trainer)


def _contradictions(trainer: Mapping[str, Any]) -> list[str]:
    match, problems = trainer["match"], []
    for name in ("steps", "tokens"):
        if name != match and trainer[name] is not None:
            problems.append(
                f"trainer.{name}={trainer[name]} is not heeded with trainer.match={match}; set trainer.match={name}"
            )
        if name == match and trainer[name] is None:
            problems.append(f"trainer.match={name} needs their number; set trainer.{name}")
    tokens, cap = trainer["tokens"], trainer["tokens_cap"]
    if match == "tokens" and tokens is not None and cap is not None and tokens > cap:
        problems.append(f"trainer.tokens={tokens} is more than trainer.tokens_cap={cap}; set trainer.tokens_cap=null")
    if trainer["patience"] is not None and trainer["validation_share"] == 0:
        problems.append(f"trainer.patience={trainer['patience']} has nothing to judge by; set trainer.validation_share")
    return problems
