"""KCenterGreedy: each pick is the point farthest from all picked so far.

Gonzalez 1985; Sener & Savarese 2018, algorithm 1. The covering radius is at most twice the best possible. The paper
("Maybe Only 0.5% Data is Needed", section 3) grows the coreset from the centre of the target task's distribution; it is
believed, not certain, that the example nearest to that centre is the first pick, which is what is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltd.errors import SelectionError, unknown_name
from ltd.farthest import farthest_first
from ltd.farthest.distance import squared_distances
from ltd.sampler import Indices, Points, check_aligned, check_request
from ltd.sampler.similarity import centre_or_mean
from ltd.selection import saved_ids

STARTS = ("centre", "centroid", "random", "selection")
DEVICES = ("auto", "cpu", "cuda", "mps", "xpu")


class KCenter:
    """Exact farthest-first traversal in fp32 Euclidean distance, ties to the lowest row.

    Parameters
    ----------
    centre : (dimension,) the distribution centre; None is the mean of the points.
    start : the first pick is the prompt nearest to the ``centre``, the one nearest to the ``centroid`` of the points, a
        ``random`` one, or the farthest from a ``selection`` there already is.
    start_seed : of the ``random`` start.
    covered : what the ``selection`` is, prompts that are not picked again: the folder it was saved in, ids if there are
        ``ids``, or else row numbers.
    ids : (n_prompts,) of the prompts; of ``covered``, those that are not here are left out.
    device : for large pools, where to compute: ``cpu``, ``cuda``, or ``auto``, a GPU if there is one. The picks are the
        same.

    Raises
    ------
    SelectionError
        If parameters do not belong together, or the device is not here.

    >>> line = np.array([[0.0], [1.0], [2.0], [10.0]], np.float32)
    >>> KCenter(centre=np.array([1.2], np.float32)).select(line, budget=3).tolist()
    [1, 3, 0]
    >>> KCenter(start="selection", covered=[3]).select(line, budget=2).tolist()
    [0, 2]
    """

    def __init__(
        self,
        centre: NDArray[np.float32] | None = None,
        start: str = "centre",
        start_seed: int = 0,
        covered: Sequence[int] | Sequence[str] | str | None = None,
        ids: Sequence[str] | None = None,
        device: str = "cpu",
    ) -> None:
        if start not in STARTS:
            raise SelectionError(unknown_name("start", start, STARTS))
        if (start == "selection") != (covered is not None):
            raise SelectionError("start=selection and covered, what that selection is, belong together; give both")
        if device != "auto" and device.partition(":")[0] not in DEVICES[1:]:  # cuda:1 is the second GPU
            raise SelectionError(unknown_name("device", device, DEVICES))
        if device not in ("auto", "cpu"):
            _check_available(device)
        self.centre = centre
        self.start = start
        self.start_seed = start_seed
        self.covered = saved_ids(Path(covered).expanduser()) if isinstance(covered, str) else covered
        self.ids = ids
        self.device = device

    def select(self, points: Points, budget: int) -> Indices:
        check_request(points, budget)
        if self.ids is not None:
            check_aligned(len(points), ids=self.ids)
        chosen = self._covered(len(points))
        if budget > len(points) - len(chosen):
            raise SelectionError(
                f"{len(chosen):,} of {len(points):,} prompts are selected already; {budget:,} more cannot be chosen"
            )
        if budget == 0:
            return np.empty(0, np.int64)
        if len(chosen):
            return farthest_first(points, chosen, budget, device=self.device).rows
        first = np.array([self._first(points)])
        return np.concatenate([first, farthest_first(points, first, budget - 1, device=self.device).rows])

    def _first(self, points: Points) -> int:
        if self.start == "random":
            return int(np.random.default_rng(self.start_seed).integers(len(points)))
        centre = centre_or_mean(None if self.start == "centroid" else self.centre, points)
        return int(np.argmin(squared_distances(points, centre)))

    def _covered(self, n_prompts: int) -> Indices:
        """Rows of the existing selection, as a set in order."""
        if self.ids is None or self.covered is None:
            rows = np.unique(np.asarray(self.covered or [], np.int64))
            if len(rows) and not 0 <= rows[0] <= rows[-1] < n_prompts:
                raise SelectionError(f"covered has rows {rows[0]} to {rows[-1]}, the {n_prompts:,} prompts do not")
            return rows
        covered = set(map(str, self.covered))
        return np.flatnonzero([identity in covered for identity in self.ids])


def _check_available(device: str) -> None:
    """Raise `SelectionError` if torch has no such device here."""
    import torch

    kind, _, number = device.partition(":")
    module = torch.get_device_module(kind)
    n_devices = module.device_count() if module.is_available() else 0
    if not (number or "0").isdecimal() or int(number or 0) >= n_devices:
        raise SelectionError(
            f"device={device}: torch finds {n_devices} devices of the kind {kind} here; set device=auto or device=cpu"
        )
