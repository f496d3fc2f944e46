"""Sessions out of a home and into another, byte for byte."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clinvk.errors import StoreError
from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.sessions.portable import pack, unpack, write_new
from clinvk.store.sessions.store import SessionStore

LINES = st.lists(st.binary().map(lambda data: data.replace(b"\n", b"")) | st.just(b'{"a":1}'))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_a_transcript_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory,
    new_session: Callable[..., Session],
    lines: list[bytes],
) -> None:
    """Whatever its lines are, damaged ones included."""
    folder = tmp_path_factory.mktemp("homes")
    first, second = (SessionStore(Home(folder / name)) for name in ("a", "b"))
    session = new_session(unknown={"mood": [1.5, "caf\udce9"]})
    first.create(session)
    content = b"".join(line + b"\n" for line in lines)
    first.home.transcripts.mkdir()
    first.home.transcript(session.id).write_bytes(content + b"a line that is being writ")
    assert unpack(second, pack(first, session)) == session
    assert second.load(session.id) == session
    path = second.home.transcript(session.id)
    assert (path.read_bytes() if path.exists() else b"") == content


def test_existing_files_are_never_replaced(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """Neither a record nor a transcript alone."""
    session = new_session()
    store.create(session)
    packed = pack(store, session)
    for path in store.files(session.id):
        path.parent.mkdir(exist_ok=True)
        for other in store.files(session.id):
            other.unlink(missing_ok=True)
        path.write_bytes(b"mine")
        with pytest.raises(StoreError, match="it already exists"):
            unpack(store, packed)
        assert path.read_bytes() == b"mine"


def test_a_record_of_a_newer_clinvk_is_packed_as_it_was_written(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """What this version would not understand is not lost."""
    session = new_session()
    store.create(session)
    path = store.home.record(session.id)
    newer = path.read_text().replace('"schema": 2', '"schema": 9').replace("active", "dreaming")
    path.write_text(newer)
    packed = pack(store, store.load(session.id))
    assert (packed.record["schema"], packed.record["status"]) == (9, "dreaming")


def test_an_export_is_private_and_replaces_nothing(tmp_path: Path, any_umask: int) -> None:
    """Not even what a link points to."""
    del any_umask
    write_new(tmp_path / "new", b"x")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("new", "link", "."):
        with pytest.raises(FileExistsError):
            write_new(tmp_path / name, b"y")
    assert (tmp_path / "new").read_bytes() == b"x"
    with pytest.raises(StoreError, match="no such file"):
        write_new(tmp_path / "no" / "folder", b"y")


def test_a_session_whose_record_is_lost_is_packed_from_its_transcript(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """The record is the one that would be rebuilt."""
    session = replace(new_session(), title="kept")
    store.create(session)
    writer = store.writer(session.id, lambda: session.created_at)
    writer.session(session)
    writer.close()
    store.home.record(session.id).unlink()
    packed = pack(store, store.load(session.id))
    assert packed.record["title"] == "kept"
    assert len(packed.transcript) == 1
