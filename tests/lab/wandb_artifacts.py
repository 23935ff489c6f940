"""The part of the stand-in W&B server that takes artifacts: opened, described, filled, committed, used."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab.wandb_log import WandbArtifact, WandbRun

Values = dict[str, Any]
MANIFEST = "wandb_manifest.json"


@dataclass
class Received:
    """An artifact on its way, and when it is there.

    Attributes
    ----------
    run_id : of the run that made it; None if a run that uses it had to put it there.
    """

    name: str
    kind: str
    digest: str
    run_id: str | None
    metadata: Values
    files: dict[str, bytes] = field(default_factory=dict)
    is_committed: bool = False

    def recorded(self, is_used: bool) -> WandbArtifact:
        return WandbArtifact(self.name, self.kind, self.digest, self.metadata, dict(self.files), is_used)


class WandbArtifacts:
    """All artifacts of a server; one with the name and digest of another is that one."""

    def __init__(self) -> None:
        self.received: dict[str, Received] = {}

    def answers(self, url: str, runs: Mapping[str, WandbRun]) -> dict[str, Callable[[Values], Values]]:
        """What the server says to each operation that is about artifacts."""
        return {
            "ServerFeaturesQuery": lambda _: {"serverInfo": {"features": []}},
            "CreateArtifact": lambda variables: self._create(variables["input"]),
            "CreateArtifactManifest": lambda variables: self._create_manifest(url, variables),
            "CreateArtifactFiles": lambda variables: self._create_files(url, variables["input"]),
            "CommitArtifact": lambda variables: self._commit(variables["artifactID"], runs),
            "UseArtifact": lambda variables: self._use(variables["input"], runs),
        }

    def upload(self, identity: str, name: str, content: bytes) -> None:
        """Take a file of one of them."""
        self.received[identity].files[name] = content

    def _create(self, given: Values) -> Values:
        key = base64.b32encode(f"{given['artifactCollectionName']} {given['digest']}".encode()).decode().rstrip("=")
        new = Received(
            name=given["artifactCollectionName"],
            kind=given["artifactTypeName"],
            digest=given["digest"],
            run_id=given["runName"],
            metadata=json.loads(given["metadata"] or "{}"),
        )
        artifact = self.received.setdefault(key, new)
        state = "COMMITTED" if artifact.is_committed else "PENDING"
        sequence = {"id": artifact.name, "latestArtifact": None}
        return {"createArtifact": {"artifact": {"id": key, "state": state, "artifactSequence": sequence}}}

    def _create_manifest(self, url: str, variables: Values) -> Values:
        place = _place(url, variables["artifactID"], MANIFEST) | {"id": MANIFEST}
        return {"createArtifactManifest": {"artifactManifest": {"id": variables["artifactID"], "file": place}}}

    def _create_files(self, url: str, given: Values) -> Values:
        nodes = [
            _place(url, file["artifactID"], file["name"])
            | {"id": file["name"], "storagePath": file["name"], "artifact": {"id": file["artifactID"]}}
            for file in given["artifactFiles"]
        ]
        return {"createArtifactFiles": {"files": {"edges": [{"node": node} for node in nodes]}}}

    def _commit(self, key: str, runs: Mapping[str, WandbRun]) -> Values:
        """Accept it if every file of its manifest is there, as it was described."""
        artifact = self.received[key]
        manifest = json.loads(artifact.files.pop(MANIFEST))
        for name, entry in manifest["contents"].items():
            digest = base64.b64encode(hashlib.md5(artifact.files[name]).digest()).decode()
            assert digest == entry["digest"], f"{name} of {artifact.name} is not what its manifest says"
        artifact.is_committed = True
        if artifact.run_id is not None:
            runs[artifact.run_id].artifacts.append(artifact.recorded(is_used=False))
        return {"commitArtifact": {"artifact": {"id": key, "digest": artifact.digest}}}

    def _use(self, given: Values, runs: Mapping[str, WandbRun]) -> Values:
        artifact = self.received[given["artifactID"]]
        assert artifact.is_committed, f"{artifact.name} is used before it is there"
        runs[given["runName"]].artifacts.append(artifact.recorded(is_used=True))
        empty = dict.fromkeys(("description", "createdAt", "labels", "metadata"), "")
        return {
            "useArtifact": {
                "artifact": {"id": given["artifactID"], "digest": artifact.digest, "state": "COMMITTED"} | empty
            }
        }


def _place(url: str, key: str, name: str) -> Values:
    """Where a file is to be sent."""
    address = f"{url}/artifact/{key}/{name}"
    return {"name": name, "displayName": name, "uploadUrl": address, "uploadHeaders": [], "uploadMultipartUrls": None}
