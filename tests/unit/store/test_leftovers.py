"""What a killed run leaves half written goes, and nothing else does."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.leftovers import OLD_S, iter_leftovers, remove_leftover, sweep
from clinvk.store.sessions.store import SessionStore

ID, OTHER = "0123456789ab", "ba9876543210"
NOW_S = 1_737_979_200.0


def _write(path: Path, content: bytes = b"", *, age_s: float = 2 * OLD_S) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


def test_a_sweep_deletes_the_temporary_files_of_one_record(home: Home) -> None:
    """Files of other sessions may be in use, and other files with such names are kept."""
    folders = (home.sessions, home.cache)
    gone = [_write(folder / f".{ID}.json.0123456789ab.tmp") for folder in folders]
    kept = [
        _write(home.sessions / f".{OTHER}.json.0123456789ab.tmp"),
        _write(home.sessions / f".{ID}.json.old.tmp"),
        _write(home.sessions / f"{ID}.json"),
    ]
    sweep(home, ID)
    sweep(home, ID)
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept)


def test_a_sweep_of_nothing_is_nothing(home: Home) -> None:
    """It never raises, and makes no folder."""
    sweep(home, ID)
    assert not home.root.exists()


@pytest.mark.parametrize("content", [b"", b'{"type": "session", "id": "0123'], ids=["empty", "cut"])
def test_a_transcript_without_a_line_is_no_session(
    home: Home, store: SessionStore, content: bytes
) -> None:
    """Its run was killed before anything was asked: no list shows it, and it goes with time."""
    stump = _write(home.transcript(ID), content)
    assert store.find(ID) is None
    assert list(store.iter_records()) == []
    assert list(iter_leftovers(home, now_s=NOW_S)) == [stump]
    remove_leftover(stump)
    assert not stump.exists()


def test_a_transcript_that_may_be_in_use_is_no_leftover(home: Home) -> None:
    """A run creates it milliseconds before its first line."""
    _write(home.transcript(ID), age_s=5)
    assert list(iter_leftovers(home, now_s=NOW_S)) == []


def test_a_transcript_with_a_line_or_a_record_is_no_leftover(
    home: Home, store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """What can be read is a session's, and so is what has a record."""
    store.create(new_session(id=ID))
    _write(home.transcript(ID))
    _write(home.transcript(OTHER), b"{}\n")
    assert list(iter_leftovers(home, now_s=NOW_S)) == []
