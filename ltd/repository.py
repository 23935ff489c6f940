"""Where data files lie: a local folder, or a data set repository of the hub, with the same layout below either."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from ltd.errors import DataError
from ltd.example import file_digest

if TYPE_CHECKING:
    from huggingface_hub.hf_api import DatasetInfo

HUB_TIMEOUT = 10.0
"""Seconds to wait for the hub's first answer; its client's own retries would take half a minute to give up."""


class Repository(Protocol):
    """Files by name, with ``/`` between folders."""

    def names(self, pattern: str) -> list[str]:
        """The files that fit a pattern such as ``*/*.parquet``, sorted."""
        ...

    def file(self, name: str) -> Path:
        """Where the file lies on this machine; from the hub it is downloaded once into the hub's own cache."""
        ...

    def contents(self, names: Sequence[str]) -> dict[str, str]:
        """For each file something that changes when its content does."""
        ...


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine.

    Attributes
    ----------
    path : may begin with ``~``.
    remedy : the end of a message about something missing, such as ``set pool.path``.
    """

    path: str
    remedy: str

    def names(self, pattern: str) -> list[str]:
        if not self._root.is_dir():
            raise DataError(f"there is no folder {self._root}; {self.remedy}")
        return sorted(file.relative_to(self._root).as_posix() for file in self._root.glob(pattern) if file.is_file())

    def file(self, name: str) -> Path:
        path = self._root / name
        if not path.is_file():
            raise DataError(f"there is no file {path}; {self.remedy}")
        return path

    def contents(self, names: Sequence[str]) -> dict[str, str]:
        return {name: file_digest(self.file(name)) for name in names}

    @property
    def _root(self) -> Path:
        return Path(self.path).expanduser()


@dataclass(frozen=True)
class HubRepository:
    """A data set repository of the Hugging Face hub at one revision.

    Its Parquet files are read as they are rather than through `datasets`, which copies them whole into a second cache
    and, without a connection, falls back on whatever revision it last saw.

    Attributes
    ----------
    repository : such as ``facebook/anli``.
    revision : a commit, tag or branch. Only a full commit (40 hexadecimal digits) needs no connection once its files
        have been downloaded.
    remedy : what to do instead if it cannot be reached.
    """

    repository: str
    revision: str
    remedy: str

    def names(self, pattern: str) -> list[str]:
        depth = pattern.count("/") + 1  # `match` looks at the end of a path only
        names = map(PurePosixPath, self._names)
        return sorted(str(name) for name in names if name.match(pattern) and len(name.parts) == depth)

    def file(self, name: str) -> Path:
        from huggingface_hub import hf_hub_download, try_to_load_from_cache

        if re.fullmatch("[0-9a-f]{40}", self.revision):
            cached = try_to_load_from_cache(self.repository, name, revision=self.revision, repo_type="dataset")
            if isinstance(cached, str):
                return Path(cached)
        if name not in self._names:
            raise DataError(f"{self.repository} at {self._commit[:12]} has no file {name}; {self.remedy}")
        try:
            return Path(hf_hub_download(self.repository, name, revision=self._commit, repo_type="dataset"))
        except Exception as error:  # its client's errors have no class in common
            raise self._unreachable(error) from error

    def contents(self, names: Sequence[str]) -> dict[str, str]:
        return dict.fromkeys(names, f"{self.repository}@{self._commit}")

    @property
    def _names(self) -> list[str]:
        return [sibling.rfilename for sibling in self._info.siblings or ()]

    @property
    def _commit(self) -> str:
        return str(self._info.sha)

    @cached_property
    def _info(self) -> DatasetInfo:
        from huggingface_hub import HfApi

        try:
            return HfApi().dataset_info(self.repository, revision=self.revision, timeout=HUB_TIMEOUT)
        except Exception as error:  # its client's errors have no class in common
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> DataError:
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        return DataError(
            f"{self.repository} at revision {self.revision} cannot be had from the hub ({cause}); "
            f"connect to it, or {self.remedy}"
        )
