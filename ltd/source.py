"""What code computed a result: two commits of one version are not the same."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import ltd

LIBRARIES = ("torch", "transformers", "pytorch-lightning")
"""Whose versions may change what a model learns and answers."""

AFTERWARDS = frozenset({"plots", "report", "runs", "tracker"})
"""Packages that show results and change none."""


def versions() -> dict[str, str]:
    """Of all code that may change a result."""
    libraries = {library: version(library) for library in LIBRARIES}
    return {"ltd": ltd.__version__, "ltd source": source_digest(), **libraries}


@cache
def source_digest() -> str:
    """A name for the contents of the package's modules, as they were when it was first asked for."""
    package, digest = Path(ltd.__file__).parent, hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] not in AFTERWARDS:
            digest.update(f"{name.as_posix()}\0{len(contents := path.read_bytes())}\0".encode() + contents)
    return digest.hexdigest()[:12]
