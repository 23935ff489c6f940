"""From folders of runs to the report: every section, and before them a summary in a few plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ltd.progress import Progress, silent
from ltd.report.arms import Arm, read_runs
from ltd.report.baseline import Compared, at_equal_budget, baseline_arms, compare_with_baseline, verdict_words
from ltd.report.claim_list import BY_CHANCE
from ltd.report.claims import Finding, claims, findings
from ltd.report.comparisons import comparisons, detectable_range
from ltd.report.content import Report, Section
from ltd.report.costs import costs
from ltd.report.efficiency import efficiency
from ltd.report.integrity import integrity
from ltd.report.paper import paper_contrast
from ltd.report.results_table import constant_tasks, results
from ltd.report.selections import selections
from ltd.report.sensitivity import Contrast, sensitivity
from ltd.report.wording import counted, joined, points
from ltd.statistics.comparison import MARGIN, Verdict

BASELINE = "sampler=random"

TITLE = "Is choosing better than chance?"


@dataclass(frozen=True)
class Built:
    """A report, and the findings that ``claims.json`` is written from.

    Attributes
    ----------
    margin : differences below it did not matter, as a share of questions.
    """

    report: Report
    findings: Sequence[Finding]
    margin: float


def report(places: Iterable[Path], baseline: str = BASELINE, progress: Progress = silent) -> Report:
    """The report of all finished runs below ``places``; see `build`."""
    return build(places, baseline, progress).report


def build(
    places: Iterable[Path], baseline: str = BASELINE, progress: Progress = silent, margin: float = MARGIN
) -> Built:
    """The report of all finished runs below ``places``.

    Parameters
    ----------
    baseline : what the others are compared with, as a setting and its value.
    margin : differences below it do not matter, as a share of questions.

    Raises
    ------
    DataError
        If there is no finished run.
    SettingsError
        If the baseline is no setting and value, or one that no run has.
    """
    found = read_runs(places)
    arms = found.arms
    chosen = baseline_arms(arms, baseline)
    compared = compare_with_baseline(arms, baseline, margin)
    tested = findings(arms, chosen, margin)
    makers: tuple[Callable[[], Section], ...] = (
        lambda: results(arms, [(one.arm, one.baseline) for one in compared]),
        lambda: efficiency(arms, baseline),
        lambda: comparisons(arms, baseline, margin),
        lambda: claims(tested, margin),
        lambda: sensitivity(_families(compared, tested), margin),
        lambda: costs(arms, chosen),
        lambda: selections(arms),
        lambda: integrity(found),
    )
    sections = []
    for done, make in enumerate(makers):
        progress(done, len(makers))
        sections.append(make())
    progress(len(makers), len(makers))
    made = f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by ltd {version('ltd')} from {_of_runs(arms)}."
    return Built(Report(TITLE, made, _summary(arms, compared, tested, baseline), sections), tested, margin)


def _families(compared: Sequence[Compared], tested: Sequence[Finding]) -> list[list[Contrast]]:
    """Contrasts as their verdicts are reported, corrected together: beside the baseline, then each family of claims."""
    families: dict[str, list[Contrast]] = {"baseline": [(None, (one.arm, one.baseline)) for one in compared]}
    for one in tested:
        if one.arms is not None:
            families.setdefault(one.claim.family, []).append((one.claim, one.arms))
    return [*families.values()]


def _of_runs(arms: Sequence[Arm]) -> str:
    return f"{counted(sum(len(arm.runs) for arm in arms), 'run')} of {counted(len(arms), 'arm')}"


def _summary(
    arms: Sequence[Arm], compared: Sequence[Compared], tested: Sequence[Finding], baseline: str
) -> tuple[str, ...]:
    """What was compared, does choosing beat chance, by how much, what of the paper's claims; what cannot be told."""
    lines = (
        _what_was_compared(arms),
        _against_chance(compared, baseline),
        _the_paper(tested, len(compared)),
        _what_cannot_be_told(arms, compared),
    )
    return tuple(line for line in lines if line)


def _what_was_compared(arms: Sequence[Arm]) -> str:
    samplers = sorted({arm.sampler for arm in arms if arm.sampler not in (None, "all")}, key=str)
    budgets = dict.fromkeys(arm.budget_word for arm in sorted(arms, key=lambda arm: arm.examples) if arm.budget_word)
    seeds = sorted({len(arm.runs) for arm in arms if not arm.is_untrained})
    asked = {arm.runs[0].answers.key: (len(arm.runs[0].answers.questions), len(arm.tasks)) for arm in arms}
    questions = joined([f"{counted(n, 'question')} of {counted(k, 'task')}" for n, k in asked.values()], "or")
    models = sorted({arm.model for arm in arms})
    spread = f"{seeds[0]} to {seeds[-1]} seeds" if len(seeds) > 1 else counted(sum(seeds), "seed")
    chosen = f"what {joined([str(sampler) for sampler in samplers])} chose" if samplers else ""
    chosen += f" ({joined([*budgets])})" if samplers and budgets else ""
    everything = joined([arm.name for arm in arms if arm.sampler == "all"])
    were = "was" if sum(len(arm.runs) for arm in arms) == 1 else "were"
    words = f"{_of_runs(arms)} {were} compared: the model{'s' * (len(models) > 1)} {joined(models)}"
    if seeds:
        words += f", trained on {' and on '.join(filter(None, (chosen, everything)))}, with {spread} an arm"
    return f"{words}, and asked {questions}."


