"""Does the same to several sessions; of many, to some at once.

A file system may wait for the disk at each deletion: many threads delete up to twenty times as much
as one.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from clinvk.errors import ClinvkError
from clinvk.model.progress import Progress, unwatched

if TYPE_CHECKING:
    from concurrent.futures import Future

Target = TypeVar("Target")
Result = TypeVar("Result")

FEW = 32
"""So many are done one by one, and each changes the index by itself."""

_AT_ONCE = 32
_AHEAD = 128


class Applied(Struct, Generic[Target, Result], frozen=True):
    """The outcome for one target: a result, or the error that left it unchanged."""

    target: Target
    result: Result | None
    error: ClinvkError | None


def apply_each(
    targets: Sequence[Target], act: Callable[[Target], Result], progress: Progress = unwatched
) -> list[Applied[Target, Result]]:
    """Call `act` for each target, in threads if there are many; the outcomes are in their order.

    An error with one does not stop the others. If `progress` raises, those begun are completed and
    counted first.
    """
    outcomes: list[Applied[Target, Result]] = []
    progress(0, len(targets))
    if len(targets) <= FEW:
        for target in targets:
            outcomes.append(_apply(act, target))
            progress(len(outcomes), len(targets))
        return outcomes
    from concurrent.futures import ThreadPoolExecutor

    waiting: deque[Future[Applied[Target, Result]]] = deque()

    def take(most: int) -> None:
        while len(waiting) > most:
            outcomes.append(waiting[0].result())
            waiting.popleft()
            progress(len(outcomes), len(targets))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for target in targets:
                waiting.append(pool.submit(_apply, act, target))
                take(_AHEAD)
            take(0)
        except BaseException:
            begun = [one for one in waiting if not one.cancel()]
            outcomes += [one.result() for one in begun]
            progress(len(outcomes), len(targets))
            raise
    return outcomes


def _apply(act: Callable[[Target], Result], target: Target) -> Applied[Target, Result]:
    try:
        return Applied(target, act(target), None)
    except ClinvkError as error:
        return Applied(target, None, error)
