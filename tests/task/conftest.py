"""Tasks as they are composed from the project's own options."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from ltd.task.multiple_choice import MultipleChoice

CONF = Path(__file__).resolve().parents[2] / "conf"


@cache
def composed(name: str, convention: str) -> Any:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        words = [f"+convention={convention}", "+templates=all", "+held_out_templates=[]"]
        config = compose(overrides=[f"+task={name}", *words])
    return OmegaConf.to_container(config, resolve=True)["task"][name]


@pytest.fixture
def option() -> Callable[..., MultipleChoice]:
    """A task by the name of its option, with settings of its own; data and templates come from ``path``."""

    def task(name: str, path: Path, convention: str = "single", **settings: object) -> MultipleChoice:
        places = {"path": str(path), "templates_path": str(path)}
        return instantiate(composed(name, convention) | places | settings, _convert_="all")

    return task
