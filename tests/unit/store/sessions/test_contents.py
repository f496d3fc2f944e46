"""The bytes of sessions: all of them, and None where there is no telling."""

from collections.abc import Callable

import pytest

from clinvk.model.session import Session
from clinvk.store.sessions.contents import SessionBytes, iter_bytes
from clinvk.store.sessions.store import SessionStore


def test_every_session_is_given_with_both_its_files(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """Also one of which only the record or only the transcript is there."""
    store.create(new_session(id="0" * 11 + "1"))
    store.create(new_session(id="0" * 11 + "2"))
    store.home.transcripts.mkdir()
    store.home.transcript("0" * 11 + "2").write_bytes(b"two")
    store.home.transcript("0" * 11 + "3").write_bytes(b"three")
    one, two, three = iter_bytes(store, store.ids())
    assert (one.session_id, one.transcript) == ("0" * 11 + "1", b"")
    assert (two.transcript, two.record) == (b"two", store.home.record(two.session_id).read_bytes())
    assert three == SessionBytes("0" * 11 + "3", b"", b"three")


@pytest.mark.parametrize("content", [b"", b'{"id": "', b"{}\0\0", b"x" * 101 + b"}"])
def test_a_record_that_breaks_off_or_is_too_large_is_not_judged_by_its_bytes(
    store: SessionStore, new_session: Callable[..., Session], content: bytes
) -> None:
    """None says that whoever asks has to read it properly."""
    session = new_session()
    store.create(session)
    store.home.record(session.id).write_bytes(content)
    (found,) = iter_bytes(store, store.ids(), largest=100)
    assert found == SessionBytes(session.id, None, b"")


def test_a_transcript_that_is_too_large_or_no_file_is_not_read(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """Neither into memory, nor through a link, nor waiting for a pipe."""
    session = new_session()
    store.create(session)
    store.home.transcripts.mkdir()
    path = store.home.transcript(session.id)
    path.write_bytes(b"x" * 101)
    assert next(iter(iter_bytes(store, store.ids(), largest=100))).transcript is None
    path.unlink()
    path.symlink_to(store.home.record(session.id))
    assert next(iter(iter_bytes(store, store.ids()))).transcript is None
    path.unlink()
    path.mkdir()
    assert next(iter(iter_bytes(store, store.ids()))).transcript is None
