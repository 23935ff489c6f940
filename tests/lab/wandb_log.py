"""Reads `run-<id>.wandb`, the file W&B keeps a run in: protobuf records in the framing of LevelDB's log.

The framing: blocks of 32 KiB; each record, or fragment of one that crosses a block, has a header of checksum (uint32),
length (uint16) and kind (uint8); what is left of a block too short for a header is padding.
"""

from __future__ import annotations

import json
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

BLOCK = 32 * 1024
FILE_HEADER = struct.Struct("<4sHB")
RECORD_HEADER = struct.Struct("<IHB")
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


@dataclass(frozen=True)
class WandbArtifact:
    """An artifact as a run records it.

    Attributes
    ----------
    files : where each file lies, by its name in the artifact; its content, if a server received it.
    is_used : whether the run goes on from it, rather than makes it.
    """

    name: str
    kind: str
    digest: str
    metadata: dict[str, Any]
    files: dict[str, str | bytes]
    is_used: bool


@dataclass
class WandbRun:
    """A run as W&B keeps it, read from its file or received by a server.

    Attributes
    ----------
    step_metrics : for each defined name (or pattern) that has one, the name of its x axis.
    exit_code : None if the run was never closed.
    """

    run_id: str = ""
    project: str = ""
    entity: str = ""
    name: str = ""
    group: str = ""
    job_type: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    step_metrics: dict[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    artifacts: list[WandbArtifact] = field(default_factory=list)

    def points(self, name: str, over: str) -> list[tuple[Any, Any]]:
        """The curve of ``name``, in the order it was logged."""
        return [(row[over], row[name]) for row in self.history if name in row]

    def artifact(self, kind: str) -> WandbArtifact:
        """The only one of a kind."""
        [found] = [artifact for artifact in self.artifacts if artifact.kind == kind]
        return found

    def results(self) -> dict[str, Any]:
        """What the summary holds beside W&B's own entries."""
        return {name: value for name, value in self.summary.items() if not name.startswith("_")}


def log_files(folder: Path) -> list[Path]:
    """The files of all attempts at the run in ``folder``, in the order they were made."""
    return sorted(folder.glob("wandb/*run-*/run-*.wandb"))


def read_log(path: Path) -> WandbRun:
    """The run in one file; a file that ends in the middle of a record gives what comes before."""
    run = WandbRun()
    for record in _records(path):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            _read_description(run, record.run)
        elif kind == "config":
            _update(run.config, record.config.update)
        elif kind == "history":
            row: dict[str, Any] = {}
            _update(row, record.history.item)
            run.history.append(row)
        elif kind == "summary":
            _update(run.summary, record.summary.update)
        elif kind == "metric" and record.metric.step_metric:
            run.step_metrics[record.metric.name or record.metric.glob_name] = record.metric.step_metric
        elif kind == "artifact":
            run.artifacts.append(_artifact(record.artifact))
        elif kind == "exit":
            run.exit_code = record.exit.exit_code
    return run


def table(run: WandbRun, folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a table that the only attempt at the run in ``folder`` logged."""
    [file] = folder.glob(f"wandb/*run-*/files/{run.summary[name]['path']}")
    content = json.loads(file.read_text())
    return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]


def closed_run(folder: Path) -> WandbRun:
    """The only attempt at the run in ``folder``; W&B's service may close its file a moment after ``finish`` returns."""
    [path] = log_files(folder)
    deadline = time.perf_counter() + 120
    while (run := read_log(path)).exit_code is None and time.perf_counter() < deadline:
        time.sleep(0.01)
    return run


def _read_description(run: WandbRun, record: wandb_internal_pb2.RunRecord) -> None:
    run.run_id, run.project, run.entity = record.run_id, record.project, record.entity
    run.name, run.group, run.job_type = record.display_name, record.run_group, record.job_type
    run.tags, run.notes = tuple(record.tags), record.notes
    _update(run.config, record.config.update)
    run.config.pop("_wandb", None)


def _artifact(record: wandb_internal_pb2.ArtifactRecord) -> WandbArtifact:
    return WandbArtifact(
        name=record.name,
        kind=record.type,
        digest=record.digest,
        metadata=json.loads(record.metadata or "{}"),
        files={entry.path: entry.local_path for entry in record.manifest.contents},
        is_used=record.use_after_commit,
    )


def _update(values: dict[str, Any], items: Any) -> None:
    for item in items:
        *parents, name = item.nested_key or [item.key]
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = json.loads(item.value_json)


def _records(path: Path) -> Iterator[wandb_internal_pb2.Record]:
    whole = b""
    for kind, body in _fragments(path):
        whole = body if kind in (FULL, FIRST) else whole + body
        if kind in (FULL, LAST):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            yield record


def _fragments(path: Path) -> Iterator[tuple[int, bytes]]:
    data = path.read_bytes()
    identity, magic, _ = FILE_HEADER.unpack_from(data)
    assert (identity, magic) == (b":W&B", 0xBEE1), f"{path} is not a W&B log"
    position = FILE_HEADER.size
    while position + RECORD_HEADER.size <= len(data):
        left_in_block = BLOCK - position % BLOCK
        if left_in_block < RECORD_HEADER.size:
            position += left_in_block
            continue
        checksum, length, kind = RECORD_HEADER.unpack_from(data, position)
        if (length, kind) == (0, 0):
            position += left_in_block
            continue
        position += RECORD_HEADER.size
        body = data[position : position + length]
        if len(body) < length:
            return
        assert zlib.crc32(bytes([kind]) + body) == checksum, f"{path}: damaged record at {position}"
        position += length
        yield kind, body
