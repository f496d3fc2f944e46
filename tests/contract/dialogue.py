"""A turn on an agent's live channel: its lines, the answers to its requests, and the replies.

`answers.json` beside a recorded stream has the answers in the order in which they are given, each
with the fields of a `PermissionAnswer` that differ from a person's plain one. An answer with an
`id` waits for the request of that name; the others are for the oldest open request.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from clinvk.agents.base import Parser
from clinvk.model.events import Event, PermissionAnswer, PermissionRequest, Result
from clinvk.model.permission import DecidedBy, Decision
from clinvk.model.request import FileReply, Reply
from clinvk.process.framing import LineFramer

SIGNALS = {"interrupt": signal.SIGINT, "kill": signal.SIGKILL}


def in_memory(asked: FileReply) -> bytes:
    """The reply of a machine where every file can be written and none can be read."""
    if asked.text is None:
        return asked.failed("it is not there", True)
    return asked.done(asked.text)


class Talk:
    """What a service does with a live parser: it takes events and replies, and gives answers.

    A person answers after the line; `at_once` answers while its events are taken, as a rule does.
    `with_file` reads and writes the files that the agent leaves to clinvk. `decide` answers where
    nobody is asked; what it answered is in `decided`.
    """

    def __init__(
        self,
        parser: Parser,
        answers: Sequence[Mapping[str, Any]] = (),
        *,
        at_once: bool = False,
        with_file: Callable[[FileReply], bytes] = in_memory,
        decide: Callable[[PermissionRequest], PermissionAnswer | None] | None = None,
    ) -> None:
        self.parser = parser
        self.decided: list[dict[str, Any]] = []
        self._decide = decide
        self._with_file = with_file
        self.events: list[Event] = []
        self.replies: list[bytes] = []
        self.stopped = False
        """Whether an answer stopped the turn: clinvk then stops the agent as Ctrl-C does."""
        self._answers = [*answers]
        self._at_once = at_once
        self._open: list[str] = []

    @property
    def over(self) -> bool:
        """Whether nothing more is to be said to the agent."""
        ended = any(isinstance(event, Result) for event in self.events)
        return ended or self.parser.settled

    @property
    def unanswered(self) -> bool:
        """Whether the agent waits for an answer that never comes."""
        return bool(self._open) and not self._answers

    def feed(self, line: str) -> None:
        """Take what the parser says to a line, and give the answers that are due."""
        self._take(self.parser.feed(line))
        self._answer()

    def finish(self, exit_code: int | None, stderr: str) -> list[Event]:
        """All events of the turn, with those of the agent's end."""
        if not any(isinstance(event, Result) for event in self.events):
            self._take(self.parser.finish(exit_code, stderr))
        return self.events

    def _take(self, parsed: Iterable[Event | Reply]) -> None:
        for one in parsed:
            if isinstance(one, Reply):
                self.replies.append(
                    self._with_file(one) if isinstance(one, FileReply) else one.data
                )
                continue
            self.events.append(one)
            if isinstance(one, PermissionRequest):
                self._open.append(one.id)
                if self._decide is not None and (answer := self._decide(one)) is not None:
                    told = {"decision": answer.decision.value, "by": answer.by.value}
                    self._answers.append(told)
                    self.decided.append(told)
                if self._at_once:
                    self._answer()
            elif isinstance(one, PermissionAnswer):
                self._open.remove(one.id)

    def _answer(self) -> None:
        while self._open and self._answers:
            due = self._answers[0].get("id", self._open[0])
            if due not in self._open:
                return
            told = {**self._answers.pop(0), "id": due}
            answer = PermissionAnswer(
                **{"by": DecidedBy.PERSON, **told, "decision": Decision(told["decision"])}
            )
            self._open.remove(due)
            self.events.append(answer)
            self._take(self.parser.answer(answer))
            self.stopped = self.stopped or answer.decision is Decision.STOP


def converse(child: subprocess.Popen[bytes], prompt: bytes, talk: Talk, stop: str | None) -> bytes:
    """Talk with a child in a group of its own until it closes its stdout; return what it printed.

    `stop` is what happens to it at a request that is never answered: `hangup` closes its stdin.
    """
    assert child.stdin is not None
    assert child.stdout is not None
    stdin, child.stdin = child.stdin, None
    printed, sent, framer = b"", 0, LineFramer()
    with contextlib.suppress(BrokenPipeError):
        stdin.write(prompt)
        stdin.flush()
    for line in child.stdout:
        printed += line
        for text in framer.feed(line):
            talk.feed(text)
        if not stdin.closed:
            with contextlib.suppress(BrokenPipeError):  # it no longer listens
                stdin.write(b"".join(talk.replies[sent:]))
                stdin.flush()
        sent = len(talk.replies)
        if talk.stopped:
            _signal(child, signal.SIGINT)
        if talk.unanswered and stop in SIGNALS:
            _signal(child, SIGNALS[stop])
        if talk.over or (talk.unanswered and stop == "hangup"):
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
    with contextlib.suppress(BrokenPipeError):
        stdin.close()
    return printed


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the whole group, since an agent may be a wrapper around a child that outlives it."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
