"""What a run writes, and what it leaves of others' words."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.agents import registry as backends
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.request import RunRequest
from clinvk.model.session import Session, Status, TitleSource
from clinvk.services.config.settings import effective_settings
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions import labels
from clinvk.services.turns.plan import TurnPlan, plan_turn
from clinvk.services.turns.record import Recording
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

ID = "aaaa00000001"
DONE = Outcome(stop_reason=StopReason.END_TURN, text="done")


@pytest.fixture
def run(
    store: SessionStore, world: World, create: Callable[..., Session], tmp_path: Path
) -> Callable[..., Any]:
    """The recording of a further turn of a session, under its lock; begun when it is entered."""

    def plan(session: Session) -> TurnPlan:
        settings = effective_settings(world)
        asked = RunRequest(prompt="p", session=session.id)
        return plan_turn(asked, session, backends.get("demo"), settings, world)

    @contextmanager
    def recording(**fields: Any) -> Iterator[Recording]:
        session = create(ID, cwd=str(tmp_path), **fields)
        with ExitStack() as held:
            lock = held.enter_context(store.lock(ID, claim_of(world)))
            recorded = Recording(session, lock, store, world, is_new=False)
            held.enter_context(recorded)
            recorded.start(plan(session))
            yield recorded

    return recording


def test_changes_during_a_run_are_kept_together_with_the_turn(
    store: SessionStore, world: World, run: Callable[..., Any]
) -> None:
    """Title, name and tags are the user's, the turn is the run's; the transcript has both."""
    with run(tags=("old",)) as recorded:
        labels.rename(world, ID, "mine")
        labels.give_name(world, ID, "pr-1")
        labels.add_tags(world, ID, ["new"])
        labels.remove_tags(world, ID, ["old"])
        recorded.finish(DONE)
        assert recorded.session.title == "mine"
        assert recorded.error() is None
    after = store.load(ID)
    assert (after.title, after.title_source) == ("mine", TitleSource.PERSON)
    assert (after.name, after.tags) == ("pr-1", ("new",))
    assert (after.turns, after.open_turn) == (1, None)
    store.home.record(ID).unlink()
    rebuilt = store.load(ID)
    assert (rebuilt.title, rebuilt.name, rebuilt.tags) == ("mine", "pr-1", ("new",))
    assert rebuilt.turns == 1


def test_a_void_turn_does_not_undo_a_new_title(
    store: SessionStore, world: World, run: Callable[..., Any]
) -> None:
    """It restores the session, except for changes by the user in the meantime."""
    with run(archived=True, status=Status.COMPLETED) as recorded:
        labels.rename(world, ID, "mine")
        recorded.void("nothing was sent")
    after = store.load(ID)
    assert (after.title, after.turns, after.open_turn) == ("mine", 0, None)
    assert (after.archived, after.status) == (True, Status.COMPLETED)


def test_a_run_tells_what_a_killed_one_could_not(
    store: SessionStore, world: World, run: Callable[..., Any]
) -> None:
    """Renamed during a run that was killed: the next turn brings the title into the transcript."""
    with run() as recorded:
        killed = recorded.session
        labels.rename(world, ID, "mine")
    assert store.transcript(ID).header["title"] == "fix it"  # type: ignore[index]
    again = replace(store.load(ID), open_turn=killed.open_turn)
    store.save(again)
    lock = store.lock(ID, claim_of(world))
    with Recording(again, lock, store, world, is_new=False) as recorded:
        asked = RunRequest(prompt="p", session=ID)
        settings = effective_settings(world)
        recorded.start(plan_turn(asked, again, backends.get("demo"), settings, world))
    assert store.transcript(ID).header["title"] == "mine"  # type: ignore[index]


def test_a_record_that_is_damaged_during_a_run_stays_for_its_owner_to_see(
    store: SessionStore, run: Callable[..., Any]
) -> None:
    """It is said, and the turn is in the transcript."""
    with run() as recorded:
        store.home.record(ID).write_text("{ oops")
        recorded.finish(DONE)
        assert "is damaged" in recorded.error()
    assert store.home.record(ID).read_text() == "{ oops"
    assert store.transcript(ID).turns[-1].outcome.text == "done"


def test_a_record_that_is_deleted_by_hand_during_a_run_is_written_again(
    store: SessionStore, run: Callable[..., Any]
) -> None:
    """The run is what is left of the session."""
    with run() as recorded:
        store.home.record(ID).unlink()
        store.home.transcript(ID).unlink()
        recorded.finish(DONE)
    assert store.load(ID).turns == 1
