"""The result of a real test of a backend: a verdict for each promise of the contract."""

from enum import StrEnum

from msgspec import Struct


class Held(StrEnum):
    """The result of one check."""

    YES = "yes"
    NO = "no"
    NOT_TRIED = "not_tried"


class Promise(StrEnum):
    """What is checked, in this order."""

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
        """What a backend promises with it."""
        return _MEANING[self]


_MEANING = {
    Promise.INSTALLED: "its program is installed",
    Promise.START: "a prompt is answered, and the conversation has an id",
    Promise.RESUME: "a further turn remembers the previous one",
    Promise.EPHEMERAL: "a turn that is not saved is answered",
    Promise.READ_ONLY: "with read-only access it writes no file",
    Promise.ERROR: "an unknown model is a failure",
    Promise.GONE: "an unknown conversation is a failure, not an empty conversation",
    Promise.TIMEOUT: "it is stopped after the timeout, and no process remains",
}


class Verdict(Struct, frozen=True):
    """Whether one promise was kept, and one sentence that says how it was checked or why not."""

    promise: Promise
    held: Held
    detail: str
