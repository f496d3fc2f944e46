"""What an agent may do, in the same words for every backend."""

from enum import StrEnum


class Access(StrEnum):
    """The levels from narrow to wide; no level means the agent's own default.

    With `ASK` a person is asked before the agent does more than read.
    """

    READ_ONLY = "read-only"
    ASK = "ask"
    EDIT = "edit"
    FULL = "full"


_LEVELS = (Access.READ_ONLY, Access.ASK, Access.EDIT, Access.FULL)


def is_wider(asked: Access | None, kept: Access | None) -> bool:
    """Whether `asked` allows more than `kept`.

    The agent's own default may be any level, so a change from a level to the default counts as
    wider (unless the level was `FULL`), and a change from the default to more than asking too.
    """
    if asked == kept:
        return False
    if asked is None:
        return kept is not Access.FULL
    if kept is None:
        return asked not in {Access.READ_ONLY, Access.ASK}
    return _LEVELS.index(asked) > _LEVELS.index(kept)
