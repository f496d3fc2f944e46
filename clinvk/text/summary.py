"""One sentence about many things of a kind: how many, a few examples, and what to do."""

from collections.abc import Callable, Sequence
from typing import TypeVar

FEW = 3
"""Up to this many get a sentence each. 2,000 foreign files in a folder get one together."""

_Thing = TypeVar("_Thing")


def summed_up(
    found: Sequence[_Thing],
    *,
    each: Callable[[_Thing], str],
    name: Callable[[_Thing], object],
    what: str,
    way_out: str,
) -> list[str]:
    """A sentence for each if there are few, else one for all with `what`, names and `way_out`."""
    if len(found) <= FEW:
        return [each(one) for one in found]
    names = ", ".join(f"`{name(one)}`" for one in found[:FEW])
    return [f"{len(found):,} {what}: {names} and {len(found) - FEW:,} more; {way_out}"]
