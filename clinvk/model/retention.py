"""How long an agent keeps its conversations; a backend declares it."""

from msgspec import Struct


class Retention(Struct, frozen=True, kw_only=True):
    """The agent deletes a conversation `days` days after the last change of its file.

    `setting` describes briefly which setting makes it keep them longer.
    """

    days: float
    setting: str
