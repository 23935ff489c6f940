"""Tables, figures and artefacts as W&B keeps them: the same online and offline, and without waiting for a server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ltd.tracker.product import Artefact, Confusion, Page, Picture, Product, Table, Value

if TYPE_CHECKING:
    import wandb

LONGEST_NAME = 128  # W&B refuses an artifact with a longer one


def log_product(run: wandb.Run, product: Product, upload_model: bool = False) -> None:
    """Record one product with a run."""
    import wandb

    match product:
        case Table():
            run.log({product.name: _table(product.columns, product.rows)})
            if len(product.rows) < product.n_all:
                run.log({f"{product.name}/shown": len(product.rows), f"{product.name}/of": product.n_all})
        case Confusion():
            run.log({product.name: _confusion_chart(product)})
        case Picture():
            run.log({product.name: wandb.Image(str(product.path), caption=product.caption or None)})
        case Page():
            run.log({product.name: wandb.Html(product.path.read_text(), inject=False)})
        case Artefact():
            _log_artefact(run, product, upload_model)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> wandb.Table:
    """With stated types: to infer them costs seven times the rest (0.6 s for 4,000 rows of ten columns)."""
    import wandb

    types = [next((type(value) for value in column if value is not None), str) for column in zip(*rows, strict=True)]
    return wandb.Table(columns=list(columns), data=[list(row) for row in rows], dtype=types or None)


def _confusion_chart(confusion: Confusion) -> Any:
    """W&B's own chart of the kind, from counts; `wandb.plot.confusion_matrix` wants every single question."""
    import wandb

    cells = [
        (gold, predicted, count)
        for gold, line in zip(confusion.labels, confusion.counts, strict=True)
        for predicted, count in zip(confusion.labels, line, strict=True)
    ]
    columns = ("Actual", "Predicted", "nPredictions")
    return wandb.plot_table(
        vega_spec_name="wandb/confusion_matrix/v1",
        data_table=_table(columns, cells),
        fields={column: column for column in columns},
        string_fields={"title": confusion.title},
    )


def _log_artefact(run: wandb.Run, artefact: Artefact, upload_model: bool) -> None:
    """Record that the run made an artefact, or goes on from it.

    Whoever comes first puts it on the server, also a run that only uses it: its name and content are the same for all,
    so that runs can be sent in any order. `Run.use_artifact` does that online, waiting for the server, and refuses to
    offline, although what it leaves in the run's file would be sent by ``wandb sync`` like everything else.
    """
    import wandb

    artifact = wandb.Artifact(
        artefact.name[:LONGEST_NAME],
        type=artefact.kind,
        description=artefact.description,
        metadata=dict(artefact.metadata),
    )
    if artefact.kind != "model" or upload_model:
        for name, path in artefact.files.items():
            # Read from where it is: a copy of each file for the time of sending and one more to keep would be made.
            artifact.add_file(str(path), name, policy="immutable", skip_cache=True)
    if artefact.is_input:
        run._log_artifact(artifact, is_user_created=True, use_after_commit=True)
    else:
        run.log_artifact(artifact)


class Unasked:
    """Stands in for the connection over which a run asks, before it records an artifact, whether its name is taken.

    For each of them and for each table that takes a round trip, or 19 s where the server is gone.
    """

    settings: ClassVar[dict[str, str | None]] = {"entity": None, "project": None}

    def _expected_artifact_type(self, **_: object) -> None:
        """That of nothing: no other artifact is in the way."""

    def _set_artifact_save_handle(self, *_: object) -> None:
        """Nobody waits for one to be sent."""


@contextmanager
def staged_below(folder: Path) -> Iterator[None]:
    """Have W&B keep what it copies for sending below ``folder``, rather than in the user's home; an environment
    variable of its own wins.
    """
    name = "WANDB_DATA_DIR"
    if name in os.environ:
        yield
        return
    os.environ[name] = str(folder)
    try:
        yield
    finally:
        del os.environ[name]
