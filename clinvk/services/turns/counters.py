"""What the agent's own files say of a conversation's counters, before a turn and after it.

An agent whose counters cover the whole conversation counts on while clinvk does not look: in its
own CLI, and in a turn that broke off. Its file has the counters that it will go on from itself.
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
"""An answer may have been on its way, and nobody has counted it."""


def counters_kept(backend: Backend, conversation: str, world: World) -> Mapping[str, Json] | None:
    """The conversation's counters by the agent's own file; None where it does not tell."""
    return backend.counters_in(_lines(backend, conversation, world))


def with_own_figures(
    result: Outcome, backend: Backend, request: TurnRequest, ending: Ending, world: World
) -> Outcome:
    """The outcome with what the agent's file says it used, where only that tells.

    That is so of a turn that the agent ended as failed, and of one whose counters may be those of
    the run or of the conversation.
    """
    conversation, failure = result.backend_session_id, result.failure
    if conversation is None or result.usage.known:
        return result
    if failure is None:
        if result.counters is None:
            return result
        lines = _lines(backend, conversation, world)
        return replace(result, usage=backend.usage_of_run(result.counters, lines))
    broke_off = failure.code in _BROKE_OFF or result.stop_reason is not StopReason.ERROR
    if broke_off or ending.reason is not EndReason.EXITED or request.ephemeral:
        return result
    counters = counters_kept(backend, conversation, world)
    if counters is None:
        return result
    usage = backend.usage_by(counters, request, _lines(backend, conversation, world))
    return replace(result, usage=usage, counters=counters)


def _lines(backend: Backend, conversation: str, world: World) -> Iterator[str]:
    """The lines of the conversation's file, last first; looked for only once one is asked for."""
    where = conversation_files_of(backend, conversation, world)
    if where is not None:
        yield from lines_backwards(where)
