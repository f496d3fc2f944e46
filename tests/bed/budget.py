"""How much a test tries: a fixed amount in the gate, all of it in the long form (`--long`).

In the quick loop (`--quick`) it is a quarter of the gate's.
`tests/conftest.py` decides which of the three this run is, before any test module is imported.
"""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")

_EXAMPLES = 20

settings.register_profile("quick", deadline=None, max_examples=_EXAMPLES // 4)
settings.register_profile("gate", deadline=None, max_examples=_EXAMPLES)
settings.register_profile("long", deadline=None, max_examples=1_000)


def is_long() -> bool:
    """Whether this run is the long form."""
    return settings().max_examples > _EXAMPLES


def budget(gate: int, *, long: int) -> int:
    """A count of examples, steps or repetitions."""
    return long if is_long() else gate


def some(items: Sequence[T], count: int, *, first: int = 0) -> Sequence[T]:
    """In the gate `count` of the items, evenly spread; in the long form all of them.

    Another `first` gives others, so that tests beside one another together try more.
    """
    if settings().max_examples < _EXAMPLES:
        count = max(count // 4, 1)
    if is_long() or len(items) <= count:
        return items
    return [items[(first + at * len(items) // count) % len(items)] for at in range(count)]
