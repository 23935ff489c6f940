"""Every launcher composes, states what its plugin takes, and can be given a cluster's own values from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import DictConfig

from ltd import command, settings

CONF = Path(__file__).resolve().parents[2] / "conf"

# The example of docs/sweeps.md.
CLUSTER = """\
# @package _global_
defaults:
  - override /hydra/launcher: slurm
hydra:
  launcher:
    partition: gpu
    account: my_project
    constraint: a100|h100
    setup: ["module load cuda"]
"""


def composed(*overrides: str) -> DictConfig:
    assert command.run  # importing it makes the resolver known that the sweep's folder needs
    settings.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", list(overrides), return_hydra_config=True)


@pytest.mark.parametrize("name", ["slurm", "submitit_local", "joblib"])
def test_a_launcher_composes_and_states_what_its_plugin_takes(name: str) -> None:
    assert instantiate(composed(f"hydra/launcher={name}").hydra.launcher, _recursive_=False) is not None


@pytest.mark.parametrize(
    ("name", "setting", "value"), [("joblib", "n_jobs", 2), ("submitit_local", "timeout_min", 1440)]
)
def test_a_launchers_settings_can_be_given_on_the_command_line(name: str, setting: str, value: int) -> None:
    launcher = composed(f"hydra/launcher={name}", f"hydra.launcher.{setting}={value}").hydra.launcher
    made = instantiate(launcher, _recursive_=False)
    given = made.joblib if name == "joblib" else made.params
    assert given[setting] == value


def test_ours_has_the_settings_of_the_plugin() -> None:
    ours, plugins = (composed(f"hydra/launcher={name}").hydra.launcher for name in ("slurm", "submitit_slurm"))
    assert set(ours) == set(plugins)


def test_none_of_ours_has_the_name_of_a_plugins() -> None:
    """Hydra then validates it against the plugin's, and warns of that at every start."""
    assert {file.stem for file in (CONF / "hydra" / "launcher").iterdir()} == {"slurm"}


def test_a_job_on_slurm_is_told_before_its_limit_and_requeued() -> None:
    launcher = composed("hydra/launcher=slurm").hydra.launcher
    assert launcher.max_num_timeout > 0
    assert 60 <= launcher.signal_delay_s < 60 * launcher.timeout_min / 2
    assert launcher.timeout_min > 10  # submitit takes every signal for a time-out where the limit is shorter
    assert launcher.additional_parameters.requeue is True
    assert launcher.partition is None


def test_a_cluster_has_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "cluster.yaml").write_text(CLUSTER)
    assert CLUSTER in (CONF.parent / "docs" / "sweeps.md").read_text()
    config = composed(f"hydra.searchpath=[file://{tmp_path}]", "+local=cluster")
    assert (config.hydra.launcher.partition, config.hydra.launcher.account) == ("gpu", "my_project")
    assert config.hydra.launcher.max_num_timeout > 0
