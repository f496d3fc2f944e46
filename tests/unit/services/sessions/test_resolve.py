"""SESSION references, and what `-c` and `--last` mean."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bed.kept import session_of
from clinvk.cli.render.layout import format_age
from clinvk.errors import (
    NothingToResumeError,
    SessionAmbiguousError,
    SessionDamagedError,
    SessionNotFoundError,
    SessionUnreadableError,
)
from clinvk.model.conversation import Conversation
from clinvk.model.events import StopReason
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session, Status
from clinvk.services.files.repositories import Bounds
from clinvk.services.sessions.places import Here
from clinvk.services.sessions.resolve import (
    continued_session,
    find_named,
    last_session,
    resolve_all,
    resolve_reference,
)
from clinvk.store.home import Home
from clinvk.store.index.file_signature import UNSETTLED_NS
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.json_codec import json_page

START = datetime(2025, 1, 27, 10, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    """An empty store."""
    return SessionStore(Home(tmp_path / "home"))


def _here(directory: Path | str) -> Here:
    return Here(Path(directory), Bounds())


def _plain(session_id: str, minute: int, **fields: object) -> Session:
    at = START + timedelta(minutes=minute)
    known = {"backend": "demo", "cwd": "/p", "created_at": at, "last_used_at": at} | fields
    return session_of(id=session_id, **known)


def _create(store: SessionStore, session_id: str, minute: int = 0, **fields: object) -> Session:
    session = _plain(session_id, minute, **fields)
    store.create(session)
    return session


@pytest.mark.parametrize(
    "reference", ["aaaa00000001", "AAAA00000001", "aaaa", "pr-842", "demo:conv-1", "@last"]
)
def test_a_session_answers_to_all_its_references(store: SessionStore, reference: str) -> None:
    """A full id, a unique prefix, a name, the agent's own id and `@last` mean the same session."""
    _create(store, "bbbb00000001", minute=1)
    meant = _create(store, "aaaa00000001", minute=2, name="pr-842", conversation={"id": "conv-1"})
    assert resolve_reference(store, reference) == meant


@pytest.mark.parametrize("reference", ["beef", "BEEF", "demo:conv-1"])
def test_a_name_that_is_also_the_id_of_another_session_is_ambiguous(
    store: SessionStore, reference: str
) -> None:
    """An old home may have such a name; each session can still be named by its id."""
    by_id = _create(store, "beef00000001", conversation={"id": "conv-1"})
    named = _create(store, "aaaa00000001", name=reference)
    with pytest.raises(SessionAmbiguousError) as wrong:
        resolve_reference(store, reference)
    for session in (by_id, named):
        assert session.id in str(wrong.value.hint)
        assert resolve_reference(store, session.id) == session
    assert find_named(store, reference) == named


def test_a_name_that_reads_as_an_id_and_means_nothing_else_still_works(store: SessionStore) -> None:
    """A home of an earlier version may have named a session so."""
    named = _create(store, "aaaa00000001", name="beef")
    assert resolve_reference(store, "beef") == named


def test_a_full_id_is_never_shadowed(store: SessionStore) -> None:
    """Not by a session that was named with it."""
    meant = _create(store, "beef00000001")
    _create(store, "aaaa00000001", name="beef00000001")
    assert resolve_reference(store, "beef00000001") == meant
    store.home.record("beef00000001").write_text("{")
    with pytest.raises(SessionDamagedError):
        resolve_reference(store, "beef00000001")


def test_a_damaged_record_counts_among_those_of_a_prefix(store: SessionStore) -> None:
    """Which of the two is meant is not for us to guess because one cannot be read."""
    good = _create(store, "beef00000001")
    damaged = _create(store, "beef00000002")
    store.home.record(damaged.id).write_text("{")
    with pytest.raises(SessionAmbiguousError) as wrong:
        resolve_reference(store, "beef")
    assert {good.id, damaged.id} <= set(str(wrong.value.hint).split())
    with pytest.raises(SessionDamagedError):
        resolve_reference(store, "beef00000002"[:12])
    assert resolve_reference(store, "beef00000001") == good


