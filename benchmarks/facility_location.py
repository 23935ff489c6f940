"""How much faster facility location is than apricot, as ratios within one process, and what its picks are worth.

    python benchmarks/facility_location.py [--points 10000 --picks 100] [--kind structured] [--neighbours 64]

The peer is apricot (Schreiber et al. 2020; `pip install --no-deps -r benchmarks/peers_facility_location.txt`), lazy
greedy over the whole matrix of cosine similarities. The objective is the sum over all points of the similarity to the
most similar pick, whoever picked, as a share of what plain greedy over the whole matrix comes to. Both begin with the
points: apricot's time holds the matrix (in doubles, which it needs, negative ones as 0), ours the graph of nearest
neighbours.

Points are those of `benchmarks/kcenter.py`. Believe the ratio of wall times on a quiet machine, of processor times on a
busy one.
"""

from __future__ import annotations

import argparse
import heapq
import importlib.util
import sys

import numpy as np
from kcenter import Points, made, measured, repeated
from numpy.typing import NDArray

from ltd.sampler.facility_location import FacilityLocation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--picks", type=int, default=100)
    parser.add_argument("--kind", choices=("structured", "noise"), default="structured")
    parser.add_argument("--real", help="an .npy file of points, in place of --kind")
    parser.add_argument("--neighbours", type=int, help="of each point; by default as the sampler's own")
    options = parser.parse_args()
    points = repeated(options.real, options.points) if options.real else made(options.kind, options.points)
    runs = {"ours": lambda: ours(points, options.picks, options.neighbours)}
    if importlib.util.find_spec("apricot"):
        runs["apricot"] = lambda: apricot(points, options.picks)
        apricot(points[:500], 5)  # loads its libraries
    times = {name: measured(run) for name, run in runs.items()}
    best = objective(points, greedy(points, options.picks))
    sys.stdout.write(f"{len(points):,} x {points.shape[1]} {options.real or options.kind}, {options.picks:,} picks\n")
    sys.stdout.write("| | seconds | ratio | processor | ratio | objective, of plain greedy's |\n")
    sys.stdout.write("|---|--:|--:|--:|--:|--:|\n")
    own_wall, own_processor, _ = times["ours"]
    for name, (wall, processor, picks) in times.items():
        cells = f"{wall:.1f} | {wall / own_wall:.1f}x | {processor:.1f} | {processor / own_processor:.1f}x"
        sys.stdout.write(f"| {name} | {cells} | {objective(points, picks) / best:.4f} |\n")


def ours(points: Points, count: int, neighbours: int | None) -> list[int]:
    picks: list[int] = FacilityLocation(neighbours).select(points, count).tolist()
    return picks


def apricot(points: Points, count: int) -> list[int]:
    from apricot import FacilityLocationSelection

    similarities = np.maximum(points @ points.T, 0, dtype=np.float64)
    return [int(row) for row in FacilityLocationSelection(count, metric="precomputed").fit(similarities).ranking]


def greedy(points: Points, count: int) -> list[int]:
    """The picks of plain greedy over the whole matrix, lazily (Minoux 1978): a gain never grows."""
    similarities = points @ points.T
    covered = np.zeros(len(points), np.float32)
    bounds = [(-np.inf, row) for row in range(len(points))]
    picks: list[int] = []
    while len(picks) < count:
        row = bounds[0][1]
        gain = np.maximum(similarities[row] - covered, 0).sum(dtype=np.float64)
        heapq.heapreplace(bounds, (-gain, row))
        if bounds[0] == (-gain, row):
            picks.append(heapq.heappop(bounds)[1])
            np.maximum(covered, similarities[row], out=covered)
    return picks


def objective(points: Points, picks: list[int]) -> float:
    best: NDArray[np.float32] = (points @ points[picks].T).max(axis=1)
    return float(best.sum(dtype=np.float64))


if __name__ == "__main__":
    main()
