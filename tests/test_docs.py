"""Every command that the documentation shows: it composes, or its program has the options it is given."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from ltd import settings
from ltd.command import globbed_in_folders
from ltd.settings import check, resolved

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RECIPES = sorted(CONF.glob("experiment/**/*.yaml"))
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(python|make) (.+)")
DATA = pytest.mark.skipif("LTD_DATA" not in os.environ, reason="LTD_DATA does not point at real data")


def lines_of_code(text: str) -> Iterator[str]:
    """The lines of shell blocks, continued ones joined, and all that stands between single backquotes in the prose."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for block in blocks:
        yield from block.replace("\\\n", " ").splitlines()
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))


def commands() -> Iterator[tuple[str, str, list[str]]]:
    """Where a command stands, its program, and its words."""
    for file in [*PAGES, *RECIPES]:
        text = file.read_text()
        lines = lines_of_code(text) if file in PAGES else (line.lstrip("# ") for line in text.splitlines())
        for line in lines:
            found = COMMAND.match(re.split(r"\s{2,}#|\s[|&>]\s", line.strip())[0])
            if found:
                yield file.relative_to(ROOT).as_posix(), found[1], shlex.split(re.sub(r"<[^>]*>", "run", found[2]))


COMMANDS = list(dict.fromkeys((place, program, tuple(words)) for place, program, words in commands()))
# What `docs/extending.md` adds lies in a folder of the reader's; test_extending_page.py runs it.
SCRIPTS = [
    (place, words)
    for place, _, words in COMMANDS
    if re.fullmatch(r"(train|select|evaluate)\.py", words[0]) and "--config-dir" not in words
]
MODULES = [(place, words) for place, _, words in COMMANDS if words[:1] == ("-m",) and words[1].startswith("ltd.")]
PROGRAMS = [(place, words) for place, _, words in COMMANDS if words[0].startswith("benchmarks/")]


def test_the_documentation_has_commands_of_every_kind() -> None:
    assert len(SCRIPTS) > 40
    assert {words[1] for _, words in MODULES} >= {"ltd.runs", "ltd.compare", "ltd.report"}
    assert PROGRAMS


def first_values(words: tuple[str, ...]) -> list[str]:
    """The overrides of the first run of a command, which may be a sweep and may offer values as ``a|b``."""
    overrides = []
    for word in words:
        if word in ("-m", "--multirun", "...") or word.startswith("+local"):
            continue
        key, _, value = globbed_in_folders(word, CONF).partition("=")
        if value.startswith("glob("):
            group = CONF / key.lstrip("+")
            value = next(file.stem for file in sorted(group.glob(f"{value[5:-1]}.yaml")))
        if interval := re.search(r"interval\((.+?),", value):  # a range that Optuna searches
            value = interval[1]
        if not value.startswith(("[", "{")):
            value = re.split(r"[,|]", value)[0]
        overrides.append(f"{key}={value}".replace("...", "1"))
    return overrides


@pytest.mark.parametrize(("place", "words"), SCRIPTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_scripts_settings_compose_and_are_in_range(
    place: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LTD_DATA", os.environ.get("LTD_DATA", "/nowhere"))
    settings.register()
    arguments = [word for word in words[1:] if not word.startswith("--")]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        check(resolved(compose(words[0].removesuffix(".py"), first_values(tuple(arguments)))))


@pytest.mark.parametrize(("place", "words"), MODULES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_module_has_the_options_it_is_given(place: str, words: tuple[str, ...]) -> None:
    assert_options(["-m", words[1]], words[2:])


@pytest.mark.parametrize(("place", "words"), PROGRAMS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_benchmark_has_the_options_it_is_given(place: str, words: tuple[str, ...]) -> None:
    source = (ROOT / words[0]).read_text()
    assert all(f'"{word.partition("=")[0]}"' in source for word in words if word.startswith("--"))


def assert_options(program: list[str], words: tuple[str, ...]) -> None:
    options = set(re.findall(r"--[\w-]+|(?<=\s)-\w\b", help_of(*program)))
    assert {word.partition("=")[0] for word in words if word.startswith("-")} <= options


@cache
def help_of(*program: str) -> str:
    command = [sys.executable, *program, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_targets_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words[0] for _, program, words in COMMANDS if program == "make"}
    assert named
    assert named <= targets
