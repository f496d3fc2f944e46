"""Whatever happens to a home, and in whatever order: the index answers as a full scan does."""

import json
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bed.budget import budget
from clinvk.model.conversation import Conversation
from clinvk.model.events import Init, StopReason
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session, Status
from clinvk.model.usage import Usage
from clinvk.store.home import Home
from clinvk.store.index import index
from clinvk.store.index.file_signature import UNSETTLED_NS, stamp
from clinvk.store.sessions import reading
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.selection import (
    WORDS,
    Order,
    Query,
    Selected,
    Selection,
    as_bytes,
)
from clinvk.store.sessions.store import SessionStore
from clinvk.text.json_codec import json_page

START = datetime(2025, 1, 27, 10, tzinfo=UTC)
IDS = ["aaaa00000001", "aaaa00000002", "beef00000003", "0123456789ab"]

ids = st.sampled_from(IDS)
backends = st.sampled_from(["demo", "dem0"])
moments = st.integers(0, 5).map(lambda minutes: START + timedelta(minutes=minutes))
sessions = st.builds(
    Session,
    id=ids,
    backend=backends,
    cwd=st.sampled_from(["/p/app", "/p/app/src", "/p/app-2", "/q/", "", "/\udc80"]),
    created_at=moments,
    last_used_at=moments,
    name=st.sampled_from([None, "pr-1", "beef", "\ud800"]),
    title=st.sampled_from(["", "Fix", "fix", "ähnlich", "日本", "\ud800"]),
    conversations=st.sampled_from(
        [
            (),
            (Conversation(backend="demo", id="c-1"),),
            (
                Conversation(backend="x", id="c-1", model="m-1"),
                Conversation(backend="demo", id="c-2"),
            ),
        ]
    ),
    status=st.sampled_from([Status.ACTIVE, Status.ERROR, Status.COMPLETED]),
    archived=st.booleans(),
    model_asked=st.sampled_from([None, "m-1", "m-2"]),
    cost_usd=st.sampled_from([None, 0.0, 0.5, 1e300]),
    tags=st.sampled_from([(), ("a",), ("b", "a"), ("a", "a"), ("\0",)]),
    usage=st.sampled_from([Usage(), Usage(input_tokens=7, output_tokens=1 << 70)]),
)
selections = st.builds(
    Selection,
    reference=st.sampled_from([None, "aaaa", "beef", "pr-1", "demo:c-1", "x", "\ud800"]),
    begins=st.sampled_from([None, None, "", "a", "be", "pr-", "demo", "demo:c", "\ud800"]),
    names=st.sampled_from([(), (), ("pr-1",), ("pr-1", "beef")]),
    named=st.sampled_from([False, False, True]),
    backend=st.none() | backends,
    status=st.none() | st.sampled_from(list(Status)),
    tags=st.sampled_from([(), ("a",), ("a", "b"), ("\0",)]),
    since=st.none() | moments,
    until=st.none() | moments,
    archived=st.none() | st.booleans(),
    resumable=st.booleans(),
    directory=st.sampled_from([None, None, "/p/app", "/q/"]),
    place=st.sampled_from([None, None, lambda cwd: Path(cwd).name.startswith("app")]),
    within=st.lists(st.sampled_from([Path("/p/app"), Path("/q"), Path("/")]), max_size=2).map(
        tuple
    ),
    words=st.sampled_from([(), (), ("fix",), ("ähn",), ("run",), ("act", "p"), ("\ud800",)]),
    keep=st.sampled_from([None, lambda session: session.title != "Fix"]),
)


STATEMENTS = (
    "PRAGMA user_version = 99",
    "DROP TABLE noted",
    "UPDATE noted SET signature = 'another boot' WHERE what = 'boot'",
    "DROP INDEX IF EXISTS entry_used",
)


class KilledError(BaseException):
    """What a kill looks like from the inside."""


