"""Loads large libraries for less than a plain import of them costs."""

from __future__ import annotations

import gc
from functools import cache
from importlib import import_module

NETWORK_MODULES = ("ltd.ranking", "transformers.models.auto.modeling_auto", "transformers.modeling_utils")
"""What every stage that has a model imports sooner or later, most of it by way of these."""


@cache
def load_libraries(*modules: str) -> None:
    """Import modules that stay to the process's end, without looking for garbage among what they define.

    torch, transformers and Lightning make 750,000 objects that Python's collector knows of. It would go through those
    there are again and again while they are made, and once more at exit: 2.0 of 6.1 processor seconds. All that is left
    uncollected is 11 MB.

    To be called while nothing is held that is dropped later: what is part of a cycle now is never freed.
    """
    gc.collect()
    collecting = gc.isenabled()
    gc.disable()
    try:
        for module in modules:
            import_module(module)
        gc.freeze()
    finally:
        if collecting:
            gc.enable()
