"""Answers an agent's permission requests: by a rule, the access, or a person at the terminal."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from clinvk.agents.base import Parser, Reply
from clinvk.model.access import Access
from clinvk.model.events import Event, PermissionAnswer, PermissionRequest, Warned
from clinvk.model.permission import DecidedBy, Decision, Rules, ToolKind
from clinvk.model.request import FileReply, TurnRequest
from clinvk.model.tool_names import common_name
from clinvk.process.hooks import Hooks
from clinvk.services.files.for_agent import reply_with_file

if TYPE_CHECKING:
    from clinvk.process.child import Child
    from clinvk.services.turns.plan import TurnPlan
    from clinvk.services.turns.record import Recording

_ENOUGH = 60
"""The number of characters that identify what was denied; agents shorten it differently."""

_Handle = Callable[[Event], None]


class Asker(Protocol):
    """Asks a person about requests, one at a time, without blocking the caller."""

    def fileno(self) -> int:
        """A descriptor that is readable while `take_answers` has something to return."""

    def ask(self, request: PermissionRequest) -> None:
        """Ask about this request, after those that are already waiting."""

    def take_answers(self) -> Sequence[PermissionAnswer]:
        """The answers since the last call."""

    def withdraw(self, request_id: str | None = None) -> None:
        """Remove the question if it is still open; None removes all."""


class Permissions:
    """Decides the requests of one turn, or leaves the decision to a person.

    Rules that deny are applied first. Rules that allow are applied only if a person would
    otherwise be asked.
    """

    def __init__(self, request: TurnRequest, rules: Rules, *, can_ask: bool) -> None:
        self._access = request.access
        self._directory = str(request.cwd)
        self._added = [*map(str, request.add_dirs)]
        self._rules = rules
        self._can_ask = can_ask
        self._allowed_tools: set[str] = set()
        self._tools: dict[str, str] = {}

    def decide(self, request: PermissionRequest) -> PermissionAnswer | None:
        """The answer to the request; None if a person has to be asked."""
        if answer := self._by_rule(request):
            return answer
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
        """Note a person's answer, which may be valid for the rest of the turn."""
        tool = self._tools.pop(answer.id, None)
        if tool is not None and answer.decision is Decision.ALLOW_TURN:
            self._allowed_tools.add(tool)

    def _by_rule(self, request: PermissionRequest) -> PermissionAnswer | None:
        if not self._rules.given:
            return None
        from clinvk.model.permission_rule import allowing, denying, parse_rule

        # Links are followed, so that a rule is about the file that would be changed. What denies
        # may also be about the name of a link.
        directory = os.path.realpath(self._directory)
        files = named = [*request.paths]
        if request.kind is not ToolKind.FETCH:
            named = [path for one in files for path in self._readings(one, directory)]
            files = [*(one for one in files if "://" in one), *map(_resolved, named)]
        both = replace(request, paths=(*files, *named))
        if rule := denying([parse_rule(one) for one in self._rules.deny], both, directory):
            return replace(_answer(request, DecidedBy.RULE, allowed=False), rule=rule)
        seen = replace(request, paths=tuple(files))
        if self._access not in {Access.ASK, None}:
            return None
        if rule := allowing(
            [parse_rule(one) for one in self._rules.allow], seen, directory, self._added
        ):
            return replace(_answer(request, DecidedBy.RULE, allowed=True), rule=rule)
        return None

    def _readings(self, path: str, directory: str) -> Iterable[str]:
        """The path as the system reads it, and as agents do, which take out `..` before links.

        `directory` is the real working directory.
        """
        here = f"{self._directory.rstrip('/')}/"
        below = path.removeprefix(here).lstrip("/") if path.startswith(here) else path
        whole = os.path.join(directory, below)  # noqa: PTH118  a name need not be a valid path
        return whole, os.path.normpath(whole)


def _resolved(path: str) -> str:
    """The file behind the path; a path that no file can have as it is."""
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL in it
        return path


