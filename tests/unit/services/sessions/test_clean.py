"""Cleaning: what goes, what stays whatever is asked, and where it goes."""

import json
import os
import stat
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.errors import UsageError
from clinvk.model.config import Setting, Settings
from clinvk.model.session import OpenTurn, Session, Status
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions.clean import Cleaned, Sweep, archive_folder, clean, retention_s
from clinvk.services.sessions.each import FEW
from clinvk.services.world import World
from clinvk.store.cleaning_log import last_cleanings
from clinvk.store.index.file_signature import UNSETTLED_NS
from clinvk.store.index.rebuild import check
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.json_codec import json_page, time_from_text

Create = Callable[..., Session]
DAY = 86_400.0
A, B, C, D = "aaaa00000001", "bbbb00000001", "cccc00000001", "dddd00000001"


@pytest.fixture
def four(create: Create, store: SessionStore) -> None:
    """Four sessions: A is the oldest, D was used today; the first has a transcript."""
    create(A, days=40, title="the oldest")
    create(B, days=35, backend="other", status=Status.COMPLETED)
    create(C, days=31, archived=True, name="pr-1")
    create(D)
    store.home.transcripts.mkdir()
    store.home.transcript(A).write_text("{}\n")


@pytest.fixture
def swept(world: World) -> Callable[..., list[str]]:
    """Clean by so many days; the ids that went, in order."""

    def ids(days: float | None = 30, **fields: Any) -> list[str]:
        age_s = None if days is None else days * DAY
        cleaned = clean(world, Sweep(older_than_s=age_s, **fields))
        assert (cleaned.in_use, cleaned.failed) == ((), ())
        return [one.session.id for one in cleaned.swept]

    return ids


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ({}, [A, B, C]),
        ({"days": 36}, [A]),
        ({"days": 40}, []),
        ({"days": None}, []),
        ({"days": 1e9}, []),
        ({"backend": "other"}, [B]),
        ({"status": Status.COMPLETED}, [B]),
        ({"status": Status.ACTIVE}, [A, C]),
        ({"keep_last": 1}, [A, B, C]),
        ({"keep_last": 3}, [A]),
        ({"keep_last": 9}, []),
        ({"keep_last": 1, "backend": "other"}, []),
        ({"keep_named": True}, [A, B]),
    ],
)
def test_only_older_sessions_are_cleaned(
    store: SessionStore, swept: Callable[..., list[str]], fields: dict[str, Any], gone: list[str]
) -> None:
    """Oldest first; the last N that match the filters are kept at any age."""
    assert swept(**fields) == gone
    assert store.ids() == [one for one in (A, B, C, D) if one not in gone]
    left = {path.stem for path in store.home.locks.glob("*")} if gone else set()
    assert not left & set(gone)


@pytest.mark.usefixtures("four")
def test_a_dry_run_changes_nothing(store: SessionStore, swept: Callable[..., list[str]]) -> None:
    """It names the same sessions, and every file is as it was, locks included."""
    before = _content(store.home.root)
    assert swept(dry_run=True) == [A, B, C]
    assert _content(store.home.root) == before


@pytest.mark.usefixtures("four")
def test_freed_bytes_are_counted(store: SessionStore, world: World) -> None:
    """Record and transcript."""
    sizes = store.home.record(A).stat().st_size + 3
    cleaned = clean(world, Sweep(older_than_s=36 * DAY))
    assert cleaned.freed == sizes


def test_a_session_from_the_future_is_never_old(
    create: Create, store: SessionStore, swept: Callable[..., list[str]]
) -> None:
    """A clock that was set back makes no session old."""
    create(A, days=-400)
    assert swept() == []
    assert store.ids() == [A]


WRONG = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
"""What a clock says that was never set."""


def test_a_session_from_before_there_were_agents_counts_from_its_files(
    create: Create, store: SessionStore, world: World
) -> None:
    """Its clock was wrong: it is old once its files are, and kept if those are no better."""
    for number, days in ((A, 1), (B, 40), (C, None)):
        create(number, created_at=WRONG, last_used_at=WRONG)
        changed = WRONG if days is None else world.now() - timedelta(days=days)
        os.utime(store.home.record(number), (changed.timestamp(), changed.timestamp()))
    for dry_run in (True, False):
        cleaned = clean(world, Sweep(older_than_s=30 * DAY, dry_run=dry_run))
        assert [one.session.id for one in cleaned.swept] == [B]
        assert cleaned.undated == (C,)
    assert store.ids() == [A, C]
    assert clean(world, Sweep(older_than_s=None)).undated == ()


