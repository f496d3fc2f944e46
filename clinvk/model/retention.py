"""How long an agent keeps its conversations; a backend says it, others look."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The agent removes a conversation so many days after its file was last written to.

    `setting` says in a few words what makes it keep them longer.
    """

    days: float
    setting: str
