"""The ledger: verdicts follow from the runs and the paper's counts, and what is not tested says how it would be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ltd.report.arms import Arm, read_runs
from ltd.report.baseline import baseline_arms
from ltd.report.claim_list import CLAIMS, holm_of_claims
from ltd.report.claims import Finding, _lead, claims, findings, write_claims
from ltd.report.results_table import CAPPED

Write = Callable[..., Path]
TASKS = {"fragments_two_way": 40, "fragments_embedded": 30}
EVERYTHING = {"_target_": "ltd.pool.fragments.Fragments", "name": "fragments", "related": ["*"]}
N = sum(TASKS.values())


def answers(share: float, seed: int) -> list[bool]:
    """Right on the same share of questions whatever the seed, but for two of them."""
    right = np.arange(N) % 10 < 10 * share
    right[[seed, 40 + seed]] = True
    return right.tolist()


def write_rows(write: Write, **shares: float) -> None:
    """Three seeds of the paper's rows, by what share of the questions each gets right."""
    rows = {
        "coreset": {"sampler": "kcenter"},
        "random": {"sampler": "random"},
        "related": {"sampler": "all", "fraction": 1.0},
        "p3": {"sampler": "all", "fraction": 1.0, "pool": EVERYTHING},
        "fixed": {"sampler": "all", "fraction": 1.0, "pool": EVERYTHING, "mode": "fixed"},
        "topk": {"sampler": "topk"},
        "one": {"sampler": "kcenter", "mode": "fixed"},
    }
    for name, share in shares.items():
        for seed in (0, 1, 2):
            write(answers(share, seed), seed=seed, tasks=TASKS, **rows[name])


def verdicts(arms: tuple[Arm, ...]) -> dict[str, str]:
    return {one.claim.id: one.verdict for one in findings(arms, baseline_arms(arms, "sampler=random"))}


def test_verdicts_are_those_that_the_runs_were_made_for(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6, random=0.3, related=0.9, p3=0.3, fixed=0.6, topk=0.2, one=0.1)
    write(answers(0.1, 0), fraction=0.0, tasks=TASKS)
    assert verdicts(read_runs([tmp_path]).arms) == {
        "C1": "contradicted",  # 0.6 against 0.9
        "C2": "supported",
        "C3": "supported",
        "C4": "supported",
        "C5": "supported",
        "D1": "supported",
        "RQ1": "supported",
        "RQ2": "supported",
        "RQ3": "supported",
        "RQ4": "contradicted",
    }


def comparison_of(low: float, high: float, margin: float = 0.02, conditional: bool = False) -> Any:
    not_worse = "yes" if low >= -margin else "no" if high < -margin else "undecidable"
    return SimpleNamespace(
        interval=(low, high), margin=margin, conditional=conditional, not_worse=lambda margin=None: not_worse
    )


@pytest.mark.parametrize(
    ("claim", "interval", "margin", "verdict", "tone"),
    [
        ("D1", (0.001, 0.05), 0.02, "supported", "good"),
        ("D1", (-0.05, -0.001), 0.02, "contradicted", "bad"),
        ("D1", (-0.001, 0.0185), 0.02, "no gain above 1.9 points", "plain"),
        ("D1", (-0.05, 0.0185), 0.02, "no gain above 1.9 points", "plain"),
        ("D1", (-0.001, 0.0185), 0.01, "undecidable at this power", "unsure"),
        ("D1", (-0.001, 0.021), 0.02, "undecidable at this power", "unsure"),
        ("C1", (0.021, 0.05), 0.02, "supported", "good"),
        ("C1", (0.001, 0.05), 0.02, "undecidable at this power", "unsure"),
        ("C1", (-0.001, 0.019), 0.02, "contradicted", "bad"),
        ("C1", (0.001, 0.019), 0.02, "contradicted", "bad"),
        ("C1", (-0.01, 0.021), 0.05, "undecidable at this power", "unsure"),
        ("C4", (-0.019, 0.01), 0.02, "supported", "good"),
        ("C4", (-0.021, 0.01), 0.02, "undecidable at this power", "unsure"),
    ],
)
def test_an_interval_says_no_more_than_it_shows(
    claim: str, interval: tuple[float, float], margin: float, verdict: str, tone: str
) -> None:
    (stated,) = (one for one in CLAIMS if one.id == claim)
    arm: Any = SimpleNamespace(is_cut_short=False)
    found = Finding(stated, (arm, arm), comparison_of(*interval, margin))
    assert (found.verdict, found.tone) == (verdict, tone)
    of_one_seed = Finding(stated, (arm, arm), comparison_of(*interval, margin, conditional=True))
    assert of_one_seed.tone == "unsure"


def test_no_gain_is_told_apart_in_the_lead() -> None:
    arm: Any = SimpleNamespace(is_cut_short=False)
    found = [Finding(claim, (arm, arm), comparison_of(-0.001, 0.0185)) for claim in CLAIMS if claim.id in ("C1", "C2")]
    found += [Finding(claim) for claim in CLAIMS if claim.id == "C3"]
    by_hand = "C1 contradicted; C2 no gain above 1.9 points; C3 not tested here."
    assert _lead(found).endswith(by_hand)