def test_a_session_that_was_used_before_it_was_made_counts_from_then(
    create: Create, swept: Callable[..., list[str]], world: World
) -> None:
    """Its last turn had a wrong clock, its first one a right one."""
    create(A, days=300, created_at=world.now())
    create(B, days=300)
    assert swept() == [B]


MANY = [f"{number:012x}" for number in range(FEW + 8)]


def test_many_are_cleaned_as_few_are(create: Create, store: SessionStore, world: World) -> None:
    """Some at once: each is counted and logged, in order; the index is right, others stay."""
    for number, one in enumerate(MANY):
        create(one, days=300 - number)
    create(D)
    store.select(Selection(), limit=1)
    counted: list[tuple[int, int | None]] = []
    cleaned = clean(world, Sweep(older_than_s=30 * DAY), lambda *at: counted.append(at))
    assert [one.session.id for one in cleaned.swept] == MANY
    assert counted == [(number, len(MANY)) for number in range(len(MANY) + 1)]
    assert store.ids() == [D]
    assert not check(store.home).any
    assert sorted(line["id"] for line in _logged(store)) == MANY
    assert list(store.home.locks.glob("*")) == []


class Stopped(BaseException):
    """Somebody has pressed Ctrl-C."""


def test_stopped_after_some_it_has_counted_what_is_gone(
    create: Create, store: SessionStore, world: World
) -> None:
    """Nothing is half done, and the last number is right."""
    for number, one in enumerate(MANY):
        create(one, days=300 - number)
    store.select(Selection(), limit=1)
    counted: list[int] = []

    def stop_at_ten(done: int, _: int | None) -> None:
        counted.append(done)
        if done >= 10:
            raise Stopped

    with pytest.raises(Stopped):
        clean(world, Sweep(older_than_s=30 * DAY), stop_at_ten)
    assert 10 <= counted[-1] <= len(MANY)
    assert store.ids() == MANY[counted[-1] :]
    assert not check(store.home).any
    assert sorted(line["id"] for line in _logged(store)) == MANY[: counted[-1]]


@pytest.mark.usefixtures("four")
def test_the_log_has_what_was_removed_when_and_why(
    store: SessionStore, world: World, tmp_path: Path
) -> None:
    """Also what was moved, and where to; a dry run and a kept session leave no line."""
    clean(world, Sweep(older_than_s=30 * DAY, dry_run=True))
    assert not store.home.cleaning_log.exists()
    clean(world, Sweep(older_than_s=36 * DAY))
    clean(world, Sweep(older_than_s=30 * DAY, backend="other", archive=tmp_path / "kept"))
    first, second = _logged(store)
    assert stat.S_IMODE(store.home.cleaning_log.stat().st_mode) == 0o600
    assert (first["what"], first["id"], first["title"]) == ("removed", A, "the oldest")
    assert first["why"] == "not used for more than 36d"
    assert first["bytes"] > 3
    assert time_from_text(first["at"]) <= world.now()
    assert "moved_to" not in first
    assert (second["what"], second["id"]) == ("moved", B)
    assert second["moved_to"] == [str(tmp_path / "kept" / f"{B}.json")]


@pytest.mark.usefixtures("four")
def test_the_log_says_what_could_not_be_removed(store: SessionStore, world: World) -> None:
    """The line before it is taken back, and the cleaning is not counted."""
    store.home.transcript(B).mkdir()
    cleaned = clean(world, Sweep(older_than_s=34 * DAY, backend="other"))
    assert [one for one, _ in cleaned.failed] == [B]
    assert [line["what"] for line in _logged(store)] == ["removed", "not removed"]
    assert "cannot delete session" in _logged(store)[1]["reason"]
    assert last_cleanings(store.home.cleaning_log, 3) == []


