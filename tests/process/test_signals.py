"""What happens to a child when clinvk itself is signalled, with real signals to this process."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from clinvk.process.child import Child
from clinvk.process.ending import EndReason
from clinvk.process.signals import HANDLED, SignalInbox

Starter = Callable[..., Child]


def receive(number: int) -> None:
    """Signal this process as a terminal or a supervisor would."""
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", HANDLED, ids=lambda number: number.name)
def test_the_first_signal_is_passed_on_and_last_words_still_come(
    launch: Starter, number: signal.Signals
) -> None:
    """INT becomes INT, TERM becomes TERM, HUP becomes HUP, and the ending names it."""
    child = launch("last_words", limits={"int_grace_s": 5, "term_grace_s": 5})
    seen = []
    with child:
        for line in child.lines():
            seen.append(line)
            if line == "ready":
                receive(number)
    assert seen == ["ready", f"goodbye {number.name}"]
    assert child.ending.reason is EndReason.CANCELLED
    assert child.ending.signal is number
    assert child.ending.exit_code is None


def test_a_signal_wakes_a_silent_wait_at_once(launch: Starter) -> None:
    """It is not delayed until the next line or deadline."""
    child = launch("silent", limits={"int_grace_s": 5})
    threading.Timer(0.2, receive, (signal.SIGINT,)).start()
    with child:
        assert list(child.lines()) == []
    assert child.ending.signal is signal.SIGINT
    assert child.ending.duration_s < 1.5


def test_the_stop_sequence_starts_after_the_received_signal(launch: Starter) -> None:
    """After SIGINT and its grace time comes SIGTERM, then SIGKILL."""
    seen = []
    with launch("counts_signals", limits={"int_grace_s": 0.2, "term_grace_s": 0.2}) as child:
        for line in child.lines():
            seen.append(line)
            if line == "ready":
                receive(signal.SIGINT)
    assert seen == ["ready", "SIGINT", "SIGTERM"]
    assert child.ending.duration_s < 2


def test_a_second_signal_goes_straight_to_kill(launch: Starter) -> None:
    """Who presses Ctrl-C twice does not want to wait."""
    seen = []
    with launch("counts_signals", limits={"int_grace_s": 9, "term_grace_s": 9}) as child:
        for line in child.lines():
            seen.append(line)
            if line == "ready":
                receive(signal.SIGINT)
                threading.Timer(0.3, receive, (signal.SIGINT,)).start()
    assert seen == ["ready", "SIGINT"]
    assert child.ending.signal is signal.SIGINT
    assert child.ending.duration_s < 2


def test_an_echo_of_the_first_signal_is_no_second_one(launch: Starter) -> None:
    """A wrapper that passes Ctrl-C on within a moment does not cost the agent its last words."""
    seen = []
    with launch("last_words", limits={"int_grace_s": 5}) as child:
        for line in child.lines():
            seen.append(line)
            if line == "ready":
                receive(signal.SIGINT)
                receive(signal.SIGINT)
    assert seen == ["ready", "goodbye SIGINT"]


def test_a_signal_while_a_timeout_stops_the_child_only_hurries(launch: Starter) -> None:
    """The reason stays the timeout; the next step comes at once."""
    seen = []
    limits = {"timeout_s": 0.5, "int_grace_s": 9, "term_grace_s": 0.2}
    with launch("counts_signals", limits=limits) as child:
        for line in child.lines():
            seen.append(line)
            if line == "SIGINT":
                receive(signal.SIGTERM)
    assert seen == ["ready", "SIGINT", "SIGTERM"]
    assert child.ending.reason is EndReason.TIMEOUT
    assert child.ending.duration_s < 2.5


def test_a_signal_before_the_start_starts_nothing(
    launch: Starter, inbox: SignalInbox, running: Callable[[], list[int]]
) -> None:
    """No lines, and the ending is that of a cancelled child."""
    receive(signal.SIGTERM)
    assert inbox.received == (signal.SIGTERM,)
    with launch("busy") as child:
        assert running() == []
        assert list(child.lines()) == []
    assert child.ending.reason is EndReason.CANCELLED
    assert child.ending.signal is signal.SIGTERM
    assert child.pid == 0


def test_a_stuck_consumer_can_be_interrupted(launch: Starter) -> None:
    """While the consumer holds a line, the third signal raises where it stands."""
    child = launch("busy", limits={"int_grace_s": 9})
    with pytest.raises(KeyboardInterrupt), child:  # noqa: PT012  leaving the block is the point
        for _ in islice(child.lines(), 1):
            for _ in range(3):
                receive(signal.SIGINT)
                time.sleep(0.01)
    assert child.ending.reason is EndReason.CANCELLED
    assert child.ending.duration_s < 3


def test_old_ways_are_back_afterwards() -> None:
    """Leaving the inbox restores each handler."""
    before = [signal.getsignal(number) for number in HANDLED]
    with SignalInbox():
        assert [signal.getsignal(number) for number in HANDLED] != before
    assert [signal.getsignal(number) for number in HANDLED] == before


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    """Under `nohup` a closing terminal stops nothing."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, signal\n"
        "from clinvk.process.signals import SignalInbox\n"
        "with SignalInbox() as inbox:\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print([number.name for number in inbox.received])\n",
        encoding="ascii",
    )
    found = subprocess.run(
        ["sh", "-c", 'trap "" HUP; exec "$0" "$1"', sys.executable, str(program)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        text=True,
    )
    assert found.stdout == "['SIGTERM']\n"


def test_outside_the_main_thread_nothing_is_installed() -> None:
    """There `post` is the only way in, and it works."""
    seen: list[object] = []

    def use() -> None:
        before = [signal.getsignal(number) for number in HANDLED]
        with SignalInbox() as inbox:
            seen.append([signal.getsignal(number) for number in HANDLED] == before)
            inbox.post(signal.SIGINT)
            seen.append(inbox.received)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [True, (signal.SIGINT,)]
