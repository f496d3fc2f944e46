"""Permission requests of agents and their answers: the values that both use.

The events `PermissionRequest` and `PermissionAnswer` of `clinvk.model.events` use them.
"""

from enum import StrEnum

from msgspec import Struct


class ToolKind(StrEnum):
    """What a tool does, in the same words for every agent."""

    EDIT = "edit"
    EXECUTE = "execute"
    READ = "read"
    FETCH = "fetch"
    OTHER = "other"


class Decision(StrEnum):
    """The answer to a request.

    `ALLOW_TURN` also allows every later request for the same tool, but only in this turn.
    `STOP` denies it and stops the turn.
    """

    ALLOW = "allow"
    ALLOW_TURN = "allow_turn"
    DENY = "deny"
    STOP = "stop"

    @property
    def allows(self) -> bool:
        """Whether the agent may do what it asked for."""
        return self in {Decision.ALLOW, Decision.ALLOW_TURN}


class DecidedBy(StrEnum):
    """Who answered: a person now or earlier in this turn, a rule, or the access.

    With `NOBODY` no person can be asked; with `AGENT` the agent has withdrawn its request.
    """

    PERSON = "person"
    TURN = "turn"
    RULE = "rule"
    ACCESS = "access"
    NOBODY = "nobody"
    AGENT = "agent"


class Rules(Struct, frozen=True, kw_only=True):
    """The rules of a turn, each as its text: `clinvk.model.permission_rule` reads them."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether there are any."""
        return bool(self.allow or self.deny)


NO_RULES = Rules()


def checked_rule(text: str) -> str:
    """The text, unchanged. Raises `UsageError` if it is not a valid rule."""
    from clinvk.model.permission_rule import parse_rule

    parse_rule(text)
    return text


class FileEdit(Struct, frozen=True, kw_only=True):
    """A change that the agent asks for in one file: the text `old` is replaced by `new`.

    `old` is None if `new` is the whole file; `new` is None if the file is deleted.
    """

    path: str
    old: str | None = None
    new: str | None = None
