"""The shape of the project, held by tests: names, sizes, and what an import may cost."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pkgutil import resolve_name, walk_packages
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import ltd

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = ("embedder", "instruction_mode", "model", "pool", "sampler", "task", "tracker")
OPTIONS = [(family, file.stem) for family in FAMILIES for file in sorted((ROOT / "conf" / family).glob("*.yaml"))]
MODULES = sorted(module.name for module in walk_packages(ltd.__path__, "ltd."))

# Networks are their subject: these, and nothing else, may load torch when they are imported.
HEAVY = {
    "ltd.checkpoint",
    "ltd.farthest.blocks",
    "ltd.farthest.processes",
    "ltd.finetune",
    "ltd.log_probabilities",
    "ltd.lora",
    "ltd.model_pass",
    "ltd.precision",
    "ltd.ranking",
    "ltd.segments",
    "ltd.target_logits",
    "ltd.training",
    "ltd.training_data",
    "ltd.tree_batch",
}

# `None` cannot be the name of a class.
CLASS_NAMES = {"ltd.tracker.none": "NoTracker"}


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping with a ``_target_`` in a composed configuration."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield node
        for value in node.values():
            yield from parts(value)


@cache
def targets(family: str, option: str) -> list[dict[str, Any]]:
    """What an option of a family builds: one thing, or, for a list of tasks, several."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = OmegaConf.to_container(compose(overrides=[f"+{family}={option}"]))
    return list(parts(config))


def module_name(part: dict[str, Any]) -> str:
    return str(part["_target_"]).rpartition(".")[0]


def test_no_file_is_longer_than_300_lines() -> None:
    files = [*(ROOT / "ltd").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {file: length for file, length in lengths.items() if length > 300} == {}


@pytest.mark.parametrize("script", ["train.py", "select.py", "evaluate.py"])
def test_scripts_are_short(script: str) -> None:
    code = [line for line in (ROOT / script).read_text().splitlines() if line.strip()]
    assert len(code) <= 40


def test_every_family_has_options() -> None:
    assert {family for family, _ in OPTIONS} == set(FAMILIES)


@pytest.mark.parametrize(("family", "option"), OPTIONS)
def test_an_option_names_a_class_of_its_family(family: str, option: str) -> None:
    assert targets(family, option)
    for part in targets(family, option):
        package, _, module = module_name(part).rpartition(".")
        name = str(part["_target_"]).rpartition(".")[2]
        assert package == f"ltd.{family}"
        expected = CLASS_NAMES.get(module_name(part), module)
        assert name.replace("_", "").lower() == expected.replace("_", "").lower()


@pytest.mark.parametrize("family", FAMILIES)
def test_an_option_is_named_after_its_module(family: str) -> None:
    """Unless it shares the class with other options, as the tasks of one format do."""
    users: dict[str, set[str]] = {}
    for option in (option for owner, option in OPTIONS if owner == family):
        if len(targets(family, option)) == 1:
            users.setdefault(module_name(targets(family, option)[0]), set()).add(option)
    alone = {module.rpartition(".")[2]: options for module, options in users.items() if len(options) == 1}
    assert all(options == {module} for module, options in alone.items()), alone


@pytest.mark.parametrize(("family", "option"), OPTIONS)
def test_an_option_states_exactly_what_the_constructor_takes(family: str, option: str) -> None:
    for part in targets(family, option):
        parameters = set(inspect.signature(resolve_name(part["_target_"])).parameters)
        assert set(part) - {"_target_"} == parameters


@pytest.mark.parametrize(("family", "option"), OPTIONS)
def test_an_options_module_has_its_tests(family: str, option: str) -> None:
    for part in targets(family, option):
        module = module_name(part).rpartition(".")[2]
        assert (ROOT / "tests" / family / f"test_{module}.py").exists()


def test_importing_is_cheap() -> None:
    """A misspelt option is told in a second, and a sampler is used without a network library in memory."""
    modules = [name for name in MODULES if name not in HEAVY]
    program = f"""
import importlib, sys
for name in {modules}:
    importlib.import_module(name)
    loaded = {{"torch", "transformers", "faiss", "pytorch_lightning", "wandb", "datasets"}} & set(sys.modules)
    assert not loaded, f"{{name}} loads {{loaded}}"
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_no_heavy_module_is_unknown() -> None:
    assert set(MODULES) >= HEAVY
