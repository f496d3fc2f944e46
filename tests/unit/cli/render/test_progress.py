"""The progress of long work on a terminal, and what is said when it is stopped."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from clinvk.cli.render.progress import ShownProgress
from clinvk.errors import ExitStatus, StoppedBySignal

from .conftest import Screen

LONG = 60.0


def shown(
    screen: Screen, *, cursor: bool = True, quiet: bool = False, after_s: float = 0.0
) -> ShownProgress:
    """The progress of a deletion on a terminal, or elsewhere."""
    return ShownProgress(
        screen.streams(err_tty=cursor, cursor=cursor),
        lambda: 7.0,
        ("deleting sessions", "sessions deleted"),
        quiet=quiet,
        after_s=after_s,
    )


def drawn(screen: Screen, text: str) -> None:
    """Wait until the text has been drawn; the test's timeout ends a vain wait."""
    while text not in screen.err.getvalue():
        threading.Event().wait(0.01)


def test_it_counts_on_a_terminal_and_leaves_nothing_there(screen: Screen) -> None:
    """The line has the label, how many are done and of how many; the end erases it."""
    with shown(screen) as told:
        drawn(screen, "deleting sessions · 0s")
        told(1234, 20000)
        drawn(screen, "deleting sessions: 1,234 of 20,000 · 0s")
        told(20000, None)
        drawn(screen, "deleting sessions: 20,000 · 0s")
    assert screen.err.getvalue().endswith("\r\x1b[K")
    assert "\n" not in screen.err.getvalue()


@pytest.mark.parametrize("how", [{"cursor": False}, {"quiet": True}])
def test_it_writes_nothing_to_a_pipe_or_when_quiet(screen: Screen, how: dict[str, bool]) -> None:
    """No thread is there that could write."""
    before = threading.active_count()
    with shown(screen, **how) as told:
        told(1, 2)
        assert threading.active_count() == before
    assert screen.all.getvalue() == ""


def test_short_work_shows_nothing(screen: Screen) -> None:
    """Before its time the line is not drawn, and the end does not wait for that time."""
    with shown(screen, after_s=LONG) as told:
        told(1, 2)
    assert screen.all.getvalue() == ""


STOPS: list[tuple[signal.Signals, type[BaseException]]] = [
    (signal.SIGINT, KeyboardInterrupt),
    (signal.SIGTERM, StoppedBySignal),
    (signal.SIGHUP, StoppedBySignal),
]


@pytest.mark.parametrize(("number", "kind"), STOPS)
def test_a_signal_stops_the_work_between_two_items(
    screen: Screen, number: signal.Signals, kind: type[BaseException]
) -> None:
    """The item in progress is completed and counted; the last line says how many are done."""
    reached: list[str] = []
    before = signal.getsignal(number)

    def work() -> None:
        with shown(screen, after_s=LONG) as told:
            told(0, 3)
            os.kill(os.getpid(), number)
            reached.append("the item is completed")
            told(1, 3)
            reached.append("the next one is begun")

    with pytest.raises(kind) as stopped:
        work()
    assert reached == ["the item is completed"]
    assert screen.all.getvalue() == "interrupted: 1 of 3 sessions deleted\n"
    assert signal.getsignal(number) is before
    if isinstance(stopped.value, StoppedBySignal):
        assert stopped.value.exit_status is ExitStatus.TERMINATED


def test_the_second_signal_does_not_wait(screen: Screen) -> None:
    """An item that hangs can be left with another Ctrl-C."""

    def work() -> None:
        with shown(screen, after_s=LONG) as told:
            told(0, 3)
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("it was not left")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert screen.all.getvalue() == "interrupted: 0 of 3 sessions deleted\n"


def test_a_signal_after_the_last_item_changes_nothing(
    screen: Screen, signalled: Callable[[], list[int]]
) -> None:
    """All is done, so the command says so; only its own ending can be interrupted then."""
    with shown(screen, after_s=LONG) as told:
        told(0, 1)
        told(1, 1)
        os.kill(os.getpid(), signal.SIGTERM)
    assert signalled() == [signal.SIGTERM]
    assert screen.all.getvalue() == ""


@pytest.fixture
def signalled() -> Any:
    """What a handler from before the work received."""
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    yield lambda: received
    signal.signal(signal.SIGTERM, before)
