"""A search that is shared among several processes answers as one process does."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from clinvk.model.session import Session
from clinvk.services.search.query import parse_query
from clinvk.services.search.search import Found, search_sessions
from clinvk.services.sessions.list import Selection
from clinvk.services.world import world_of_this_process
from clinvk.store.home import Home
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.store import SessionStore

AT = datetime(2025, 1, 27, 10, tzinfo=UTC)
SESSIONS = 2000


def _write(store: SessionStore, number: int) -> None:
    """A session that holds the word as a whole, inside another one, or not; some are damaged."""
    word = ("auth", "reauthorize", "other")[number % 3]
    at = AT + timedelta(minutes=number)
    session = Session(
        id=f"{number:012x}", backend="demo", cwd="/p", created_at=at, last_used_at=at, title=word
    )
    record, transcript = store.files(session.id)
    record.write_text(json.dumps(encode(session)) if number % 1000 else "{")
    start = {"type": "turn_started", "turn": 1, "at": "2025-01-27T10:00:00Z", "prompt": word}
    transcript.write_text(json.dumps(start) + ("\ntorn\n" if number % 500 == 3 else "\n"))


def test_the_answer_is_the_same_however_many_processors_there_are(tmp_path: Path) -> None:
    """The hits ranked together, each warning once, and the limit that of the whole answer."""
    store = SessionStore(Home(tmp_path))
    for folder in (store.home.sessions, store.home.transcripts):
        folder.mkdir(parents=True)
    for number in range(SESSIONS):
        _write(store, number)

    world = replace(world_of_this_process(), home=store.home)

    def search(processors: int, limit: int | None = None) -> Found:
        only = Selection(archived=None)
        return search_sessions(world, parse_query("auth"), only, limit=limit, processors=processors)

    alone = search(1)
    assert len(alone.hits) == len([n for n in range(SESSIONS) if n % 3 < 2 and n % 1000])
    assert (len(alone.unreadable), alone.damaged_lines) == (2, 3)
    assert search(2) == alone
    assert search(64) == alone
    assert search(2, limit=5).hits == alone.hits[:5]
