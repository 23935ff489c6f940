"""The style is the project's own, in force only while a figure is drawn."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest

from ltd.plots.style import CATEGORIES, START, figure, log_axis, save, shortened


def test_a_users_style_is_neither_used_nor_changed() -> None:
    with mpl.rc_context({"font.size": 31, "axes.spines.top": True}):
        with figure(3, 2):
            assert (mpl.rcParams["font.size"], mpl.rcParams["axes.spines.top"]) == (8, False)
        assert (mpl.rcParams["font.size"], mpl.rcParams["axes.spines.top"]) == (31, True)


@pytest.mark.parametrize(
    ("high", "numbers"), [(2656, ["1", "10", "100", "1,000"]), (60, ["1", "2", "5", "10", "20", "50"])]
)
def test_a_log_axis_is_written_out(high: int, numbers: list[str]) -> None:
    with figure(3, 2) as empty:
        axes = empty.subplots()
        log_axis(axes, 1, high)
        empty.draw_without_rendering()
        shown = [tick.label1.get_text() for tick in axes.xaxis.get_major_ticks() if 1 <= tick.get_loc() <= high]
    assert shown == numbers


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_a_file_holds_neither_time_nor_version(tmp_path: Path, kind: str, magic: bytes) -> None:
    with figure(2, 1) as empty:
        empty.subplots().set_title("words")
        save(empty, tmp_path / f"one.{kind}")
        save(empty, tmp_path / f"two.{kind}")
    content = (tmp_path / f"one.{kind}").read_bytes()
    assert content == (tmp_path / f"two.{kind}").read_bytes()
    assert content.startswith(magic)
    content = content.replace(b"matplotlib.axis", b"")  # what SVG calls an axis
    assert not any(word in content for word in (b"Matplotlib", b"matplotlib", b"CreationDate", b"Software"))


def test_texts_become_ticks() -> None:
    assert shortened("a\n  long text", 7) == "a long…"
    assert shortened("$5") == r"\$5"


def test_colours_differ() -> None:
    assert len({*CATEGORIES, START}) == 8
