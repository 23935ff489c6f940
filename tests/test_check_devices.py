"""Devices that are not there, or nodes that nobody starts, are refused before anything is computed."""

from pathlib import Path

import pytest
import torch
from pytorch_lightning.utilities import rank_zero_only

from ltd import experiment
from ltd.errors import SettingsError
from ltd.finetune import check_devices
from ltd.finetune_settings import FinetuneSettings
from ltd.process_group import ProcessGroup
from tests.test_experiment import composed

needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param({"accelerator": "gpu"}, "No supported gpu backend found", marks=needs_no_gpu),
        pytest.param({"accelerator": "gpu", "devices": 2, "strategy": "fsdp"}, "gpu", marks=needs_no_gpu),
        ({"strategy": "foo"}, "invalid strategy name"),
        ({"accelerator": "foo"}, "invalid accelerator name"),
        ({"accelerator": "tpu"}, r"\(trainer=cpu works everywhere\)$"),
        ({"num_nodes": 2}, "nothing was found that starts processes on other nodes, as SLURM and torchrun do"),
    ],
)
def test_what_lightning_cannot_do_here_is_one_line(asked, reason, monkeypatch):
    for name in ("NODE_RANK", "GROUP_RANK"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match=reason) as refused:
        check_devices(FinetuneSettings(**asked))
    for name, value in asked.items():
        assert f"trainer.{name}={value}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_can_be_had_is_accepted(monkeypatch):
    check_devices(FinetuneSettings())
    check_devices(FinetuneSettings(devices=2, strategy="ddp"))
    monkeypatch.setattr(rank_zero_only, "rank", 0)  # Lightning keeps it for the process
    monkeypatch.setenv("NODE_RANK", "1")  # whoever sets it starts the others, too
    check_devices(FinetuneSettings(num_nodes=2))


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        pytest.param(
            ("gpu", 2, 1), r"trainer\.accelerator=gpu, .*\(trainer=cpu works everywhere\)$", marks=needs_no_gpu
        ),
        (("tpu", 2, 1), r"trainer\.accelerator=tpu, trainer\.devices=2, .*\(trainer=cpu works everywhere\)$"),
        (("cpu", 1, 2), r"^trainer\.num_nodes=2, but nothing was found that starts processes on other nodes"),
    ],
)
def test_so_are_those_that_only_rank(
    places: tuple[str, int, int], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NODE_RANK", "GROUP_RANK"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match=reason) as refused:
        ProcessGroup(*places, pytest.fail).check()
    assert "\n" not in str(refused.value)


def test_those_that_rank_can_be_had_on_every_processor() -> None:
    ProcessGroup("cpu", 2, 1, pytest.fail).check()


@pytest.mark.parametrize(
    ("stage", "overrides", "reason"),
    [
        pytest.param("train", ["fraction=0", "trainer=ddp"], r"trainer\.accelerator=gpu", marks=needs_no_gpu),
        ("train", ["fraction=0", "trainer.num_nodes=2"], r"trainer\.num_nodes=2"),
        ("evaluate", ["trainer.num_nodes=2"], r"trainer\.num_nodes=2"),
    ],
)
def test_runs_that_do_not_train_are_refused_before_they_begin(
    stage: str, overrides: list[str], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=reason):
        getattr(experiment, stage)(composed(stage, tmp_path / "outputs", *overrides))
    assert not list((tmp_path / "outputs").rglob("status.json"))
