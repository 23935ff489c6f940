"""Weights & Biases: a run's settings, curves, results and products, on a server if one answers, else on disk.

Nothing here waits long for a network, and no run is lost to one: what cannot be sent stays below the run's folder, and
one line says how to send it later.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ltd.errors import SettingsError, unknown_name
from ltd.tracker import RunDescription
from ltd.tracker.product import Product
from ltd.tracker.wandb_products import Unasked, log_product, staged_below

if TYPE_CHECKING:
    import wandb

logger = logging.getLogger(__name__)

Mode = Literal["online", "offline", "disabled"]
MODES: tuple[Mode, ...] = ("online", "offline", "disabled")
STEP = "train/step"
LONGEST_TAG = 64  # W&B refuses a run with a longer one
LOSSES = ("train/loss", "train/validation_loss")
"""Compared by their best and by their last; all other numbers by their last, which is what a result is."""


class Wandb:
    """Sends a run to W&B, or keeps it on disk in W&B's format.

    Numbers of a step are plotted over ``train/step``, not over W&B's own counter, which only grows and drops whatever
    is logged for an earlier step: a resumed run goes back to its last checkpoint, and its curve joins the first one.
    Offline, every attempt writes a file of its own under the same run id; ``wandb sync`` sends them in order.

    Parameters
    ----------
    project, entity : where the run belongs; without an entity, to the default one of whoever holds the key.
    mode : ``online``, ``offline`` or ``disabled``; None is ``WANDB_MODE`` if that is set, otherwise online if a key is
        configured (``WANDB_API_KEY``, ``wandb login``), otherwise offline.
    start_timeout : seconds to wait for the server before the run goes offline.
    finish_timeout : seconds to wait for the last numbers to be sent; the rest stays on disk.
    upload_model : send the tuned model's files too; otherwise W&B knows where they lie, and their fingerprint.
    """

    def __init__(
        self,
        project: str = "ltd",
        entity: str | None = None,
        mode: str | None = None,
        start_timeout: float = 10.0,
        finish_timeout: float = 60.0,
        upload_model: bool = False,
    ) -> None:
        self.project = project
        self.entity = entity
        self.mode = mode
        self.start_timeout = start_timeout
        self.finish_timeout = finish_timeout
        self.upload_model = upload_model
        self._run: wandb.Run | None = None
        self._is_cut_off = False

    def start(self, run: RunDescription) -> None:
        """Open the run.

        Raises
        ------
        SettingsError
            If there is no such mode, no key for the mode ``online``, or W&B does not accept the project's name.
        """
        mode, reason = self._choose_mode()
        if mode == "online":
            mode, reason = self._start_online(run)
        if mode != "online":
            self._run = self._open(run, mode)
        if mode == "offline":
            logger.info("W&B is offline (%s); to send this run later: %s", reason, _sync_command(run))

    def log(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Add a point to curves, or results to the run's summary.

        A result is logged like a point, too: W&B copies it to the summary, where runs are compared in tables, and draws
        a bar chart over runs for whatever was logged once.
        """
        assert self._run is not None, "log() outside of start() and finish()"
        with self._outliving_the_service():
            self._run.log(dict(values) if step is None else {**values, STEP: step})

    def keep(self, products: Iterable[Product]) -> None:
        """Add tables and figures to the run, and artefacts with who made and who uses them."""
        assert self._run is not None, "keep() outside of start() and finish()"
        if self._run.disabled:
            return
        with staged_below(Path(self._run.settings.wandb_dir)):
            for product in products:
                try:
                    log_product(self._run, product, self.upload_model)
                except Exception as error:  # of whatever kind: no run is lost to a table
                    logger.warning("W&B did not take %s (%s)", product.name, " ".join(str(error).split()))

    @property
    def url(self) -> str | None:
        """Where the open run is to be seen; None if that is nowhere."""
        return None if self._run is None or self._run.offline or self._run.disabled else self._run.url

    def finish(self, succeeded: bool = True) -> None:
        """Close the run; W&B calls it finished, or failed."""
        if self._run is None:
            return
        run, self._run = self._run, None
        try:
            with self._outliving_the_service():
                run.finish(exit_code=0 if succeeded else 1)
        except TimeoutError:
            logger.warning(
                "W&B did not take the whole run within %g s; to send it later: wandb sync --include-online %s",
                self.finish_timeout,
                shlex.quote(str(run.settings.sync_dir)),
            )
        if self._is_cut_off:
            import wandb

            with suppress(ConnectionError):
                wandb.teardown()  # else the next run of this process would look for the service that has ended

    @contextmanager
    def _outliving_the_service(self) -> Iterator[None]:
        """Lose numbers, and no run, to the end of W&B's own process.

        SLURM sends its signals to all processes of a job, and W&B's obeys SIGTERM at once, while ours still writes its
        checkpoint.
        """
        from wandb.sdk.mailbox import HandleAbandonedError, MailboxClosedError

        try:
            yield
        except (ConnectionError, HandleAbandonedError, MailboxClosedError) as error:
            if not self._is_cut_off:
                what = str(error) or type(error).__name__
                logger.warning("W&B's own process has ended (%s): what follows is not in its record of this run", what)
            self._is_cut_off = True

    def _choose_mode(self) -> tuple[Mode, str]:
        """The mode, and why; never asks for a key, though W&B itself would where there is a terminal."""
        for source, asked in (("tracker.mode", self.mode), ("WANDB_MODE", os.environ.get("WANDB_MODE"))):
            if asked and asked not in MODES:
                raise SettingsError(f"{source}: {unknown_name('W&B mode', asked, MODES)}")
            if asked == "online" and not _key_is_configured():
                raise SettingsError(
                    f"{source} is online, but no W&B key is configured: run `wandb login`, set WANDB_API_KEY, "
                    "or use tracker.mode=offline"
                )
            if asked:
                return asked, f"{source}={asked}"
        return ("online", "") if _key_is_configured() else ("offline", "no API key is configured")

    def _start_online(self, run: RunDescription) -> tuple[Mode, str]:
        """Open the run online; if that fails, say why it has to go offline."""
        import wandb

        earlier = set(run.folder.glob("wandb/run-*"))
        try:
            self._run = self._open(run, "online")
        except (wandb.Error, TimeoutError) as error:
            # The service holds on to the id of a run that it could not open; only ending it gives the id free.
            wandb.teardown()
            for attempt in set(run.folder.glob("wandb/run-*")) - earlier:
                shutil.rmtree(attempt, ignore_errors=True)
            return "offline", " ".join(str(error).split())
        logger.info("W&B: %s", self._run.url)
        return "online", ""

    def _open(self, run: RunDescription, mode: Mode) -> wandb.Run:
        import wandb

        run.folder.mkdir(parents=True, exist_ok=True)
        _silence()
        try:
            opened = wandb.init(
                project=self.project,
                entity=self.entity,
                mode=mode,
                id=run.run_id,
                resume="allow",
                reinit="create_new",  # another open run of this process stays another run
                name=run.name,
                group=run.group,
                job_type=run.stage,
                tags=[tag[:LONGEST_TAG] for tag in run.tags],
                notes=run.notes or None,
                config=dict(run.settings),
                dir=str(run.folder),
                settings=self._settings(),
            )
        except wandb.errors.UsageError as error:
            raise SettingsError(f"W&B does not accept this run: {error}") from error
        opened.define_metric(STEP, hidden=True)
        opened.define_metric("train/*", step_metric=STEP)
        for loss in LOSSES:
            opened.define_metric(loss, step_metric=STEP, summary="min,last")
        unasked: Any = Unasked()
        opened._cached_public_api = unasked
        return opened

    def _settings(self) -> wandb.Settings:
        """What W&B does beside our numbers.

        On: the load of processor and GPU every 15 s, host, versions of all packages (together 0.15 s at the start, no
        more than that). Off: console capture, as the run's folder has its own log and a progress bar makes thousands
        of lines; code and git, which would upload uncommitted changes; links in the folder, which do not survive a
        copy to another machine.
        """
        import wandb

        return wandb.Settings(
            silent=True,
            console="off",
            disable_code=True,
            disable_git=True,
            symlink=False,
            use_dot_wandb=False,
            x_transaction_log_flush_interval=1.0,  # a killed process loses as much, and would lose 15 s
            init_timeout=self.start_timeout,
            finish_timeout=self.finish_timeout,
            finish_timeout_raises=True,
        )


def _silence() -> None:
    """Keep W&B's own lines from the terminal and from our log, and its error reports at home.

    W&B's log has a file of its own beside each run. The reports go to the server of the run; where that does not
    answer, they hold up the end of the process for 20 s.
    """
    import wandb

    logging.getLogger("wandb").propagate = False
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    wandb.setup(wandb.Settings(silent=True))


def _key_is_configured() -> bool:
    """Whether the environment, W&B's settings or a netrc file hold a key; asks neither a person nor a server."""
    import wandb

    _silence()
    wandb.setup(wandb.Settings(mode="online"))  # with WANDB_MODE=offline, a login is not even tried
    try:
        return wandb.login(prompt=False, verify=False)
    except wandb.errors.AuthenticationError:
        return True  # malformed: opening the run says what is wrong with it


def _sync_command(run: RunDescription) -> str:
    return f"wandb sync {shlex.quote(str(run.folder / 'wandb'))}"
