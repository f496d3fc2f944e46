"""The bytes of all sessions, for a search that parses only what may hold its words."""

import os
from collections.abc import Iterable, Iterator

from msgspec import Struct

from clinvk.store.files import open_regular
from clinvk.store.sessions.store import SessionStore

LARGEST = 64 * 1024 * 1024
"""More than this is not read into memory at once."""


class SessionBytes(Struct):
    """The two files of a session: b"" for one that is not there, None for one not looked at.

    That is one that is too large, that cannot be read (whoever parses it will say why), or that
    breaks off where its form says that there is more.
    """

    session_id: str
    record: bytes | None
    transcript: bytes | None


def iter_bytes(
    store: SessionStore, ids: Iterable[str], *, largest: int = LARGEST
) -> Iterator[SessionBytes]:
    """The bytes of each of those sessions, in that order; none is left out."""
    home = store.home
    records, transcripts = f"{home.sessions}{os.sep}", f"{home.transcripts}{os.sep}"
    for session_id in ids:
        record = _content(f"{records}{session_id}.json", largest)
        # What was lost with the end of a record may be what is sought.
        if record and not record.rstrip().endswith(b"}"):
            record = None
        transcript = _content(f"{transcripts}{session_id}.jsonl", largest)
        yield SessionBytes(session_id, record, transcript)


def _content(path: str, largest: int) -> bytes | None:
    try:
        descriptor = open_regular(path)
    except FileNotFoundError:
        return b""
    except OSError:
        return None
    try:
        size = os.fstat(descriptor).st_size
        return os.read(descriptor, size) or None if size <= largest else None
    except OSError:
        return None
    finally:
        os.close(descriptor)
