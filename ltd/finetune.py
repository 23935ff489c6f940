"""Fine-tuning: the loss of the targets' tokens, AdamW, a checkpoint every few steps, a loadable model at the end.

What Lightning drives is in `ltd.training`; here is how it begins and ends, and nothing heavy is loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltd.batching import Indices, held_out, plan_steps, plan_tokens, until_tokens
from ltd.deferred_signals import DeferredSignals, leaving_native_waits
from ltd.encoding import Encoded
from ltd.errors import TrainingError
from ltd.example import content_key
from ltd.finetune_settings import HOW_AND_WHERE, FinetuneResult, FinetuneSettings, StepReport
from ltd.hardware import computes_bfloat16, device_type
from ltd.model import LoadedModel
from ltd.model.folder import save_folder
from ltd.process_group import check_nodes, refused_in_one_line
from ltd.quiet import quiet_lightning
from ltd.readings import free_memory
from ltd.sharding import lightning_strategy, unite

if TYPE_CHECKING:
    from pytorch_lightning import Callback, Trainer
    from transformers import PreTrainedModel

    from ltd.training import TrainingModule

logger = logging.getLogger(__name__)


def nothing(report: StepReport) -> None:
    """An ``on_step`` that does nothing."""


def finetune(
    loaded: LoadedModel,
    encoded: Sequence[Encoded],
    ids: Sequence[str],
    settings: FinetuneSettings,
    seed: int,
    folder: Path,
    on_step: Callable[[StepReport], None] = nothing,
) -> FinetuneResult:
    """Train ``loaded.network``, in place, on the encoded examples.

    Everything is kept in ``folder``: ``checkpoints/last.ckpt`` from time to time, ``model/`` at the end. Called again
    with the same arguments after an interruption, it goes on from the last checkpoint, and on a CPU ends with the same
    bytes; on a GPU, attention adds up its gradients in another order each time. SIGTERM, SIGUSR2 and Ctrl-C are obeyed
    after the running step, which is then kept in a checkpoint.

    Parameters
    ----------
    encoded, ids : the examples from `TextEncoder.targets`, and what each is called in an error.
    seed : of the order of the examples, of those held out, of adapters and of dropout.

    Raises
    ------
    TrainingError
        If the loss or gradient is not finite (the message has the examples' ids), if one example alone is too large for
        the device, or if the folder cannot be written.
    """
    from ltd.training import TrainingModule
    from ltd.training_data import TrainingData

    truncated = _truncated(encoded)
    if settings.loss_on == "all":
        encoded = [replace(sequence, n_prompt=1) for sequence in encoded]  # nothing predicts the very first token
    steps, judges, capped = _plan([len(sequence.ids) for sequence in encoded], settings, seed)
    data = TrainingData(encoded, ids, steps, settings.tokens_per_batch, judges)
    key = training_key(loaded.fingerprint, encoded, steps, settings, seed)
    adapters = nullcontext() if settings.lora is None else settings.lora.learning_on(loaded.network, seed)
    with adapters:
        done = _trained(TrainingModule(loaded.network, settings, data, seed, key), folder / "checkpoints", on_step)
    _save(loaded, folder)
    examples = len({example for step in steps[: len(done["losses"])] for example in step})
    return FinetuneResult(
        folder / "model",
        **done,
        truncated=truncated,
        examples=examples,
        capped=capped,
        precision="bf16" if _computes_in_bfloat16(settings) else "fp32",
    )


def check_devices(settings: FinetuneSettings) -> None:
    """Raise `SettingsError`, with Lightning's reason, if there are no such devices or they cannot train together."""
    from pytorch_lightning import Trainer

    names = ("accelerator", "devices", "num_nodes", "strategy")
    with refused_in_one_line(**{name: getattr(settings, name) for name in names}):
        strategy = Trainer(**_places(settings), logger=False, enable_checkpointing=False).strategy
    check_nodes(settings.num_nodes, strategy)


def _truncated(encoded: Sequence[Encoded]) -> int:
    cut = [sequence for sequence in encoded if sequence.n_cut]
    if cut:
        lost = sum(sequence.n_cut for sequence in cut)
        window = max(len(sequence.ids) for sequence in cut)
        logger.info(
            "%d of %d prompts are longer than %d tokens with their answer; they lost their beginning, %d tokens in all",
            *(len(cut), len(encoded), window, lost),
        )
    return len(cut)


def _plan(lengths: Sequence[int], settings: FinetuneSettings, seed: int) -> tuple[list[Indices], Indices, bool]:
    """The examples of every step and those held out, and whether `FinetuneSettings.tokens_cap` ends training."""
    kept, judges = held_out(len(lengths), settings.validation_share, seed)
    if not kept:
        raise TrainingError(
            f"there is no example to train on: {len(lengths)} in all, {len(judges)} held out; "
            "lower trainer.validation_share or choose more examples"
        )
    lengths = [lengths[example] for example in kept]
    planned = _planned(lengths, settings, seed)
    within = planned if settings.tokens_cap is None else until_tokens(planned, lengths, settings.tokens_cap)
    if len(within) < len(planned):
        logger.warning(
            "trainer.tokens_cap=%d will end training after %d of its %d steps; set it to null to train to the end",
            *(settings.tokens_cap, len(within), len(planned)),
        )
    return [tuple(kept[example] for example in step) for step in within], judges, len(within) < len(planned)


def _planned(lengths: Sequence[int], settings: FinetuneSettings, seed: int) -> list[Indices]:
    if settings.match == "tokens":
        assert settings.tokens is not None  # the settings have checked it
        return plan_tokens(lengths, settings.examples_per_step, settings.tokens, seed)
    return plan_steps(len(lengths), settings.examples_per_step, settings.epochs, settings.steps, seed)


def _save(loaded: LoadedModel, folder: Path) -> None:
    from safetensors import SafetensorError

    from ltd.checkpoint import PREVIOUS
    from ltd.training import one_writer

    with one_writer() as writes:
        if not writes:
            return
        try:
            save_folder(loaded.network, loaded.tokenizer, folder / "model")
        except (OSError, SafetensorError) as error:
            raise TrainingError(
                f"the model cannot be written to {folder} ({str(error).splitlines()[0]}); free some space or correct "
                "the rights, and run the same command again: a checkpoint holds the whole training"
            ) from error
        (folder / "checkpoints" / PREVIOUS).unlink(missing_ok=True)


def training_key(
    fingerprint: str, encoded: Sequence[Encoded], steps: Sequence[Indices], settings: FinetuneSettings, seed: int
) -> str:
    """Hash of all that the trained weights depend on, which excludes the settings in `HOW_AND_WHERE`."""
    learning = {name: value for name, value in asdict(settings).items() if name not in HOW_AND_WHERE}
    return content_key(
        [fingerprint, [(sequence.ids, sequence.n_prompt) for sequence in encoded], steps, learning, seed]
    )


def _trained(module: TrainingModule, checkpoints: Path, on_step: Callable[[StepReport], None]) -> dict[str, Any]:
    """Leave in the module what training comes to, from wherever it was left; gives what it went through."""
    from ltd.checkpoint import BEST, DONE, LAST, find_checkpoint, read_checkpoint
    from ltd.training import Done

    found = find_checkpoint(checkpoints, module.key)
    before = Done() if found is None else Done(**read_checkpoint(found)[DONE])
    if found is not None:
        logger.info("going on from %s, step %d of %d", found, len(before.losses), len(module.data.steps))
    if found is None or not before.is_complete(len(module.data.steps), module.settings.patience):
        _fit(module, checkpoints, found, on_step)
        found = checkpoints / LAST
    checkpoint = read_checkpoint(found)
    # A finished training whose model was not yet saved starts here.
    module.load_state_dict(checkpoint[BEST] or checkpoint["state_dict"], strict=module.strict_loading)
    return dict(checkpoint[DONE])


def _fit(module: TrainingModule, checkpoints: Path, start: Path | None, on_step: Callable[[StepReport], None]) -> None:
    import torch

    from ltd.checkpoint import SaveAndReport
    from ltd.precision import full_precision_output

    settings, network = module.settings, module.network
    if device_type(settings.accelerator) == "cpu":
        _check_memory(network, free_memory())
    network.train()
    try:
        with (
            DeferredSignals() as signals,
            leaving_native_waits(),
            quiet_lightning(),
            full_precision_output(network),
            _packing(module) as module.data.packed,
            _switched(network, settings),
            torch.random.fork_rng(devices=[]),
        ):
            save = SaveAndReport(checkpoints, settings.checkpoint_every_steps, on_step, signals)
            trainer = _trainer(settings, len(module.data.steps), save, checkpoints.parent)
            trainer.fit(module, datamodule=module.data, ckpt_path=start, weights_only=True)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, KeyboardInterrupt):  # Lightning makes an exit of it
            raise KeyboardInterrupt(*leaving.__context__.args) from None
        raise
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"out of memory on the device ({str(error).splitlines()[0]}); set model.method=lora or trainer=fsdp"
        ) from error
    finally:
        network.eval()
    unite(module)


