"""Prompts that are sent late, and replies; see `fake_cli.py` for what each child does."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import count
from threading import Timer

import pytest

from clinvk.process.child import Child
from clinvk.process.ending import EndReason
from clinvk.process.hooks import Hooks
from clinvk.process.outbox import MOST_REPLIES
from clinvk.process.signals import SignalInbox

Starter = Callable[..., Child]

TWO_MB = b"p" * 2_000_000
REPLY = b"r" * 65_535 + b"\n"


def converse(child: Child, reply: Callable[[str], bytes]) -> list[str]:
    """Read the child to its end; each line that begins with `ask` gets its reply."""
    seen = []
    with child:
        for line in child.lines():
            seen.append(line)
            if line.startswith("ask"):
                child.reply(reply(line))
            elif line == "result":
                child.settled()
    return seen


def test_a_prompt_that_is_held_comes_when_it_is_sent(launch: Starter) -> None:
    """Until then the child finds nothing on its stdin, and no end of it either."""
    with launch("looks_then_reads", stdin=b"hello", held=True) as child:
        lines = child.lines()
        assert next(lines) == "nothing yet"
        child.send_prompt()
        assert list(lines) == ["hello"]
    assert child.ending.reason is EndReason.EXITED


def test_a_child_without_a_prompt_finds_the_end_of_stdin(launch: Starter) -> None:
    """Nothing is held for it: it may be asked for its version, or have its prompt in its argv."""
    with launch("looks_then_reads", held=True) as child:
        assert list(child.lines()) == ["something", ""]


def test_a_child_that_exits_before_its_prompt_is_reported(launch: Starter) -> None:
    """Sending the prompt is no error, and its exit code and stderr are reported."""
    with launch("fails", stdin=TWO_MB, held=True) as child:
        until = time.monotonic() + 10
        while not child._exit.poll() and time.monotonic() < until:
            child.enforce_limits()
        child.send_prompt()
        assert list(child.lines()) == []
    assert (child.ending.reason, child.ending.exit_code) == (EndReason.EXITED, 7)
    assert child.ending.stderr_tail == "first line\nlast line"


def test_after_a_signal_the_prompt_is_not_sent(launch: Starter, inbox: SignalInbox) -> None:
    """Ctrl-C between start and prompt: the child is stopped and has nothing to work on."""
    with launch("tells_when_interrupted", stdin=b"hello", held=True) as child:
        lines = child.lines()
        assert next(lines) == "ready"
        inbox.post(signal.SIGINT)
        child.send_prompt()
        assert list(lines) == ["nothing"]
    assert (child.ending.reason, child.ending.signal) == (EndReason.CANCELLED, signal.SIGINT)


def test_a_child_that_is_left_before_its_prompt_does_not_get_it(launch: Starter) -> None:
    """Nor the end of its stdin, which it could take for an empty prompt."""
    with launch("tells_when_interrupted", stdin=b"hello", held=True) as child:
        lines = child.lines()
        assert next(lines) == "ready"
        child._stop(EndReason.CANCELLED, signal.SIGINT)
        child.send_prompt()
        assert list(lines) == ["nothing"]


def test_limits_count_from_the_prompt(launch: Starter) -> None:
    """The time that our own work takes before it is not the child's."""
    child = launch("busy", stdin=b"hello", held=True, limits={"timeout_s": 0.5})
    time.sleep(0.7)
    child.send_prompt()
    with child:
        assert next(child.lines()) == "tick"
        assert child.enforce_limits()


def test_a_child_gets_a_reply_to_what_it_asks(launch: Starter) -> None:
    """Stdin stays open after the prompt, and is closed when the dialogue is settled."""
    child = launch("converses", stdin=b"hello\n", dialogue=True)
    number = count(1)
    seen = converse(child, lambda _: f"reply {next(number)}\n".encode())
    assert seen == ["ask 1 hello", "ask 2 reply 1", "heard reply 2", "result", "end of stdin"]
    assert child.ending.exit_code == 0


def test_a_reply_to_a_child_without_a_dialogue_is_dropped(launch: Starter) -> None:
    """Its stdin was closed after the prompt."""
    child = launch("echo", stdin=b"ask\nmore")
    assert converse(child, lambda _: b"reply") == ["ask", "more"]


def test_replies_come_after_a_prompt_that_is_still_being_sent(launch: Starter) -> None:
    """Two megabytes that nobody reads yet are not overtaken, and replies keep their order."""
    child = launch("asks_before_reading", stdin=TWO_MB, dialogue=True)
    seen = converse(child, lambda line: f"re {line}\n".encode())
    assert seen[3:] == ["re ask 1,re ask 2,re ask 3,", "result"]


def test_replies_are_sent_while_the_consumer_waits(launch: Starter) -> None:
    """The child is not held up by somebody who reads what we write."""
    with launch("asks_before_reading", stdin=TWO_MB, dialogue=True) as child:
        lines = child.lines()
        for number in (1, 2, 3):
            child.reply(f"re {next(lines)} {number}\n".encode())
        until = time.monotonic() + 10
        while not child._exit.poll() and time.monotonic() < until:
            child.enforce_limits()
        assert next(lines) == "re ask 1 1,re ask 2 2,re ask 3 3,"