def test_two_sessions_of_one_name_are_ambiguous_to_who_continues_it(store: SessionStore) -> None:
    """Copied records make it possible; `-s` does not choose."""
    _create(store, "aaaa00000001", name="mine")
    _create(store, "aaaa00000002", name="mine")
    with pytest.raises(SessionAmbiguousError) as wrong:
        find_named(store, "mine")
    assert "aaaa00000001" in str(wrong.value.hint)


def test_an_ambiguous_prefix_lists_the_candidates(store: SessionStore) -> None:
    """The way out of an ambiguous prefix is in the hint."""
    _create(store, "aaaa00000001", title="first", cwd="/one")
    _create(store, "aaaa00000002", title="second", cwd="/two")
    with pytest.raises(SessionAmbiguousError) as wrong:
        resolve_reference(store, "aaaa")
    assert wrong.value.exit_status == 4
    for part in ("aaaa00000001", "first", "/one", "aaaa00000002", "second", "/two"):
        assert part in str(wrong.value.hint)


@pytest.mark.parametrize("reference", ["aaa", "", "../x", "-x", "\0", "x" * 10_000, "👍", "%"])
def test_an_invalid_reference_is_not_found(store: SessionStore, reference: str) -> None:
    """A prefix of three characters and other text matches nothing and raises nothing else."""
    _create(store, "aaaa00000001")
    with pytest.raises(SessionNotFoundError):
        resolve_reference(store, reference)


def test_an_unknown_reference_names_the_nearest(store: SessionStore) -> None:
    """A typing error in a name is met with the name."""
    _create(store, "aaaa00000001", name="release-notes", title="Write the notes")
    with pytest.raises(SessionNotFoundError) as wrong:
        resolve_reference(store, "relaese-notes")
    assert "release-notes (Write the notes)" in str(wrong.value.hint)


def test_a_damaged_record_is_reported_as_damaged(store: SessionStore) -> None:
    """Its id gives the reason, not "there is no session"."""
    _create(store, "aaaa00000001")
    store.home.record("aaaa00000001").write_text("{")
    with pytest.raises(SessionDamagedError) as wrong:
        resolve_reference(store, "aaaa00000001")
    assert str(store.home.record("aaaa00000001")) in wrong.value.message


def test_a_name_is_found_exactly(store: SessionStore) -> None:
    """`-s pr-8` does not go on with `pr-842`."""
    named = _create(store, "aaaa00000001", name="pr-842")
    assert find_named(store, "pr-842") == named
    assert find_named(store, "pr-8") is None


def test_what_was_written_into_an_old_file_is_found_by_who_seeks_nothing_else(
    store: SessionStore,
) -> None:
    """Also of a session that nobody used for long: no second one of its name is made."""
    for number in range(6):
        session = _plain(f"{number:012x}", number)
        store.home.sessions.mkdir(parents=True, exist_ok=True)
        store.home.record(session.id).write_bytes(json_page(encode(session)))
    assert find_named(store, "pr-842") is None
    for _ in range(2):  # the index has known them for so long that it looks at none again
        time.sleep(1.2 * UNSETTLED_NS / 1e9)
        store.select(Selection(names=("pr-842",)), limit=1)
    for at, (before, after, find) in enumerate(
        [
            ('"name": null', '"name": "pr-842"', lambda: find_named(store, "pr-842")),
            ('"backend": "demo"', '"backend": "x"', lambda: last_session(store, backend="x")),
            (
                '"backend": "demo"',
                '"backend": "y"',
                lambda: continued_session(store, _here("/q"), backend="y"),
            ),
            ('"name": null', '"name": "n"', lambda: resolve_reference(store, "n")),
        ]
    ):
        old = store.home.record(f"{at:012x}")
        old.write_text(old.read_text().replace(before, after))
        found = find()
        assert found is not None
        assert found.id == old.stem


