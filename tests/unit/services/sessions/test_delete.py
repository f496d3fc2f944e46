"""Deleting: all of ours, nothing of the agent's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.errors import SessionBusyError, SessionDamagedError, SessionNotFoundError, StoreError
from clinvk.model.session import Session
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions.lifecycle import Deleted, delete_each, find_deletion_targets
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

Create = Callable[..., Session]
ID = "aaaa00000001"


@pytest.fixture
def remove(world: World) -> Callable[[str], object]:
    """Delete what a reference means."""
    return lambda reference: _delete(world, [reference])


def _delete(world: World, references: list[str]) -> list[Deleted]:
    """Delete what the references mean; raises what left one of them."""
    outcomes = delete_each(world, find_deletion_targets(world, references))
    for one in outcomes:
        if one.error:
            raise one.error
    return [one.result for one in outcomes if one.result]


def test_all_files_of_the_session_are_deleted(
    store: SessionStore, create: Create, remove: Callable[[str], object]
) -> None:
    """Record, transcript and lock; deleting it again is an unknown session."""
    create(ID, name="pr-1")
    store.home.transcripts.mkdir()
    store.home.transcript(ID).write_text("{}\n")
    remove("pr-1")
    files = {path for path in store.home.root.rglob("*") if path.is_file()}
    assert files <= {store.home.index}
    with pytest.raises(SessionNotFoundError):
        remove("pr-1")


def test_the_agents_own_transcript_is_reported_and_kept(
    world: World, store: SessionStore, create: Create, tmp_path: Path
) -> None:
    """Its path, if it can be found; nothing for a conversation that never started."""
    kept = tmp_path / "agents/conv-1.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    world = replace(world, environ={"CLINVK_DEMO_HOME": str(kept.parent)})
    create(ID, conversation={"id": "conv-1", "seen": True})
    create("bbbb00000001", conversation={"id": "conv-2", "seen": True})
    create("cccc00000001", conversation={"id": "conv-3"})
    create("dddd00000001", backend="gone", conversation={"id": "c"}, turns=1)
    told = [one.native for one in _delete(world, store.ids())]
    assert told[0] is not None
    assert (told[0].agent, told[0].files) == ("Demo", (kept,))
    assert told[1] is not None
    assert (told[1].root, told[1].files) == (kept.parent, ())
    assert told[2] is None
    assert told[3] is not None
    assert (told[3].agent, told[3].root) == ("gone", None)
    assert kept.read_text() == "{}"


def test_the_demo_agents_file_lies_in_our_home_and_is_deleted(
    world: World, store: SessionStore, create: Create
) -> None:
    """With what a kill left beside it; the file of another conversation stays."""
    world = replace(world, environ={"CLINVK_HOME": str(store.home.root)})
    folder = store.home.root / "demo"
    folder.mkdir(parents=True)
    for name in ("conv-1.json", ".conv-1.json.0123456789ab.tmp", "conv-10.json"):
        (folder / name).write_text("12345")
    create(ID, conversation={"id": "conv-1", "seen": True})
    size = store.size(ID)
    [deleted] = _delete(world, [ID])
    assert (deleted.native, deleted.freed) == (None, size + 10)
    assert [path.name for path in folder.iterdir()] == ["conv-10.json"]


def test_an_id_that_leads_elsewhere_deletes_no_file(
    world: World, store: SessionStore, create: Create
) -> None:
    """A record may have been edited; only the agent's own format is accepted."""
    world = replace(world, environ={"CLINVK_HOME": str(store.home.root)})
    mine = store.home.root / "demo/other/mine.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    create(ID, conversation={"id": "other/mine", "seen": True})
    create("bbbb00000001", conversation={"id": "../demo/other/mine", "seen": True})
    _delete(world, store.ids())
    assert store.ids() == []
    assert mine.read_text() == "mine"


def test_a_damaged_record_goes_by_its_full_id(
    store: SessionStore, create: Create, remove: Callable[[str], object]
) -> None:
    """Whoever names it in full means it; the others are untouched."""
    create(ID)
    store.home.record("bbbb00000001").write_text("{")
    with pytest.raises(SessionDamagedError):
        remove("bbbb")
    remove("BBBB00000001")
    assert store.ids() == [ID]


def test_a_link_among_the_records_goes_alone(
    store: SessionStore, create: Create, remove: Callable[[str], object], tmp_path: Path
) -> None:
    """What it points to was never ours."""
    create(ID)
    (tmp_path / "mine").write_text("mine")
    store.home.record("bbbb00000001").symlink_to(tmp_path / "mine")
    remove("bbbb00000001")
    assert (tmp_path / "mine").read_text() == "mine"
    assert store.ids() == [ID]


def test_a_running_session_is_not_deleted(
    store: SessionStore, world: World, create: Create, remove: Callable[[str], object]
) -> None:
    """Exit 75, and everything is there."""
    create(ID)
    with (
        store.lock(ID, claim_of(world)),
        pytest.raises(SessionBusyError, match="holds it"),
    ):
        remove(ID)
    assert store.ids() == [ID]


def test_a_file_that_is_not_a_session_is_not_deleted(
    store: SessionStore, create: Create, remove: Callable[[str], object]
) -> None:
    """A name that is not an id never becomes a path."""
    create(ID)
    (store.home.sessions / "notes.json").write_text("{}")
    for reference in ("notes", "../sessions/notes", "notes.json", "\0", "-x", "x" * 10_000):
        with pytest.raises((SessionNotFoundError, SessionDamagedError)):
            remove(reference)
    assert (store.home.sessions / "notes.json").exists()


def test_a_file_that_cannot_be_deleted_is_a_store_error(
    store: SessionStore, create: Create, remove: Callable[[str], object]
) -> None:
    """A folder in the place of the transcript: nothing else is deleted, with the reason."""
    create(ID)
    store.home.transcript(ID).mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot delete session"):
        remove(ID)
    assert store.home.record(ID).exists()