@pytest.mark.usefixtures("four")
def test_a_log_that_cannot_be_written_stops_no_cleaning(store: SessionStore, world: World) -> None:
    """The disk may be full; the reason is told."""
    store.home.cleaning_log.symlink_to("elsewhere")
    cleaned = clean(world, Sweep(older_than_s=30 * DAY))
    assert cleaned.unlogged == "it is a symbolic link"
    assert store.ids() == [D]


@pytest.mark.usefixtures("four")
def test_a_running_session_is_never_touched(store: SessionStore, world: World) -> None:
    """However old it is; it is told, and the others go."""
    session = store.load(A)
    store.save(replace(session, open_turn=OpenTurn(number=1, started_at=session.last_used_at)))
    with store.lock(A, claim_of(world)):
        before = store.home.record(A).read_bytes()
        for dry_run in (True, False):
            cleaned = clean(world, Sweep(older_than_s=DAY, dry_run=dry_run))
            assert cleaned.in_use == (A,)
            assert [one.session.id for one in cleaned.swept] == [B, C]
        assert store.home.record(A).read_bytes() == before
    assert store.ids() == [A, D]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize("content", ["", "{", "null", '{"id": "dddd00000001"}'])
def test_a_damaged_record_is_never_cleaned(
    store: SessionStore, swept: Callable[..., list[str]], content: str
) -> None:
    """What cannot be read may be what matters most; its transcript stays as well."""
    store.home.record(A).write_text(content)
    assert swept() == [B, C]
    assert store.home.record(A).read_text() == content
    assert store.home.transcript(A).exists()


@pytest.mark.usefixtures("four")
def test_a_link_is_not_followed(
    store: SessionStore, swept: Callable[..., list[str]], tmp_path: Path
) -> None:
    """A transcript that is a link goes as the link that it is, and what it points to stays."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    store.home.transcript(B).symlink_to(elsewhere)
    assert swept() == [A, B, C]
    assert elsewhere.read_text() == "mine"


@pytest.mark.usefixtures("four")
def test_an_archive_gets_the_files_as_they_are(
    store: SessionStore, world: World, tmp_path: Path
) -> None:
    """Record and transcript, private, byte by byte; put back, they are the sessions again."""
    before = _content(store.home.sessions) | _content(store.home.transcripts)
    folder = tmp_path / "new" / "archive"
    cleaned = clean(world, Sweep(older_than_s=30 * DAY, archive=folder))
    assert cleaned.swept[0].moved_to == (folder / f"{A}.json", folder / f"{A}.jsonl")
    assert _content(folder) | {f"{D}.json": before[f"{D}.json"]} == before
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    (folder / f"{A}.json").rename(store.home.record(A))
    assert store.load(A).title == "the oldest"


@pytest.mark.parametrize("dry_run", [False, True])
def test_leftovers_of_a_killed_move_are_removed_from_the_archive(
    world: World, tmp_path: Path, *, dry_run: bool
) -> None:
    """Incomplete copies of sessions after an hour; all other files in the folder are kept."""
    names = [f".{A}.json.0123456789ab.tmp", f".{A}-2.jsonl.0123456789ab.tmp"]
    others = [f".{A}.txt.0123456789ab.tmp", ".mine.json.0123456789ab.tmp", f"{A}.json"]
    young = f".{B}.json.0123456789ab.tmp"
    for name in (*names, *others, young):
        (tmp_path / name).touch()
        made_s = world.now().timestamp() - (10 if name == young else 4000)
        os.utime(tmp_path / name, (made_s, made_s))
    cleaned = clean(world, Sweep(older_than_s=DAY, archive=tmp_path, dry_run=dry_run))
    assert cleaned.leftovers == len(names)
    left = {path.name for path in tmp_path.glob("*.*")}
    assert left & {*names, *others, young} == {*others, young, *(names if dry_run else ())}


@pytest.mark.usefixtures("four")
def test_an_existing_file_in_the_archive_is_not_overwritten(world: World, tmp_path: Path) -> None:
    """Both files of the session get the same free number."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / f"{A}.jsonl").write_text("somebody's")
    (swept,) = clean(world, Sweep(older_than_s=36 * DAY, archive=folder)).swept
    assert swept.moved_to == (folder / f"{A}-2.json", folder / f"{A}-2.jsonl")
    assert (folder / f"{A}.jsonl").read_text() == "somebody's"
    assert not (folder / f"{A}.json").exists()


