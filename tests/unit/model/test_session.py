"""A session's transitions."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from clinvk.model.conversation import Conversation, TurnMode
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.session import Session, Status, TitleSource
from clinvk.model.usage import UNKNOWN_USAGE, Usage

START = datetime(2025, 1, 27, 10, tzinfo=UTC)
SESSION = Session(id="abc123abc123", backend="demo", cwd="/p", created_at=START, last_used_at=START)


def _ended(
    session: Session, number: int, *, model_asked: str | None = None, **known: object
) -> Session:
    at = START + timedelta(minutes=number)
    return session.turn_finished(Outcome(**known), number=number, at=at, model_asked=model_asked)


def test_a_turn_opens_and_closes() -> None:
    """Between its start and its end a turn is open; afterwards it is counted."""
    opened = SESSION.turn_started(at=START)
    assert opened.open_turn is not None
    assert opened.open_turn.number == 1
    assert opened.interrupted
    closed = _ended(opened, 1, usage=Usage(input_tokens=10, output_tokens=1))
    assert (closed.turns, closed.turns_reported, closed.open_turn) == (1, 1, None)
    assert closed.status is Status.ACTIVE
    assert closed.last_used_at == START + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome(stop_reason=StopReason.END_TURN), Status.ACTIVE),
        (Outcome(stop_reason=StopReason.CANCELLED), Status.INTERRUPTED),
        (
            Outcome(
                stop_reason=StopReason.TIMEOUT,
                failure=Failure(code=FailureCode.TIMEOUT, message="too long"),
            ),
            Status.INTERRUPTED,
        ),
        (
            Outcome(
                stop_reason=StopReason.ERROR,
                failure=Failure(code=FailureCode.RATE_LIMITED, message="later"),
            ),
            Status.ERROR,
        ),
    ],
    ids=["a good end", "stopped", "out of time", "a failure"],
)
def test_the_status_says_how_the_last_turn_ended(outcome: Outcome, status: Status) -> None:
    """A turn that was cut off is no failure of the agent, and no answer either."""
    ended = SESSION.turn_started(at=START).turn_finished(outcome, number=1, at=START)
    assert ended.status is status
    again = ended.turn_started(at=START).turn_finished(Outcome(), number=2, at=START)
    assert again.status is Status.ACTIVE


def test_an_interrupted_turn_keeps_its_number_and_is_counted_by_the_next() -> None:
    """Turn 2 broke off: what follows is turn 3, and 2 of 3 have reported."""
    known = Usage(input_tokens=10, output_tokens=1)
    session = _ended(SESSION.turn_started(at=START), 1, usage=known)
    session = session.turn_started(at=START)
    assert session.next_turn == 3
    session = _ended(session.turn_started(at=START), 3, usage=known)
    assert (session.turns, session.turns_reported) == (3, 2)
    assert session.usage == Usage(input_tokens=20, output_tokens=2)


def test_unknown_figures_leave_the_totals_as_they_are() -> None:
    """A turn without figures counts as a turn that has not reported; a cost stays what it was."""
    session = replace(SESSION, turns=1, turns_reported=1, cost_usd=0.5)
    session = _ended(
        session, 2, usage=UNKNOWN_USAGE, failure=Failure(code=FailureCode.AUTH, message="")
    )
    assert (session.turns, session.turns_reported, session.cost_usd) == (2, 1, 0.5)
    assert session.status is Status.ERROR


def test_each_figure_counts_the_turns_that_reported_it() -> None:
    """A turn without a cost is missing only in the total of the cost."""
    tokens = Usage(input_tokens=10, output_tokens=1)
    session = _ended(SESSION, 1, usage=tokens, cost_usd=0.5)
    session = _ended(session, 2, usage=replace(tokens, reasoning_tokens=1))
    told = session.figures_reported
    assert told is not None
    assert (told["total_tokens"], told["reasoning_tokens"], told["cost_usd"]) == (2, 1, 1)
    assert not session.leaves_out("total_tokens")
    assert session.leaves_out("cost_usd")
    assert session.leaves_out("reasoning_tokens")


def test_figures_that_an_older_version_did_not_count_stay_unknown() -> None:
    """A further turn with all figures does not make the total complete."""
    session = replace(SESSION, turns=1, turns_reported=1, cost_usd=0.5)
    assert not session.leaves_out("cost_usd"), "the only turn told it"
    usage = Usage(input_tokens=10, output_tokens=1)
    session = _ended(session, 2, usage=usage, cost_usd=0.5)
    assert session.figures_reported is None
    assert session.leaves_out("cost_usd")


def test_a_completed_session_is_reopened_by_a_turn() -> None:
    """Closing is not for ever."""
    assert replace(SESSION, status=Status.COMPLETED).turn_started(at=START).status is Status.ACTIVE


def test_counters_are_kept_with_the_turn_they_are_of() -> None:
    """A turn without counters leaves the older ones, which are then not the latest turn's."""
    session = _ended(SESSION, 1, counters={"input_tokens": 5})
    session = _ended(session, 2)
    known = session.conversation
    assert (known.counters, known.counters_turn) == ({"input_tokens": 5}, 1)


