"""How much selections of one pool have in common: over samplers, seeds and embedders.

    python select.py -m sampler=kcenter,facility_location,random seed=0,1,2
    python -m ltd.compare outputs/select

Prints a table and writes ``overlap.csv`` (every pair) and ``overlap.png`` (a heat map). Exit codes are those of
`ltd.command`.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ltd.atomic import replacing
from ltd.errors import LtdError, SelectionError
from ltd.example import content_key
from ltd.places import outputs_folder
from ltd.plots.overlap import draw_overlap
from ltd.plots.style import WIDTH, figure, save
from ltd.selection import Selection
from ltd.settings import choice_name

ROWS_SHOWN = 30
NUMBERS_WIDTH = 50
"""Characters that a table takes beside the names."""
USER_ERROR = 2


@dataclass(frozen=True)
class Chosen:
    """A saved selection, and in a few words how it was made.

    Attributes
    ----------
    words : by what it can differ from others: sampler, embedder, mode, budget, seed.
    series : equal for selections that differ in nothing but the seed.
    """

    folder: Path
    selection: Selection
    words: Mapping[str, str]
    series: str

    @classmethod
    def load(cls, folder: Path) -> Chosen:
        """Read what a run left in ``folder``."""
        selection = Selection.load(folder)
        if len(selection) == 0:
            raise SelectionError(f"the selection in {folder} is empty; there is nothing to compare")
        try:
            settings = yaml.safe_load((folder / "config.yaml").read_text())
        except FileNotFoundError:  # not made by a run of ours
            settings = {}
        options = {
            group: choice_name(settings[group]) for group in ("embedder", "instruction_mode") if group in settings
        }
        if selection.points_fingerprint is None:
            options["embedder"] = ""  # it was never asked
        words = {"sampler": sampler_word(selection.sampler), **options, "budget": str(selection.budget["asked"])}
        series = content_key([without_seeds(selection.sampler), words, selection.n_candidates])
        return cls(folder, selection, words | {"seed": f"seed {selection.seed}"}, series)


@dataclass(frozen=True)
class Overlap:
    """What two selections have in common.

    Attributes
    ----------
    size : picks of the shorter one; of the longer one the first as many are looked at.
    common, expected : of these, in both / in both on average if both were random, size squared over the candidates.
    share : ``common`` of ``size``.
    jaccard : of the whole selections.
    seeds_of : the way both were made, if they differ in nothing but the seed; else empty.
    """

    first: str
    second: str
    size: int
    common: int
    expected: float
    share: float
    jaccard: float
    seeds_of: str


def overlap(first: Chosen, second: Chosen, names: tuple[str, str], way: str) -> Overlap:
    """Compare two selections of one pool.

    Where they were chosen from different candidates, the expectation takes the fewer to be among the more.

    Parameters
    ----------
    way : how the first was made, apart from its seed.
    """
    one, other = first.selection, second.selection
    size = min(len(one), len(other))
    common = len(np.intersect1d(one.indices[:size], other.indices[:size], assume_unique=True))
    both = len(np.intersect1d(one.indices, other.indices, assume_unique=True))
    return Overlap(
        *names,
        size=size,
        common=common,
        expected=size**2 / _candidates_of_both(one, other),
        share=common / size,
        jaccard=both / (len(one) + len(other) - both),
        seeds_of=way if first.series == second.series and one.seed != other.seed else "",
    )


def _candidates_of_both(one: Selection, other: Selection) -> int:
    """Of how many candidates both were chosen: where two seeds drew theirs, of all that they drew them from."""
    drawn = [selection.stated.get("drawn") for selection in (one, other)]
    if one.seed != other.seed and all(isinstance(draw, Mapping) for draw in drawn):
        return max(int(draw["of"]) for draw in drawn if isinstance(draw, Mapping))
    return max(one.n_candidates, other.n_candidates)


def load_all(folders: Sequence[Path]) -> list[Chosen]:
    """The selections in the folders of runs, or in folders that hold such folders; refused if they do not compare."""
    runs = [run for folder in folders for run in _runs(folder)]
    if len(runs) < 2:
        raise SelectionError(f"comparing takes two selections or more; there are {len(runs)}")
    chosen = [Chosen.load(run) for run in runs]
    pools = Counter(one.selection.pool_fingerprint for one in chosen)
    if len(pools) > 1:
        counts = ", ".join(f"{count} of pool {pool}" for pool, count in pools.most_common())
        stray = next(one.folder for one in chosen if one.selection.pool_fingerprint == pools.most_common()[-1][0])
        raise SelectionError(f"only selections of one pool have picks in common; there are {counts} ({stray.name})")
    return chosen


def ways_of(chosen: Sequence[Chosen], seeds: bool = True) -> list[str]:
    """Each selection in the words that differ between them, its sampler always; with or without its seed."""
    keys = list(dict.fromkeys(key for one in chosen for key in one.words if seeds or key != "seed"))
    differing = [
        key for key in keys if key == "sampler" or len({one.words.get(key) for one in chosen} - {"", None}) > 1
    ]
    return [" ".join(filter(None, (one.words.get(key) for key in differing))) for one in chosen]


def names_of(chosen: Sequence[Chosen]) -> list[str]:
    """Their ways, and where two are alike the ends of their folders' names, which are hashes of all settings."""
    names = ways_of(chosen)
    counts = Counter(names)
    ends = [one.folder.resolve().name.split("-")[-1] for one in chosen]
    return [f"{name} {end}" if counts[name] > 1 else name for name, end in zip(names, ends, strict=True)]