@pytest.mark.usefixtures("four")
def test_a_session_that_cannot_be_moved_stays(
    store: SessionStore, world: World, tmp_path: Path
) -> None:
    """Nothing is deleted that is not safe elsewhere; the others go."""
    store.home.transcript(B).symlink_to("/nowhere")
    folder = tmp_path / "archive"
    cleaned = clean(world, Sweep(older_than_s=30 * DAY, archive=folder))
    assert [session_id for session_id, _ in cleaned.failed] == [B]
    assert store.ids() == [B, D]


@pytest.mark.usefixtures("four")
def test_two_concurrent_cleans_are_safe(store: SessionStore, world: World, tmp_path: Path) -> None:
    """Each session is moved once and completely, and neither of the two fails."""
    before = _content(store.home.sessions)
    folder, done = tmp_path / "archive", list[Cleaned]()
    sweep = Sweep(older_than_s=30 * DAY, archive=folder)
    threads = [threading.Thread(target=lambda: done.append(clean(world, sweep))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.session.id for cleaned in done for one in cleaned.swept) == [A, B, C]
    assert [cleaned.failed for cleaned in done] == [()] * 4
    assert {name: _content(folder)[name] for name in (f"{A}.json", f"{B}.json", f"{C}.json")} == {
        name: content for name, content in before.items() if name != f"{D}.json"
    }
    assert list(store.home.locks.glob("*")) == []


def test_a_session_that_was_used_meanwhile_stays(
    create: Create, store: SessionStore, world: World
) -> None:
    """Between the look and the deed somebody went on with it: it is no longer old."""
    session = create(A, days=40)
    used = replace(session, last_used_at=world.now())
    going_on = replace(world, now=lambda: _and(lambda: store.save(used), world.now()))
    assert clean(going_on, Sweep(older_than_s=DAY)).swept == ()
    assert store.load(A) == used


def test_the_retention_is_the_default() -> None:
    """Days from the settings; 0 keeps for ever; what was said wins, and has to be a duration."""
    settings = {days: _settings(days) for days in (0, 30)}
    assert retention_s(settings[30], None) == 30 * DAY
    assert retention_s(settings[0], None) is None
    assert retention_s(settings[0], "12h") == DAY / 2
    for bad in ("", "0", "0d", "-1d", "30", "soon", "\0", "x" * 10_000):
        with pytest.raises(UsageError, match="--older-than"):
            retention_s(settings[30], bad)


def test_an_archive_is_a_folder_that_is_not_ours(world: World, tmp_path: Path) -> None:
    """Relative to where one stands; the folders of the home itself are refused."""
    assert archive_folder(world, Path("a/b")) == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    for bad in ("file", "home/sessions", "home/transcripts/x", "home/cache"):
        with pytest.raises(UsageError, match="--archive"):
            archive_folder(world, Path(bad))


def _settings(days: int) -> Settings:
    return Settings({"session.retention_days": Setting(days, "default")})


def _and(act: Callable[[], None], value: Any) -> Any:
    act()
    return value


def _logged(store: SessionStore) -> list[dict[str, Any]]:
    return [json.loads(line) for line in store.home.cleaning_log.read_text().splitlines()]


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_old_session_whose_record_was_edited_by_hand_is_cleaned_as_it_says(
    store: SessionStore, world: World, create: Create, swept: Callable[..., list[str]]
) -> None:
    """All files are looked at: what the index believed of the session makes no difference."""
    plain = create("0" * 12, days=31)
    session = replace(plain, id="1" * 12, last_used_at=world.now())
    store.home.record(session.id).write_bytes(json_page(encode(session)))
    for _ in range(2):
        time.sleep(1.2 * UNSETTLED_NS / 1e9)
        store.select(Selection(backend="other"), limit=1)
    old = store.home.record("0" * 12)
    old.write_text(old.read_text().replace('"backend": "demo"', '"backend": "other"'))
    assert swept(backend="other") == ["0" * 12]
