"""One thing done with several sessions: all are found first, then each is done on its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from clinvk.errors import ClinvkError
from clinvk.model.session import Session
from clinvk.services.sessions.resolve import resolve_all
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

Target = TypeVar("Target")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Applied(Generic[Target, Result]):
    """What became of one: a result, or the error that kept it as it was."""

    target: Target
    result: Result | None
    error: ClinvkError | None


def do_each(
    targets: Iterable[Target], act: Callable[[Target], Result]
) -> list[Applied[Target, Result]]:
    """Act on each; one that fails does not keep the others."""
    outcomes: list[Applied[Target, Result]] = []
    for target in targets:
        try:
            outcomes.append(Applied(target, act(target), None))
        except ClinvkError as error:
            outcomes.append(Applied(target, None, error))
    return outcomes


def change_each(
    world: World, references: Iterable[str], change: Callable[[SessionStore, World, str], bool]
) -> list[Applied[Session, bool]]:
    """Change the sessions that the references mean (`lifecycle`).

    Raises as `resolve_all` does, before anything is changed.
    """
    store = SessionStore(world.home)
    found = resolve_all(store, references, ago=world.ago)
    return do_each(found, lambda one: change(store, world, one.id))
