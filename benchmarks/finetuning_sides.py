"""The ways to fine-tune that benchmarks/finetuning.py compares: the same steps, from the same weights, by each."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback, TrainerCallback

from ltd.batching import Indices, micro_batches
from ltd.encoding import Encoded
from ltd.finetune import finetune
from ltd.finetune_settings import FinetuneSettings
from ltd.model import LoadedModel
from ltd.precision import full_precision_output
from ltd.target_logits import collate, n_targets, target_logits

SEED = 0
LONGEST = 512
IGNORED = -100  # what Hugging Face calls a label that is not learned


@dataclass(frozen=True)
class Work:
    """What every side is to do: the same steps, with the same settings, from the same weights."""

    network: Any
    tokenizer: Any
    encoded: Sequence[Encoded]
    steps: Sequence[Indices]
    settings: FinetuneSettings
    device: str

    @property
    def n_tokens(self) -> int:
        """Of the steps that are timed, which are all but the first."""
        return sum(len(self.encoded[example].ids) for step in self.steps[1:] for example in step)

    @property
    def n_targets(self) -> int:
        return sum(n_targets(self.encoded[example]) for step in self.steps[1:] for example in step)

    def copied(self) -> Any:
        return copy.deepcopy(self.network).to(self.device)

    def rows(self, step: Indices) -> list[dict[str, list[int]]]:
        """The examples of a step as Hugging Face's data sets have them."""
        chosen = [self.encoded[example] for example in step]
        return [
            {"input_ids": list(one.ids), "labels": [IGNORED] * one.n_prompt + list(one.ids[one.n_prompt :])}
            for one in chosen
        ]


@dataclass
class Clock:
    """When each step ended: in wall time and in processor time."""

    device: str
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def step_ended(self, *_: Any) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()
        self.wall.append(time.perf_counter())
        self.processor.append(time.process_time())


class ClockCallback(TrainerCallback):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.clock.step_ended()


def ltd(work: Work, clock: Clock) -> list[float]:
    loaded = LoadedModel(copy.deepcopy(work.network), work.tokenizer, (), None, LONGEST, "benchmark")
    ids = [str(number) for number in range(len(work.encoded))]
    one_more = replace(work.settings, steps=len(work.steps) + 1)  # the last one ends with a checkpoint
    with tempfile.TemporaryDirectory() as folder:
        done = finetune(loaded, work.encoded, ids, one_more, SEED, Path(folder), clock.step_ended)
    return list(done.losses[: len(work.steps)])


def padded(work: Work, clock: Clock) -> list[float]:
    pad = DataCollatorForSeq2Seq(work.tokenizer, label_pad_token_id=IGNORED)

    def learn(network: Any, step: Indices) -> float:
        loss = network(**pad(work.rows(step)).to(work.device), use_cache=False).loss
        loss.backward()
        return loss.item()

    return by_hand(work, clock, learn)


def bucketed(work: Work, clock: Clock) -> list[float]:
    lengths = [len(one.ids) for one in work.encoded]

    def learn(network: Any, step: Indices) -> float:
        targets = sum(n_targets(work.encoded[example]) for example in step)
        total = 0.0
        for members in micro_batches(step, lengths, work.settings.tokens_per_batch):
            batch = collate([work.encoded[example] for example in members])
            batch = batch._replace(**{name: getattr(batch, name).to(work.device) for name in batch._fields[:3]})
            logits = target_logits(network, batch)
            loss = torch.nn.functional.cross_entropy(logits, batch.targets, reduction="sum") / targets
            loss.backward()
            total += loss.item()
        return total

    return by_hand(work, clock, learn)


def by_hand(work: Work, clock: Clock, learn: Callable[[Any, Indices], float]) -> list[float]:
    """A loop in plain torch around ``learn``, which adds a step's gradients and gives its loss."""
    network = work.copied().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=work.settings.lr, weight_decay=0.0, fused=True)
    losses = []
    bf16 = work.settings.precision == "bf16"
    for step in work.steps:
        with torch.autocast(work.device, torch.bfloat16) if bf16 else nullcontext(), full_precision_output(network):
            losses.append(learn(network, step))
        torch.nn.utils.clip_grad_norm_(network.parameters(), work.settings.gradient_clip)
        optimizer.step()
        optimizer.zero_grad()
        clock.step_ended()
    return losses


def arguments(work: Work, folder: str, batch_size: int) -> dict[str, Any]:
    """What both Trainers are told; all that would cost them time and is not training is off."""
    return {
        "output_dir": folder,
        "per_device_train_batch_size": batch_size,
        "num_train_epochs": 1,
        "learning_rate": work.settings.lr,
        "lr_scheduler_type": "constant",
        "weight_decay": 0.0,
        "max_grad_norm": work.settings.gradient_clip,
        "optim": "adamw_torch_fused",
        "bf16": work.settings.precision == "bf16",
        "train_sampling_strategy": "sequential",
        "use_cpu": work.device == "cpu",
        "dataloader_pin_memory": False,
        "save_strategy": "no",
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
    }


def finished(trainer: Any, clock: Clock) -> list[float]:
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(ClockCallback(clock))
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def hugging_face(work: Work, clock: Clock) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=work.copied(),
            args=TrainingArguments(**arguments(work, folder, work.settings.examples_per_step)),
            train_dataset=[row for step in work.steps for row in work.rows(step)],
            data_collator=DataCollatorForSeq2Seq(work.tokenizer, label_pad_token_id=IGNORED),
        )
        return finished(trainer, clock)


def trl(work: Work, clock: Clock) -> list[float]:
    from datasets import Dataset, concatenate_datasets, disable_progress_bars
    from trl import SFTConfig, SFTTrainer, pack_dataset

    disable_progress_bars()
    longest = max(sum(len(work.encoded[example].ids) for example in step) for step in work.steps)
    packed = [pack_dataset(Dataset.from_list(work.rows(step)), longest, "bfd") for step in work.steps]
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(
            **arguments(work, folder, 1),
            packing=True,
            max_length=longest,
            gradient_checkpointing=False,  # it would compute everything twice
            dataset_kwargs={"skip_prepare_dataset": True},  # it is tokenised and packed
        )
        trainer = SFTTrainer(
            model=work.copied(),
            args=config,
            train_dataset=concatenate_datasets(packed),
            processing_class=copy.deepcopy(work.tokenizer),
        )
        return finished(trainer, clock)


SIDES: dict[str, Callable[[Work, Clock], Sequence[float]]] = {
    "padded": padded,
    "bucketed": bucketed,
    "grouped": bucketed,
    "Trainer": hugging_face,
    "SFTTrainer": trl,
    "ltd": ltd,
}
