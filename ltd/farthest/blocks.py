"""A shard on a GPU, or wherever torch is: matrix products say which distances could matter, exact ones decide."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ltd.farthest.distance import Indices, Points
from ltd.farthest.lazy import Members, Picks
from ltd.precision import full_precision

ROWS = 2**15  # points times centres that are multiplied at a time
CENTRES = 64
PAIRS = 2**16  # exact distances at a time: 100 MB of differences in 384 dimensions


class TorchShard:
    """Points copied to a device.

    Parameters
    ----------
    points : (n_points, dimension).
    offset : row of the first of them, counted over all shards.
    device : as torch names it.
    """

    def __init__(self, points: Points, offset: int, device: str) -> None:
        self.offset = offset
        self.points = torch.empty(points.shape, device=device)
        for start in range(0, len(points), ROWS):
            self.points[start : start + ROWS] = torch.tensor(np.asarray(points[start : start + ROWS]))
        self.lengths = torch.linalg.vector_norm(self.points, dim=1)
        self.nearest = torch.full((len(points),), torch.inf, device=device)
        self.seen = torch.zeros(len(points), dtype=torch.int64, device=device)
        self.evaluations = 0

    def highest(self) -> float:
        return float(self.nearest.max()) if len(self.nearest) else -1.0

    def descend(self, threshold: np.float32, picks: Picks, count: int) -> Members:
        rows = (self.nearest >= float(threshold)).nonzero()[:, 0]
        rows = rows[self.seen[rows].argsort(stable=True)]
        centres = torch.tensor(picks.points[: picks.count], device=self.points.device)
        with full_precision():
            for chunk in torch.split(rows, ROWS):
                self._refresh(chunk, centres, float(threshold))
        rows = rows[self.nearest[rows] >= float(threshold)].sort().values
        farthest = self.nearest[rows].argsort(descending=True, stable=True)[:count]  # ties to the lowest row
        return self._members(rows[farthest].sort().values.cpu().numpy())

    def take(self, rows: Indices) -> Members:
        here = np.sort(rows[self._is_here(rows)] - self.offset)
        self.nearest[self._on_device(here)] = -1.0
        return self._members(here)

    def update(self, members: Members, seen: NDArray[np.int64]) -> None:
        here = self._is_here(members.rows)
        local = self._on_device(members.rows[here] - self.offset)
        self.nearest[local] = self._on_device(members.nearest[here])
        self.seen[local] = self._on_device(seen[here])

    def _refresh(self, rows: torch.Tensor, centres: torch.Tensor, threshold: float) -> None:
        at = int(self.seen[rows].min())
        while len(rows) and at < len(centres):
            stop = min(at + CENTRES, len(centres)) if at else 1  # before the first, everything is computed exactly
            self._measure(rows, centres[at:stop])
            self.seen[rows] = self.seen[rows].clamp(min=stop)
            rows = rows[self.nearest[rows] >= threshold]
            at = stop

    def _measure(self, rows: torch.Tensor, centres: torch.Tensor) -> None:
        points, lengths, far = self.points[rows], self.lengths[rows], torch.linalg.vector_norm(centres, dim=1)
        lower = (lengths**2)[:, None] + far**2 - 2 * points @ centres.T
        lower -= rounding_error(points.shape[1]) * (lengths + far.max())[:, None] ** 2
        # Not "lower < nearest": what overflowed is not a number, and has to be computed.
        possible = (~(lower >= self.nearest[rows][:, None])).nonzero()
        self.evaluations += lower.numel() + len(possible)
        for member, column in (pairs.T for pairs in torch.split(possible, PAIRS)):
            exact = folded_squares(points[member] - centres[column])
            self.nearest.scatter_reduce_(0, rows[member], exact, "amin")

    def _is_here(self, rows: Indices) -> NDArray[np.bool_]:
        here: NDArray[np.bool_] = (rows >= self.offset) & (rows < self.offset + len(self.points))
        return here

    def _members(self, local: Indices) -> Members:
        rows = self._on_device(local)
        return Members(local + self.offset, self.points[rows].cpu().numpy(), self.nearest[rows].cpu().numpy())

    def _on_device(self, values: NDArray[np.generic]) -> torch.Tensor:
        return torch.tensor(values, device=self.points.device)


def folded_squares(differences: torch.Tensor) -> torch.Tensor:
    """(n,) as `ltd.farthest.distance.folded_squares`, bit by bit."""
    if differences.shape[1] == 0:
        return differences.new_zeros(len(differences))
    squares = differences * differences
    width = squares.shape[1]
    while width > 1:
        half = (width + 1) // 2
        squares[:, : width - half] += squares[:, half:width]
        width = half
    return squares[:, 0]


def rounding_error(dimension: int) -> float:
    """How far a squared distance from norms and a product can be from the exact one, as a share of (|x| + |c|)^2.

    Norms and products of m terms are each within m u of what they stand for (Higham 2002, section 3.1; u = 2^-24),
    all of them at most (|x| + |c|)^2; twice that.
    """
    return 4 * (dimension + 16) * 2.0**-24
