"""Puts requests to the person at the terminal, in a thread of its own.

The caller never waits: it adds requests to a queue and takes answers from another one. The thread
owns the terminal's mode, the keys and the question on the screen, and shows one question at a time.
"""

import os
import queue
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from clinvk.cli.asking.modes import JOB_SIGNALS, JobSignals, KeyMode
from clinvk.cli.panel import Panel
from clinvk.cli.render.spinner import elapsed_text
from clinvk.cli.streams import Streams
from clinvk.model.events import PermissionAnswer, PermissionRequest
from clinvk.model.permission import DecidedBy, Decision
from clinvk.model.report import TurnStart
from clinvk.process.signals import HANDLED

if TYPE_CHECKING:  # loaded by the thread, while the agent starts
    from clinvk.cli.asking.body import Signs
    from clinvk.cli.asking.key_reader import KeyReader
    from clinvk.cli.asking.question import Question

GUARD_S = 0.3
"""A question can be answered when no key was pressed for so long since it is on the screen."""

_NOTHING = Panel(lines=("",))
"""A question that is not shown for now; the spinner is not shown either."""

_SEQUENCE_S = 0.05
"""How long to wait for the rest of a key's sequence."""


class TerminalAsker:
    """An `Asker` for the terminal on stdin and stderr; `close` restores the terminal."""

    def __init__(self, streams: Streams, clock: Callable[[], float]) -> None:
        if streams.stdin is None:
            raise ValueError("there is no terminal to ask at")
        self._streams = streams
        self._clock = clock
        self._terminal = streams.stdin.fileno()
        self._mode = KeyMode(self._terminal, echo=not streams.cursor)
        self._agent, self._cwd = "the agent", ""
        self._started_at = clock()
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._answers: deque[PermissionAnswer] = deque()
        self._wake_fd, self._waking_fd = _pipe()
        self._answered_fd, self._answering_fd = _pipe()
        self._open: set[str] = set()
        self._signals = JobSignals(self._mode, self._waking_fd)
        self._thread: threading.Thread | None = None
        # Only the thread uses what follows.
        self._waiting: deque[PermissionRequest] = deque()
        self._question: Question | None = None
        self._asked = self._of = 0
        self._ready_at = 0.0
        self._printed: object = None
        self._running = True
        self._lost = False

    # What the turn calls, in the thread that runs it.

    def started(self, turn: TurnStart, agent: str) -> None:
        """Get ready to ask in this turn, while the agent starts; `agent` is its title."""
        self._agent, self._cwd = agent, turn.cwd
        if self._thread is None:
            self._started_at = self._clock()
            self._thread = threading.Thread(target=self._run, name="asker", daemon=True)
            self._thread.start()

    def fileno(self) -> int:
        """A descriptor that is readable while `take_answers` has something to return."""
        return self._answered_fd

    def ask(self, request: PermissionRequest) -> None:
        """Put the request to the person, after those that wait already."""
        if self._thread is None or not self._thread.is_alive():
            self._give([_denied(request)])
            return
        if not self._open:
            self._signals.watch()
        self._open.add(request.id)
        self._order(lambda: self._add(request))

    def take_answers(self) -> Sequence[PermissionAnswer]:
        """The answers since the last call."""
        _drain(self._answered_fd)
        taken = []
        while self._answers:
            taken.append(self._answers.popleft())
        self._settled({answer.id for answer in taken})
        return taken

    def withdraw(self, request_id: str | None = None) -> None:
        """Take the question back, if it is still open; None takes back all."""
        self._order(lambda: self._remove(request_id))
        self._settled(self._open if request_id is None else {request_id})

    def close(self) -> None:
        """Take everything back and restore the terminal; can be called more than once."""
        self.withdraw()
        if self._thread is not None:
            self._order(self._stop)
            self._thread.join()
            self._thread = None
        for descriptor in (self._wake_fd, self._waking_fd, self._answered_fd, self._answering_fd):
            with suppress(OSError):
                os.close(descriptor)
        self._wake_fd = self._waking_fd = self._answered_fd = self._answering_fd = -1

    def _settled(self, ids: set[str]) -> None:
        self._open = self._open - ids
        if not self._open:
            self._signals.unwatch()

    def _order(self, order: Callable[[], None]) -> None:
        """Let the thread do this."""
        self._orders.put(order)
        _wake(self._waking_fd)

    # What the thread does.

    def _run(self) -> None:
        """Serve orders and keys until the end; if that fails, everything is denied."""
        signal.pthread_sigmask(signal.SIG_BLOCK, (*HANDLED, *JOB_SIGNALS))
        try:
            from clinvk.cli.asking.key_reader import KeyReader
            from clinvk.cli.asking.question import Question  # noqa: F401  so that it is loaded

            self._serve(KeyReader())
        finally:
            self._lose()
            while not self._orders.empty():
                self._orders.get()()

    def _serve(self, reader: "KeyReader") -> None:
        while self._running:
            watched = [self._wake_fd]
            if self._question is not None and self._mode.entered:
                watched.append(self._terminal)
            wait_s = _SEQUENCE_S if reader.waits else self._next_draw_s()
            ready, _, _ = select.select(watched, [], [], wait_s)
            if self._wake_fd in ready:
                signals = _drain(self._wake_fd)
                while not self._orders.empty():
                    self._orders.get()()
                self._obey(signals)
            elif self._terminal in ready:
                self._press(reader.feed(self._typed()))
            elif reader.waits:
                self._press(reader.flush())
            else:
                self._draw()

    def _obey(self, signals: bytes) -> None:
        """Do what these signals ask for, in the order in which they make sense."""
        if signal.SIGTSTP in signals:
            self._suspend()
        if signal.SIGCONT in signals:
            self._resume()
        if signal.SIGWINCH in signals:
            self._draw()

    def _typed(self) -> bytes:
        try:
            data = os.read(self._terminal, 4096)
        except OSError:
            data = b""
        if not data:
            self._lose()
        return data

    def _press(self, keys: Sequence[str]) -> None:
        question = self._question
        if question is None or not keys:
            return
        if self._clock() < self._ready_at:  # typed without having read the question
            self._ready_at = self._clock() + GUARD_S
            return
        answer = question.press_all(keys)
        if answer is None:
            self._draw()
            return
        self._question = None
        answers = [answer]
        if answer.decision is Decision.ALLOW_TURN:
            answers += self._also_allowed(question.request.tool)
        self._next()
        self._give(answers)

    def _also_allowed(self, tool: str) -> list[PermissionAnswer]:
        """Allow the waiting requests for the same tool."""
        same = [one for one in self._waiting if one.tool == tool]
        self._waiting = deque(one for one in self._waiting if one.tool != tool)
        self._asked += len(same)
        return [
            PermissionAnswer(id=one.id, decision=Decision.ALLOW, by=DecidedBy.TURN) for one in same
        ]

    def _give(self, answers: Sequence[PermissionAnswer]) -> None:
        self._answers.extend(answers)
        _wake(self._answering_fd)

    def _add(self, request: PermissionRequest) -> None:
        if self._lost:
            self._give([_denied(request)])
            return
        self._of += 1
        self._waiting.append(request)
        if self._question is None:
            self._next()
        else:
            self._draw()

    def _remove(self, request_id: str | None, *, deny: bool = False) -> None:
        """Remove one request or all; with `deny` they are answered."""
        question = self._question
        removed = [one for one in self._waiting if request_id in {None, one.id}]
        self._of -= len(removed)
        self._waiting = deque(one for one in self._waiting if one not in removed)
        if question is not None and request_id in {None, question.request.id}:
            removed.append(question.request)
            self._question = None
        if question is not None:
            self._next()
        if deny:
            self._give([_denied(one) for one in removed])

    def _next(self) -> None:
        """Show the next question, if none is shown, or give the terminal back."""
        if self._question is None and self._waiting:
            from clinvk.cli.asking.question import Question

            self._asked += 1
            self._question = Question(
                self._waiting.popleft(), agent=self._agent, cwd=self._cwd, signs=self._signs()
            )
            self._begin()
        elif self._question is None:
            self._asked = self._of = 0
            self._streams.show(None)
            self._mode.leave()

    def _begin(self) -> None:
        """Read keys, and show the question; without a terminal all requests are denied."""
        if not self._mode.enter():
            self._lose()
            return
        self._ready_at = self._clock() + GUARD_S
        self._draw()
        self._mode.drop_typed()

    def _lose(self) -> None:
        """Deny everything, because nobody can be asked any more."""
        self._lost = True
        self._remove(None, deny=True)

    def _draw(self) -> None:
        """Show the question as it is now."""
        question, streams = self._question, self._streams
        if question is None or not self._mode.entered:
            return
        ready = self._clock() >= self._ready_at
        panel = question.panel(
            streams.columns(),
            streams.rows(),
            place=f"{self._asked} of {self._of}" if self._of > 1 else "",
            elapsed=elapsed_text(self._clock() - self._started_at),
            ready=ready,
        )
        if streams.cursor:
            streams.show(panel)
        elif ready and self._printed != (question, question.mode):
            self._printed = (question, question.mode)
            for line in panel.lines:
                streams.err(line)

    def _next_draw_s(self) -> float | None:
        """Seconds until the question looks different by itself."""
        if self._question is None or not self._mode.entered:
            return None
        now = self._clock()
        if now < self._ready_at:
            return self._ready_at - now
        return 1.0 - (now - self._started_at) % 1.0 if self._streams.cursor else None

    def _signs(self) -> "Signs":
        from clinvk.cli.asking.body import Signs

        plain = not self._streams.err_can_show("│┆")
        color = self._streams.err_color
        return Signs(bar="|", further=":", color=color) if plain else Signs(color=color)

    def _suspend(self) -> None:
        """Stop this process as Ctrl-Z does, with the terminal as the shell expects it."""
        self._streams.show(_NOTHING if self._question is not None else None)
        self._mode.leave()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _resume(self) -> None:
        """Ask again after a stop, once we are in the foreground."""
        if self._question is not None:
            self._begin()

    def _stop(self) -> None:
        self._running = False


def _denied(request: PermissionRequest) -> PermissionAnswer:
    return PermissionAnswer(id=request.id, decision=Decision.DENY, by=DecidedBy.NOBODY)


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    return reading, writing


def _wake(descriptor: int) -> None:
    with suppress(OSError):  # full of wake-ups already, or closed
        os.write(descriptor, b"\0")


def _drain(descriptor: int) -> bytes:
    """All bytes that are there."""
    data = b""
    with suppress(OSError):  # as above
        while more := os.read(descriptor, 512):
            data += more
    return data
