"""Completion candidates that are looked up: sessions, names, tags, models, backends, keys.

This runs at every TAB, so it does not load Typer, which saves two thirds of the time. It only
writes to stdout, and prints nothing on errors: a message would disturb the command line.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import islice
from typing import NamedTuple

from clinvk.errors import SessionError
from clinvk.model.session import Session
from clinvk.services.sessions.list import Selection, WordKind, list_sessions, named_session
from clinvk.services.world import World
from clinvk.text.sanitize import safe_line
from clinvk.text.width import cut

MOST = 200
TITLE_COLUMNS = 60
LAST = "@last"

Candidate = tuple[str, str]
"""The text to insert, and a title ("" if not needed)."""


def answer(words: Sequence[str]) -> None:
    """Print the candidates for `[KIND, PREFIX]`, one per line; nothing on an error."""
    from clinvk.cli.context import build_cli

    with suppress(Exception, KeyboardInterrupt):
        cli = build_cli()
        kind, prefix = words
        found = candidates(kind, prefix, cli.world)
        cli.streams.out("".join(f"{value}\t{title}\n" for value, title in found))
    with suppress(Exception):
        sys.stdout.flush()


def candidates(kind: str, prefix: str, world: World) -> list[Candidate]:
    """At most `MOST` candidates that start with `prefix`, the most recent first.

    Empty for an unknown kind. Creates no files.
    """
    if kind not in _KINDS:
        return []
    return list(islice(_KINDS[kind](Asked(prefix, world, world.now())), MOST))


class Asked(NamedTuple):
    """The typed prefix, and where to look."""

    prefix: str
    world: World
    now: datetime

    def begins(self, value: str) -> bool:
        """Whether the value starts with the prefix and is printable."""
        return value.startswith(self.prefix) and value.isprintable()

    def recent(self, only: Selection) -> Iterator[Session]:
        """The most recently used of these sessions."""
        return (one.session for one in list_sessions(self.world, only, limit=MOST).sessions)


def _sessions(asked: Asked, *, archived: bool | None = None) -> Iterator[Candidate]:
    def references(session: Session) -> list[str]:
        known = [session.name] if session.name else []
        known.append(session.id)
        if ":" in asked.prefix:
            known += [f"{one.backend}:{one.id}" for one in session.conversations if one.id]
        return [one for one in known if asked.begins(one)]

    if asked.prefix and LAST.startswith(asked.prefix):
        with suppress(SessionError):
            yield LAST, title_of(named_session(asked.world, LAST), asked.now)
    for session in asked.recent(Selection(begins=asked.prefix or None, archived=archived)):
        for reference in references(session):
            yield reference, title_of(session, asked.now)
    if asked.prefix and ":" not in asked.prefix:
        yield from _agents_of_sessions(asked)


def _agents_of_sessions(asked: Asked) -> Iterator[Candidate]:
    """`BACKEND:`, which the shells complete further, if a session has a conversation with it."""
    for name, title in _backends(asked):
        if asked.world.store.words("native", f"{name}:", 1):
            yield f"{name}:", f"{title}'s own session id"


def _names(asked: Asked) -> Iterator[Candidate]:
    def keep(session: Session) -> bool:
        return session.name is not None and asked.begins(session.name)

    for session in asked.recent(Selection(begins=asked.prefix or None, named=True, keep=keep)):
        yield session.name or "", title_of(session, asked.now)


def _words(asked: Asked, *, kind: WordKind) -> Iterator[Candidate]:
    """The words of all sessions; the index tells each without a look at the sessions."""
    return (
        (word, "")
        for word in asked.world.store.words(kind, asked.prefix, MOST)
        if asked.begins(word)
    )


def _backends(asked: Asked) -> Iterator[Candidate]:
    agents = asked.world.agents
    found = (agents.find(name) for name in agents.names() if asked.begins(name))
    return ((agent.name, agent.title) for agent in found if agent is not None)


def _keys(asked: Asked) -> Iterator[Candidate]:
    from clinvk.model.config import known_keys

    return ((key, "") for key in known_keys(asked.world.agents.names()) if asked.begins(key))


_KINDS: Mapping[str, Callable[[Asked], Iterator[Candidate]]] = {
    "sessions": _sessions,
    "archived": partial(_sessions, archived=True),
    "names": _names,
    "tags": partial(_words, kind="tag"),
    "models": partial(_words, kind="model"),
    "backends": _backends,
    "keys": _keys,
}


def title_of(session: Session, now: datetime) -> str:
    """The session's title (shortened), backend and age."""
    title = cut(safe_line(session.title), TITLE_COLUMNS)
    about = f"{safe_line(session.backend)}, {age(session.last_used_at, now)}"
    return f"{title} ({about})" if title else f"({about})"


def age(at: datetime, now: datetime) -> str:
    """The age in short form: `3h`, `12d`, `now`."""
    seconds = max(0, int((now - at).total_seconds()))
    for letter, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{letter}"
    return "now"
