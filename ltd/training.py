"""The part of fine-tuning that Lightning drives: the module with its training step."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor, distributed, nn

from ltd.batching import Indices
from ltd.checkpoint import BEST, DONE, KEY
from ltd.errors import TrainingError
from ltd.finetune_settings import FinetuneSettings, StepReport
from ltd.metering import count, count_pass, training_flops
from ltd.optimisation import parameter_groups, rate_factor
from ltd.sharding import divide, united
from ltd.target_logits import MicroBatch, target_logits
from ltd.training_data import IGNORED, StepBatch, TrainingData

logger = logging.getLogger(__name__)


@dataclass
class Done:
    """What training has gone through so far; kept in the checkpoint under `DONE`.

    Attributes
    ----------
    losses, validation_losses : of every step, and of the examples held out after every epoch.
    """

    losses: list[float] = field(default_factory=list)
    tokens: int = 0
    padded_tokens: int = 0
    seconds: float = 0.0
    validation_losses: list[float] = field(default_factory=list)

    @property
    def improved(self) -> bool:
        """Whether no epoch before the last had a validation loss as low."""
        *before, last = self.validation_losses
        return last < min(before, default=math.inf)

    def is_complete(self, steps: int, patience: int | None) -> bool:
        """Whether all steps are done, or so many epochs in a row were no better than the best before them."""
        losses = self.validation_losses
        worse = len(losses) - 1 - losses.index(min(losses)) if losses else 0
        return len(self.losses) == steps or (patience is not None and worse >= patience)

    def add(self, loss: float, batch: StepBatch, seconds: float) -> None:
        self.losses.append(loss)
        self.tokens += batch.n_tokens
        self.padded_tokens += batch.n_padded
        self.seconds += seconds


class TrainingModule(LightningModule):
    """Mean loss over a step's target tokens, computed one micro-batch at a time.

    Optimisation is manual because a step holds a fixed number of examples in as many micro-batches as their lengths
    ask for. Each micro-batch is weighted by the step's target tokens: their sum is exactly the one big batch.
    """

    def __init__(self, network: Any, settings: FinetuneSettings, data: TrainingData, seed: int, key: str) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.settings = settings
        self.data = data
        self.seed = seed
        self.key = key
        self.done = Done()
        self.flops_per_token = training_flops(network)  # now: a strategy may divide the weights
        self.best: dict[str, Tensor] = {}  # the weights with the lowest validation loss, if any are held out
        # A checkpoint holds what is trained, which with adapters is not the network's own weights.
        self.strict_loading = settings.lora is None

    def configure_model(self) -> None:
        if self.device_mesh is not None:  # of a strategy that divides the weights among processes
            divide(self.network, self.device_mesh["data_parallel"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        groups = parameter_groups(self.network, self.settings.weight_decay)
        return torch.optim.AdamW(groups, lr=self.settings.peak_lr, fused=True)

    def training_step(self, batch: StepBatch) -> dict[str, Any]:
        started = time.perf_counter()
        step, steps = self.trainer.global_step, len(self.data.steps)
        loss, batch = self._fitting(batch, step)
        self._check_finite("loss", loss, step)
        norm = united(nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.gradient_clip or math.inf))
        self._check_finite("gradient", norm, step)
        lr = self.settings.peak_lr * rate_factor(step, steps, self.settings.schedule, self.settings.warmup_fraction)
        optimizer: Any = self.optimizers()
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.step()
        optimizer.zero_grad()
        seconds = time.perf_counter() - started
        self.done.add(float(loss), batch, seconds)
        count(batch.n_tokens, batch.n_padded, self.flops_per_token * batch.n_tokens)
        validation_loss = self._validated() if self._ends_epoch(step) else None
        self.trainer.should_stop = self.done.is_complete(steps, self.settings.patience)
        return {"report": StepReport(step + 1, steps, float(loss), lr, batch.n_tokens / seconds, validation_loss)}

    def _fitting(self, batch: StepBatch, step: int) -> tuple[Tensor, StepBatch]:
        """The step's loss, with its gradients, and the batch it came from: smaller parts if these were too large."""
        while True:
            seed_step(self.seed, step, self.global_rank)
            try:
                return self._accumulate(batch), batch
            except PartTooLargeError as error:
                alone = batch.n_examples[error.part] == 1
                sizes = [micro_batch.ids.numel() for micro_batch in batch.micro_batches]
                divisible = [size for size, n in zip(sizes, batch.n_examples, strict=True) if n > 1]
                # A batch that was already on its way may be cut larger than is agreed by now.
                smaller = min(self.data.tokens_per_batch, max(divisible, default=0) // 2)
                if alone or self.trainer.world_size > 1:  # where others wait for this process's gradients
                    remedy = "trainer.gradient_checkpointing=true or a smaller trainer.max_length"
                    raise TrainingError(
                        f"out of memory on the device at step {step + 1}, with parts of at most {max(sizes)} tokens; "
                        f"set {remedy if alone else f'trainer.tokens_per_batch={smaller}'}"
                    ) from error
            # Outside the handler, which would keep all that the failed pass has computed.
            logger.warning(
                "out of memory on the device at step %d: going on with trainer.tokens_per_batch=%d", step + 1, smaller
            )
            self.zero_grad()
            torch.cuda.empty_cache()
            self.data.tokens_per_batch = smaller
            batch = self._on_device(self.data.steps[step])

    def _on_device(self, examples: Indices) -> StepBatch:
        batch = self.data.batch(examples, self.global_rank, self.trainer.world_size)
        moved: StepBatch = self.trainer.strategy.batch_to_device(batch)
        return moved

    def _accumulate(self, batch: StepBatch) -> Tensor:
        """Add up the gradients of the micro-batches; returns the loss of the whole step.

        Raises
        ------
        PartTooLargeError
            If the device's memory does not suffice for one of them.
        """
        total = torch.zeros((), device=self.device)
        strategy: Any = self.trainer.strategy
        for part, micro_batch in enumerate(batch.micro_batches):
            waits = part + 1 < len(batch.micro_batches) and hasattr(strategy, "block_backward_sync")
            try:
                with strategy.block_backward_sync() if waits else nullcontext():  # gradients travel once a step
                    loss = self._part(micro_batch, self.settings.label_smoothing) / batch.n_targets
                    self.manual_backward(loss * self.trainer.world_size)  # processes average; these are parts of a sum
            except torch.OutOfMemoryError as error:
                raise PartTooLargeError(part) from error
            total += loss.detach()
        reduced: Tensor = strategy.reduce(total, reduce_op="sum")
        return reduced

    def _part(self, micro_batch: MicroBatch, label_smoothing: float = 0.0) -> Tensor:
        logits = target_logits(self.network, micro_batch)
        return nn.functional.cross_entropy(
            logits, micro_batch.targets, ignore_index=IGNORED, reduction="sum", label_smoothing=label_smoothing
        )

    def _ends_epoch(self, step: int) -> bool:
        per_epoch = -(-(len(self.data.encoded) - len(self.data.held_out)) // self.settings.examples_per_step)
        return bool(self.data.held_out) and ((step + 1) % per_epoch == 0 or step + 1 == len(self.data.steps))

    @torch.no_grad()
    def _validated(self) -> float:
        """The mean loss of the held-out examples' target tokens; the weights are kept if none were better."""
        batch = self._on_device(self.data.held_out)
        self.network.eval()
        parts = [self._part(micro_batch) for micro_batch in batch.micro_batches]
        self.network.train()
        count_pass(self.network, batch.n_tokens, batch.n_padded)
        total = torch.stack([torch.zeros((), device=self.device), *parts]).sum() / batch.n_targets
        self.done.validation_losses.append(float(self.trainer.strategy.reduce(total, reduce_op="sum")))
        if self.done.improved:
            best = self._trained(self.trainer.strategy.lightning_module_state_dict())
            self.best = {name: weight.to("cpu", copy=True) for name, weight in best.items()}
        return self.done.validation_losses[-1]

    def _trained(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Of a state, what training changes."""
        if self.settings.lora is None:
            return state
        trained = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        return {name: weight for name, weight in state.items() if name in trained}

    def _check_finite(self, what: str, value: Tensor, step: int) -> None:
        if torch.isfinite(value):
            return
        names = ", ".join(self.data.ids[example] for example in self.data.steps[step])
        raise TrainingError(
            f"the {what} became {float(value)} at step {step + 1} of {len(self.data.steps)}, on the examples {names}; "
            f"lower model.lr={self.settings.lr:g} or set model.precision=fp32"
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint[KEY] = self.key
        checkpoint[DONE] = asdict(self.done)
        checkpoint["state_dict"] = self._trained(checkpoint["state_dict"])
        checkpoint[BEST] = self.best

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.done = Done(**checkpoint[DONE])
        self.best = checkpoint[BEST]


class PartTooLargeError(Exception):
    """A micro-batch has not fitted into the device's memory.

    Attributes
    ----------
    part : its position among those of its step.
    """

    def __init__(self, part: int) -> None:
        super().__init__(part)
        self.part = part


@contextmanager
def one_writer() -> Iterator[bool]:
    """True in the first of the processes that trained together; the others leave the block when it does."""
    yield rank_zero_only.rank == 0  # type: ignore[attr-defined]
    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()


def seed_step(seed: int, step: int, rank: int) -> None:
    """Give every step a random state of its own, for dropout, so that there is none to lose with an interruption."""
    words = np.random.SeedSequence([seed, step, rank]).generate_state(1)
    torch.manual_seed(int(words[0]))
