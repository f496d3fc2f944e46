"""Reads the bytes of sessions, to parse only the files that may contain a text."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from clinvk.store.files import open_regular
from clinvk.store.sessions.store import SessionStore

LARGEST = 64 * 1024 * 1024
"""Larger files are not read into memory."""


class SessionBytes(Struct):
    """The two files of a session: b"" for a file that does not exist, None for one not read.

    A file is not read if it is too large, cannot be read (the parser will report why), or is cut
    off.
    """

    session_id: str
    record: bytes | None
    transcript: bytes | None


def iter_bytes(
    store: SessionStore, ids: Iterable[str], *, largest: int = LARGEST
) -> Iterator[SessionBytes]:
    """The bytes of each of these sessions, in order; none is left out."""
    home = store.home
    records, transcripts = f"{home.sessions}{os.sep}", f"{home.transcripts}{os.sep}"
    for session_id in ids:
        record = _content(f"{records}{session_id}.json", largest)
        # The lost end of a record may contain the query's words.
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


def may_mention(path: Path, text: str) -> bool:
    """False if the JSON in the file cannot contain `text`; True if it may, or is unreadable."""
    needle = json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "backslashreplace")
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return needle in file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True
