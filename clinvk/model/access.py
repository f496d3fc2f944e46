"""What an agent may do, in one vocabulary for every backend."""

from enum import StrEnum


class Access(StrEnum):
    """The rungs, from narrow to wide; no rung at all is the agent's own headless default."""

    READ_ONLY = "read-only"
    EDIT = "edit"
    FULL = "full"


_RUNGS = (Access.READ_ONLY, Access.EDIT, Access.FULL)


def is_wider(asked: Access | None, kept: Access | None) -> bool:
    """Whether `asked` allows more than `kept`.

    The agent's own default may stand on any rung, so leaving a named rung for it counts as wider
    (unless that rung was the widest), and so does going from it to anything above read-only.
    """
    if asked == kept:
        return False
    if asked is None:
        return kept is not Access.FULL
    if kept is None:
        return asked is not Access.READ_ONLY
    return _RUNGS.index(asked) > _RUNGS.index(kept)
