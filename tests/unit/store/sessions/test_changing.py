"""One update of a record at a time, with real contenders."""

import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.errors import (
    SessionBusyError,
    SessionDamagedError,
    SessionNotFoundError,
    StoreError,
)
from clinvk.model.session import SCHEMA, Session
from clinvk.store.index.file_signature import file_signature
from clinvk.store.sessions.records import LONGEST_S, changing
from clinvk.store.sessions.store import SessionStore

ID = "0123456789ab"


def test_an_update_waits_for_the_one_before(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """It sees what the other wrote, not what was there when it began to wait."""
    store.create(new_session())
    inside, go = threading.Event(), threading.Event()

    def slow(found: Session) -> Session:
        inside.set()
        go.wait(10)
        return replace(found, title="first")

    first = threading.Thread(target=store.update, args=(ID, slow, time.sleep))
    first.start()
    inside.wait(10)
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        go.set()
        time.sleep(seconds)

    second = store.update(ID, lambda found: replace(found, name="second"), pause)
    first.join()
    assert waited
    assert (second.title, second.name) == ("first", "second")


def test_a_stopped_update_is_not_waited_for_for_ever(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """After some seconds it is said that another process is in the middle of one."""
    store.create(new_session())
    held = os.open(store.home.record(ID), os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    slept: list[float] = []
    with pytest.raises(SessionBusyError, match="another process is changing"):
        store.update(ID, lambda found: replace(found, name="n"), slept.append)
    os.close(held)
    assert LONGEST_S <= sum(slept) < LONGEST_S + 1
    assert store.load(ID).name is None


def test_a_change_that_changes_nothing_writes_nothing(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """The file is the same file, so no index and no backup has work with it."""
    store.create(new_session())
    before = file_signature(store.home.record(ID).stat())
    store.update(ID, lambda found: found, time.sleep)
    assert file_signature(store.home.record(ID).stat()) == before


@pytest.mark.parametrize("content", [None, "{"])
def test_a_missing_or_unreadable_record_is_not_changed(
    store: SessionStore, new_session: Callable[..., Session], content: str | None
) -> None:
    """No record is created, and a damaged one is not modified."""
    store.create(new_session())
    store.home.record(ID).unlink()
    if content is not None:
        store.home.record(ID).write_text(content)
    with pytest.raises((SessionNotFoundError, SessionDamagedError)):
        store.update(ID, lambda found: replace(found, name="n"), time.sleep)
    assert store.home.record(ID).exists() is (content is not None)


def test_a_record_of_a_newer_version_is_not_changed(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """It is read, never rewritten."""
    store.create(new_session())
    record = store.home.record(ID)
    record.write_text(record.read_text().replace(f'"schema": {SCHEMA}', '"schema": 99'))
    before = record.read_bytes()
    with pytest.raises(StoreError, match="a newer clinvk wrote it"):
        store.update(ID, lambda found: replace(found, name="n"), time.sleep)
    assert record.read_bytes() == before


def test_a_session_whose_record_is_lost_is_changed_from_its_transcript(
    store: SessionStore, new_session: Callable[..., Session], clock: Callable[[], object]
) -> None:
    """The change brings the record back."""
    writer = store.writer(ID, clock)  # type: ignore[arg-type]  a clock that a test sets
    writer.session(new_session())
    writer.close()
    store.update(ID, lambda found: replace(found, name="n"), time.sleep)
    assert (store.load(ID).name, store.home.record(ID).exists()) == ("n", True)


def test_without_a_record_to_lock_nothing_waits(tmp_path: Path) -> None:
    """A missing record or a link is reported by other code."""
    (tmp_path / "link.json").symlink_to(tmp_path / "nowhere")
    for name in ("none.json", "link.json"):
        with changing(tmp_path / name, time.sleep):
            pass