def test_each_agent_has_a_conversation_of_its_own() -> None:
    """A turn with another agent leaves the first one's as it was, for a later turn with it."""
    session = _ended(SESSION, 1, backend_session_id="c-1", model="own-1", counters={"n": 5})
    first = session.conversation
    session = session.turn_started(at=START, mode=TurnMode.START, backend="other")
    session = _ended(session.conversation_confirmed("t-1", "other-1"), 2)
    assert (session.backend, session.turns) == ("other", 2)
    assert session.conversation == Conversation(
        backend="other", id="t-1", seen=True, model="other-1", heard_through=2
    )
    assert session.conversations == (first, session.conversation)
    session = session.turn_started(at=START, backend=first.backend)
    assert session.conversation == first
    session = _ended(session, 3)
    assert [one.heard_through for one in session.conversations] == [3, 2]


def test_a_turn_restores_an_archived_session() -> None:
    """A session in use should be in the list."""
    assert not replace(SESSION, archived=True).turn_started(at=START).archived


def test_changes_by_the_user_during_a_turn_are_kept() -> None:
    """For name, title, tags and unknown fields, the new values of the record win."""
    found = replace(
        SESSION,
        name="n",
        title="mine",
        title_source=TitleSource.PERSON,
        tags=("t",),
        unknown={"note": 1},
    )
    ended = replace(SESSION, title="the agent's", title_source=TitleSource.AGENT, turns=1)
    merged = ended.with_changes(seen=SESSION, found=found)
    assert merged == replace(found, turns=1)


def test_the_same_title_given_by_a_person_becomes_the_persons() -> None:
    """Title and source go together: the agent's title does not get a person's name."""
    found = replace(SESSION, title_source=TitleSource.PERSON)
    ended = replace(SESSION, title="the agent's", title_source=TitleSource.AGENT)
    assert ended.with_changes(seen=SESSION, found=found).title == SESSION.title


def test_without_other_changes_the_runs_values_are_kept() -> None:
    """A record that is unchanged since it was read adds nothing."""
    ended = replace(SESSION, title="the agent's", title_source=TitleSource.AGENT, turns=1)
    assert ended.with_changes(seen=SESSION, found=replace(SESSION, turns=7)) == ended


def test_totals_are_partial_while_a_turn_has_no_figures() -> None:
    """An open turn counts as started, and its figures are missing from the sum."""
    known = Usage(input_tokens=10, output_tokens=1)
    session = _ended(SESSION.turn_started(at=START), 1, usage=known)
    assert (session.turns_begun, session.partial) == (1, False)
    session = session.turn_started(at=START)
    assert (session.turns_begun, session.partial) == (2, True)


def test_another_model_is_for_the_turn_that_asked_for_it() -> None:
    """The session keeps the model that its own turns ran on."""
    session = _ended(SESSION, 1, model="own-1")
    session = _ended(session, 2, model="other-1", model_asked="other")
    assert session.conversation.model == "own-1"
    session = _ended(session, 3, model="own-2", model_asked="own-1")
    assert session.conversation.model == "own-2"