class Homes(RuleBasedStateMachine):
    """A home in which clinvk works, crashes, and is meddled with."""

    @initialize(asking=st.sampled_from([1, 1, 2, 3]))
    def make(self, asking: int) -> None:
        """An empty home; it is asked after so many steps, so that changes also come together."""
        self.folder = Path(tempfile.mkdtemp())
        self.home = Home(self.folder / "home")
        self.store = SessionStore(self.home)
        for folder in (self.home.sessions, self.home.transcripts):
            folder.mkdir(parents=True, mode=0o700)
        self.asking = asking
        self.steps = 0
        self.waited = False
        self.unseen = False

    @invariant()
    def the_index_answers_as_a_scan(self) -> None:
        """The promise itself; what is asked about all is shown, and so corrected."""
        if hasattr(self, "folder"):
            self.steps += 1
            if self.steps % self.asking == 0:
                self.ask(Selection(), Order.LAST, 10)

    def teardown(self) -> None:
        """Ask once more, then take everything away."""
        if hasattr(self, "folder"):
            try:
                self.ask(Selection(), Order.LAST, 10)
            finally:
                shutil.rmtree(self.folder)

    # what clinvk does

    @rule(selection=selections, order=st.sampled_from(Order), limit=st.sampled_from([1, 2, 10]))
    def ask(self, selection: Selection, order: Order, limit: int) -> None:
        """The promise itself, with all kinds of questions.

        What was overwritten in place and not shown since is found by a thorough look alone.
        """
        all_of_them = selection == Selection() and limit > len(IDS)
        asked = index.select(
            self.home,
            Query(selection, order, limit),
            thorough=self.unseen and not all_of_them,
        )
        self.unseen = False
        assert asked is not None
        assert _told(asked) == _told(reading.select(self.home, Query(selection, order, limit)))
        rest = index.select(self.home, Query(selection, order, limit, first=1))
        scanned = reading.select(self.home, Query(selection, order, limit, first=1))
        assert rest is not None
        assert _told(rest) == _told(scanned)
        everything = reading.select(self.home, Query(selection, order))
        assert index.count(self.home, selection) == len(everything.sessions)
        if all_of_them:
            for kind, words_of in WORDS.items():
                words = {word for one in everything.sessions for word in words_of(one.session)}
                known = index.words(self.home, kind, "", 100)
                assert known == sorted(words, key=as_bytes)

    @rule(session=sessions)
    def save(self, session: Session) -> None:
        """A record is written."""
        with suppress(OSError):
            self.store.save(session)

    @rule(session=sessions, at=moments)
    def begin_a_turn(self, session: Session, at: datetime) -> None:
        """A turn begins, and is left open: the run was killed."""
        opened = session.turn_started(at=at)
        with closing(self.store.writer(session.id, lambda: at)) as writer:
            writer.session(session)
            writer.turn_started(backend="demo", turn=1, at=at, prompt="p", cwd="/p")
            self.store.save(opened)
            writer.event(1, Init(backend_session_id="c-2"))

    @rule(session_id=ids, at=moments)
    def end_a_turn_in_the_transcript_alone(self, session_id: str, at: datetime) -> None:
        """The run was killed between the two writes of the end."""
        if self.home.transcript(session_id).is_file():
            with closing(self.store.writer(session_id, lambda: at)) as writer:
                usage = Usage(input_tokens=3)
                ended = Outcome(stop_reason=StopReason.END_TURN, text="done", usage=usage)
                writer.turn_finished(1, at, ended)

    @rule(session_id=ids)
    def remove(self, session_id: str) -> None:
        """A session is deleted."""
        self.store.discard(session_id)

    @rule(session=sessions, stamped=st.booleans())
    def crash_before_the_index_is_told(self, session: Session, stamped: bool) -> None:  # noqa: FBT001  drawn
        """The record is in its place and the process is gone."""

        def act() -> None:
            self._replace(session)
            if stamped:
                stamp(self.home.sessions)
            raise KilledError

        with suppress(KilledError):
            index.change(self.home, session.id, ("sessions",), act)

    # what others do to the files

    @rule(session=sessions)
    def add_or_replace(self, session: Session) -> None:
        """An editor saves by renaming; a backup brings a file back."""
        self._replace(session)

    @rule(session=sessions, stay=st.booleans(), old=st.booleans())
    def write_in_place(self, session: Session, stay: bool, old: bool) -> None:  # noqa: FBT001  drawn
        """Somebody opens the record and writes, perhaps as many bytes as there were."""
        self.unseen = True
        path = self.home.record(session.id)
        content = json_page(encode(session))
        with suppress(OSError):
            if stay and path.is_file() and not path.is_symlink():
                size = path.stat().st_size
                content = content.rstrip().ljust(size)[:size]
            path.write_bytes(content)
            if old:
                os.utime(path, (1_000_000_000, 1_000_000_000))

    @rule(session_id=ids, before=backends, after=backends)
    def change_one_word(self, session_id: str, before: str, after: str) -> None:
        """The same size, at the same moment."""
        self.unseen = True
        path = self.home.record(session_id)
        with suppress(OSError):
            path.write_bytes(path.read_bytes().replace(before.encode(), after.encode()))

    @rule(session_id=ids, size=st.integers(0, 300))
    def cut(self, session_id: str, size: int) -> None:
        """A full disk, a crash of the machine."""
        self.unseen = True
        with suppress(OSError):
            os.truncate(self.home.record(session_id), size)

    @rule(session_id=ids, what=st.sampled_from(["record", "transcript"]))
    def unlink(self, session_id: str, what: str) -> None:
        """A file is deleted by hand."""
        with suppress(OSError):
            getattr(self.home, what)(session_id).unlink()

    @rule(session_id=ids, other=ids)
    def link(self, session_id: str, other: str) -> None:
        """A symlink among the records."""
        with suppress(OSError):
            self.home.record(session_id).symlink_to(self.home.record(other))

    @rule(name=st.sampled_from(["notes", "copy of a record", "\udcff", ".hidden"]))
    def add_what_is_no_record(self, name: str) -> None:
        """A file whose name is no id."""
        (self.home.sessions / f"{name}.json").write_text("{}")

    @rule(session=sessions)
    def add_a_transcript_alone(self, session: Session) -> None:
        """A session whose record is lost."""
        line = {"type": "session", **encode(session)}
        self.home.transcript(session.id).write_text(json.dumps(line) + "\n")

    @rule(old=st.booleans())
    def set_the_folders_times(self, old: bool) -> None:  # noqa: FBT001  drawn
        """A backup program brings the times of folders back as well."""
        at = START.timestamp() if old else time.time()
        os.utime(self.home.sessions, (at, at))

    @precondition(lambda self: not self.waited)
    @rule()
    def wait(self) -> None:
        """Long enough for all signatures to settle; once, because it takes a tenth of a second."""
        self.waited = True
        time.sleep(1.2 * UNSETTLED_NS / 1e9)

    # what happens to the index

    @rule(how=st.sampled_from(["delete", "empty", "overwrite", "damage", *STATEMENTS]))
    def spoil_the_index(self, how: str) -> None:
        """It is deleted, no database, damaged, another clinvk's, or from another boot."""
        if not self.home.index.exists():
            return
        if how == "delete":
            shutil.rmtree(self.home.cache)
        elif how == "empty":
            self.home.index.write_bytes(b"")
        elif how == "overwrite":
            self.home.index.write_bytes(b"not a database" * 500)
        elif how == "damage":
            pages = self.home.index.stat().st_size // 4096
            with self.home.index.open("r+b") as file:
                file.seek(self.steps % max(pages, 1) * 4096)
                file.write(b"\xff" * 4096)
        else:
            with (
                suppress(sqlite3.Error),
                closing(sqlite3.connect(self.home.index, isolation_level=None)) as database,
            ):
                database.execute(how)

    @rule()
    def keep_a_copy_of_the_index(self) -> None:
        """For the next rule."""
        with suppress(OSError):
            shutil.copy(self.home.index, self.folder / "copy")

    @rule()
    def bring_an_old_index_back(self) -> None:
        """From before everything that happened meanwhile."""
        if (self.folder / "copy").exists() and self.home.cache.exists():
            shutil.copy(self.folder / "copy", self.home.index)

    @rule(session=sessions)
    def save_while_another_holds_the_index(self, session: Session) -> None:
        """The index cannot be told, and must find out."""
        if not self.home.index.exists():
            return
        with closing(sqlite3.connect(self.home.index, isolation_level=None)) as database:
            with suppress(sqlite3.Error):
                database.execute("BEGIN EXCLUSIVE")
            self.store.save(session)

    def _replace(self, session: Session) -> None:
        new = self.folder / "new"
        new.write_bytes(json_page(encode(session)))
        with suppress(OSError):
            new.replace(self.home.record(session.id))


def _told(selected: Selected) -> object:
    return selected.sessions, sorted(map(repr, selected.damaged))


Homes.TestCase.settings = settings(
    max_examples=budget(8, long=200),
    stateful_step_count=budget(25, long=40),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestAnyInterleaving = Homes.TestCase