def test_a_claimed_gain_is_what_is_tested(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6, related=0.5, p3=0.4)
    found = {one.claim.id: one for one in findings(read_runs([tmp_path]).arms, [])}
    alone = {name: holm_of_claims([(found[name].claim, found[name].comparison)])[0] for name in ("C1", "C2")}  # type: ignore[list-item]
    for name, by in (("C1", 0.02), ("C2", 0.0)):
        p = alone[name].adjusted_p_value
        assert min(abs(end - by) for end in alone[name].estimate.interval(p)) == pytest.approx(0, abs=1e-6), name
        assert alone[name].difference == pytest.approx(0.1 if name == "C1" else 0.2, abs=0.02)
    stated = json.loads(write_claims([*found.values()], tmp_path / "report").read_text())
    first = next(claim for claim in stated["claims"] if claim["id"] == "C1")
    assert first["by"] == 0.02
    assert first["ours"][0]["p_value"] == pytest.approx(alone["C1"].adjusted_p_value)


def test_the_margin_decides_what_is_no_gain(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.5, random=0.5)
    arms = read_runs([tmp_path]).arms
    random = baseline_arms(arms, "sampler=random")
    for margin, verdict in ((0.001, "undecidable"), (0.9, "no gain above")):
        found = findings(arms, random, margin)
        (decisive,) = (one for one in found if one.claim.id == "D1")
        assert decisive.verdict.startswith(verdict)
        assert json.loads(write_claims(found, tmp_path / "report", margin).read_text())["margin"] == margin
        assert f"held to {100 * margin:g} points" in claims(found, margin).tables[0].note.replace("\n", " ")


def test_a_model_is_set_against_itself_before_training(write: Write, tmp_path: Path) -> None:
    right = answers(0.2, 0)
    for seed in (0, 1, 2):
        write(answers(0.6, seed), before=right, seed=seed, tasks=TASKS, sampler="kcenter")
    arms = read_runs([tmp_path]).arms
    (found,) = (one for one in findings(arms, []) if one.claim.id == "C5")
    assert found.arms is not None and found.comparison is not None
    assert [arm.name for arm in found.arms] == ["kcenter", "tiny untrained"]
    assert found.arms[1].is_untrained
    by_task = [slice(0, 40), slice(40, 70)]
    before = np.mean([np.mean(right[part]) for part in by_task])
    after = np.mean([[np.mean(answers(0.6, seed)[part]) for part in by_task] for seed in (0, 1, 2)])
    assert found.comparison.difference == pytest.approx(after - before)
    write(answers(0.3, 0), fraction=0.0, tasks=TASKS)
    again = findings(read_runs([tmp_path]).arms, [])
    assert [arm.name for one in again if one.claim.id == "C5" and one.arms for arm in one.arms][1] == "vanilla"


def test_a_single_seed_supports_nothing_beyond_its_runs(write: Write, tmp_path: Path) -> None:
    for sampler, share in (("kcenter", 0.9), ("random", 0.2)):
        write(answers(share, 0), sampler=sampler, tasks=TASKS)
    arms = read_runs([tmp_path]).arms
    found = findings(arms, baseline_arms(arms, "sampler=random"))
    (decisive,) = (one for one in found if one.claim.id == "D1")
    assert (decisive.verdict, decisive.tone) == ("supported (of these runs)", "unsure")
    assert claims(found).lead.startswith(
        "Of 10 claims and questions, by these runs: C5, D1 and RQ1 supported (of these runs); C1"
    )
    stated = json.loads(write_claims(found, tmp_path / "report").read_text())
    assert stated["verdicts"]["D1"] == ["supported (of these runs)"]


@pytest.mark.parametrize(("seen", "verdict", "tone"), [(900, ", of a capped run", "unsure"), (1000, "", "good")])
def test_data_that_was_not_seen_supports_nothing_of_all_of_it(
    write: Write, tmp_path: Path, seen: int, verdict: str, tone: str
) -> None:
    training = {"training": {"tokens": 9, "examples": seen, "capped": True}}
    write_rows(write, coreset=0.6)
    for seed in (0, 1, 2):
        row = {"sampler": "all", "fraction": 1.0, "pool": EVERYTHING, "metrics": training}
        write(answers(0.3, seed), seed=seed, tasks=TASKS, **row)
    found = findings(read_runs([tmp_path]).arms, [])
    (one,) = (one for one in found if one.claim.id == "C2")
    assert (one.verdict, one.tone) == (f"supported{verdict}", tone)
    contrast = next(row[3].text for row in claims(found).tables[0].rows if row[0].text == "C2")
    assert contrast == f"kcenter against whole pool{CAPPED.sign * bool(verdict)}"


