"""Runs a stage under Hydra, and turns what a user can mend into one line on stderr and an exit code.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | Hydra could not compose the configuration, or a fault of ours, with its traceback |
| 2 | an `LtdError`, a folder of ours that cannot be written, a device out of memory; in a multirun, of any job |
| 130, 143, 140 | interrupted by Ctrl-C, by SIGTERM, by SIGUSR2; the same command goes on |

The stages are imported only when a job starts: they take seconds to load, and a misspelt option deserves an answer now.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO, cast

from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException, ConfigCompositionException, InstantiationException
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    MissingMandatoryValue,
    ValidationError,
)

from ltd import settings
from ltd.deferred_signals import exit_code, interrupting
from ltd.errors import LtdError, unknown_name
from ltd.places import path_below_root

# At import, because a launcher's worker reads the configuration before it calls anything of ours.
OmegaConf.register_new_resolver("below_root", lambda path: str(path_below_root(path)), replace=True)

COMPOSITION_ERROR = 1  # Hydra's own
USER_ERROR = 2

# What a value on the command line can cause after the configuration was composed: a setting that must be given, of a
# wrong type, or that refers to nothing, and a class that does not exist or does not take its parameters.
MENDABLE = (
    LtdError,
    InstantiationException,
    InterpolationResolutionError,
    MissingMandatoryValue,
    ValidationError,
)

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
UNWRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EIO})
"""Errors of a system call that are a user's to mend where they are about the folders that results go to."""


OUT_OF_MEMORY = (
    "out of memory on the device: lower ranking.tokens_per_batch or embedder.tokens_per_batch, "
    "or use sampler.device=cpu"
)


def run(main: Callable[[], Any], conf: Path) -> None:
    """Run a script's Hydra ``main``, whose configuration lies in ``conf``, and leave with the right exit code."""
    settings.register()
    sys.argv[1:] = [globbed_in_folders(argument, conf) for argument in sys.argv[1:]]
    output = cast(TextIO, _Output(sys.stdout))
    try:
        with interrupting(), redirect_stdout(output):
            main()
    except KeyboardInterrupt as interrupt:
        _leave_interrupted(interrupt)
    except SystemExit as leaving:
        # Hydra has already reported what it is leaving for, which is the exception it was handling when it left.
        if isinstance(leaving.__context__, KeyboardInterrupt):  # Lightning makes an exit of it
            _leave_interrupted(leaving.__context__)
        _explain_unknown_key(leaving.__context__, conf)
        raise
    except CompactHydraException as error:  # that of --help, which Hydra leaves to its caller
        if _full_error():
            raise
        sys.stderr.write(f"{error}\n")
        _explain_unknown_key(error, conf)
        raise SystemExit(COMPOSITION_ERROR) from None
    finally:
        output.flush()


def globbed_in_folders(argument: str, conf: Path) -> str:
    """``experiment=glob(paper/*)`` with the options written out; Hydra's own glob sees none that lie in a folder."""
    found = re.fullmatch(r"(\+?(\w+))=glob\(([\w*?]+/[\w*?/]+)\)", argument)
    if found is None:
        return argument
    key, group, pattern = found.groups()
    files = sorted((conf / group).glob(f"{pattern}.yaml"))
    options = [file.relative_to(conf / group).with_suffix("").as_posix() for file in files]
    return f"{key}={','.join(options)}" if options else argument


def job(stage: str, config: DictConfig) -> float:
    """Run ``ltd.experiment.<stage>`` on one configuration and return its number, such as the average accuracy.

    An error for people ends a single run. In a multirun it is noted, the job counts as infinite,
    the worst there is for a sweeper that minimises, and the other jobs go on.
    """
    try:
        return float(getattr(import_module("ltd.experiment"), stage)(config))
    except _mendable() as error:
        message = _message(error, config)
        if message is None or _full_error():
            raise
        hydra = HydraConfig.get()
        if hydra.mode is not RunMode.MULTIRUN:
            _say(message)
            raise SystemExit(USER_ERROR) from None
        message = f"job {hydra.job.num} ({shlex.join(hydra.overrides.task)}): {message}"
        _say(message)
        _note(message, Path(hydra.sweep.dir, f"{hydra.job.num}.error"))
        return math.inf


class SweepErrors(Callback):
    """Ends a multirun in which jobs failed with the list of their errors and the exit code of an error.

    The errors come from files in the sweep's folder, because a launcher may run its jobs in other processes.
    """

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        with ending_if_unwritable(config):
            Path(config.hydra.sweep.dir).mkdir(parents=True, exist_ok=True)
            for file in self._files(config):  # of an earlier multirun in a folder the user named
                file.unlink()

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        if files := self._files(config):
            _say(f"{len(files)} job(s) of this multirun failed:")
            sys.stderr.writelines(file.read_text() for file in files)
            raise SystemExit(USER_ERROR)

    @staticmethod
    def _files(config: DictConfig) -> list[Path]:
        return sorted(Path(config.hydra.sweep.dir).glob("*.error"), key=lambda file: int(file.stem))


