"""Many of one kind in one sentence: how many there are, a few of them, and the way out."""

from collections.abc import Callable, Sequence
from typing import TypeVar

FEW = 3
"""So many are said one by one. 2 000 foreign files in a folder are one sentence."""

_Thing = TypeVar("_Thing")


def summed_up(
    found: Sequence[_Thing],
    *,
    each: Callable[[_Thing], str],
    name: Callable[[_Thing], object],
    what: str,
    way_out: str,
) -> list[str]:
    """A sentence for each of a few, else one for all: `what` they are, some names, the way out."""
    if len(found) <= FEW:
        return [each(one) for one in found]
    names = ", ".join(f"`{name(one)}`" for one in found[:FEW])
    return [f"{len(found):,} {what}: {names} and {len(found) - FEW:,} more; {way_out}"]
