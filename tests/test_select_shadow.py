"""The script select.py has the name of a module of the standard library; these programs must not notice."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
has_trap = pytest.mark.skipif(
    "select" in sys.builtin_module_names, reason="this Python has select built in and never meets our file"
)


def python(*arguments: str | Path, folder: Path = ROOT, **environment: str) -> str:
    """Run Python in ``folder`` and give its output; its errors and warnings fail the test."""
    result = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.strip()


@has_trap
def test_this_python_meets_our_file() -> None:
    assert python("-c", "import select; print(select.__file__)") == str(ROOT / "select.py")


def test_the_shadow_is_the_standard_module() -> None:
    program = """
    import asyncio, select, selectors, socket, subprocess, sys
    assert not {"hydra", "ltd", "omegaconf"} & set(sys.modules)

    left, right = socket.socketpair()
    with left, right:
        left.send(b"x")
        assert select.select([right], [], [], 5)[0] == [right]
        poll = select.poll()
        poll.register(right, select.POLLIN)
        assert poll.poll(5000) == [(right.fileno(), select.POLLIN)]
    assert selectors.DefaultSelector is not selectors.SelectSelector
    assert subprocess.run(["echo", "ok"], capture_output=True).stdout == b"ok\\n"

    async def sleep():
        await asyncio.sleep(0)
        return "awake"

    print(asyncio.run(sleep()))
    """
    assert python("-c", textwrap.dedent(program)) == "awake"


def test_the_shadow_has_every_public_name() -> None:
    """The compiled module's names as seen from a folder without our file."""
    names = "import select; print(*sorted(name for name in dir(select) if not name.startswith('_')))"
    standard = set(python("-c", names, folder=ROOT / "tests").split())
    assert standard >= {"select", "error"}
    assert standard <= set(python("-c", names).split())


def test_threads_may_import_it_at_the_same_moment() -> None:
    program = """
    import threading
    barrier = threading.Barrier(8)
    polls = []

    def load():
        barrier.wait()
        import select
        polls.append(select.poll)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(len(polls), len(set(polls)))
    """
    assert python("-c", textwrap.dedent(program)) == "8 1"


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_may_be_started_from_the_root(method: str) -> None:
    program = f"""
    import multiprocessing
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        print(pool.map(abs, [-1, -2]))
    """
    assert python("-c", textwrap.dedent(program)) == "[1, 2]"


@pytest.mark.slow  # torch is imported three times
def test_data_loader_workers_may_be_spawned_from_the_root() -> None:
    program = """
    from torch.utils.data import DataLoader
    loader = DataLoader(range(4), batch_size=2, num_workers=2, multiprocessing_context="spawn")
    print([batch.tolist() for batch in loader])
    """
    assert python("-c", textwrap.dedent(program), OMP_NUM_THREADS="1") == "[[0, 1], [2, 3]]"


@pytest.mark.parametrize("arguments", [["json.tool", "--help"], ["pytest", "--version"], ["http.server", "--help"]])
def test_modules_run_from_the_root(arguments: list[str]) -> None:
    assert python("-m", *arguments)


@has_trap
def test_two_checkouts_do_not_look_for_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "select.py").write_text((ROOT / "select.py").read_text())
    path = os.pathsep.join(str(tmp_path / name) for name in ("one", "two"))
    output = python("-c", "import select; print(select.__file__, select.poll)", folder=tmp_path, PYTHONPATH=path)
    assert output == f"{tmp_path / 'one' / 'select.py'} <built-in function poll>"


def test_a_folder_of_that_name_is_passed_over(tmp_path: Path) -> None:
    """As ``outputs/select`` is, for a program started in ``outputs``."""
    (tmp_path / "select").mkdir()
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    assert python("-c", "import select; print(select.poll)", folder=tmp_path, PYTHONPATH=path)


def test_elsewhere_it_is_not_even_seen(tmp_path: Path) -> None:
    """An installation lists the package `ltd` and not the folder it lies in, so other programs never meet our file."""
    output = python(
        "-c", "import select, sys; print(select.__spec__.origin)\nfor entry in sys.path: print(entry)", folder=tmp_path
    )
    assert str(ROOT / "select.py") not in output.splitlines()
    assert str(ROOT) not in output.splitlines()


@has_trap
def test_a_missing_compiled_module_is_said() -> None:
    program = "import sys; sys.path[:] = [entry for entry in sys.path if 'lib-dynload' not in entry]; import select"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    error = "ImportError: the standard library's compiled 'select' is nowhere on sys.path"
    assert result.stderr.splitlines()[-1] == error
