"""Progress without a terminal: the end is always said, and what goes on is said from time to time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ltd import console
from ltd.console import progress_bar


def test_a_log_has_the_last_report_and_few_others(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "ltd"), progress_bar("embed") as bar:
        for done in range(1, 101):
            bar(done, 100)
    assert [record.getMessage().strip() for record in caplog.records] == ["embed: 100 of 100"]


def test_a_long_stage_is_heard_from(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "SECONDS_BETWEEN_LINES", -1.0)
    with caplog.at_level("INFO", "ltd"), progress_bar("fine-tune") as bar:
        bar(1, 3, "loss 2.000")
    assert caplog.messages == ["fine-tune: 1 of 3  loss 2.000"]


def test_a_terminal_gets_a_bar_and_the_log_nothing(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with caplog.at_level("INFO", "ltd"), progress_bar("fine-tune") as bar:
        bar(2, 3, "loss 2.000")
        bar(3, 3, "loss 1.000")
    assert caplog.messages == []
    shown = capsys.readouterr().err
    assert "fine-tune" in shown
    assert "3/3" in shown


def test_the_pace_is_told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: 100.0)
    monkeypatch.setattr(console, "time", clock)
    with caplog.at_level("INFO", "ltd"), progress_bar("rank rte", "questions") as bar:
        clock.monotonic = lambda: 104.0
        bar(10, 10)
    assert caplog.messages == ["rank rte: 10 of 10  2.5 questions/s"]