class Dialogue:
    """Handles what an agent's parser returns: replies, events and permission requests.

    `handle` records and shows an event. `asker` asks a person; without one, requests are denied
    unless a rule or the access decides.
    """

    def __init__(
        self, plan: "TurnPlan", asker: Asker | None, recording: "Recording", handle: _Handle
    ) -> None:
        self._permissions = Permissions(plan.request, plan.rules, can_ask=asker is not None)
        self._asker = asker
        self._recording = recording
        self._handle = handle
        self._child: Child | None = None
        self._parser: Parser | None = None
        self._open: dict[str, PermissionRequest] = {}
        self._denied: list[PermissionRequest] = []
        self._ended = False

    @property
    def hooks(self) -> Hooks:
        """What the runner has to call during the turn."""
        wake_fd = self._asker.fileno() if self._asker else -1
        return Hooks(self._recording.quiet, wake_fd, self._take_answers, self.end)

    def begin(self, child: "Child", parser: Parser) -> None:
        """Use this child and this parser from now on."""
        self._child, self._parser = child, parser
        self._ended = False

    def take(self, parsed: Iterable[Event | Reply]) -> None:
        """Handle each event, send each reply, and answer each request or ask a person about it."""
        for one in parsed:
            if isinstance(one, Reply):
                data = reply_with_file(one) if isinstance(one, FileReply) else one.data
                if self._child is not None:
                    self._child.reply(data)
                continue
            if isinstance(one, Warned) and self._denied_here(one):
                continue
            self._handle(one)
            if isinstance(one, PermissionRequest):
                self._decide(one)
            elif isinstance(one, PermissionAnswer) and self._asker is not None:
                self._close(one.id)
                self._asker.withdraw(one.id)  # by the agent itself

    def end(self) -> None:
        """Withdraw the open questions, because the agent has ended or is being stopped."""
        self._ended = True
        if self._open and self._asker is not None:
            self._open.clear()
            self._asker.withdraw()

    def _denied_here(self, warning: Warned) -> bool:
        """Whether the warning is about a denial that clinvk has already reported."""
        told = (
            one[:_ENOUGH]
            for request in self._denied
            for one in (request.summary, request.command, *request.paths)
            if one
        )
        return warning.code == "denied" and any(one in warning.message for one in told)

    def _decide(self, request: PermissionRequest) -> None:
        """Answer the request, or ask the person after it is on disk."""
        answer = self._permissions.decide(request)
        if answer is None and self._ended:
            self._answer(_answer(request, DecidedBy.NOBODY, allowed=False), request)
        elif answer is not None:
            self._answer(answer, request)
            if not answer.decision.allows:
                what = f"{common_name(request.tool)} {request.summary}".strip()
                rule = f" (rule `{answer.rule}`)" if answer.rule else ""
                self._handle(Warned(message=f"not allowed: {what}{rule}", code="denied"))
        elif self._asker is not None and self._child is not None:
            self._recording.quiet()
            self._open[request.id] = request
            self._child.wait_for_person(True)
            self._asker.ask(request)

    def _take_answers(self) -> None:
        """Send the person's answers to the agent; those to withdrawn questions are dropped."""
        for answer in self._asker.take_answers() if self._asker else ():
            request = self._open.get(answer.id)
            if request is not None:
                self._close(answer.id)
                self._permissions.note(answer)
                self._answer(answer, request)

    def _close(self, request_id: str) -> None:
        self._open.pop(request_id, None)
        if self._child is not None:
            self._child.wait_for_person(bool(self._open))

    def _answer(self, answer: PermissionAnswer, request: PermissionRequest) -> None:
        """Record the answer, then send it: what was allowed is known even if we are killed."""
        self._handle(answer)
        self._recording.quiet()
        if not answer.decision.allows:
            self._denied.append(request)
        if self._parser is not None:
            self.take(self._parser.answer(answer))
        if answer.decision is Decision.STOP and self._child is not None:
            self._child.interrupt()


def _answer(request: PermissionRequest, by: DecidedBy, *, allowed: bool) -> PermissionAnswer:
    return PermissionAnswer(
        id=request.id, decision=Decision.ALLOW if allowed else Decision.DENY, by=by
    )
