"""The margin below which a difference is none: the command takes it, and every verdict goes by it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ltd.report.__main__ import main
from tests.report.test_build import Write, write_two


def test_a_margin_goes_through_to_every_verdict(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_two(write, 0.5, 0.5)
    out = tmp_path / "report"
    said = {}
    for margin in ("0.5", "90"):
        assert main([str(tmp_path), "--out", str(out), "--margin", margin]) == 0
        assert f"margin    {margin} points" in capsys.readouterr().out
        stated = json.loads((out / "claims.json").read_text())
        assert stated["margin"] == pytest.approx(float(margin) / 100)
        with open(out / "tables" / "comparisons.csv", newline="") as file:
            (row,) = csv.DictReader(file)
        with open(out / "tables" / "sensitivity.csv", newline="") as file:
            reported = next(csv.DictReader(file))["as reported, mark"]
        assert f"seeds for {margin} points" in row
        said[margin] = (row["verdict"].split(" ")[0], stated["verdicts"]["D1"][0].split(" ")[0], reported)
    assert said["0.5"] == ("undecidable", "undecidable", "undecidable")
    assert said["90"] == ("no", "no", "no difference")


@pytest.mark.parametrize("words", ["0", "-1", "two", "nan", "inf", "100"])
def test_a_margin_that_is_none_is_one_line(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "report"), "--margin", words]) == 2
    error = capsys.readouterr().err
    assert error == f"error: a margin is a number of points above 0 and below 100, such as 2, not '{words}'\n"
    assert not (tmp_path / "report").exists()
