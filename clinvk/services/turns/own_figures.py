"""Reads a conversation's counters from the agent's own files, before and after a turn.

The counters of some agents cover the whole conversation, and also count what clinvk does not see:
use in the agent's own CLI, and turns that were cut off. The file has the values at which the agent
will continue.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Backend
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Json, Outcome, StopReason
from clinvk.model.request import TurnRequest
from clinvk.process.ending import Ending, EndReason
from clinvk.services.sessions.known_conversation import conversation_files_of
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import lines_backwards

_BROKE_OFF = frozenset(
    {FailureCode.KILLED, FailureCode.NETWORK, FailureCode.NO_RESULT, FailureCode.NOT_STARTED}
)
"""Failures with which an answer may be incomplete, and not be counted."""

_STOPPED = frozenset({StopReason.CANCELLED, StopReason.TIMEOUT})


def counters_kept(backend: Backend, conversation: str, world: World) -> Mapping[str, Json] | None:
    """The conversation's counters in the agent's own file; None if unknown."""
    return backend.counters_in(_lines(backend, conversation, world))


def with_own_figures(
    result: Outcome, backend: Backend, request: TurnRequest, ending: Ending, world: World
) -> Outcome:
    """The outcome with the usage in the agent's file, if it is not known otherwise.

    This applies to a turn that the agent reported as failed, and to counters that may cover either
    the run or the conversation.
    """
    conversation, failure = result.backend_session_id, result.failure
    if conversation is None or result.usage.known:
        return result
    if failure is None:
        return backend.with_figures(result, request, _lines(backend, conversation, world))
    broke_off = failure.code in _BROKE_OFF or result.stop_reason in _STOPPED
    if broke_off or ending.reason is not EndReason.EXITED or request.ephemeral:
        return result
    counters = counters_kept(backend, conversation, world)
    if counters is None:
        return result
    usage = backend.usage_by(counters, request, _lines(backend, conversation, world))
    return replace(result, usage=usage, counters=counters)


def _lines(backend: Backend, conversation: str, world: World) -> Iterator[str]:
    """The lines of the conversation's file, last first; the file is only opened on demand."""
    where = conversation_files_of(backend, conversation, world)
    if where is not None:
        yield from lines_backwards(where)
