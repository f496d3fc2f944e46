"""Closing, archiving, and back."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from clinvk.errors import NothingToResumeError, SessionBusyError
from clinvk.model.events import StopReason
from clinvk.model.outcome import Outcome
from clinvk.model.session import OpenTurn, Session, Status
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions.lifecycle import archive, close, unarchive
from clinvk.services.sessions.resolve import last_session
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

Create = Callable[..., Session]
ID = "aaaa00000001"


def _turn(store: SessionStore, world: World, *, ended: bool) -> None:
    """A first turn, of whose end the record knows nothing."""
    session = store.load(ID)
    store.save(replace(session, open_turn=OpenTurn(number=1, started_at=world.now())))
    writer = store.writer(ID, world.now)
    writer.session(session)
    writer.turn_started(backend="demo", turn=1, at=world.now(), prompt="p", cwd="/p")
    if ended:
        writer.turn_finished(1, world.now(), Outcome(stop_reason=StopReason.END_TURN, text="t"))
    writer.close()


def test_a_closed_session_is_skipped(store: SessionStore, world: World, create: Create) -> None:
    """It is completed, and `--last` does not choose it; closing it again changes nothing."""
    create(ID)
    assert close(world, ID)
    assert not close(world, ID)
    assert store.load(ID).status is Status.COMPLETED
    with pytest.raises(NothingToResumeError):
        last_session(store)


@pytest.mark.parametrize("ended", [True, False])
def test_a_session_is_closed_also_after_a_crash(
    store: SessionStore, world: World, create: Create, *, ended: bool
) -> None:
    """Neither a turn that broke off nor one whose end the record missed opens it again."""
    create(ID)
    _turn(store, world, ended=ended)
    assert close(world, ID)
    found = store.current(store.load(ID))
    assert (found.status, store.status_of(found)) == (Status.COMPLETED, Status.COMPLETED)
    assert found.turns == int(ended)


def test_archiving_and_back(store: SessionStore, world: World, create: Create) -> None:
    """Both say whether there was anything to do; the time of its last use stays."""
    before = create(ID, days=3)
    assert archive(world, ID)
    assert not archive(world, ID)
    assert store.load(ID) == replace(before, archived=True)
    assert unarchive(world, ID)
    assert not unarchive(world, ID)
    assert store.load(ID) == before


def test_a_lost_record_is_rebuilt_with_its_status(
    store: SessionStore, world: World, create: Create
) -> None:
    """The transcript shows that the session was archived and closed after its last turn."""
    create(ID)
    _turn(store, world, ended=True)
    archive(world, ID)
    close(world, ID)
    store.home.record(ID).unlink()
    rebuilt = store.load(ID)
    assert (rebuilt.archived, rebuilt.status, rebuilt.turns) == (True, Status.COMPLETED, 1)


@pytest.mark.parametrize("change", [close, archive, unarchive])
def test_a_running_session_is_not_changed(
    store: SessionStore,
    world: World,
    create: Create,
    change: Callable[[World, str], bool],
) -> None:
    """Exit 75, and the record is unchanged."""
    before = create(ID)
    with (
        store.lock(ID, claim_of(world)),
        pytest.raises(SessionBusyError) as busy,
    ):
        change(world, ID)
    assert busy.value.exit_status == 75
    assert store.load(ID) == before