def test_the_last_session_skips_closed_and_archived_ones(store: SessionStore) -> None:
    """`--last` is the last one that can be continued."""
    meant = _create(store, "aaaa00000001", minute=1)
    _create(store, "aaaa00000002", minute=2, status=Status.COMPLETED)
    _create(store, "aaaa00000003", minute=3, archived=True)
    assert last_session(store) == meant


def test_here_is_the_directory_or_its_repository(store: SessionStore, tmp_path: Path) -> None:
    """Inside a repository any of its directories counts, outside only the directory itself."""
    repository = tmp_path / "repo"
    (repository / ".git").mkdir(parents=True)
    (repository / "src").mkdir()
    meant = _create(store, "aaaa00000001", minute=1, cwd=str(repository))
    _create(store, "aaaa00000002", minute=2, cwd=str(tmp_path / "repository-of-another"))
    assert last_session(store, here=_here(repository / "src")) == meant
    for elsewhere in (tmp_path / "elsewhere", tmp_path):
        with pytest.raises(NothingToResumeError):
            last_session(store, here=_here(elsewhere))


def test_continue_takes_the_directory_then_its_repository_then_all(
    store: SessionStore, tmp_path: Path
) -> None:
    """`-c` never goes far when something is near."""
    repository = tmp_path / "repo"
    (repository / ".git").mkdir(parents=True)
    near = _create(store, "aaaa00000001", minute=1, cwd=str(repository / "src"))
    around = _create(store, "aaaa00000002", minute=2, cwd=str(repository))
    anywhere = _create(store, "aaaa00000003", minute=3, cwd="/far")
    assert continued_session(store, _here(repository / "src")) == near
    assert continued_session(store, _here(repository / "docs")) == around
    assert continued_session(store, _here(tmp_path / "elsewhere")) == anywhere


def test_a_clock_that_went_back_does_not_decide_between_equals(store: SessionStore) -> None:
    """Two sessions of the same moment: the answer is the same each time."""
    _create(store, "aaaa00000001")
    second = _create(store, "aaaa00000002")
    assert [last_session(store) for _ in range(3)] == [second] * 3


def test_with_no_session_there_is_nothing_to_resume(store: SessionStore) -> None:
    """The way out is to start one."""
    with pytest.raises(NothingToResumeError) as wrong:
        continued_session(store, _here("/p"))
    assert "start one" in str(wrong.value.hint)


def test_a_candidate_shows_its_age(store: SessionStore) -> None:
    """Two of one prefix are told apart by title, age and directory, each on one harmless line."""
    _create(store, "aaaa00000001", title="first\nline\x1b[2J", cwd="/one")
    _create(store, "aaaa00000002", minute=170)
    with pytest.raises(SessionAmbiguousError) as wrong:
        resolve_reference(store, "aaaa", ago=lambda at: format_age(at, START + timedelta(hours=3)))
    assert str(wrong.value.hint).splitlines() == [
        "one of:",
        "aaaa00000002  untitled  10 minutes ago  /p",
        "aaaa00000001  first line  3 hours ago  /one",
    ]


def test_a_prompt_in_place_of_a_session_is_met_with_the_way_to_continue(
    store: SessionStore,
) -> None:
    """`clinvk resume "and now?"`."""
    _create(store, "aaaa00000001", title="Fix the login bug")
    with pytest.raises(SessionNotFoundError) as wrong:
        resolve_reference(store, "and now?")
    assert wrong.value.hint is not None
    assert "`clinvk -c" in wrong.value.hint


def test_a_title_is_among_the_nearest(store: SessionStore) -> None:
    """Who types a title rather than a name is shown what to type."""
    _create(store, "aaaa00000001", title="Fix the login bug")
    with pytest.raises(SessionNotFoundError) as wrong:
        resolve_reference(store, "fix the login")
    assert wrong.value.hint == "nearest: aaaa00000001 (Fix the login bug)"


