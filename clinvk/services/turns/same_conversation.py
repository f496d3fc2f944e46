"""Checks that a resumed turn is answered from the requested conversation.

It can be lost in two ways: the agent reports it as missing, or answers from another one. Both are
detected here for every agent, and only a resume in which nothing happened can be voided.
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
    """Follows the ids of one turn; `other` is the id of a wrong conversation.

    `kept` means that the agent's files have the requested conversation.
    """

    def __init__(self, backend: Backend, request: TurnRequest, *, kept: bool = False) -> None:
        self._kept = kept
        self._title = backend.title
        self._is_id = backend.is_conversation
        self._resume = request.resume
        self._asked = request.conversation if request.resume else None
        self._may_change = backend.changes_conversation(request)
        self._reported_id: str | None = None
        self.other: str | None = None

    def note(self, init: Init) -> str | None:
        """Record an id; return a note for the user if the id changes as intended."""
        known, self._reported_id = self._reported_id, init.backend_session_id
        if self._is_asked(init.backend_session_id):
            if self._asked is not None or known == init.backend_session_id:
                return None
            if self._is_id(init.backend_session_id):
                return None
            shown = _shown(init.backend_session_id)
            return f"{self._title} reported the id `{shown}`, which a session cannot continue"
        if not self._may_change:
            self.other = self.other or init.backend_session_id
            return None
        if known == init.backend_session_id:
            return None
        return f"{self._title} continues under a new id: `{_shown(init.backend_session_id)}`"

    def failed(self, event: Failed, *, worked: bool) -> Failed:
        """The event; its code is only "gone" if that is possible."""
        if self.other is not None:
            return event
        return replace(event, failure=self._possible(event.failure, worked=worked))

    def result(self, result: Result, *, worked: bool) -> Result:
        """The result without data of another conversation; "gone" only if that is possible."""
        found = result.backend_session_id
        if found is not None and not self._may_change and not self._is_asked(found):
            self.other = self.other or found
        if self.other is None:
            if result.failure is None:
                return result
            return replace(result, failure=self._possible(result.failure, worked=worked))
        message = (
            f"{self._title} should have resumed the conversation `{_shown(self._asked or '')}`,"
            f" but answered from another one: `{_shown(self.other)}`"
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
        """The failure, unless "session not found" must be about something else.

        That is so if the agent worked, or if its files have the conversation and the message does
        not name its id: a tool server or a wrapper has sessions of its own.
        """
        if failure.code is not FailureCode.CONVERSATION_GONE:
            return failure
        named = self._asked is not None and self._asked.lower() in failure.message.lower()
        if self._resume and not worked and (named or not self._kept):
            return failure
        return replace(failure, code=FailureCode.AGENT_FAILED)


def _shown(conversation: str) -> str:
    return safe_line(conversation[:_LONGEST_ID])