class Lines(logging.StreamHandler[TextIO]):
    """Log lines for people, on stderr: our messages as they are, and from anybody a warning or worse with its level."""

    ours = frozenset({"ltd", "hydra", "hydra_plugins"})

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # looked up each time: a progress bar replaces it while it draws
        return sys.stderr

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] in self.ours

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno < logging.WARNING else f"{record.levelname.lower()}: {text}"


def _mendable() -> tuple[type[BaseException], ...]:
    """Errors that people may be able to mend; torch's for a device out of memory only if torch is loaded already."""
    out_of_memory = getattr(sys.modules.get("torch"), "OutOfMemoryError", None)
    return (*MENDABLE, OSError) if out_of_memory is None else (*MENDABLE, OSError, out_of_memory)


def _message(error: BaseException, config: DictConfig) -> str | None:
    """The line for people, or None if there is nothing that they can mend."""
    if isinstance(error, MENDABLE):
        return _one_line(error)
    return _unwritable(error, config) if isinstance(error, OSError) else OUT_OF_MEMORY


def _one_line(error: BaseException) -> str:
    """The message for people: that of the `LtdError` behind ``error``, if a constructor raised one."""
    message = next((str(cause) for cause in _causes(error) if isinstance(cause, LtdError)), str(error))
    lines = [line.strip() for line in message.splitlines()]
    return "; ".join(line for line in lines if line and not line.startswith(("object_type=", "reference_type=")))


@contextmanager
def ending_if_unwritable(config: DictConfig) -> Iterator[None]:
    """Within it, outside of a job, a folder that cannot be made or written ends the command with one line."""
    try:
        yield
    except OSError as error:
        if (message := _unwritable(error, config)) is None or _full_error():
            raise
        _say(message)
        raise SystemExit(USER_ERROR) from None


def _unwritable(error: OSError, config: DictConfig) -> str | None:
    """The message for people if a disk is full, or a folder that results go to cannot be made or written."""
    reason = f"({error.strerror}); free some space or correct the rights, or set outputs= and cache= to other folders"
    folders = [path_below_root(config[name]) for name in ("outputs", "cache") if config.get(name)]
    if not isinstance(error.filename, str):  # the system does not always say which of them it was
        places = " or ".join(map(str, folders))
        return f"something below {places} cannot be written {reason}" if error.errno in FULL_DISK else None
    path = Path(error.filename)
    ours = [folder for folder in folders if folder in (path, *path.parents) or path in folder.parents]
    # Within a folder that is there, a file that is not is a fault of ours.
    unmade = error.errno == errno.ENOENT and not all(folder.is_dir() for folder in ours)
    mendable = error.errno in FULL_DISK or (ours and (error.errno in UNWRITABLE or unmade))
    return f"{path} cannot be written {reason}" if mendable else None


def _note(message: str, file: Path) -> None:
    """Keep a job's error for the end of its multirun; on a full disk, at least that there was one."""
    try:
        file.write_text(message + "\n")
    except OSError:
        if not file.exists():
            raise SystemExit(USER_ERROR) from None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _full_error() -> bool:
    """Whether the user wants to see where an error came from, in Hydra's way."""
    return os.environ.get("HYDRA_FULL_ERROR") == "1"


def _explain_unknown_key(error: BaseException | None, conf: Path) -> None:
    """Say what an override that names no setting could have meant; Hydra only says that there is none."""
    missing = error.__cause__ if isinstance(error, ConfigCompositionException) else None
    if not isinstance(missing, ConfigAttributeError | ConfigKeyError) or not isinstance(
        missing.parent_node, DictConfig
    ):
        return
    key = str(missing.key)
    place = str(missing.full_key).removesuffix(key).rstrip(".")
    names = {str(name) for name in missing.parent_node}
    if not place:  # at the root, a group may be meant as well
        names |= {folder.name for folder in conf.iterdir() if folder.is_dir()}
    valid = {name for name in names - {"hydra"} if not name.startswith("_")}
    _say(unknown_name(f"{place} setting".strip(), key, valid))


def _leave_interrupted(interrupt: KeyboardInterrupt) -> None:
    sys.stderr.write("\ninterrupted; run the same command again to go on\n")
    raise SystemExit(exit_code(interrupt)) from None


def _say(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")


class _Output:
    """Standard output that drops the rest once its reader, such as ``head``, has left; a run goes on to its end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._dropping():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._dropping():
            self._stream.flush()

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