def test_a_long_reference_is_cut_in_the_message(store: SessionStore) -> None:
    """Ten kilobytes of pasted text do not fill the screen, and escapes do not drive it."""
    with pytest.raises(SessionNotFoundError) as wrong:
        resolve_reference(store, "\x1b[2J" + "x" * 10_000)
    assert wrong.value.message == f"there is no session `{'x' * 63}…`"


def test_several_references_mean_each_session_once(store: SessionStore) -> None:
    """A session that is named twice is one, and one unknown reference spoils all."""
    one = _create(store, "aaaa00000001", name="n")
    two = _create(store, "bbbb00000001")
    assert resolve_all(store, ["n", "bbbb", "aaaa"]) == [one, two]
    with pytest.raises(SessionNotFoundError):
        resolve_all(store, ["n", "cccc"])


def _with_transcript(store: SessionStore, session: Session) -> Session:
    """The session with one turn, as its transcript tells it too."""
    at = session.last_used_at
    with closing(store.writer(session.id, lambda: at)) as writer:
        writer.session(session)
        writer.turn_started(backend=session.backend, turn=1, at=at, prompt="p", cwd=session.cwd)
        writer.turn_finished(1, at, Outcome(stop_reason=StopReason.END_TURN, text="done"))
    os.utime(store.home.transcript(session.id), (at.timestamp(), at.timestamp()))
    store.save(store.current(session))
    return store.load(session.id)


def _used(store: SessionStore, session_id: str, minute: int) -> None:
    at = (START + timedelta(minutes=minute)).timestamp()
    os.utime(store.home.record(session_id), (at, at))


