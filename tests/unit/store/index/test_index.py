"""The index: what it is asked it answers as the files say, and nothing that befalls it matters."""

import errno
import os
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clinvk.errors import StoreError
from clinvk.model.session import Session, Status
from clinvk.store.home import Home
from clinvk.store.index import index
from clinvk.store.index import refresh as index_refresh
from clinvk.store.index.database import opened
from clinvk.store.index.file_signature import UNSETTLED_NS
from clinvk.store.index.rebuild import IndexDiff, check, rebuild
from clinvk.store.index.refresh import FOLDERS, is_noted
from clinvk.store.sessions import reading, records
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Order, Query, Selected, Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.json_codec import json_page

New = Callable[..., Session]

ALL = Selection()


@pytest.fixture
def ids(store: SessionStore, new_session: New) -> list[str]:
    """Three sessions, each used later than the one before."""
    store.home.transcripts.mkdir(parents=True, mode=0o700)
    made = []
    for number in range(3):
        plain = new_session(id=f"aaaa0000000{number}", name=f"n{number}", title=f"title {number}")
        at = plain.last_used_at + timedelta(minutes=number)
        session = new_session(
            id=plain.id, name=plain.name, title=plain.title, last_used_at=at, tags=(f"t{number}",)
        )
        store.create(session)
        made.append(session.id)
    return made


def ask(home: Home, selection: Selection = ALL, limit: int | None = 10) -> list[str]:
    """The ids that the index answers with."""
    found = index.select(home, Query(selection, limit=limit))
    assert found is not None, "the index was not asked"
    return [listed.session.id for listed in found.sessions]


def is_right(home: Home) -> bool:
    """Whether the index knows that no folder has changed since it was told."""
    with opened(home) as database:
        return is_noted(database, home, FOLDERS)


def scan(home: Home, selection: Selection = ALL, order: Order = Order.LAST) -> Selected:
    """What all the files say."""
    return reading.select(home, Query(selection, order))


