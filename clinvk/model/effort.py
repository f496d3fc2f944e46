"""How much an agent's model thinks, in the same words for every backend."""

from enum import StrEnum


class Effort(StrEnum):
    """The levels from low to high; no level means the agent's own default."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    MAX = "max"