def test_what_no_run_bears_on_has_a_command(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6, random=0.3)
    arms = read_runs([tmp_path]).arms
    found = findings(arms, baseline_arms(arms, "sampler=random"))
    tested = [one.claim.id for one in found if one.comparison is not None]
    assert tested == ["C5", "D1", "RQ1"]  # each run keeps what its model answered before
    table, _ = claims(found).tables
    cells = {row[0].text: (row[2].text, row[3].text) for row in table.rows}
    command = "`python train.py -m experiment=paper/nli_coreset,paper/nli_related seed=0,1,2`"
    assert cells["C1"] == ("not tested here", command)
    assert cells["D1"] == ("supported", "kcenter against random")
    assert claims(found).lead.startswith("Of 10 claims and questions, by these runs: C5, D1 and RQ1 supported; C1, C2,")


def test_the_papers_own_counts_are_judged(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6)
    section = claims(findings(read_runs([tmp_path]).arms, []))
    table = section.tables[1]
    by_claim = {row[0].text: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    first = by_claim["C1"]
    assert first["the paper's averages (%)"].text == "56.64 - 62.95"
    assert first["difference (points)"].value == pytest.approx(-6.3155, abs=1e-3)
    assert (first["by its own counts"].text, first["by its own counts"].tone) == ("contradicted", "bad")
    assert (by_claim["C2"]["p"].text, by_claim["C2"]["by its own counts"].text) == (
        "0.19",
        "not shown by its averages, only pooled",
    )
    assert by_claim["D1"]["by its own counts"].text == "no numbers published"
    assert "contradict each other" in section.notes[0]


def test_holm_corrects_within_the_family(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6, random=0.5, related=0.7, p3=0.5)
    arms = read_runs([tmp_path]).arms
    found = {one.claim.id: one.comparison for one in findings(arms, baseline_arms(arms, "sampler=random"))}
    family = [found[name] for name in ("C1", "C2", "C3")]
    smallest = min(one.p_value for one in family if one)
    assert min(one.adjusted_p_value for one in family if one) == pytest.approx(min(1.0, 3 * smallest))
    decisive = found["D1"]  # planned, and alone
    assert decisive is not None
    assert decisive.adjusted_p_value == pytest.approx(decisive.p_value)


def test_the_json_has_every_number_and_run(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6, random=0.3)
    arms = read_runs([tmp_path]).arms
    found = findings(arms, baseline_arms(arms, "sampler=random"))
    stated = json.loads(write_claims(found, tmp_path / "report").read_text())
    assert stated["verdicts"]["D1"] == ["supported"]
    assert stated["verdicts"]["C1"] == ["not tested here"]
    by_id = {claim["id"]: claim for claim in stated["claims"]}
    assert by_id["C2"]["paper"]["rows"][0]["right"] == [207, 41, 496, 419, 525]
    assert by_id["D1"]["paper"] is None
    (ours,) = by_id["D1"]["ours"]
    assert ours["difference"] == pytest.approx(0.3, abs=0.02)
    assert ours["interval"][0] < ours["difference"] < ours["interval"][1]
    assert ours["seeds"] == [0, 1, 2]
    assert [len(runs) for runs in ours["runs"]] == [3, 3]
    assert all((tmp_path / "report" / run / "metrics.json").exists() for runs in ours["runs"] for run in runs)


def test_arms_of_other_settings_are_not_set_against_each_other(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6)
    for seed in (0, 1, 2):
        write(answers(0.3, seed), seed=seed, tasks=TASKS, sampler="random", trainer={"epochs": 9.0})
    assert verdicts(read_runs([tmp_path]).arms)["D1"] == "not tested here"


def test_more_instructions_are_set_against_the_fewest(write: Write, tmp_path: Path) -> None:
    target = "ltd.instruction_mode.few.Few"
    for k, share in ((1, 0.3), (2, 0.3), (4, 0.8)):
        for seed in (0, 1, 2):
            option = {"_target_": target, "k": k, "per_example": "one"}
            write(answers(share, seed), seed=seed, tasks=TASKS, instruction_mode=option)
    arms = read_runs([tmp_path]).arms
    found = [one for one in findings(arms, []) if one.claim.id == "RQ2" and one.arms is not None]
    assert [[arm.name for arm in one.arms] for one in found if one.arms] == [
        ["random k=2", "random k=1"],
        ["random k=4", "random k=1"],
    ]
    assert [one.verdict for one in found] == ["undecidable at this power", "supported"]


def test_modes_that_show_examples_another_number_of_times_are_not_compared(write: Write, tmp_path: Path) -> None:
    for mode, often in (("fixed", "one"), ("multi", "all")):
        option = {"_target_": f"ltd.instruction_mode.{mode}.{mode.title()}", "name": mode, "per_example": often}
        write(answers(0.5, 0), tasks=TASKS, instruction_mode=option)
    assert verdicts(read_runs([tmp_path]).arms)["RQ4"] == "not tested here"


def test_the_decisive_contrast_is_with_chance_whatever_the_baseline(write: Write, tmp_path: Path) -> None:
    write_rows(write, coreset=0.6, random=0.3, topk=0.5)
    arms = read_runs([tmp_path]).arms
    for baseline in ("sampler=random", "sampler=topk", "sampler=kcenter"):
        found = findings(arms, baseline_arms(arms, baseline))
        (decisive,) = [one for one in found if one.claim.id == "D1"]
        assert decisive.arms is not None
        assert [arm.name for arm in decisive.arms] == ["kcenter", "random"]