def test_a_child_that_reads_late_gets_every_reply(launch: Starter) -> None:
    """It is not heard further while too much waits for it, and nothing is lost."""
    child = launch("asks_a_lot_and_then_reads", stdin=b"hello ", dialogue=True)
    seen = converse(child, lambda _: REPLY)
    assert seen[60:] == ["60", str(len("hello ") + 60 * len(REPLY)), "result"]


def test_a_child_that_reads_no_reply_cannot_fill_the_memory(launch: Starter) -> None:
    """It is not heard until it reads: so however much it says, it is idle, and ends as such."""
    most = 0
    child = launch("asks_for_ever", stdin=b"hello", dialogue=True, limits={"idle_timeout_s": 0.5})
    with child:
        for _ in child.lines():
            child.reply(REPLY)
            most = max(most, child._pipes.outbox._waiting)
    assert child.ending.reason is EndReason.IDLE_TIMEOUT
    assert MOST_REPLIES < most <= MOST_REPLIES + len(REPLY)


def test_a_child_that_reads_no_reply_still_has_its_last_words(
    launch: Starter, inbox: SignalInbox
) -> None:
    """Stopped by Ctrl-C it gets no more replies, and is heard again."""
    with launch("asks_for_ever", stdin=b"hello", dialogue=True) as child:
        lines = child.lines()
        while not child._pipes.outbox.full:
            next(lines)
            child.reply(REPLY)
        inbox.post(signal.SIGINT)
        assert "goodbye" in list(lines)
    assert child.ending.reason is EndReason.CANCELLED


def test_a_child_that_leaves_without_reading_is_heard_to_the_end(launch: Starter) -> None:
    """Replies that nobody can read any more hold nothing up."""
    child = launch("asks_and_leaves", stdin=b"hello", dialogue=True)
    assert converse(child, lambda _: REPLY) == [f"ask {number}" for number in range(60)]
    assert child.ending.exit_code == 0


@pytest.mark.parametrize("reply", [b"reply\n", REPLY * 40], ids=["short", "long"])
def test_a_reply_to_a_child_that_closed_its_stdin_does_no_harm(
    launch: Starter, reply: bytes
) -> None:
    """It neither raises nor ends the turn."""
    child = launch("asks_with_stdin_closed", stdin=b"hello", dialogue=True)
    assert converse(child, lambda _: reply) == ["ask", "ask again", "result"]
    assert child.ending.exit_code == 0


@pytest.fixture
def answers() -> Iterator[tuple[int, int]]:
    """A pipe that a person's answers come through: the end to read, the end to write."""
    read, write = os.pipe()
    yield read, write
    os.close(read)
    os.close(write)


def test_an_answer_from_elsewhere_reaches_the_child_while_it_waits(
    launch: Starter, answers: tuple[int, int]
) -> None:
    """The descriptor wakes the runner, which is the only one that writes to the child."""
    read, write = answers
    running: list[Child] = []

    def answered() -> None:
        running[0].reply(os.read(read, 100))

    hooks = Hooks(wake_fd=read, on_wake=answered)
    with launch("converses", stdin=b"hello\n", dialogue=True, hooks=hooks) as child:
        running.append(child)
        lines = child.lines()
        assert next(lines) == "ask 1 hello"
        os.write(write, b"by hand\n")
        assert next(lines) == "ask 2 by hand"


def test_waiting_for_a_person_is_not_idle_and_then_the_limit_starts_again(
    launch: Starter, answers: tuple[int, int]
) -> None:
    """The time of the question does not count; the silence after the answer does."""
    read, write = answers
    running: list[Child] = []
    asked_at: list[float] = []

    def answered() -> None:
        os.read(read, 100)
        asked_at.append(time.monotonic())
        running[0].wait_for_person(False)

    limits = {"idle_timeout_s": 0.3}
    hooks = Hooks(wake_fd=read, on_wake=answered)
    with launch("silent", limits=limits, hooks=hooks, stdin=b"x") as child:
        running.append(child)
        child.wait_for_person(True)
        Timer(1.0, os.write, (write, b"y")).start()
        list(child.lines())
    assert child.ending.reason is EndReason.IDLE_TIMEOUT
    assert asked_at
    assert child.ending.duration_s >= 1.3


def test_the_total_time_counts_while_a_person_is_asked(launch: Starter) -> None:
    """A question does not keep a turn for ever."""
    with launch("silent", limits={"timeout_s": 0.3}, stdin=b"x") as child:
        child.wait_for_person(True)
        list(child.lines())
    assert child.ending.reason is EndReason.TIMEOUT


def test_a_person_can_stop_the_turn_as_ctrl_c_does(launch: Starter) -> None:
    """The child is stopped, and its ending names the signal."""
    with launch("silent", stdin=b"x") as child:
        child.interrupt()
        list(child.lines())
    assert (child.ending.reason, child.ending.signal) == (EndReason.CANCELLED, signal.SIGINT)
