"""Changes the title, the name and the tags of a session.

They can be changed at any time, also during a turn: an update of the record takes milliseconds, and
the run merges its own changes. A change does not count as use, so the order of the list stays the
same. Each function returns the changed session.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec.structs import replace

from clinvk.errors import SessionBusyError, UsageError
from clinvk.model.names import checked_name, checked_tag, checked_title, refuse_id_like
from clinvk.model.session import Session, TitleSource
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions.resolve import find_named, resolve_reference
from clinvk.services.world import World
from clinvk.store.sessions.selection import Listed
from clinvk.text.normalize import normal
from clinvk.text.sanitize import safe_line
from clinvk.text.width import cut

NAME_LOCK_WAIT_S = 10.0


def rename(world: World, reference: str, title: str) -> Listed:
    """Set the title, on one line; the agent's own title does not replace it afterwards."""
    changes = {"title": checked_title(title), "title_source": TitleSource.PERSON}
    return _change(world, reference, lambda found: replace(found, **changes))


def give_name(world: World, reference: str, name: str) -> Listed:
    """Set the name. Raises `UsageError` if it is invalid, looks like an id or is in use.

    The name is locked meanwhile: of two concurrent calls, one is refused.
    """
    session = resolve_reference(world.store, reference, ago=world.ago)
    checked_name(name)
    refuse_id_like(name, world.agents.names)
    with world.store.lock_name(name, claim_of(world, wait_s=NAME_LOCK_WAIT_S)):
        taken = find_named(world.store, name)
        if taken is not None and taken.id != session.id:
            raise UsageError(
                f"`{name}` is the name of session {taken.id} ({safe_line(taken.title)})",
                hint=f"choose another, or free it: `clinvk sessions name {taken.id} --clear`",
            )
        return _change(world, session.id, lambda found: replace(found, name=name))


def clear_name(world: World, reference: str) -> Listed:
    """Remove the name; another session can use it then."""
    return _change(world, reference, lambda found: replace(found, name=None))


def add_tags(world: World, reference: str, tags: Sequence[str]) -> Listed:
    """Add tags; existing tags keep their place."""
    new = [checked_tag(tag) for tag in _not_empty(tags)]

    def with_new(found: Session) -> Session:
        return replace(found, tags=tuple(dict.fromkeys((*found.tags, *new))))

    return _change(world, reference, with_new)


def remove_tags(world: World, reference: str, tags: Sequence[str]) -> Listed:
    """Remove tags. Raises `UsageError`, and removes none, if the session lacks one of them."""
    gone = _not_empty(tags)

    def without(found: Session) -> Session:
        for tag in gone:
            if tag not in found.tags:
                raise UsageError(
                    f"session {found.id} has no tag `{cut(safe_line(tag[:1_000]), 64)}`",
                    hint=f"it has {', '.join(found.tags)}" if found.tags else "it has none",
                )
        return replace(found, tags=tuple(tag for tag in found.tags if tag not in gone))

    return _change(world, reference, without)


def _not_empty(tags: Sequence[str]) -> list[str]:
    stripped = [normal(tag.strip()) for tag in tags]
    if not all(stripped):
        raise UsageError("a tag is empty", hint="name one")
    return stripped


def _change(world: World, reference: str, change: Callable[[Session], Session]) -> Listed:
    """Change the record, then the transcript; if the session is in use, the run does that."""
    store = world.store
    session_id = resolve_reference(store, reference, ago=world.ago).id
    changed = store.update(session_id, change, world.sleep)
    with suppress(SessionBusyError), store.hold(session_id, claim_of(world)):
        store.copy_to_transcript(session_id, world.now)
    return Listed(session=changed, status=store.status_of(changed))
