"""Whether a resumed turn is answered from the conversation that was asked for.

Two ways to lose it: the agent says that it no longer has it, or it answers from another one. Both
are judged here, for every agent alike, and only a resume in which nothing happened can be void.
"""

from msgspec.structs import replace

from clinvk.agents.base import Backend
from clinvk.model.events import Failed, Init, Result, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE
from clinvk.text.sanitize import safe_line

_LONGEST_ID = 200


class SameConversation:
    """Follows the ids of one turn; `other` is that of the conversation it should not be in.

    `kept` says that the agent's files have the conversation that was asked for.
    """

    def __init__(self, backend: Backend, request: TurnRequest, *, kept: bool = False) -> None:
        self._kept = kept
        self._title = backend.title
        self._is_id = backend.is_conversation
        self._resume = request.resume
        self._asked = request.conversation if request.resume else None
        self._may_change = backend.changes_conversation(request)
        self._told: str | None = None
        self.other: str | None = None

    def note(self, init: Init) -> str | None:
        """Take an id in; what a person should know of it, if it is new by design."""
        known, self._told = self._told, init.backend_session_id
        if self._is_asked(init.backend_session_id):
            if self._asked is not None or known == init.backend_session_id:
                return None
            if self._is_id(init.backend_session_id):
                return None
            shown = _shown(init.backend_session_id)
            return f"{self._title} names its conversation `{shown}`: a session cannot go on with it"
        if not self._may_change:
            self.other = self.other or init.backend_session_id
            return None
        if known == init.backend_session_id:
            return None
        return f"{self._title} goes on under a new id: `{_shown(init.backend_session_id)}`"

    def failed(self, event: Failed, *, worked: bool) -> Failed:
        """The event, in which "gone" stands only where it can be."""
        if self.other is not None:
            return event
        return replace(event, failure=self._possible(event.failure, worked=worked))

    def result(self, result: Result, *, worked: bool) -> Result:
        """The result, with nothing in it of another conversation, and "gone" where it can be."""
        said = result.backend_session_id
        if said is not None and not self._may_change and not self._is_asked(said):
            self.other = self.other or said
        if self.other is None:
            if result.failure is None:
                return result
            return replace(result, failure=self._possible(result.failure, worked=worked))
        message = (
            f"asked to resume the conversation `{_shown(self._asked or '')}`, {self._title}"
            f" answered from another one: `{_shown(self.other)}`"
        )
        detail = result.failure.detail if result.failure else None
        return replace(
            result,
            stop_reason=StopReason.ERROR,
            usage=UNKNOWN_USAGE,
            cost_usd=None,
            counters=None,
            backend_session_id=None,
            failure=Failure(code=FailureCode.CONVERSATION_GONE, message=message, detail=detail),
        )

    def _is_asked(self, conversation: str) -> bool:
        return self._asked is None or conversation.lower() == self._asked.lower()

    def _possible(self, failure: Failure, *, worked: bool) -> Failure:
        """The failure; where a turn took place, words like "session not found" mean another one.

        So do they where the agent's files have the conversation, unless they name its id: a server
        of tools or a wrapper has sessions of its own.
        """
        if failure.code is not FailureCode.CONVERSATION_GONE:
            return failure
        named = self._asked is not None and self._asked.lower() in failure.message.lower()
        if self._resume and not worked and (named or not self._kept):
            return failure
        return replace(failure, code=FailureCode.AGENT_FAILED)


def _shown(conversation: str) -> str:
    return safe_line(conversation[:_LONGEST_ID])