def sampler_word(sampler: Mapping[str, Any]) -> str:
    """The name of a sampler, with those it contains.

    >>> sampler_word({"class": "ltd.sampler.dedup.Dedup", "inner": {"_target_": "ltd.sampler.topk.TopK"}})
    'dedup(topk)'
    """
    target = str(sampler.get("class") or sampler.get("_target_") or "elsewhere")
    name = target.rpartition(".")[0].rpartition(".")[2] or target
    inner = [sampler_word(value) for value in sampler.values() if isinstance(value, Mapping) and "_target_" in value]
    return f"{name}({', '.join(inner)})" if inner else name


def without_seeds(value: Any) -> Any:
    """A sampler's parameters, without the seeds among them.

    >>> without_seeds({"share": 0.5, "seed": 1, "inner": {"seed": 1}})
    {'share': 0.5, 'inner': {}}
    """
    if not isinstance(value, Mapping):
        return value
    return {name: without_seeds(inner) for name, inner in value.items() if name != "seed"}


def compare(folders: Sequence[Path], output: Path) -> list[Overlap]:
    """Compare every pair of selections, and write ``overlap.csv`` and ``overlap.png`` into ``output``."""
    chosen = load_all(folders)
    names, ways = names_of(chosen), ways_of(chosen, seeds=False)
    matrix: NDArray[np.float64] = np.eye(len(chosen))
    pairs = []
    for (i, first), (j, second) in combinations(enumerate(chosen), 2):
        pairs.append(overlap(first, second, (names[i], names[j]), ways[i]))
        matrix[i, j] = matrix[j, i] = pairs[-1].jaccard
    with replacing(output / "overlap.csv") as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Overlap)])
        writer.writeheader()
        writer.writerows(asdict(pair) for pair in pairs)
    side = min(WIDTH, 2.6 + 0.33 * len(names))
    with figure(side * 1.15, side) as empty:
        draw_overlap(empty, matrix, names, "Jaccard overlap")
        save(empty, output / "overlap.png")
    return pairs


def show(pairs: Sequence[Overlap], console: Console) -> None:
    """Print the pairs, those with most in common first, and the means over the seeds of each way to choose.

    Names that two of would not fit beside the numbers are told once, and stand as numbers in the pairs.
    """
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    words = {name: name for name in names}
    if 2 * max(map(len, names)) + NUMBERS_WIDTH > console.width:
        words = {name: str(number) for number, name in enumerate(names, start=1)}
        console.print("\n".join(f"{number:>3}  {name}" for name, number in words.items()), end="\n\n")
    table = _table("first", "second")
    for pair in sorted(pairs, key=lambda pair: -pair.share)[:ROWS_SHOWN]:
        table.add_row(words[pair.first], words[pair.second], *_cells([pair]))
    console.print(table)
    if len(pairs) > ROWS_SHOWN:
        console.print(f"{len(pairs) - ROWS_SHOWN:,} pairs with less in common are in overlap.csv")
    between: dict[str, list[Overlap]] = {}
    for pair in pairs:
        between.setdefault(pair.seeds_of, []).append(pair)
    seeds = _table("between seeds of", "pairs")
    for way in sorted(between.keys() - {""}):
        seeds.add_row(way, str(len(between[way])), *_cells(between[way]))
    if seeds.row_count:
        console.print(seeds, width=max(console.width, NUMBERS_WIDTH + max(map(len, between))))


def _cells(pairs: Sequence[Overlap]) -> list[str]:
    """Means over pairs."""
    share, jaccard, common, expected = (
        float(np.mean([getattr(pair, name) for pair in pairs])) for name in ("share", "jaccard", "common", "expected")
    )
    return [f"{100 * share:.1f}%", f"{jaccard:.3f}", f"{common:,.0f}", f"{expected:,.1f}"]


def _table(first: str, second: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in (first, second):
        table.add_column(name, no_wrap=True)
    for name in ("overlap", "Jaccard", "in common", "by chance"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _runs(folder: Path) -> list[Path]:
    """The folder itself if it holds a selection, else those below it that do."""
    if (folder / "selection.json").exists():
        return [folder]
    runs = sorted(file.parent for file in folder.glob("*/selection.json"))
    if not runs:
        raise SelectionError(f"there is no selection.json in {folder} or a folder in it; python select.py makes them")
    return runs


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m ltd.compare", description=str(__doc__).splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="folders of runs, or one that holds them")
    parser.add_argument(
        "--output", type=Path, default=outputs_folder() / "compare", help="where files go (default: %(default)s)"
    )
    parsed = parser.parse_args(arguments)
    try:
        pairs = compare(parsed.folders, parsed.output)
    except LtdError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(USER_ERROR) from None
    console = Console(soft_wrap=True, highlight=False)
    show(pairs, console)
    console.print(f"files     {parsed.output}")


if __name__ == "__main__":
    main()
