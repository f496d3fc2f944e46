"""The store of one home: nothing hidden, nothing lost, and every status as it really is."""

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bed.kept import load_record
from clinvk.errors import (
    SessionBusyError,
    SessionDamagedError,
    SessionNotFoundError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.events import Init, Message, StopReason
from clinvk.model.outcome import Outcome
from clinvk.model.session import OpenTurn, Session, Status
from clinvk.model.usage import Usage
from clinvk.store.locks import Claim
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore

ID = "0123456789ab"
OTHER = "ba9876543210"

RUNS_UNTIL_KILLED = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from clinvk.model.events import Init, Message
from clinvk.store.locks import Claim
from clinvk.store.home import Home
from clinvk.store.sessions.store import SessionStore
now = lambda: datetime.now(UTC)
store = SessionStore(Home(Path(sys.argv[1])))
claim = Claim(pid=os.getpid(), host="here", now=now, sleep=time.sleep)
lock = store.lock("0123456789ab", claim)
session = store.load("0123456789ab").turn_started(at=now())
writer = store.writer(session.id, now)
writer.session(session)
writer.turn_started(backend="demo", turn=1, at=now(), prompt="p", cwd="/")
store.save(session)
writer.event(1, Init(backend_session_id="c-1"))
writer.event(1, Message(text="so far"))
print("running", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def claim(clock: Any) -> Claim:
    """Ourselves."""
    return Claim(pid=os.getpid(), host="here", now=clock, sleep=time.sleep)


@contextmanager
def a_run(store: SessionStore) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of the session's first turn."""
    child = subprocess.Popen(
        [sys.executable, "-c", RUNS_UNTIL_KILLED, str(store.home.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "running\n"
        yield child
        child.kill()


def begin(store: SessionStore, session: Session, clock: Any) -> Session:
    """The session's next turn, begun on disk as a run begins it."""
    opened = session.turn_started(at=clock.step(1))
    assert opened.open_turn is not None
    writer = store.writer(session.id, clock)
    if writer.empty:
        writer.session(opened)
    writer.turn_started(
        backend="demo", turn=opened.open_turn.number, at=clock(), prompt="p", cwd=session.cwd,
        conversation=session.conversation.id,
    )  # fmt: skip
    store.save(opened)
    writer.close()
    return opened


def end(store: SessionStore, opened: Session, clock: Any) -> None:
    """The end of that turn in the transcript, without the record."""
    assert opened.open_turn is not None
    writer = store.writer(opened.id, clock)
    writer.event(opened.open_turn.number, Init(backend_session_id="c-1", model="m-1"))
    outcome = Outcome(
        stop_reason=StopReason.END_TURN, text="done", counters={"n": 7},
        usage=Usage(input_tokens=7, output_tokens=2), backend_session_id="c-1",
    )  # fmt: skip
    writer.turn_finished(opened.open_turn.number, clock.step(5), outcome)
    writer.close()


def test_a_home_that_is_not_there_has_no_sessions(store: SessionStore) -> None:
    """Asking is no error, and leaves nothing behind."""
    assert (list(store.iter_records()), store.ids()) == ([], [])
    assert store.transcript(ID).turns == ()
    with pytest.raises(SessionNotFoundError, match=f"there is no session `{ID}`"):
        store.load(ID)
    assert not store.home.root.exists()


def test_a_saved_session_is_loaded_and_listed(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """Create, change, load, list."""
    store.create(new_session())
    store.save(new_session(title="new"))
    store.create(new_session(id=OTHER))
    assert store.load(ID).title == "new"
    assert store.ids() == [ID, OTHER]
    assert {record.id for record in store.iter_records() if isinstance(record, Session)} == {
        ID,
        OTHER,
    }


def test_a_session_is_never_created_over_another(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """An id that is taken, if only by a damaged record, stays with who has it."""
    store.home.sessions.mkdir(parents=True)
    store.home.record(ID).symlink_to("/nowhere")
    with pytest.raises(StoreError, match="it already exists"):
        store.create(new_session())


def test_damaged_records_are_shown_beside_healthy_ones(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """A list never raises, never hides a file, and passes by what was never a record."""
    store.create(new_session())
    folder = store.home.sessions
    (folder / f"{OTHER}.json").write_text("{")
    (folder / "copy of a record.json").write_text("{}")
    (folder / "aaaaaaaaaaaa.json").symlink_to(store.home.record(ID))
    (folder / "bbbbbbbbbbbb.json").mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / f".{ID}.json.ffff.tmp").write_text("half")
    found = list(store.iter_records())
    assert [record.id for record in found if isinstance(record, Session)] == [ID]
    damaged = {
        record.path.name: (record.id_guess, record.reason)
        for record in found
        if isinstance(record, DamagedRecord)
    }
    assert damaged == {
        f"{OTHER}.json": (OTHER, damaged[f"{OTHER}.json"][1]),
        "copy of a record.json": (None, "its name is not a session id"),
        "aaaaaaaaaaaa.json": ("aaaaaaaaaaaa", "it is a symbolic link"),
        "bbbbbbbbbbbb.json": ("bbbbbbbbbbbb", "it is not a regular file"),
    }
    assert damaged[f"{OTHER}.json"][1].startswith("it is not JSON")


def test_a_record_cut_off_anywhere_is_listed_as_damaged(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """Whatever is left of the file, the list names it."""
    store.create(new_session())
    path = store.home.record(ID)
    whole = path.read_bytes()
    for length in range(len(whole) - 2):
        path.write_bytes(whole[:length])
        (found,) = store.iter_records()
        assert isinstance(found, DamagedRecord)
        assert found.path == path


def test_a_folder_that_cannot_be_listed_is_an_error(store: SessionStore) -> None:
    """Not an empty list, which would say that there are no sessions."""
    store.home.root.mkdir()
    store.home.sessions.write_text("")
    with pytest.raises(StoreError, match=r"cannot read `.*sessions`: not a directory"):
        list(store.iter_records())


def test_a_lost_record_is_rebuilt_from_its_transcript(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """Without its record a session is still listed, loaded and gone on with."""
    session = begin(store, new_session(name="pr-842", tags=("a",)), clock)
    end(store, session, clock)
    complete = store.current(session)
    store.home.record(ID).unlink()
    assert list(store.iter_records()) == [complete]
    assert store.load(ID) == complete
    assert store.ids() == [ID]
    assert (complete.turns, complete.name, complete.conversation.id) == (1, "pr-842", "c-1")


def test_a_transcript_that_does_not_say_whose_it_is_is_damaged(store: SessionStore) -> None:
    """It is shown, because it may be all that is left of a session."""
    store.home.transcripts.mkdir(parents=True)
    store.home.transcript(ID).write_text('{"type": "turn_started", "turn": 1}\n')
    store.home.transcript(OTHER).mkdir()
    found = {
        record.path: record for record in store.iter_records() if not isinstance(record, Session)
    }
    assert set(found) == {store.home.transcript(ID), store.home.transcript(OTHER)}
    with pytest.raises(SessionDamagedError, match=str(store.home.transcript(ID))):
        store.load(ID)


def test_the_hint_for_a_damaged_record_with_a_transcript_works(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """After the file is moved away, the session is back."""
    end(store, begin(store, new_session(), clock), clock)
    store.home.record(ID).write_text("")
    with pytest.raises(SessionDamagedError) as damaged:
        store.load(ID)
    assert str(store.home.record(ID)) in damaged.value.message
    assert "move that file away" in (damaged.value.hint or "")
    store.home.record(ID).rename(store.home.root / "away")
    assert store.load(ID).turns == 1


def test_a_killed_run_shows_as_interrupted_with_what_was_received(
    store: SessionStore, new_session: Callable[..., Session]
) -> None:
    """Running while it runs, interrupted after kill -9; the agent's session id is not lost."""
    store.create(new_session())
    with a_run(store) as child:
        assert store.status_of(store.load(ID)) is Status.RUNNING
        child.kill()
        child.wait()
        session = store.load(ID)
        assert store.status_of(session) is Status.INTERRUPTED
        assert load_record(store.home.record(ID)).conversation.id is None
        assert session.conversation.id == "c-1"
        assert store.current(session).conversation.id == "c-1"
        assert store.current(session).conversation.seen
        assert store.current(session).next_turn == 2
    (turn,) = store.transcript(ID).turns
    assert (turn.interrupted, turn.outcome.text) == (True, "so far")


def test_a_crash_between_the_two_writes_loses_nothing(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """The transcript has the end and the record does not: the session is as after the turn."""
    store.create(new_session())
    opened = begin(store, new_session(), clock)
    end(store, opened, clock)
    session = load_record(store.home.record(ID))
    assert session.open_turn is not None
    assert store.load(ID) == store.current(session)
    assert store.status_of(session) is Status.ACTIVE
    current = store.current(session)
    assert (current.turns, current.open_turn, current.conversation.id) == (1, None, "c-1")
    assert current.usage == Usage(input_tokens=7, output_tokens=2)
    known = current.conversation
    assert (known.counters, known.counters_turn, known.model) == ({"n": 7}, 1, "m-1")
    assert current.last_used_at == clock()
    assert store.current(current) == current


def test_a_crash_before_the_record_knows_of_the_turn_loses_nothing(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """A turn that is only in the transcript was never sent; its number is used again."""
    store.create(new_session())
    begin(store, new_session(), clock)
    store.save(new_session())
    end(store, begin(store, store.load(ID), clock), clock)
    assert [turn.number for turn in store.transcript(ID).turns] == [1]
    assert store.current(store.load(ID)).turns == 1


def test_a_crash_after_a_turn_was_voided_leaves_the_session_as_before(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """The turn did not take place; one that broke off before it is still open."""
    opened = begin(store, new_session(), clock)
    again = begin(store, opened, clock)
    assert again.open_turn is not None
    assert again.open_turn.number == 2
    writer = store.writer(ID, clock)
    writer.turn_voided(turn=2, at=clock(), reason="gone")
    current = store.current(store.load(ID))
    assert current.open_turn == opened.open_turn
    writer.turn_voided(turn=1, at=clock(), reason="gone")
    writer.close()
    assert store.current(store.load(ID)).open_turn is None
    assert store.status_of(store.load(ID)) is Status.ACTIVE


@pytest.mark.parametrize("transcript", ["none", "junk", "a folder"])
def test_an_open_turn_without_a_transcript_is_interrupted(
    store: SessionStore, new_session: Callable[..., Session], clock: Any, transcript: str
) -> None:
    """What the record says stands where the transcript says nothing."""
    session = new_session(open_turn=OpenTurn(number=1, started_at=clock()))
    store.create(session)
    if transcript != "none":
        store.home.transcripts.mkdir()
    if transcript == "junk":
        store.home.transcript(ID).write_bytes(b"\0" * 100)
    if transcript == "a folder":
        store.home.transcript(ID).mkdir()
    assert store.status_of(session) is Status.INTERRUPTED
    assert store.current(session) == session


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.ERROR, Status.COMPLETED])
def test_without_an_open_turn_the_status_is_the_stored_one(
    store: SessionStore, new_session: Callable[..., Session], claim: Claim, status: Status
) -> None:
    """A session that is held for a change of its title is not running."""
    session = new_session(status=status)
    store.create(session)
    with store.lock(ID, claim):
        assert store.status_of(session) is status


def test_a_session_closed_after_its_turn_broke_off_is_completed(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """Closing is a person's word."""
    opened = begin(store, new_session(), clock)
    store.save(replace(opened, status=Status.COMPLETED))
    assert store.status_of(store.load(ID)) is Status.COMPLETED


def test_a_resume_that_holds_the_lock_sees_how_the_last_turn_ended(
    store: SessionStore, new_session: Callable[..., Session], clock: Any, claim: Claim
) -> None:
    """Its own lock does not make the session look as if another run used it."""
    end(store, begin(store, new_session(), clock), clock)
    with store.lock(ID, claim):
        assert store.current(store.load(ID)).turns == 1


def test_names_and_sessions_are_held_apart(
    store: SessionStore, new_session: Callable[..., Session], claim: Claim
) -> None:
    """A name that looks like an id, or like a path, is only a name."""
    del new_session
    with (
        store.lock(ID, claim),
        store.lock_name(ID, claim),
        store.lock_name("../../escape", claim),
    ):
        with pytest.raises(SessionBusyError):
            store.lock_name(ID, claim)
        assert len(list(store.home.locks.iterdir())) == 3
    assert {path.name for path in store.home.root.iterdir()} == {"locks"}


def test_a_first_turn_that_could_not_start_is_discarded(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """No list shows it."""
    begin(store, new_session(), clock)
    store.discard(ID)
    store.discard(ID)
    assert store.ids() == []
    assert list(store.iter_records()) == []


def test_a_clock_that_was_set_back_breaks_nothing(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """A turn that ends before it began is read, counted and listed."""
    clock.step(-timedelta(days=365).total_seconds())
    opened = begin(store, new_session(), clock)
    clock.step(-3600)
    end(store, opened, clock)
    current = store.current(store.load(ID))
    store.save(current)
    assert store.load(ID) == current
    assert current.last_used_at < current.created_at


def test_a_linked_home_is_followed_and_a_linked_folder_is_not(
    store: SessionStore, new_session: Callable[..., Session], tmp_path: Path
) -> None:
    """The home may be moved by a link; a link inside it could lead anywhere."""
    (tmp_path / "real").mkdir()
    store.home.root.symlink_to(tmp_path / "real")
    store.create(new_session())
    assert json.loads((tmp_path / "real" / "sessions" / f"{ID}.json").read_text())["id"] == ID
    (tmp_path / "real" / "transcripts").symlink_to(tmp_path)
    with pytest.raises(StoreError, match="symbolic link"):
        store.writer(ID, lambda: new_session().created_at)


def test_a_killed_run_can_be_continued(
    store: SessionStore, new_session: Callable[..., Session], claim: Claim, clock: Any
) -> None:
    """The next turn has the next number, and the interrupted one stays in the transcript."""
    store.create(new_session())
    with a_run(store) as child:
        child.kill()
        child.wait()
    with store.lock(ID, claim) as lock:
        assert lock.previous is not None
        opened = begin(store, store.current(store.load(ID)), clock)
        writer = store.writer(ID, clock)
        writer.event(2, Message(text="on"))
        writer.close()
        end(store, opened, clock)
        store.save(store.current(opened))
    assert [turn.interrupted for turn in store.transcript(ID).turns] == [True, False]
    session = store.load(ID)
    assert (session.turns, store.status_of(session)) == (2, Status.ACTIVE)


def test_an_update_writes_a_record_that_is_missing(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """A run that was killed before its record left a transcript; the next turn writes both."""
    opened = begin(store, new_session(), clock)
    store.home.record(ID).unlink()
    store.update(ID, lambda found: found, time.sleep)
    assert store.load(ID).open_turn == opened.open_turn
    assert store.home.record(ID).is_file()


def _four_turns(store: SessionStore, session: Session, clock: Any) -> list[bytes]:
    """Four turns, and the record after each of them."""
    copies = []
    for number in range(1, 5):
        session = begin(store, session, clock)
        end(store, session, clock)
        if number == 4:  # a title and a tag that the older copies do not know
            session = replace(store.load(ID), title="later", tags=("t",))
        store.save(store.current(session))
        store.copy_to_transcript(ID, clock)
        session = store.load(ID)
        copies.append(store.home.record(ID).read_bytes())
    return copies


@pytest.mark.parametrize("known", [1, 2, 3])
@pytest.mark.parametrize("renamed", [True, False])
def test_a_record_older_than_its_transcript_is_as_the_transcript_tells_it(
    store: SessionStore,
    new_session: Callable[..., Session],
    clock: Any,
    known: int,
    *,
    renamed: bool,
) -> None:
    """A restored backup: turns, totals, labels and the next turn are right wherever it is read."""
    copies = _four_turns(store, new_session(), clock)
    right = store.load(ID)
    assert (right.turns, right.usage.input_tokens, right.next_turn) == (4, 28, 5)
    store.select(Selection(), limit=5)
    record = store.home.record(ID)
    if renamed:
        record.with_suffix(".new").write_bytes(copies[known - 1])
        record.with_suffix(".new").rename(record)
    else:
        record.write_bytes(copies[known - 1])
    assert store.load(ID) == right
    assert store.find(ID) == right
    for limit in (None, 5):
        (listed,) = store.select(Selection(tags=("t",)), limit=limit, thorough=True).sessions
        assert (listed.session, listed.status) == (right, Status.ACTIVE)
    changed = store.update(ID, lambda it: replace(it, title="mine"), time.sleep)
    assert changed == replace(right, title="mine")
    assert load_record(record) == changed


def test_a_record_that_lost_the_beginning_of_a_turn_that_worked_shows_it(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """An older copy again: the agent answered, so the turn took place and keeps its number."""
    copies = _four_turns(store, new_session(), clock)
    opened = begin(store, store.load(ID), clock)
    writer = store.writer(ID, clock)
    writer.event(5, Init(backend_session_id="c-9"))
    writer.close()
    store.home.record(ID).write_bytes(copies[-1])
    session = store.load(ID)
    assert (session.open_turn, session.conversation.id) == (opened.open_turn, "c-9")
    assert (store.status_of(session), session.next_turn) == (Status.INTERRUPTED, 6)
    store.home.record(ID).write_bytes(copies[1])
    assert store.load(ID).next_turn == 6


@pytest.mark.parametrize("content", [b"", b"no JSON\n", None, "two turns"])
def test_an_older_transcript_removes_nothing_from_the_record(
    store: SessionStore,
    new_session: Callable[..., Session],
    clock: Any,
    content: bytes | str | None,
) -> None:
    """Emptied, damaged, missing or from a backup: the record is used; no number repeats."""
    session = begin(store, new_session(), clock)
    end(store, session, clock)
    two = store.home.transcript(ID).read_bytes()
    _four_turns(store, store.load(ID), clock)
    right = store.load(ID)
    if content is None:
        store.home.transcript(ID).unlink()
    else:
        store.home.transcript(ID).write_bytes(two if isinstance(content, str) else content)
    assert store.load(ID) == right
    assert store.load(ID).next_turn == right.turns + 1


def test_a_session_rebuilt_from_its_transcript_has_its_own_directory(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """`-w` was for one turn."""
    session = begin(store, new_session(), clock)
    end(store, session, clock)
    writer = store.writer(ID, clock)
    writer.turn_started(backend="demo", turn=2, at=clock.step(1), prompt="p", cwd="/elsewhere")
    writer.turn_finished(2, clock.step(1), Outcome(stop_reason=StopReason.END_TURN, text=""))
    writer.close()
    store.home.record(ID).unlink()
    assert store.load(ID).cwd == session.cwd


@pytest.mark.parametrize("counters", [[1], "many", 7, True, None])
def test_counters_that_are_no_object_are_no_counters(
    store: SessionStore, new_session: Callable[..., Session], clock: Any, counters: Any
) -> None:
    """Neither an agent nor a transcript can make a record that cannot be read again."""
    store.create(new_session(conversation={"counters": counters}))
    assert store.load(ID).conversation.counters is None
    session = begin(store, new_session(), clock)
    writer = store.writer(ID, clock)
    usage = Usage(input_tokens=-5, output_tokens=2)
    outcome = Outcome(stop_reason=StopReason.END_TURN, counters=counters, usage=usage)
    writer.turn_finished(1, clock(), outcome)
    writer.close()
    store.save(store.current(session))
    assert (store.load(ID).turns, store.load(ID).conversation.counters) == (1, None)
    assert store.load(ID).usage == Usage(output_tokens=2)


@pytest.mark.parametrize(
    "fault",
    [
        (which, error)
        for which in ("record", "transcript")
        for error in (errno.EMFILE, errno.EIO, errno.EACCES)
    ],
)
def test_a_record_that_the_system_refuses_to_read_is_not_damaged(
    store: SessionStore,
    new_session: Callable[..., Session],
    clock: Any,
    refusing: Callable[[Path, int], AbstractContextManager[None]],
    fault: tuple[str, int],
) -> None:
    """It is listed as unreadable, refused with exit 4, and never rebuilt or moved."""
    which, error = fault
    _four_turns(store, new_session(), clock)
    store.select(Selection(), limit=5)
    path = getattr(store.home, which)(ID)
    if which == "transcript":
        store.home.record(ID).unlink()
    with refusing(path, error):
        (found,) = store.select(Selection(), limit=5, thorough=True).damaged
        assert (found.path, found.unreadable) == (path, True)
        assert "damaged" not in found.sentence
        with pytest.raises(SessionUnreadableError) as refused:
            store.load(ID)
        assert (refused.value.exit_status, refused.value.code) == (4, "session_unreadable")
    (listed,) = store.select(Selection(), limit=5).sessions
    assert listed.session == store.load(ID)
