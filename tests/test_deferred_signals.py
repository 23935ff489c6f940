import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ltd import deferred_signals
from ltd.deferred_signals import SIGNALS, DeferredSignals, exit_code, interrupting, leaving_native_waits


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noted_and_then_obeyed(number):
    before = signal.getsignal(number)
    with DeferredSignals() as signals:
        signals.defer()
        send(number)
        assert signals.received == 1 << number
        with pytest.raises(KeyboardInterrupt):
            signals.obey(signals.received)
        assert signals.received == 0
    assert signal.getsignal(number) == before


def test_a_handler_of_somebody_else_is_obeyed_even_if_another_has_taken_its_place(monkeypatch):
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with DeferredSignals() as signals:
            signal.signal(signal.SIGTERM, lambda number, frame: heard.append("another"))
            signals.defer()
            send(signal.SIGTERM)
            assert heard == []
            signals.obey(signals.received)
        assert heard == [signal.SIGTERM]
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with DeferredSignals() as signals:
            signals.obey(1 << signal.SIGTERM)  # and returns
    finally:
        signal.signal(signal.SIGTERM, before)


def test_of_signals_that_come_together_none_is_lost():
    heard = []
    both = (signal.SIGTERM, signal.SIGUSR2)
    before = {number: signal.signal(number, lambda number, frame: heard.append(number)) for number in both}
    try:
        with DeferredSignals() as signals:
            signals.defer()
            for number in both:
                send(number)
            asked = signals.received
            send(signal.SIGINT)  # between the look and the answer
            signals.obey(asked)
            assert heard == [signal.SIGUSR2, signal.SIGTERM]
            assert signals.received == 1 << signal.SIGINT
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_second_control_c_does_not_wait():
    with DeferredSignals() as signals:
        signals.defer()
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_outside_the_main_thread_nothing_is_changed():
    before = [signal.getsignal(number) for number in SIGNALS]

    def enter():
        with DeferredSignals() as signals:
            signals.defer()
            within.extend(signal.getsignal(number) for number in SIGNALS)

    within = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert within == before


KILLING = [signal.SIGTERM, signal.SIGUSR2]


@pytest.mark.parametrize("number", KILLING)
def test_what_would_kill_interrupts_and_only_once(number):
    def told_again_while_it_leaves():
        try:
            send(number)
        finally:
            for again in KILLING:
                send(again)

    with pytest.raises(KeyboardInterrupt) as caught, interrupting():
        told_again_while_it_leaves()
    assert exit_code(caught.value) == 128 + number
    assert [signal.getsignal(each) for each in KILLING] == [signal.SIG_DFL] * 2


def test_what_is_handled_or_ignored_stays_so():
    """As submitit handles both in its workers."""
    heard = []
    signal.signal(signal.SIGUSR2, lambda number, frame: heard.append(number))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interrupting():
            for number in KILLING:
                send(number)
        assert heard == [signal.SIGUSR2]
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        for number in KILLING:
            signal.signal(number, signal.SIG_DFL)


def test_fine_tuning_puts_off_an_interruption_too():
    with interrupting():
        with DeferredSignals() as signals:
            signals.defer()
            send(signal.SIGTERM)
            with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
                signals.obey(signals.received)
        with pytest.raises(KeyboardInterrupt, match="SIGUSR2"):
            send(signal.SIGUSR2)


def test_a_thread_cannot_interrupt():
    thread = threading.Thread(target=lambda: interrupting().__enter__())
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


WAITING = f"""
import sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r})
from datetime import timedelta
from torch.distributed import TCPStore
from ltd import deferred_signals
deferred_signals.GRACE = 0.5
with deferred_signals.interrupting(), deferred_signals.leaving_native_waits():
    print("waits", flush=True)
    TCPStore("127.0.0.1", 0, world_size=2, is_master=True, timeout=timedelta(seconds=300))  # for one on another node
"""


def test_a_process_that_waits_for_another_node_leaves_when_told_to():
    """Torch's wait lets no handler of Python's run: without the thread it takes all of its 300 seconds."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "waits\n"
        time.sleep(0.5)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=200)[1]
    assert process.returncode == 143
    assert said == "\ninterrupted while it waited; run the same command again to go on\n"
    assert time.monotonic() - started < 100


@pytest.mark.parametrize("number", SIGNALS)
def test_a_process_that_hears_the_signal_is_interrupted_as_always(number, monkeypatch):
    monkeypatch.setattr(deferred_signals, "GRACE", 0.1)
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt, match=number.name), interrupting(), leaving_native_waits():
            send(number)
        time.sleep(0.3)  # had it not been heard, this process would have ended
    finally:
        signal.signal(number, before)


def test_the_handler_of_somebody_else_may_take_its_time(monkeypatch):
    monkeypatch.setattr(deferred_signals, "GRACE", 0.1)
    before = signal.signal(signal.SIGUSR2, lambda number, frame: time.sleep(0.3))  # as submitit's, which requeues
    try:
        with interrupting(), leaving_native_waits():
            send(signal.SIGUSR2)
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert signal.set_wakeup_fd(-1) == -1
    for thread in threading.enumerate():
        if thread.name == "native-waits":
            thread.join(timeout=60)
            assert not thread.is_alive()