def _check_memory(network: PreTrainedModel, free: float) -> None:
    """Refuse what the kernel would kill without a word: a step holds a gradient and two averages of each weight."""
    learning = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    if 12 * learning > free:
        raise TrainingError(
            f"training {learning:,} weights takes {12 * learning / 1e9:.1f} GB for gradients and AdamW's averages, and "
            f"{free / 1e9:.1f} GB are free; set model.method=lora or train on a larger machine"
        )


def _packing(module: TrainingModule) -> AbstractContextManager[bool]:
    """Whether rows hold several sequences; not if the network is compiled, which it were again for each way to pack."""
    from ltd.segments import attention_within_segments

    if module.settings.compile:
        return nullcontext(False)
    return attention_within_segments(module.network, max(module.data.lengths))


@contextmanager
def _switched(network: Any, settings: FinetuneSettings) -> Iterator[None]:
    """Within it the network saves memory or is compiled, if the settings say so."""
    transformer = getattr(network, network.base_model_prefix)  # without the output layer, which picks target tokens
    if settings.gradient_checkpointing:
        network.activation_checkpointing_enable()
    if settings.compile:
        transformer.compile(dynamic=True)
    try:
        yield
    finally:
        network.activation_checkpointing_disable()
        transformer._compiled_call_impl = None


def _trainer(settings: FinetuneSettings, steps: int, save: Callback, folder: Path) -> Trainer:
    from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
    from pytorch_lightning import Trainer

    from ltd.checkpoint import KeepPrevious

    plugins: list[Any] = [KeepPrevious()]
    if SLURMEnvironment.detect():
        plugins.append(SLURMEnvironment(auto_requeue=False))  # submitit requeues; only one may
    return Trainer(
        **_places(settings),
        precision="bf16-mixed" if _computes_in_bfloat16(settings) else "32-true",
        max_epochs=1,  # the plan holds all epochs
        max_steps=steps,
        callbacks=[save],
        plugins=plugins,
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _places(settings: FinetuneSettings) -> dict[str, Any]:
    strategy = lightning_strategy(settings.strategy, settings.devices * settings.num_nodes)
    return {name: getattr(settings, name) for name in ("accelerator", "devices", "num_nodes")} | {"strategy": strategy}


def _computes_in_bfloat16(settings: FinetuneSettings) -> bool:
    if settings.precision != "auto":
        return settings.precision == "bf16"
    return computes_bfloat16(device_type(settings.accelerator))
