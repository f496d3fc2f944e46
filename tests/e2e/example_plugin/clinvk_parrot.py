"""An example of a backend in a package of its own: `parrot`, which is `cat`, says what it hears."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from clinvk.agents.base import Backend, Capability, Parser
from clinvk.model.events import Event, Message, Result, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import Invocation, TurnRequest


class Agent(Backend):
    """Says what it hears."""

    title = "Parrot"
    executable = "cat"
    install_hint = "it is on every machine"
    lacks: ClassVar[Mapping[Capability, str]] = {
        capability: "it is a parrot"
        for capability in Capability
        if capability is not Capability.PARTIAL_MESSAGES
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """The prompt on stdin."""
        return Invocation(
            argv=(self.executable, *request.backend_args),
            stdin=request.prompt.encode("utf-8", errors="replace"),
            cwd=request.cwd,
        )

    def parser(self, request: TurnRequest) -> Parser:
        """A parser that needs to know nothing."""
        del request
        return _Said()


class _Said(Parser):
    def __init__(self) -> None:
        self._text = ""
        self._over = False

    def feed(self, line: str) -> Iterable[Event]:
        """A line is a piece of the answer."""
        if self._over:
            return ()
        piece = f"{line}\n"
        self._text += piece
        return (Message(text=piece, delta=True),)

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """All that was said is the answer, if it ended well."""
        if self._over:
            return ()
        self._over = True
        failure = None
        if exit_code != 0:
            message = stderr_tail.strip() or "the parrot flew away"
            failure = Failure(code=FailureCode.AGENT_FAILED, message=message)
        stop_reason = StopReason.ERROR if failure else StopReason.END_TURN
        return (Result(text=self._text.strip(), stop_reason=stop_reason, failure=failure),)
