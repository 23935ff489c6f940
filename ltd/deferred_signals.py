"""Signals that ask a computation to end: it comes to a good place first, such as a saved checkpoint, and then obeys.

Ctrl-C, a scheduler's SIGTERM, and SIGUSR2, with which SLURM announces a job's end to submitit. In a process of our own
(`interrupting`) all three raise KeyboardInterrupt, with the signal's name where it was not Ctrl-C; in a worker of
submitit the last two are submitit's. `DeferredSignals` lets fine-tuning finish its step before either happens.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

# Windows has no SIGUSR2.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR2") if hasattr(signal, name)]

GRACE = 5.0
"""Seconds within which a process that only waits notices a signal, if it can at all."""


class _Interrupt:
    """Handles all of ``numbers`` by an interruption, and from then on none of them."""

    def __init__(self, numbers: list[signal.Signals]) -> None:
        self.numbers = numbers

    def __call__(self, number: int, _: FrameType | None) -> None:
        for other in self.numbers:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)


@contextmanager
def interrupting() -> Iterator[None]:
    """Within it signals that would kill the process, and leave its records unwritten, interrupt it as Ctrl-C does.

    Those that are ignored or that somebody else handles stay so. While it leaves, further ones change nothing.
    """
    in_main = threading.current_thread() is threading.main_thread()
    replaced = [number for number in SIGNALS if in_main and signal.getsignal(number) == signal.SIG_DFL]
    for number in replaced:
        signal.signal(number, _Interrupt(replaced))
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def leaving_native_waits() -> Iterator[None]:
    """Within it a signal that is to interrupt (`interrupting`), and cannot within `GRACE`, ends the process at once.

    Python runs handlers between two instructions of its own: never while the main thread waits in native code, as torch
    does for processes on other nodes. The system notes the signal all the same, and a thread reads that here.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_leave_if_unheard, args=(reading,), name="native-waits", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)  # which ends the thread


def _leave_if_unheard(reading: int) -> None:
    while number := int.from_bytes(os.read(reading, 1)):
        handler = signal.getsignal(number)
        if isinstance(handler, _Interrupt):  # whoever runs it puts another in its place
            time.sleep(GRACE)
            if signal.getsignal(number) is handler:
                os.write(2, b"\ninterrupted while it waited; run the same command again to go on\n")
                os._exit(128 + number)
    os.close(reading)


def exit_code(interrupt: BaseException) -> int:
    """With which a process leaves that was interrupted: 128 and the signal's number, as shells count.

    >>> exit_code(KeyboardInterrupt()), exit_code(KeyboardInterrupt("SIGTERM"))
    (130, 143)
    """
    numbers = {number.name: number for number in SIGNALS}
    return 128 + int(numbers.get(str(interrupt), signal.SIGINT))


class DeferredSignals:
    """Within it signals, once `defer` was called, are only noted in ``received``; `obey` does what they asked for.

    A second Ctrl-C does not wait. Outside the main thread, where Python handles no signals, it does nothing.

    Attributes
    ----------
    received : a bit for each signal's number, so that processes can tell each other.
    """

    def __init__(self) -> None:
        self.received = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> DeferredSignals:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.getsignal(number) for number in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def defer(self) -> None:
        """Note signals from now on, whatever has been set to handle them since the beginning."""
        for number in self._before:
            signal.signal(number, self._note)

    def obey(self, received: int) -> None:
        """Do what the signals would have done at the beginning, where the default is to end with an exception.

        Returns if they were to be ignored, or if their handlers do not leave: one of submitit's only logs it. Its
        requeueing SIGUSR2 comes before the SIGTERM that SLURM sends with it.
        """
        for number in names(received):
            self.received &= ~(1 << number)
            handler = self._before.get(number, signal.SIG_DFL)
            if callable(handler):
                handler(number, None)
            elif handler != signal.SIG_IGN:
                raise KeyboardInterrupt(number.name)

    def _note(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and self.received >> number & 1:
            self.obey(1 << number)
        self.received |= 1 << number


def names(received: int) -> list[signal.Signals]:
    """The signals whose bits are set.

    >>> names(1 << 15 | 1 << 2)
    [<Signals.SIGINT: 2>, <Signals.SIGTERM: 15>]
    """
    return sorted(number for number in SIGNALS if received >> number & 1)
