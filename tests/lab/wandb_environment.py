"""An environment in which W&B knows of no key, no server and no settings but a test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ltd


def scrubbed_environment(home: Path, **more: str) -> dict[str, str]:
    """This process's environment without anything W&B reads, with everything W&B writes below ``home``.

    A process started with it finds `ltd`, installed or not.
    """
    kept = {name: value for name, value in os.environ.items() if not _concerns_wandb(name)}
    places = {name: str(home / name.lower()) for name in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR")}
    root = str(Path(ltd.__file__).parents[1])
    return kept | places | {"HOME": str(home), "NETRC": str(home / "netrc"), "PYTHONPATH": root} | more


@contextmanager
def scrubbed(home: Path) -> Iterator[None]:
    """Run a block of this process in a scrubbed environment, with a W&B that has read no other before or after."""
    import wandb

    saved, folder = dict(os.environ), Path.cwd()
    wandb.teardown()
    try:
        _replace_environment(scrubbed_environment(home))
        os.chdir(home)
        yield
    finally:
        wandb.teardown()
        os.chdir(folder)
        _replace_environment(saved)


def _replace_environment(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _concerns_wandb(name: str) -> bool:
    return name.startswith("WANDB") or name == "NETRC" or name.lower().endswith("_proxy")
