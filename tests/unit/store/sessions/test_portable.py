"""Sessions out of a home and into another, byte for byte."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clinvk.errors import StoreError
from clinvk.model.portable import LargeLine, PortableSession
from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.sessions.portable import new_file, pack, whole_line
from clinvk.store.sessions.record_fields import read_session
from clinvk.store.sessions.store import SessionStore
from clinvk.store.sessions.unpacking import Unpacked, place, stage
from clinvk.text.json_stream import LARGE

LINES = st.lists(st.binary().map(lambda data: data.replace(b"\n", b"")) | st.just(b'{"a":1}'))


def moved(store: SessionStore, one: PortableSession) -> Session:
    """The session, written into the store."""
    session = read_session(dict(one.record))
    with ExitStack() as held:
        staged = stage(store.home, one, "it", lambda line: line, held)
        place(store, [Unpacked(session=session, transcript=staged.file)])
    return session


def two_stores(folder: Path) -> list[SessionStore]:
    """The stores of two homes."""
    return [SessionStore(Home(folder / name)) for name in ("a", "b")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_a_transcript_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory,
    new_session: Callable[..., Session],
    lines: list[bytes],
) -> None:
    """Whatever its lines are, damaged ones included."""
    first, second = two_stores(tmp_path_factory.mktemp("homes"))
    session = new_session(unknown={"mood": [1.5, "caf\udce9"]})
    first.create(session)
    content = b"".join(line + b"\n" for line in lines)
    first.home.transcripts.mkdir()
    first.home.transcript(session.id).write_bytes(content + b"a line that is being writ")
    assert moved(second, pack(first, session)) == session
    assert second.load(session.id) == session
    path = second.home.transcript(session.id)
    assert (path.read_bytes() if path.exists() else b"") == content


def big(**fields: Any) -> bytes:
    """A large line as clinvk writes it."""
    line = {"type": "turn_finished", "turn": 1, "at": "2026-01-01T00:00:00Z", **fields}
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace")


LARGE_LINES = {
    "an answer": big(text='äöü 😀 \\ " \n' * LARGE),
    "an answer of half characters": big(text="\ud83d" * LARGE),
    "many values": big(
        structured=[{"a": number, "b": [1.5, None, True]} for number in range(LARGE // 8)]
    ),
    "an odd form": big(text="x" * LARGE).replace(b": ", b":"),
    "an odd escape": big(text="x" * LARGE).replace(b"xx", b"x\\u0078", 1),
    "no JSON": b"x" * 3 * LARGE,
    "no text": b"\xff" * 3 * LARGE,
    "cut off": big(text="x" * LARGE)[:-1],
    "joined": big(text="x" * LARGE) * 2,
    "a list": b"[" + b"1, " * (LARGE // 2) + b"1]",
    "deep": b"[" * 2 * LARGE,
}


@pytest.mark.parametrize("line", LARGE_LINES.values(), ids=LARGE_LINES)
def test_a_large_line_comes_back_byte_for_byte(
    tmp_path: Path, new_session: Callable[..., Session], line: bytes
) -> None:
    """Also a damaged one; only the form in which clinvk writes it is an object in the export."""
    first, second = two_stores(tmp_path)
    session = new_session()
    first.create(session)
    first.home.transcripts.mkdir()
    first.home.transcript(session.id).write_bytes(b'{"a": 1}\n' + line + b"\n[]\n")
    _, packed, _ = map(whole_line, pack(first, session).transcript)
    ours = line in (LARGE_LINES["an answer"], LARGE_LINES["many values"])
    ours = ours or line == LARGE_LINES["an answer of half characters"]
    assert isinstance(packed, dict) is ours
    assert any(isinstance(one, LargeLine) for one in pack(first, session).transcript)
    moved(second, pack(first, session))
    there = second.home.transcript(session.id).read_bytes()
    assert there == first.home.transcript(session.id).read_bytes()
    assert second.home.transcript(session.id).stat().st_mode & 0o777 == 0o600


def test_a_session_that_is_not_placed_leaves_nothing(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """Its temporary file is deleted."""
    record = {"id": new_session().id}
    with ExitStack() as held:
        one = PortableSession(record=record, transcript=[{"a": 1}])
        staged = stage(store.home, one, "it", lambda line: line, held)
        assert staged.file is not None
        assert staged.file.stat().st_mode & 0o777 == 0o600
    assert list(store.home.transcripts.iterdir()) == []


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


def write_new(path: Path, data: bytes, *, replaces: bool = False) -> None:
    """Write an export."""
    with new_file(path, replace=replaces) as file:
        file.write(data)


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
    write_new(tmp_path / "new", b"z", replaces=True)
    assert (tmp_path / "new").read_bytes() == b"z"


def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Neither half a file under the name nor one beside it; a file made meanwhile is kept."""
    path = tmp_path / "new"

    def write_half(error: Exception | None) -> None:
        with new_file(path) as file:
            file.write(b"half")
            if error is not None:
                raise error
            path.write_bytes(b"mine")

    with pytest.raises(ZeroDivisionError):
        write_half(ZeroDivisionError())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileExistsError):
        write_half(None)
    assert [(one, one.read_bytes()) for one in tmp_path.iterdir()] == [(path, b"mine")]


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
    assert len(list(packed.transcript)) == 1
