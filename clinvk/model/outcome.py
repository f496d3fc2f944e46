"""How a turn ended, as one value for events, reports and records."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from clinvk.model.failure import Failure
from clinvk.model.files import FileReport
from clinvk.model.usage import UNKNOWN_USAGE, Usage

Json = Any
"""A JSON value as the agent sent it; it is never interpreted outside its backend."""


class StopReason(StrEnum):
    """Why a turn ended; with `LENGTH` and `FILTERED` the answer was cut off."""

    END_TURN = "end_turn"
    MAX_TURNS = "max_turns"
    LENGTH = "length"
    FILTERED = "filtered"
    BUDGET = "budget"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    ERROR = "error"


def stop_word(reason: StopReason) -> str:
    """The word for readers: a turn that was stopped is `interrupted`, as its session is."""
    return "interrupted" if reason is StopReason.CANCELLED else reason.value


class Outcome(Struct, frozen=True, kw_only=True):
    """How a turn ended, as far as it is known.

    `text` is the final answer (empty if there is none): the last message, with all of its parts.
    `structured` is the value of an answer that follows a JSON Schema. `usage` and `cost_usd` are
    for this turn only, also after a resume and whatever the agent counts, and None if that is not
    known. `counters` are the agent's raw counters after this turn, in its backend's own form: the
    backend receives them as `TurnRequest.counters` at the next turn. `backend_session_id` and
    `model` are set only if the agent reported them. `exit_code` and `duration_s` are those of its
    process. `files` are the changed files, each path once with its last change.
    """

    text: str = ""
    stop_reason: StopReason | None = None
    usage: Usage = UNKNOWN_USAGE
    cost_usd: float | None = None
    failure: Failure | None = None
    backend_session_id: str | None = None
    model: str | None = None
    counters: Json = None
    structured: Json = None
    exit_code: int | None = None
    duration_s: float | None = None
    files: tuple[FileReport, ...] = ()
    warnings: tuple[str, ...] = ()


NO_OUTCOME = Outcome()
"""Nothing is known about the end of the turn."""