WAYS = {
    "-c": lambda store: continued_session(store, _here("/p")),
    "-c elsewhere": lambda store: continued_session(store, _here("/other")),
    "--last": last_session,
    "--last --here": lambda store: last_session(store, here=_here("/p")),
    "-b": lambda store: last_session(store, backend="demo"),
    "@last": lambda store: resolve_reference(store, "@last"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("content", ["", "{", '{"schema": 1, "counters": [1]}'])
@pytest.mark.parametrize("told", [True, False], ids=["with a transcript", "alone"])
def test_an_older_session_is_no_substitute_for_the_newest_one(
    store: SessionStore, way: Callable[[SessionStore], Session], content: str, *, told: bool
) -> None:
    """Its record is damaged: that is said, with the way out, and nothing else is continued."""
    _create(store, "aaaa00000001", minute=1)
    newest = _create(store, "bbbb00000001", minute=9)
    if told:
        _with_transcript(store, newest)
    store.home.record(newest.id).write_text(content)
    with pytest.raises(SessionDamagedError) as refused:
        way(store)
    assert str(store.home.record(newest.id)) in refused.value.message
    assert ("doctor --fix" in str(refused.value.hint)) is told
    store.home.record(newest.id).rename(store.home.root / "away")
    assert way(store).id == (newest.id if told else "aaaa00000001")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("error", [errno.EMFILE, errno.EIO, errno.EACCES])
def test_a_temporarily_unreadable_session_is_not_skipped(
    store: SessionStore,
    way: Callable[[SessionStore], Session],
    error: int,
    refusing: Callable[[Path, int], AbstractContextManager[None]],
) -> None:
    """It may be intact: refused, not called damaged, and continued afterwards."""
    _create(store, "aaaa00000001", minute=1)
    newest = _with_transcript(store, _create(store, "bbbb00000001", minute=9))
    assert way(store) == newest
    with refusing(store.home.record(newest.id), error):
        store.home.record("aaaa00000001").touch()
        with pytest.raises(SessionUnreadableError) as refused:
            way(store)
    assert "damaged" not in refused.value.message
    assert way(store) == newest


@pytest.mark.parametrize("unlike", ["older", "closed", "archived", "of another backend"])
def test_a_damaged_record_that_cannot_be_meant_is_ignored(store: SessionStore, unlike: str) -> None:
    """Its transcript shows that it is older, archived or another agent's."""
    changes: dict[str, dict[str, Any]] = {
        "older": {"minute": 0},
        "closed": {"status": Status.COMPLETED},
        "archived": {"archived": True},
        "of another backend": {"backend": "other"},
    }
    meant = _with_transcript(store, _create(store, "aaaa00000001", minute=5))
    other = _with_transcript(
        store, _create(store, "bbbb00000001", **{"minute": 9} | changes[unlike])
    )
    if unlike in ("closed", "archived"):
        with closing(store.writer(other.id, lambda: START)) as writer:
            writer.session(replace(other, **changes[unlike]))
    store.home.record(other.id).write_text("{")
    assert last_session(store, backend="demo") == meant
    assert continued_session(store, _here("/p"), backend="demo") == meant


def test_a_damaged_record_without_a_transcript_counts_by_its_file_time(
    store: SessionStore,
) -> None:
    """Only its file says when it was used: it may be the newest."""
    meant = _create(store, "aaaa00000001", minute=5)
    _create(store, "bbbb00000001", minute=1)
    store.home.record("bbbb00000001").write_text("{")
    _used(store, "bbbb00000001", 4)
    assert last_session(store) == meant
    _used(store, "bbbb00000001", 6)
    with pytest.raises(SessionDamagedError):
        last_session(store)
    (store.home.sessions / "notes.json").write_text("mine")  # no session has such a file
    store.home.record("bbbb00000001").unlink()
    assert last_session(store) == meant


@pytest.mark.parametrize("reference", ["bbbb", "BBBB00000001", "pr-842", "demo:conv-1"])
@pytest.mark.parametrize("refused", [False, True], ids=["damaged", "unreadable"])
def test_an_unreadable_session_is_not_called_unknown(
    store: SessionStore,
    refusing: Callable[[Path, int], AbstractContextManager[None]],
    reference: str,
    *,
    refused: bool,
) -> None:
    """By its id, a prefix, its name and the agent's own id, which is in its transcript."""
    _create(store, "aaaa00000001", minute=9)
    asked = _create(store, "bbbb00000001", name="pr-842", conversation={"id": "conv-1"})
    with closing(store.writer(asked.id, lambda: START)) as writer:
        writer.session(asked)
        writer.turn_started(
            backend="demo", turn=1, at=START, prompt="p", cwd="/p", conversation="conv-1"
        )
    with refusing(store.home.record(asked.id), errno.EIO) if refused else nullcontext():
        if not refused:
            store.home.record(asked.id).write_text("{")
        kind = SessionUnreadableError if refused else SessionDamagedError
        with pytest.raises(kind, match=str(store.home.record(asked.id))):
            resolve_reference(store, reference)
        with pytest.raises(kind):
            find_named(store, "pr-842")
        assert find_named(store, "other") is None


def test_a_name_is_refused_if_an_unreadable_session_may_have_it(
    store: SessionStore, refusing: Callable[[Path, int], AbstractContextManager[None]]
) -> None:
    """`-s NAME` could create a second session with that name."""
    named = _create(store, "bbbb00000001", name="pr-842")
    with refusing(store.home.record(named.id), errno.EMFILE):
        with pytest.raises(SessionUnreadableError):
            find_named(store, "pr-842")
        with pytest.raises(SessionNotFoundError) as unknown:
            resolve_reference(store, "pr-842")
    assert f"skipped: cannot read `{store.home.record(named.id)}`" in str(unknown.value.hint)
    assert find_named(store, "pr-842") == named


def test_each_of_a_sessions_conversations_means_it(store: SessionStore) -> None:
    """Whichever agent's own id is at hand, with the index and without it."""
    both = (Conversation(backend="demo", id="c-1"), Conversation(backend="codex", id="t-1"))
    session = _create(store, "aaaa00000001", backend="codex", conversations=both)
    _create(store, "bbbb00000001", conversation={"id": "c-2"})
    for _ in range(2):
        for reference in ("demo:c-1", "codex:t-1"):
            assert resolve_reference(store, reference) == session
        shutil.rmtree(store.home.cache, ignore_errors=True)
    with pytest.raises(SessionNotFoundError):
        resolve_reference(store, "codex:c-1")
