"""Real processes that Lightning starts and connects: what is asked arrives, and none is left when another one fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ltd.process_group import ProcessGroup

ROOT = Path(__file__).resolve().parents[1]

PROGRAM = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from ltd.errors import DataError, LtdError
from ltd.process_group import ProcessGoneError, ProcessGroup

group = ProcessGroup("cpu", 2, 1, lambda: print("called", flush=True))
if "LOCAL_RANK" in os.environ:
    try:
        with group:
            while (request := group.asked()) is not None:
                if request == "die":
                    os.kill(os.getpid(), signal.SIGKILL)
                group.collect(DataError("seven") if request == "fail" else (request, group.share("abcdef", [1] * 6)))
    except ProcessGoneError:
        print("left alone", flush=True)
    else:
        print("let go", flush=True)
else:
    try:
        with group:
            for request in sys.argv[1:]:
                group.ask(request)
                if request == "leave":
                    raise LtdError("enough")
                print(group.collect((request, group.share("abcdef", [1] * 6))), flush=True)
    except LtdError as error:
        print(type(error).__name__, error, flush=True)
        sys.stdout.flush()
        os._exit(2)  # before the thread of Lightning's that ends all processes when one was killed
"""


def said(folder: Path, *requests: str) -> list[str]:
    """What all processes have said when the last of them has ended: it holds their common output."""
    program = folder / "program.py"  # a file, not -c: the second process runs the same program
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, program, *requests], capture_output=True, text=True, timeout=600, check=False
    )
    assert "Traceback" not in done.stderr
    return sorted(done.stdout.splitlines())


def test_nothing_is_started_for_one_device_or_without_a_request() -> None:
    assert ProcessGroup.of({}, pytest.fail) is None
    assert ProcessGroup.of({"accelerator": "cpu", "devices": 1, "num_nodes": 1}, pytest.fail) is None
    with ProcessGroup("cpu", 2, 1, pytest.fail) as group:
        assert group.devices == 2


@pytest.mark.slow
def test_what_is_asked_is_answered_by_all_in_their_order(tmp_path: Path) -> None:
    assert said(tmp_path, "one", "two") == [
        "[('one', 'abc'), ('one', 'def')]",
        "[('two', 'abc'), ('two', 'def')]",
        "called",
        "let go",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_", "first", "last"),
    [
        ("fail", "DataError seven", "left alone"),
        ("die", "ProcessGoneError another of the 2 processes of this run has ended", None),
        ("leave", "LtdError enough", "left alone"),
    ],
)
def test_if_one_ends_so_does_the_other(tmp_path: Path, request_: str, first: str, last: str | None) -> None:
    lines = said(tmp_path, request_)
    assert lines[0].startswith(first)
    assert lines[1:] == ["called", *([] if last is None else [last])]


@pytest.mark.parametrize(("local_rank", "last"), [("1", "started"), ("0", "survived")])
def test_what_lightning_has_started_does_not_outlive_it(tmp_path: Path, local_rank: str, last: str) -> None:
    """Whatever it does meanwhile: here it sleeps, and holds the output that this test reads to its end."""
    seconds = 3 if last == "survived" else 600
    child = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from ltd.process_group import end_with_launcher
end_with_launcher()
print("started", flush=True)
Path("started").touch()
time.sleep({seconds})
print("survived", flush=True)
"""
    launcher = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1]])
while not os.path.exists("started"):
    time.sleep(0.1)
os._exit(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", launcher, child],
        cwd=tmp_path,
        env=os.environ | {"LOCAL_RANK": local_rank},
        capture_output=True,
        text=True,
        timeout=500,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == last
