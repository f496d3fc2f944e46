"""Titles, names and tags, given at any time and lost at none."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from clinvk.errors import SessionNotFoundError, UsageError
from clinvk.model.session import OpenTurn, Session, TitleSource
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions import labels
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

Create = Callable[..., Session]
ID, OTHER = "aaaa00000001", "bbbb00000001"


def _told(store: SessionStore) -> object:
    """The title in the transcript's last word about the session."""
    header = store.transcript(ID).header
    return header and header["title"]


def _begin_transcript(store: SessionStore, world: World, session: Session) -> None:
    writer = store.writer(session.id, world.now)
    writer.session(session)
    writer.close()


def test_a_title_is_the_persons_and_leaves_the_order_alone(
    store: SessionStore, world: World, create: Create
) -> None:
    """A rename is no use of the session; the transcript knows the title as well."""
    before = create(ID, days=5)
    _begin_transcript(store, world, before)
    assert labels.rename(world, ID, "new\n title").session.title == "new title"
    after = store.load(ID)
    assert after == replace(before, title="new title", title_source=TitleSource.PERSON)
    assert _told(store) == "new title"


def test_a_session_without_a_transcript_gets_none_by_a_rename(
    store: SessionStore, world: World, create: Create
) -> None:
    """Who keeps no transcripts keeps none."""
    create(ID)
    labels.rename(world, ID, "new")
    assert not store.home.transcript(ID).exists()


def test_a_refused_change_changes_nothing(
    store: SessionStore, world: World, create: Create
) -> None:
    """An empty title, a name that is none, a tag that is not there: the record is as it was."""
    before = create(ID, tags=("a",))
    for change in (
        lambda: labels.rename(world, ID, " "),
        lambda: labels.give_name(world, ID, "a b"),
        lambda: labels.add_tags(world, ID, ["b", ""]),
        lambda: labels.add_tags(world, ID, ["x" * 65]),
        lambda: labels.remove_tags(world, ID, ["a", "b"]),
    ):
        with pytest.raises(UsageError):
            change()
    assert store.load(ID) == before


def test_tags_are_a_set_in_the_order_in_which_they_came(world: World, create: Create) -> None:
    """A tag comes once; what is taken off is gone."""
    create(ID, tags=("b",))
    assert labels.add_tags(world, ID, ["a", " b ", "c"]).session.tags == ("b", "a", "c")
    assert labels.remove_tags(world, ID, ["b", "c"]).session.tags == ("a",)


def test_a_name_is_one_sessions(world: World, create: Create) -> None:
    """A taken name is refused with its owner; a name that was cleared is free."""
    create(ID, title="the first")
    create(OTHER)
    assert labels.give_name(world, ID, "pr-1").session.name == "pr-1"
    assert labels.give_name(world, ID, "pr-1").session.name == "pr-1"
    with pytest.raises(UsageError, match=rf"`pr-1` is the name of session {ID} \(the first\)"):
        labels.give_name(world, OTHER, "pr-1")
    labels.clear_name(world, ID)
    assert labels.give_name(world, OTHER, "pr-1").session.name == "pr-1"


def test_one_of_two_concurrent_names_is_refused(
    store: SessionStore, world: World, create: Create
) -> None:
    """Names are unique in any order of events."""
    create(ID)
    create(OTHER)
    refused: list[UsageError] = []

    def give(session_id: str) -> None:
        try:
            labels.give_name(world, session_id, "pr-1")
        except UsageError as error:
            refused.append(error)

    threads = [threading.Thread(target=give, args=(one,)) for one in (ID, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted([store.load(ID).name or "", store.load(OTHER).name or ""]) == ["", "pr-1"]


def test_concurrent_changes_are_all_kept(store: SessionStore, world: World, create: Create) -> None:
    """Twenty concurrent calls add twenty tags."""
    create(ID)
    threads = [
        threading.Thread(target=labels.add_tags, args=(world, ID, [f"t{number}"]))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(store.load(ID).tags) == {f"t{number}" for number in range(20)}


def test_a_running_session_is_renamed_and_its_run_tells_the_transcript(
    store: SessionStore, world: World, create: Create
) -> None:
    """The record has it at once; nobody but the run writes into the transcript of a run."""
    _begin_transcript(store, world, create(ID))
    with store.lock(ID, claim_of(world)):
        labels.rename(world, ID, "new")
        assert store.load(ID).title == "new"
        assert _told(store) == "fix it"


def test_the_text_of_a_crashed_run_stays_in_its_lock(
    store: SessionStore, world: World, create: Create
) -> None:
    """The next run has to stop that run's agent, so a rename must not remove its pid."""
    session = create(ID)
    turn = OpenTurn(number=1, started_at=world.now() - timedelta(minutes=1))
    store.save(replace(session, open_turn=turn))
    _begin_transcript(store, world, session)
    left = b'{"pid": 4242, "host": "here", "started_at": "2025-01-27T10:00:00Z"}\n'
    store.home.locks.mkdir(exist_ok=True)
    store.home.session_lock(ID).write_bytes(left)
    labels.rename(world, ID, "new")
    assert store.home.session_lock(ID).read_bytes() == left
    assert _told(store) == "new"


def test_a_session_that_is_gone_is_not_found(store: SessionStore, world: World) -> None:
    """Deleted since it was named: an error, and no record out of nothing."""
    with pytest.raises(SessionNotFoundError):
        labels.rename(world, ID, "new")
    assert store.ids() == []
