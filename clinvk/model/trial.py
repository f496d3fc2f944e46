"""What came of trying a backend for real: a verdict for each promise of the contract."""

from dataclasses import dataclass
from enum import StrEnum


class Held(StrEnum):
    """What came of one check."""

    YES = "yes"
    NO = "no"
    NOT_TRIED = "not_tried"


class Promise(StrEnum):
    """What is checked, in the order in which it is."""

    INSTALLED = "installed"
    START = "start"
    RESUME = "resume"
    EPHEMERAL = "ephemeral"
    READ_ONLY = "read-only"
    ERROR = "error"
    GONE = "gone"
    TIMEOUT = "timeout"

    @property
    def meaning(self) -> str:
        """What a backend keeps that keeps it."""
        return _MEANING[self]


_MEANING = {
    Promise.INSTALLED: "its program is there",
    Promise.START: "a prompt is answered, and the conversation has an id",
    Promise.RESUME: "a further turn remembers the one before",
    Promise.EPHEMERAL: "a turn of which nothing is kept is answered",
    Promise.READ_ONLY: "told to write a file it writes none",
    Promise.ERROR: "an unknown model is a failure and no success",
    Promise.GONE: "an unknown conversation is a failure, never an empty one",
    Promise.TIMEOUT: "out of time it is stopped, and no process stays",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one promise was kept, and in one sentence how that was seen or why not tried."""

    promise: Promise
    held: Held
    detail: str
