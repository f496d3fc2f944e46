"""Combines many similar messages into one: the number, a few examples, and what to do."""

from collections.abc import Callable, Sequence
from typing import TypeVar

FEW = 3
"""Up to this many things have a message each; 2,000 unknown files in a folder have only one."""

_Thing = TypeVar("_Thing")


def summed_up(
    found: Sequence[_Thing],
    *,
    each: Callable[[_Thing], str],
    name: Callable[[_Thing], object],
    what: str,
    way_out: str,
) -> list[str]:
    """A message for each if there are few, else one with their number, `what`, and `way_out`."""
    if len(found) <= FEW:
        return [each(one) for one in found]
    names = ", ".join(f"`{name(one)}`" for one in found[:FEW])
    return [f"{len(found):,} {what}: {names} and {len(found) - FEW:,} more; {way_out}"]
