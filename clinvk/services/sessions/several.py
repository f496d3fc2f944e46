"""One thing done with several sessions: all are found first, then each is done on its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from clinvk.errors import ClinvkError

Target = TypeVar("Target")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Target, Result]):
    """What became of one: a result, or the error that kept it as it was."""

    target: Target
    result: Result | None
    error: ClinvkError | None


def do_each(
    targets: Iterable[Target], act: Callable[[Target], Result]
) -> list[Outcome[Target, Result]]:
    """Act on each; one that fails does not keep the others."""
    outcomes: list[Outcome[Target, Result]] = []
    for target in targets:
        try:
            outcomes.append(Outcome(target, act(target), None))
        except ClinvkError as error:
            outcomes.append(Outcome(target, None, error))
    return outcomes
