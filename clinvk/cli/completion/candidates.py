"""What can only be known while somebody types: sessions, names, tags, backends, keys.

Asked for at every TAB, so it goes past Typer: a third of the time. It writes to nothing but
stdout, and where it has no answer it has none: an error message in the middle of a command line
that somebody is typing would help nobody.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice

from clinvk.model.safe_text import safe_line
from clinvk.model.session import Session
from clinvk.model.width import cut
from clinvk.services.sessions import SessionFilter, list_sessions
from clinvk.store.paths import Home
from clinvk.store.sessions import SessionStore

MOST = 200
TITLE_COLUMNS = 60
LAST = "@last"

Candidate = tuple[str, str]
"""What would be typed, and a title to know it by ("" if it says enough itself)."""


def answer(words: Sequence[str]) -> None:
    """Print the candidates of `[KIND, PREFIX]`, one a line; nothing if anything is wrong."""
    from clinvk.cli.context import build_cli

    with suppress(Exception, KeyboardInterrupt):
        cli = build_cli()
        kind, prefix = words
        found = candidates(kind, prefix, cli.world.home, cli.world.now())
        cli.streams.out("".join(f"{value}\t{title}\n" for value, title in found))
    with suppress(Exception):
        sys.stdout.flush()


def candidates(kind: str, prefix: str, home: Home, now: datetime) -> list[Candidate]:
    """At most `MOST` candidates that begin with `prefix`, the most recent first.

    None for a kind that is unknown. Reads, and creates nothing.
    """
    if kind not in _KINDS:
        return []
    return list(islice(_KINDS[kind](Asked(prefix, home, now)), MOST))


class Asked:
    """What was typed, and where to look."""

    def __init__(self, prefix: str, home: Home, now: datetime) -> None:
        self.prefix = prefix
        self.now = now
        self._home = home

    def sessions(
        self, keep: Callable[[Session], bool] | None, *, archived: bool | None
    ) -> Iterator[Session]:
        """The most recent sessions of those that `keep` takes."""
        only = SessionFilter(archived=archived, keep=keep)
        listed = list_sessions(SessionStore(self._home), only, limit=MOST).sessions
        return (one.session for one in listed)

    def begins(self, value: str) -> bool:
        """Whether it may be what is being typed; a value that is no single word never is."""
        return value.startswith(self.prefix) and value.isprintable()


def _sessions(asked: Asked, *, archived: bool | None = None) -> Iterator[Candidate]:
    def references(session: Session) -> list[str]:
        known = [session.name] if session.name else []
        known.append(session.id)
        if ":" in asked.prefix and session.conversation:
            known.append(f"{session.backend}:{session.conversation}")
        return [one for one in known if asked.begins(one)]

    if asked.prefix and LAST.startswith(asked.prefix):
        for session in asked.sessions(_may_be_last, archived=False):
            yield LAST, title_of(session, asked.now)
            break
    keep = (lambda session: bool(references(session))) if asked.prefix else None
    for session in asked.sessions(keep, archived=archived):
        for reference in references(session):
            yield reference, title_of(session, asked.now)


def _archived(asked: Asked) -> Iterator[Candidate]:
    return _sessions(asked, archived=True)


def _names(asked: Asked) -> Iterator[Candidate]:
    def keep(session: Session) -> bool:
        return session.name is not None and asked.begins(session.name)

    for session in asked.sessions(keep, archived=None):
        yield session.name or "", title_of(session, asked.now)


def _tags(asked: Asked) -> Iterator[Candidate]:
    def keep(session: Session) -> bool:
        return any(asked.begins(tag) for tag in session.tags)

    tags = (tag for session in asked.sessions(keep, archived=None) for tag in session.tags)
    return ((tag, "") for tag in dict.fromkeys(tags) if asked.begins(tag))


def _backends(asked: Asked) -> Iterator[Candidate]:
    from clinvk import backends

    return ((name, backends.get(name).title) for name in backends.names() if asked.begins(name))


def _keys(asked: Asked) -> Iterator[Candidate]:
    from clinvk import backends
    from clinvk.model.config import known_keys

    return ((key, "") for key in known_keys(backends.names()) if asked.begins(key))


_KINDS: Mapping[str, Callable[[Asked], Iterator[Candidate]]] = {
    "sessions": _sessions,
    "archived": _archived,
    "names": _names,
    "tags": _tags,
    "backends": _backends,
    "keys": _keys,
}


def title_of(session: Session, now: datetime) -> str:
    """What a person knows the session by: its title, cut, its backend and its age."""
    title = cut(safe_line(session.title), TITLE_COLUMNS)
    about = f"{safe_line(session.backend)}, {age(session.last_used_at, now)}"
    return f"{title} ({about})" if title else f"({about})"


def age(at: datetime, now: datetime) -> str:
    """How long ago in as few letters as will do: `3h`, `12d`."""
    seconds = max(0, int((now - at).total_seconds()))
    for letter, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{letter}"
    return "now"


def _may_be_last(session: Session) -> bool:
    from clinvk.model.session import Status

    return session.status is not Status.COMPLETED
