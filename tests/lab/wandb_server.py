"""A stand-in for the W&B server on loopback: answers what an online run or `wandb sync` asks, and keeps what arrives.

It answers as the real one does in what matters here: history goes to the line it is sent for, a run that exists is
described to whoever resumes it, and an artifact whose content is known is not asked for again. An operation it does not
know is answered with nothing and kept in `unknown`.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import unquote

from tests.lab.wandb_artifacts import WandbArtifacts
from tests.lab.wandb_environment import scrubbed_environment
from tests.lab.wandb_log import WandbRun

ENTITY = "someone"
KEY = "0123456789" * 4  # of the form of a key, and accepted
Values = dict[str, Any]


class WandbServer:
    """Used as a context manager; point ``WANDB_BASE_URL`` at `url`.

    Parameters
    ----------
    refuses : answer every request as a server does to a key it does not know.

    Attributes
    ----------
    runs : what arrived, by run id.
    saved_reports : what reports were saved, as they were sent.
    files : what was uploaded with runs, by run id and name.
    unknown : requests that it has no answer for.
    """

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.runs: dict[str, WandbRun] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.saved_reports: list[Values] = []
        self.unknown: list[str] = []
        self.artifacts = WandbArtifacts()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"received": self})
        self._http = _QuietServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def stream(self, run_id: str, message: Values) -> None:
        """Take a piece of history and summary, or the end of a run."""
        with self._lock:
            run = self.runs[run_id]
            files = message.get("files") or {}
            if history := files.get("wandb-history.jsonl"):
                rows = [json.loads(line) for line in history["content"]]
                run.history[history["offset"] : history["offset"] + len(rows)] = rows
            if summary := files.get("wandb-summary.json"):
                run.summary = json.loads(summary["content"][-1])
            if message.get("complete"):
                run.exit_code = message["exitcode"]

    def upload(self, path: str, content: bytes) -> None:
        """Take a file, at the address it was asked to be sent to."""
        _, owner, identity, name = unquote(path).split("/", 3)
        with self._lock:
            if owner == "run":
                self.files[identity, name] = content
            else:
                self.artifacts.upload(identity, name, content)

    def answer(self, operation: str, variables: Values) -> Values:
        """Data for a GraphQL operation."""
        answers: dict[str, Callable[[Values], Values]] = {
            "Viewer": self._viewer,
            "RunResumeStatus": self._resume_status,
            "UpsertBucket": self._upsert,
            "CreateRunFiles": self._upload_addresses,
            "OrganizationCoreWeaveOrganizationID": lambda _: {"entity": {"organization": None}},
            "RunStoppedStatus": lambda _: {"project": {"run": {"stopped": False}}},
            "upsertView": self._save_report,
            "ProjectInternalId": lambda _: {"project": {"id": "1", "internalId": "1"}},
            "GetProjects": self._projects,
            **self.artifacts.answers(self.url, self.runs),
        }
        with self._lock:
            if operation in answers:
                return answers[operation](variables)
            self.unknown.append(operation)
            return {}

    def _viewer(self, _: Values) -> Values:
        return {"viewer": {"id": "1", "entity": ENTITY, "username": ENTITY, "flags": "{}", "teams": {"edges": []}}}

    def _resume_status(self, variables: Values) -> Values:
        run = self.runs.get(variables["name"])
        return {"model": {**_project(variables), "bucket": run and _bucket(run)}}

    def _upsert(self, variables: Values) -> Values:
        run_id = variables["name"]
        is_new = run_id not in self.runs
        run = self.runs.setdefault(run_id, WandbRun(run_id, variables["project"], ENTITY))
        run.name = variables["displayName"] or run.name
        run.group = variables["groupName"] or run.group
        run.job_type = variables["jobType"] or run.job_type
        run.tags = tuple(variables["tags"] or run.tags)
        run.notes = variables["notes"] or run.notes
        run.config |= {name: entry["value"] for name, entry in json.loads(variables["config"] or "{}").items()}
        run.step_metrics = _step_metrics(run.config.pop("_wandb", {})) or run.step_metrics
        bucket = _bucket(run) | {"description": None, "sweepName": None, "project": _project(variables)}
        return {"upsertBucket": {"bucket": bucket, "inserted": is_new}}

    def _projects(self, _: Values) -> Values:
        blank = {"__typename": "Project", "createdAt": "2026-01-01T00:00:00Z", "isBenchmark": False, "user": None}
        names = sorted({run.project for run in self.runs.values()})
        nodes = [_project({"project": name}) | {"entityName": ENTITY} | blank for name in names]
        page = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}
        return {"models": {"edges": [{"cursor": "", "node": node} for node in nodes], "pageInfo": page}}

    def _save_report(self, variables: Values) -> Values:
        self.saved_reports.append(variables)
        project = _project({"project": variables["projectName"]}) | {"entityName": variables["entityName"]}
        kept = {name: variables[name] for name in ("name", "displayName", "description", "spec", "type")}
        view = {"id": "VmlldzoxMjM=", "project": project, "updatedAt": None, **kept}
        return {"upsertView": {"view": view, "inserted": True}}

    def _upload_addresses(self, variables: Values) -> Values:
        files = [
            {"name": name, "uploadUrl": f"{self.url}/run/{variables['run']}/{name}"} for name in variables["files"]
        ]
        return {"createRunFiles": {"runID": variables["run"], "uploadHeaders": [], "files": files}}


def synced(command: str, home: Path) -> WandbRun:
    """The only run that a server receives when a person types ``command``, a ``wandb sync`` with absolute paths."""
    with WandbServer() as server:
        sync(command, home, server)
    [run] = server.runs.values()
    return run


def sync(command: str, home: Path, server: WandbServer) -> None:
    """Type ``command``, a ``wandb sync`` with absolute paths, where ``server`` is the server."""
    program = Path(sys.executable).with_name("wandb")
    words = [str(program), *shlex.split(command)[1:]]
    environment = scrubbed_environment(home, WANDB_API_KEY=KEY, WANDB_BASE_URL=server.url)
    subprocess.run(
        words, env=environment, cwd=home, check=True, timeout=600, capture_output=True, stdin=subprocess.DEVNULL
    )


def _project(variables: Values) -> Values:
    return {"id": "1", "name": variables["project"], "entity": {"id": "1", "name": ENTITY}}


def _bucket(run: WandbRun) -> Values:
    return {
        "id": base64.b64encode(run.run_id.encode()).decode(),
        "name": run.run_id,
        "displayName": run.name or run.run_id,
        "notes": None,
        "tags": list(run.tags),
        "config": json.dumps({name: {"value": value} for name, value in run.config.items()}),
        "wandbConfig": json.dumps({"t": 1}),
        "summaryMetrics": json.dumps(run.summary),
        "historyLineCount": len(run.history),
        "historyTail": json.dumps([json.dumps(row) for row in run.history[-1:]]),
        "eventsLineCount": 0,
        "eventsTail": "[]",
        "logLineCount": 0,
    }


def _step_metrics(wandb_config: Values) -> dict[str, str]:
    """X axes out of the metric definitions, whose fields go by number: 1 name, 2 pattern, 5 the x axis' place + 1."""
    definitions = wandb_config.get("m", [])
    return {
        definition.get("1") or definition["2"]: definitions[definition["5"] - 1]["1"]
        for definition in definitions
        if "5" in definition
    }


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle of a request is no fault of the server's."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received: ClassVar[WandbServer]

    def do_GET(self) -> None:
        self._reply({})

    def do_PUT(self) -> None:
        self.received.upload(self.path, self._body())
        self._reply({})

    def do_POST(self) -> None:
        body = self._body()
        if self.received.refuses:
            self._reply({"errors": [{"message": "user is not logged in"}]}, status=401)
        elif self.path == "/graphql":
            query = json.loads(body)
            operation = query.get("operationName") or re.findall(r"(?:query|mutation)\s+(\w+)", query["query"])[0]
            self._reply({"data": self.received.answer(operation, query.get("variables") or {})})
        elif match := re.fullmatch(r"/files/[^/]+/[^/]+/([^/]+)/file_stream", self.path):
            self.received.stream(match[1], json.loads(body))
            self._reply({"exitcode": None, "limits": {}})
        else:
            self.received.unknown.append(f"POST {self.path}")
            self._reply({}, status=404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _reply(self, values: Values, status: int = 200) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