@contextmanager
def held(home: Home) -> Iterator[None]:
    """Another process that is writing to the index."""
    with closing(sqlite3.connect(home.index, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield


def test_a_home_that_is_not_there_is_not_made(store: SessionStore) -> None:
    """Asking creates nothing, and answers with nothing."""
    assert store.select(ALL, limit=5).sessions == ()
    assert not store.home.root.exists()


def test_the_index_is_private_and_leaves_nothing_beside_it(home: Home, ids: list[str]) -> None:
    """Titles stand in it: 0600 in a folder that is 0700."""
    assert ask(home) == ids[::-1]
    assert [path.name for path in home.cache.iterdir()] == ["index.sqlite3"]
    assert stat.S_IMODE(home.index.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.cache.stat().st_mode) == 0o700


def test_our_own_changes_need_no_second_look(
    store: SessionStore, ids: list[str], new_session: New
) -> None:
    """Creating, changing and removing sessions leaves the index as right as it was."""
    home = store.home
    ask(home)
    store.create(new_session(id="bbbb00000001"))
    assert is_right(home)
    store.save(new_session(id=ids[0], title="new", last_used_at=store.load(ids[2]).last_used_at))
    assert is_right(home)
    store.writer("bbbb00000001", lambda: new_session().created_at).close()
    assert is_right(home)
    store.remove(ids[2], lambda _: None)
    store.discard("bbbb00000001")
    assert is_right(home)
    assert ask(home) == [ids[0], ids[1]]


def test_many_changes_cost_one_update(
    store: SessionStore, ids: list[str], new_session: New
) -> None:
    """Until the end every use compares all files, and finds them; then the index is right."""
    home = store.home
    ask(home)
    with store.many() as many:
        many.create(new_session(id="bbbb00000001", last_used_at=store.load(ids[2]).last_used_at))
        many.remove(ids[2], lambda _: None)
        assert not is_right(home)
        assert ask(home) == ["bbbb00000001", *ids[1::-1]]
        many.remove(ids[0], lambda _: None)
        assert not is_right(home)
    assert is_right(home)
    assert ask(home) == ["bbbb00000001", ids[1]]


class Killed(BaseException):
    """The process dies here."""


def test_many_changes_that_end_early_are_found(store: SessionStore, ids: list[str]) -> None:
    """A process that dies, with the index locked by another one, leaves work for the next use."""
    home = store.home
    ask(home)

    def work() -> None:
        with held(home), store.many() as many:
            many.remove(ids[1], lambda _: None)
            raise Killed

    with pytest.raises(Killed):
        work()
    assert not is_right(home)
    assert ask(home) == [ids[2], ids[0]]
    assert is_right(home)


def test_many_changes_make_no_index(store: SessionStore, new_session: New) -> None:
    """A home without an index stays without one, until something is asked."""
    with store.many() as many:
        many.create(new_session())
    assert not os.path.lexists(store.home.cache)


def test_a_change_by_another_program_is_noticed(store: SessionStore, ids: list[str]) -> None:
    """The next answer is right, and then the index is right too."""
    home = store.home
    ask(home)
    home.record(ids[1]).unlink()
    assert not is_right(home)
    assert ask(home) == [ids[2], ids[0]]
    assert is_right(home)


def test_an_older_file_that_is_brought_back_is_noticed(
    store: SessionStore, ids: list[str], new_session: New
) -> None:
    """A restored backup has old times, and is news all the same."""
    home = store.home
    ask(home)
    backup = home.root / "backup"
    shutil.copy2(home.record(ids[2]), backup)
    before = home.sessions.stat()
    store.save(new_session(id=ids[2], title="newer", status=Status.COMPLETED))
    assert ask(home, Selection(resumable=True)) == [ids[1], ids[0]]
    os.utime(backup, (1, 1))
    backup.replace(home.record(ids[2]))
    os.utime(home.sessions, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ask(home, Selection(resumable=True)) == ids[::-1]


def test_an_edit_in_place_is_noticed(home: Home, ids: list[str]) -> None:
    """The same size, within the same tick of the clock, no folder changed."""
    ask(home)
    for _ in range(3):
        path = home.record(ids[0])
        content = path.read_text()
        path.write_text(content.replace("title 0", "TITLE 0"))
        assert ask(home, Selection(keep=lambda session: session.title == "TITLE 0")) == [ids[0]]
        path.write_text(content)
        assert ask(home, Selection(keep=lambda session: session.title == "TITLE 0")) == []


@pytest.fixture
def settled(home: Home, ids: list[str]) -> list[str]:
    """The sessions, which the index has known for so long that it looks at none of them again."""
    time.sleep(1.2 * UNSETTLED_NS / 1e9)
    assert ask(home) == ids[::-1]
    with opened(home) as database:
        watched = database.execute("SELECT count(*) FROM entry WHERE watched = 1").fetchone()
    assert watched == (0,)
    return ids


def test_an_edit_in_place_is_right_wherever_it_is_shown(
    home: Home, settled: list[str], new_session: New
) -> None:
    """What is shown is read from its record; and then it is found by what it says, too."""
    changed = new_session(id=settled[0], title="new", name="x", archived=True)
    home.record(settled[0]).write_bytes(json_page(encode(changed)))
    assert ask(home, Selection(keep=lambda session: session.title == "new")) == [settled[0]]
    assert ask(home, Selection(archived=True)) == [settled[0]]
    assert check(home).changed == 0


def test_many_edits_in_place_are_corrected_without_reading_all_files(
    home: Home, settled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more look at the index for all that was not right in an answer."""
    for session_id in settled:
        path = home.record(session_id)
        path.write_text(path.read_text().replace('"title": "', '"title": "new '))
    looks = 0
    compare_all = index_refresh._compare_all

    def count(*given: Any) -> None:
        nonlocal looks
        looks += 1
        compare_all(*given)

    monkeypatch.setattr(index_refresh, "_compare_all", count)
    found = index.select(home, Query(ALL, limit=10))
    assert found == scan(home)
    assert looks == 0
    assert check(home).changed == 0


@pytest.mark.parametrize("how", ["the folder changes", "thorough", "rebuilt", "shown"])
def test_an_edit_in_place_is_found_in_time(
    store: SessionStore, home: Home, settled: list[str], new_session: New, how: str
) -> None:
    """The one promise with a condition: no command looks at each file for it."""
    named = Selection(names=(how,))
    home.record(settled[0]).write_bytes(
        json_page(encode(new_session(id=settled[0], name=how, title="title 0")))
    )
    assert ask(home, named) == []
    assert check(home).changed == 1
    if how == "the folder changes":
        (home.sessions / "notes.txt").touch()
    elif how == "rebuilt":
        assert rebuild(home).changed == 1
    elif how == "shown":
        assert settled[0] in ask(home)
    found = store.select(named, limit=1, thorough=how == "thorough").sessions
    assert [one.session.id for one in found] == [settled[0]]
    assert ask(home, named) == [settled[0]]


@pytest.mark.parametrize("when", ["made", "read"])
def test_a_record_that_could_not_be_read_once_is_read_again(
    home: Home, settled: list[str], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The process had too many open files for a moment: the next use corrects the index."""
    read, refused = records._content, []

    def refuse(path: Path | str) -> bytes:
        if settled[1] in str(path) and len(refused) < 5:
            refused.append(path)
            raise OSError(errno.EMFILE, "Too many open files")
        return read(path)

    if when == "made":
        home.index.unlink()
    monkeypatch.setattr(records, "_content", refuse)
    index.select(home, Query(ALL, limit=10))
    assert refused
    monkeypatch.setattr(records, "_content", read)
    time.sleep(1.2 * UNSETTLED_NS / 1e9)
    assert index.select(home, Query(ALL, limit=10)) == scan(home)
    assert check(home) == IndexDiff(indexed=3, changed=0, removed=0, damaged=0)


def test_a_crash_between_the_two_writes_is_noticed(
    store: SessionStore, ids: list[str], new_session: New
) -> None:
    """The record is in its place, and the index was never told."""
    home = store.home
    ask(home)
    session = new_session(id=ids[0], archived=True)

    def crash() -> None:
        new = home.root / "new"
        new.write_bytes(json_page(encode(session)))
        new.replace(home.record(session.id))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.change(home, session.id, ("sessions",), crash)
    assert not is_right(home)
    assert ask(home, Selection(archived=False)) == [ids[2], ids[1]]


def test_an_error_of_a_change_is_raised(home: Home, ids: list[str]) -> None:
    """Errors of the index are not."""
    ask(home)

    def act() -> None:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"):
        index.change(home, ids[0], ("sessions",), act)
    assert ask(home) == ids[::-1]


def test_a_locked_index_costs_little_time_and_no_answer(
    store: SessionStore, ids: list[str], new_session: New
) -> None:
    """The files are read instead, and the index finds the change later."""
    home = store.home
    ask(home)
    with held(home):
        assert index.select(home, Query(ALL, limit=10)) is None
        assert store.select(ALL, limit=10) == scan(home)
        store.save(new_session(id=ids[0], name="other"))
    assert (home.cache / "index.behind").is_dir()
    assert ask(home, Selection(names=("other",))) == [ids[0]]
    assert not (home.cache / "index.behind").exists()
    assert is_right(home)


@pytest.mark.parametrize("content", [b"", b"{", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_not_a_database_is_rebuilt(
    home: Home, ids: list[str], content: bytes
) -> None:
    """However it is damaged, the answer is right."""
    ask(home)
    home.index.write_bytes(content)
    assert ask(home) == ids[::-1]
    assert is_right(home)


@pytest.mark.parametrize("part", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_database_that_was_cut_off_is_made_anew(home: Home, ids: list[str], part: float) -> None:
    """A disk that was full, a copy that broke off."""
    ask(home)
    os.truncate(home.index, int(home.index.stat().st_size * part))
    assert ask(home) == ids[::-1]
    assert not check(home).any


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 2",
        "PRAGMA user_version = 0",
        "DROP TABLE entry",
        "UPDATE entry SET key = '../../etc/passwd' WHERE key = 'aaaa00000001'",
    ],
)
def test_a_database_of_another_version_is_made_anew(
    home: Home, ids: list[str], statement: str
) -> None:
    """An older or newer clinvk's, or one in which somebody worked."""
    ask(home)
    with closing(sqlite3.connect(home.index, isolation_level=None)) as database:
        database.execute(statement)
    assert ask(home) == ids[::-1]


def test_a_power_failure_may_have_left_anything(home: Home, ids: list[str]) -> None:
    """Under another boot of the machine the file is checked from end to end."""
    ask(home)
    with closing(sqlite3.connect(home.index, isolation_level=None)) as database:
        database.execute("UPDATE noted SET signature = 'another' WHERE what = 'boot'")
        pages = dict(database.execute("SELECT name, rootpage FROM sqlite_master"))
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with home.index.open("r+b") as file:  # each page makes sense, and one is another's
        file.seek((pages["entry_name"] - 1) * size)
        page = file.read(size)
        file.seek((pages["entry_archived"] - 1) * size)
        file.write(page)
    assert not is_right(home)
    assert ask(home, Selection(archived=False)) == ids[::-1]
    assert is_right(home)


@pytest.mark.parametrize("what", ["folder", "symlink", "dangling", "fifo"])
def test_a_link_in_its_place_is_not_followed(
    home: Home, store: SessionStore, ids: list[str], what: str
) -> None:
    """A symlink is replaced and its target is not changed; a folder is not changed."""
    precious = home.root / "precious"
    precious.write_text("mine")
    home.cache.mkdir(mode=0o700)
    if what == "folder":
        home.index.mkdir()
    elif what == "fifo":
        os.mkfifo(home.index)
    else:
        home.index.symlink_to(precious if what == "symlink" else home.root / "nowhere")
    assert [one.session.id for one in store.select(ALL, limit=10).sessions] == ids[::-1]
    store.save(store.load(ids[0]))
    assert precious.read_text() == "mine"
    assert not (home.root / "nowhere").exists()


def test_a_cache_that_is_a_link_is_not_used(
    home: Home, store: SessionStore, ids: list[str]
) -> None:
    """Nothing is written where somebody else may have pointed us to."""
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    home.cache.symlink_to(elsewhere)
    (elsewhere / "index.sqlite3").touch()
    assert [one.session.id for one in store.select(ALL, limit=10).sessions] == ids[::-1]
    store.save(store.load(ids[0]))
    assert [path.stat().st_size for path in elsewhere.iterdir()] == [0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_read(
    home: Home, store: SessionStore, ids: list[str]
) -> None:
    """With an index that is right, one that is not, and none."""
    ask(home)
    for folder in (home.cache, home.sessions, home.transcripts):
        folder.chmod(0o500)
    home.index.chmod(0o400)
    assert [one.session.id for one in store.select(ALL, limit=10).sessions] == ids[::-1]


def test_deleted_sessions_are_erased_from_the_index(
    store: SessionStore, home: Home, new_session: New
) -> None:
    """Not only from its tables but from its file: a title may be a secret."""
    store.create(new_session(title="a secret title", name="secret-name", tags=("secret-tag",)))
    ask(home)
    assert b"secret" in home.index.read_bytes()
    store.remove(new_session().id, lambda _: None)
    assert b"secret" not in home.index.read_bytes()


def test_damaged_records_are_in_every_answer(home: Home, ids: list[str]) -> None:
    """What they would have matched cannot be told; one that was mended is a session again."""
    path = home.record(ids[1])
    content = path.read_bytes()
    ask(home)
    path.write_bytes(content[:50])
    (home.sessions / "copy of it.json").write_bytes(content)
    found = index.select(home, Query(Selection(backend="demo"), limit=1))
    assert found is not None
    assert {record.path for record in found.damaged} == {path, home.sessions / "copy of it.json"}
    assert all(isinstance(record, DamagedRecord) for record in found.damaged)
    path.write_bytes(content)
    assert ask(home) == ids[::-1]


def test_a_filter_that_only_a_session_can_answer_is_asked_until_there_are_enough(
    home: Home, ids: list[str]
) -> None:
    """Filter first, then limit, also where the index does not know the answer."""
    only_oldest = Selection(keep=lambda session: session.id == ids[0])
    assert ask(home, only_oldest, limit=1) == [ids[0]]


def test_concurrent_use_is_safe(store: SessionStore, ids: list[str], new_session: New) -> None:
    """Writers and readers together: every answer was true for the files at some time."""
    home = store.home
    ask(home)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                store.save(new_session(id=f"bbbb000000{number:02x}", title=f"turn {turn}"))
                assert len(store.select(ALL, limit=50).sessions) >= len(ids)
        except BaseException as error:  # noqa: BLE001  shown by the test
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.select(ALL, limit=50) == scan(home)


def test_a_check_finds_every_difference_and_changes_nothing(
    store: SessionStore, home: Home, ids: list[str], new_session: New
) -> None:
    """Not there, right, behind; then made anew it is right."""
    missing = check(home)
    assert (missing.indexed, missing.changed, missing.removed, missing.any) == (3, 3, 0, True)
    assert not home.index.exists()
    ask(home)
    assert not check(home).any
    home.record(ids[0]).write_text("{")
    home.record(ids[1]).unlink()
    for _ in range(2):
        diff = check(home)
        assert (diff.indexed, diff.changed, diff.removed, diff.damaged) == (2, 1, 1, 1)
    diff = rebuild(home)
    assert (diff.indexed, diff.changed, diff.removed, diff.damaged) == (2, 1, 1, 1)
    assert not check(home).any
    store.save(new_session(id=ids[0]))
    assert not check(home).any


@pytest.mark.usefixtures("ids")
def test_an_index_that_cannot_be_built_is_an_error(home: Home) -> None:
    """An explicit rebuild reports the reason."""
    home.cache.write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*index\.sqlite3"):
        rebuild(home)


def test_all_orders_and_filters_are_those_of_a_scan(
    store: SessionStore, home: Home, ids: list[str], new_session: New
) -> None:
    """One answer by two ways."""
    store.create(new_session(id="bbbb00000001", backend="other", cwd="/projects/myapp/src"))
    store.create(new_session(id="bbbb00000002", archived=True, cwd="/projects/myapp-2"))
    selections = [
        Selection(backend="other"),
        Selection(archived=True),
        Selection(tags=("t1",)),
        Selection(within=(Path("/projects/myapp"),)),
        Selection(within=(Path("/nowhere"), Path("/projects/myapp-2"), Path("/projects/myapp"))),
        Selection(directory="/projects/myapp"),
        Selection(status=Status.ACTIVE, resumable=True),
        Selection(reference="bbbb"),
        Selection(reference="n1"),
        Selection(since=store.load(ids[1]).last_used_at),
        Selection(until=store.load(ids[1]).last_used_at),
    ]
    for selection in selections:
        for order in Order:
            found = index.select(home, Query(selection, order, limit=10))
            assert found == scan(home, selection, order)
            assert found.sessions
