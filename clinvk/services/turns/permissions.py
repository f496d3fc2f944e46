"""Answers an agent's permission requests: by the access, or by a person at the terminal."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from clinvk.agents.base import Parser, Reply
from clinvk.model.access import Access
from clinvk.model.events import Event, PermissionAnswer, PermissionRequest
from clinvk.model.permission import DecidedBy, Decision, ToolKind
from clinvk.process.limits import Hooks

if TYPE_CHECKING:
    from clinvk.process.runner import Child
    from clinvk.services.turns.record import Recording

_Handle = Callable[[Event], None]


class Asker(Protocol):
    """Puts requests to a person, one after the other, and never blocks its caller."""

    def fileno(self) -> int:
        """A descriptor that is readable while `take_answers` has something to return."""

    def ask(self, request: PermissionRequest) -> None:
        """Put the request to the person, after those that wait already."""

    def take_answers(self) -> Sequence[PermissionAnswer]:
        """The answers since the last call."""

    def withdraw(self, request_id: str | None = None) -> None:
        """Take the question back, if it is still open; None takes back all."""


class Permissions:
    """Decides the requests of one turn; what it does not decide, a person does."""

    def __init__(self, access: Access | None, *, can_ask: bool) -> None:
        self._access = access
        self._can_ask = can_ask
        self._allowed_tools: set[str] = set()
        self._tools: dict[str, str] = {}

    def decide(self, request: PermissionRequest) -> PermissionAnswer | None:
        """The answer to the request; None if a person has to be asked."""
        if self._access in {Access.READ_ONLY, Access.EDIT, Access.FULL}:
            edits = self._access is Access.EDIT and request.kind is ToolKind.EDIT
            allowed = edits or self._access is Access.FULL
            return _answer(request, DecidedBy.ACCESS, allowed=allowed)
        if request.tool in self._allowed_tools:
            return _answer(request, DecidedBy.TURN, allowed=True)
        if not self._can_ask:
            return _answer(request, DecidedBy.NOBODY, allowed=False)
        self._tools[request.id] = request.tool
        return None

    def note(self, answer: PermissionAnswer) -> None:
        """Note a person's answer, which may hold for the rest of the turn."""
        tool = self._tools.pop(answer.id, None)
        if tool is not None and answer.decision is Decision.ALLOW_TURN:
            self._allowed_tools.add(tool)


class Dialogue:
    """Takes what an agent's parser returns: replies, events, and requests to be answered.

    `handle` records and shows an event. `asker` puts requests to a person; without one they are
    denied, unless the access decides.
    """

    def __init__(
        self, access: Access | None, asker: Asker | None, recording: "Recording", handle: _Handle
    ) -> None:
        self._permissions = Permissions(access, can_ask=asker is not None)
        self._asker = asker
        self._recording = recording
        self._handle = handle
        self._child: Child | None = None
        self._parser: Parser | None = None
        self._open: set[str] = set()

    @property
    def hooks(self) -> Hooks:
        """What the runner has to call during the turn."""
        wake_fd = self._asker.fileno() if self._asker else -1
        return Hooks(self._recording.quiet, wake_fd, self._take_answers)

    def begin(self, child: "Child", parser: Parser) -> None:
        """Use this child and this parser from now on."""
        self._child, self._parser = child, parser

    def take(self, parsed: Iterable[Event | Reply]) -> None:
        """Pass on events, send replies, and answer or ask what the agent asks."""
        for one in parsed:
            if isinstance(one, Reply):
                if self._child is not None:
                    self._child.reply(one.data)
                continue
            self._handle(one)
            if isinstance(one, PermissionRequest):
                self._decide(one)
            elif isinstance(one, PermissionAnswer) and self._asker is not None:
                self._close(one.id)
                self._asker.withdraw(one.id)  # by the agent itself

    def end(self) -> None:
        """Withdraw the open questions, because the agent has ended."""
        if self._open and self._asker is not None:
            self._open.clear()
            self._asker.withdraw()

    def _decide(self, request: PermissionRequest) -> None:
        """Answer the request, or put it to the person once it is on disk."""
        answer = self._permissions.decide(request)
        if answer is not None:
            self._answer(answer)
        elif self._asker is not None and self._child is not None:
            self._recording.quiet()
            self._open.add(request.id)
            self._child.wait_for_person(True)
            self._asker.ask(request)

    def _take_answers(self) -> None:
        """Send the person's answers to the agent; those to withdrawn questions are dropped."""
        for answer in self._asker.take_answers() if self._asker else ():
            if answer.id in self._open:
                self._close(answer.id)
                self._permissions.note(answer)
                self._answer(answer)

    def _close(self, request_id: str) -> None:
        self._open.discard(request_id)
        if self._child is not None:
            self._child.wait_for_person(bool(self._open))

    def _answer(self, answer: PermissionAnswer) -> None:
        self._handle(answer)
        if self._parser is not None:
            self.take(self._parser.answer(answer))
        if answer.decision is Decision.STOP and self._child is not None:
            self._child.interrupt()


def _answer(request: PermissionRequest, by: DecidedBy, *, allowed: bool) -> PermissionAnswer:
    return PermissionAnswer(
        id=request.id, decision=Decision.ALLOW if allowed else Decision.DENY, by=by
    )
