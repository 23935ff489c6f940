"""The first stage: a pool, what of it may be chosen, and the choice; or a choice made elsewhere, or made again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ltd.atomic import write_json
from ltd.budget import Budget
from ltd.candidates import Candidates, all_of, drawn, find_candidates, gated, made_pool
from ltd.choosing import CHOICE_LIBRARIES, Choice, saved_selection
from ltd.console import progress_bar
from ltd.errors import SelectionError
from ltd.example import PromptedPool
from ltd.given_selection import given_rows, given_source
from ltd.selection import Selection
from ltd.settings import TrainSettings, choice_name
from ltd.templates import named, rows_where

if TYPE_CHECKING:
    from ltd.experiment import Experiment
    from ltd.parts import SelectParts


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chosen:
    """What choosing came to.

    Attributes
    ----------
    candidates : that it was made from; None if an earlier attempt made it, or somebody else.
    """

    pool: PromptedPool
    selection: Selection
    candidates: Candidates | None = None


def chosen(experiment: Experiment[SelectParts]) -> Chosen:
    """The pool, and the selection from it: saved by an earlier attempt, or made and saved now."""
    pool = _pool(experiment)
    selection = saved_selection(experiment.run.folder, pool)
    if selection is not None:
        return Chosen(pool, selection)
    candidates, selection = _made(experiment, pool)
    candidates.save_leaks(experiment.run.folder)
    selection.save(experiment.run.folder, pool)
    return Chosen(pool, selection, candidates if experiment.settings["selection"] is None else None)


def diagnosed(experiment: Experiment[SelectParts], choice: Chosen) -> None:
    """Leave in the run's folder what the selection is like beside random choices, as numbers and as figures.

    Only where its prompts lie is known (or ``diagnostics=always``): a sampler that looks at no points embeds nothing.
    Nothing rests on it, so that no mistake in it ends a run.
    """
    asked = experiment.settings["diagnostics"]
    known = choice.selection.points_fingerprint is not None
    if asked == "never" or (asked == "auto" and not known) or len(choice.selection) == 0:
        return
    if (experiment.run.folder / "map.png").exists():  # the last to be written
        return
    try:
        _diagnose(experiment, choice)
    except Exception as error:
        logger.warning("the selection has no diagnostics: %s: %s", type(error).__name__, error)


def _diagnose(experiment: Experiment[SelectParts], choice: Chosen) -> None:
    from ltd.diagnostics import diagnose
    from ltd.diagnostics.composition import pool_attributes
    from ltd.plots import write_plots

    folder, pool = experiment.run.folder, choice.pool
    candidates = choice.candidates or _candidates(experiment, pool)
    if not np.isin(choice.selection.indices, candidates.rows).all():  # somebody else's choice, from others too
        candidates = all_of(pool, np.union1d(candidates.rows, choice.selection.indices))
    with experiment.run.timed("diagnose"), progress_bar("embed", "prompts") as bar, progress_bar("diagnose") as reading:
        points, _ = experiment.geometry(bar).points(candidates)
        picks = np.searchsorted(candidates.rows, choice.selection.indices)
        attributes = pool_attributes(pool, candidates.rows)
        diagnostics = diagnose(points, picks, attributes, seed=experiment.settings["seed"], progress=reading)
        write_json(folder / "diagnostics.json", diagnostics.summary())
        write_plots(folder, diagnostics, points, picks, choice_name(experiment.settings["sampler"]))


def remade(experiment: Experiment[SelectParts]) -> Selection:
    """The selection as it comes out now, whatever an earlier attempt left."""
    return _made(experiment, _pool(experiment))[1]


def saved_choice(folder: Path) -> tuple[Selection, DictConfig]:
    """A kept selection and the configuration it was made with."""
    selection = Selection.load(folder)
    try:  # in the schema, whose defaults stand for settings that there were not yet
        kept = OmegaConf.merge(OmegaConf.structured(TrainSettings), OmegaConf.load(folder / "config.yaml"))
    except (OSError, ValueError, OmegaConfBaseException) as error:
        first = str(error).splitlines()[0]
        raise SelectionError(f"{folder} has no config.yaml that this version can choose by again ({first})") from error
    assert isinstance(kept, DictConfig)
    return selection, kept


def agreement(saved: Selection, made: Selection) -> str:
    """That two selections are the same, in one line.

    Raises
    ------
    SelectionError
        If they are not; it says where they part and what differs between their makings.
    """
    if np.array_equal(saved.indices, made.indices) and saved.pool_fingerprint == made.pool_fingerprint:
        points = f", points {made.points_fingerprint}" if made.points_fingerprint else ""
        return f"it holds: the same {len(made):,} prompts in the same order, from pool {made.pool_fingerprint}{points}"
    both = len(np.intersect1d(saved.indices, made.indices))
    n_alike = min(len(saved), len(made))
    apart = np.flatnonzero(saved.indices[:n_alike] != made.indices[:n_alike])
    first = int(apart[0]) if len(apart) else n_alike
    names = ("pool_fingerprint", "points_fingerprint", "n_candidates")
    changes = [(name, getattr(saved, name), getattr(made, name)) for name in names]
    changes += [(name, saved.versions.get(name), made.versions[name]) for name in made.versions]
    differences = "; ".join(f"{name} was {old}, is {new}" for name, old, new in changes if old != new)
    raise SelectionError(
        f"it does not hold: {both:,} of {len(saved):,} prompts are chosen again, the first difference is pick "
        f"{first + 1} ({differences or 'pool, points and libraries are the same'})"
    )


def _pool(experiment: Experiment[SelectParts]) -> PromptedPool:
    with experiment.run.timed("pool"), progress_bar("pool") as bar:
        return made_pool(experiment.parts.pool, experiment.cache, bar)


def _made(experiment: Experiment[SelectParts], pool: PromptedPool) -> tuple[Candidates, Selection]:
    if experiment.settings["selection"] is not None:
        return _given(experiment, pool)
    parts, settings = experiment.parts, experiment.settings
    candidates = _candidates(experiment, pool)
    with experiment.run.timed("choose"):
        budget = _budget(experiment, candidates)  # refused here, before an embedding of minutes
    stated = {"instruction_mode": settings["instruction_mode"], "related_by": settings["related_by"]}
    stated |= candidates.statement(parts.leakage.action)
    if parts.held_out:
        stated["held_out_templates"] = list(parts.held_out)
    with experiment.run.timed("choose"), progress_bar("embed", "prompts") as bar, progress_bar("read") as read_bar:
        count_tokens = partial(experiment.count_tokens, pool)
        geometry, reader = experiment.geometry(bar), experiment.reader(read_bar)
        choice = Choice(candidates, geometry, parts.sampler, budget, experiment.questions, count_tokens, reader)
        return candidates, choice.make(settings["seed"], stated)


def _given(experiment: Experiment[SelectParts], pool: PromptedPool) -> tuple[Candidates, Selection]:
    """A choice made elsewhere, less what leaks, and less the templates that are held out."""
    path = Path(experiment.settings["selection"]).expanduser()
    rows = given_rows(path, pool)
    if held_out := experiment.parts.held_out:
        others = rows_where(pool, lambda task, template: not named(held_out, task, template))
        n_given, rows = len(rows), rows[np.isin(rows, others)]
        logger.info("%d of %d given prompts are left out: their templates are held out", n_given - len(rows), n_given)
    candidates = _gated(experiment, all_of(pool, np.sort(rows)))
    rows = rows[np.isin(rows, candidates.rows)]
    return candidates, Selection(
        indices=rows,
        budget={"amount": len(rows), "unit": "examples", "asked": f"selection={path.name}"},
        n_pool=len(pool),
        n_candidates=len(candidates.kept),
        pool_fingerprint=pool.fingerprint,
        points_fingerprint=None,
        sampler={"given": given_source(path)},
        seed=experiment.settings["seed"],
        versions={library: version(library) for library in CHOICE_LIBRARIES},
        stated=candidates.statement(experiment.parts.leakage.action),
        n_tokens=tuple(experiment.count_tokens(pool, rows).tolist()),
    )


def _candidates(experiment: Experiment[SelectParts], pool: PromptedPool) -> Candidates:
    """The prompts of the pool that samplers may choose from."""
    parts, settings = experiment.parts, experiment.settings
    mode, seed, held_out = parts.instruction_mode, settings["seed"], parts.held_out
    candidates = find_candidates(pool, parts.pool.related, mode, seed, held_out)
    if settings["related_by"] == "cluster":
        kept_by_mode = mode.choose(pool, seed, held_out)
        with experiment.run.timed("choose"), progress_bar("embed", "prompts") as bar:
            candidates = all_of(pool, experiment.geometry(bar).in_target_cluster(candidates, kept_by_mode))
    return drawn(_gated(experiment, candidates), settings["max_candidates"], seed)


def _gated(experiment: Experiment[SelectParts], candidates: Candidates) -> Candidates:
    parts = experiment.parts
    with experiment.run.timed("leakage"), progress_bar("leakage gate") as bar:
        points = None
        if "embedding" in parts.leakage.kinds and parts.leakage.action != "off":
            texts = [question.text for question in experiment.questions()]
            points = experiment.geometry().related(candidates)[0], parts.embedder.embed(texts)
        return gated(candidates, parts.tasks, parts.leakage, experiment.cache, bar, points)


def _budget(experiment: Experiment[SelectParts], candidates: Candidates) -> Budget:
    """What the run may choose, in the unit that its request counts in."""
    request, pool = experiment.parts.request, candidates.pool
    if experiment.parts.sampler.takes_all:
        return Budget(len(candidates.kept), "examples", request)
    if request.unit == "examples":
        return request.of(len(pool)).within(len(candidates.kept))
    # The whole pool is counted only where a share of it was asked for.
    whole = experiment.count_tokens(pool, np.arange(len(pool))) if request.amount is None else np.zeros(1)
    return request.of(int(whole.sum())).within(int(experiment.count_tokens(pool, candidates.rows).sum()))