def _against_chance(compared: Sequence[Compared], baseline: str) -> str:
    key, _, value = baseline.partition("=")
    if not compared:
        if key != "sampler":
            return f"Nothing can be said against {baseline}: no arm differs from it in {key} alone."
        return f"Whether choosing beats {_chance(value)} cannot be told: no arm stands beside {value} at equal budget."
    words: dict[Verdict, str] = {
        "worse": "worse",
        "no difference": "without a difference that matters",
        "undecidable": "undecidable",
    }
    counts: Counter[Verdict] = Counter(one.comparison.verdict for one in compared)
    rest = [f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict]]
    lead = _who_is_better(compared, baseline) if counts["better"] else _nobody_is_better(compared, baseline)
    return f"{lead}; {joined(rest)}.{_single(compared)}" if rest else f"{lead}.{_single(compared)}"


def _chance(sampler: str) -> str:
    return "chance" if sampler in BY_CHANCE else sampler


def _who_is_better(compared: Sequence[Compared], baseline: str) -> str:
    better = [one for one in compared if one.comparison.verdict == "better"]
    best = max(better, key=lambda one: one.comparison.interval[0])
    low, high = best.comparison.interval
    which = "the one comparison" if len(compared) == 1 else f"{len(better)} of {len(compared)} comparisons"
    surely = "most surely" if len(better) > 1 else "that"
    by = f"{points(best.comparison.difference)} points ({points(low)} to {points(high)})"
    where = f"in {which}{at_equal_budget(baseline)}, {surely} of {best.arm.name}: {by}"
    return f"{_subject(baseline)} {where}"


def _nobody_is_better(compared: Sequence[Compared], baseline: str) -> str:
    least, most = (points(pick(one.comparison.difference for one in compared)) for pick in (min, max))
    which = "the one comparison" if len(compared) == 1 else f"any of {len(compared)} comparisons"
    span = least if least == most else f"{least} to {most}"
    shown = _subject(baseline).replace(" was ", " was not shown to be ")
    return f"{shown} in {which}{at_equal_budget(baseline)} ({span} points)"


def _subject(baseline: str) -> str:
    key, _, value = baseline.partition("=")
    if key != "sampler":
        return f"Against {baseline}, another was better"
    return f"{'Choosing' if value in BY_CHANCE else 'Another choice'} was better than {value}"


def _single(compared: Sequence[Compared]) -> str:
    """What a single seed leaves of these verdicts."""
    n = sum(one.comparison.conditional for one in compared)
    if not n:
        return ""
    which = "This is" if n == len(compared) else f"{n} of these are"
    return f" {which} about the very runs that there are: on a side there is one seed only."


def _the_paper(tested: Sequence[Finding], n_corrected: int) -> str:
    """The claim that the abstract makes, and the contrast that it needs and lacks: all that bear on either."""
    claim, decisive = ([one for one in tested if one.claim.id == name] for name in ("C1", "D1"))
    abstract = claim[0].claim
    assert abstract.rows is not None
    own, _ = abstract.paper_verdict(paper_contrast(*abstract.rows))
    words = (
        f"The paper's abstract, that 0.5% of the data does {100 * abstract.by:g} points better than all that is "
        f"related, is {own} by its own table"
    )
    if claim[0].comparison is not None:
        words += f"; here it is {_told_together(claim)} ({_span(claim)} points)"
    if decisive[0].comparison is not None:
        words += f". What it lacks, {_contrast_words(decisive)}, comes to {_span(decisive)} points: "
        one = len(decisive) == 1
        words += verdict_words(decisive[0].comparison) if one else _told_together(decisive)
        if n_corrected > 1:
            words += ", planned beforehand and so not corrected for the other comparisons"
    return f"{words}."


def _told_together(found: Sequence[Finding]) -> str:
    """The one verdict of several findings, or that they differ."""
    verdicts = [one.verdict for one in found]
    if len({*verdicts}) == 1:
        return verdicts[0] + (f" in each of {len(found)} comparisons" if len(found) > 1 else "")
    n_supported = sum(verdict.startswith("supported") for verdict in verdicts)
    return f"mixed ({n_supported} of {len(found)} supported)"


def _span(found: Sequence[Finding]) -> str:
    """Their differences in points, from the lowest to the highest."""
    differences = sorted(one.comparison.difference for one in found if one.comparison is not None)
    return " to ".join(dict.fromkeys(points(one) for one in (differences[0], differences[-1])))


def _contrast_words(found: Sequence[Finding]) -> str:
    names = [f"{one.arms[0].name} against {one.arms[1].name}" for one in found if one.arms is not None]
    return joined(names)


def _what_cannot_be_told(arms: Sequence[Arm], compared: Sequence[Compared]) -> str:
    parts = []
    if compared:
        spread = detectable_range(compared)
        which = ", by comparison," if "to" in spread else ""
        parts.append(f"differences below {spread} points{which} are found in fewer than 80 of 100 such studies")
    if capped := [arm.name for arm in arms if arm.is_cut_short]:
        parts.append(
            f"what {joined(capped)} would come to without the cap on training tokens, which stopped training before "
            "all that was chosen had been seen"
        )
    if constant := [arm.name for arm in arms if len(constant_tasks(arm)) == len(arm.tasks)]:
        parts.append(f"what {joined(constant)} knew, of which a run gave one answer to all questions")
    text = "; ".join(parts)
    return f"What cannot be told: {text}." if text else ""
