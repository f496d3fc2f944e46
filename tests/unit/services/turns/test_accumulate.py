"""What a turn has said so far."""

import pytest

from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Init,
    Message,
    Raw,
    Thinking,
    Warned,
)
from clinvk.model.report import MOST_WARNINGS
from clinvk.services.turns.accumulate import TurnAccumulator

INIT = Init(backend_session_id="id", model="m")


def test_deltas_join_and_a_new_message_begins_afresh() -> None:
    """The last message counts; pieces that another event parts are two messages."""
    collected = TurnAccumulator()
    for event in (
        Message(text="a", delta=True),
        Message(text="b", delta=True),
        Thinking(text="x"),
        Message(text="c", delta=True),
        Message(text="d", delta=True),
    ):
        collected.add(event)
    assert collected.message == "cd"


@pytest.mark.parametrize("between", [Raw(line="x"), Warned(message="careful"), INIT], ids=repr)
def test_an_event_apart_from_the_answer_splits_no_message(between: Event) -> None:
    """An unknown line or a warning may come at any time."""
    collected = TurnAccumulator()
    for event in (Message(text="a", delta=True), between, Message(text="b", delta=True)):
        collected.add(event)
    assert collected.message == "ab"


def test_an_answer_that_begins_again_after_a_failure_is_a_new_one() -> None:
    """The service failed in the middle, and the agent asked it again."""
    collected = TurnAccumulator()
    again = Warned(message="overloaded", code="retry")
    for event in (Message(text="a", delta=True), again, Message(text="b", delta=True)):
        collected.add(event)
    assert collected.message == "b"


def test_a_continued_part_joins_the_previous_message() -> None:
    """Whatever came in between, and whether either came in pieces."""
    for parts in (
        (Message(text="a", delta=True), Message(text="b", delta=True, continues=True)),
        (Message(text="a"), Message(text="b", continues=True)),
        (Message(text="x", delta=True), Message(text="ab", delta=True, continues=False)),
    ):
        collected = TurnAccumulator()
        for event in (parts[0], Thinking(text="hm"), parts[1]):
            collected.add(event)
        assert collected.message == "ab"


def test_a_file_that_was_created_in_the_turn_stays_created() -> None:
    """Each path once, in the order of the first mention, with what became of it in the end."""
    collected = TurnAccumulator()
    for path, change in (
        ("a", Change.CREATED),
        ("b", Change.MODIFIED),
        ("a", Change.MODIFIED),
        ("b", Change.DELETED),
    ):
        collected.add(FileChange(path=path, change=change))
    assert [(file.path, file.change) for file in collected.files.values()] == [
        ("a", Change.CREATED),
        ("b", Change.DELETED),
    ]


def test_warnings_and_the_agents_id_are_noted() -> None:
    """Both stand in the report."""
    collected = TurnAccumulator()
    collected.add(Init(backend_session_id="id", model="m"))
    collected.add(Warned(message="careful"))
    assert collected.init == Init(backend_session_id="id", model="m")
    assert collected.warnings == ["careful"]


def test_an_agent_that_warns_for_ever_is_heard_out_in_bounded_memory() -> None:
    """The first warnings stand in the report, each at a bounded length, and then their number."""
    collected = TurnAccumulator()
    for number in range(MOST_WARNINGS + 1_234):
        collected.add(Warned(message=f"{number} " + "x" * 100_000))
    collected.add(Warned(message="ours", code="clinvk"))
    told = collected.all_warnings
    assert told[0].startswith("0 xxx")
    assert told[-2:] == ("ours", "1,234 more warnings")
    assert len(told) == MOST_WARNINGS + 2
    assert max(map(len, told)) <= 2_000


def test_the_last_unknown_lines_are_kept() -> None:
    """They are the only explanation if an agent ended in an unknown way."""
    collected = TurnAccumulator()
    for number in range(100):
        collected.add(Raw(line=f"{number} " + "x" * 100_000))
    lines = collected.raw_tail.splitlines()
    assert [line.split()[0] for line in lines] == [str(number) for number in range(80, 100)]
    assert len(collected.raw_tail) < 10_000


def test_a_whole_message_replaces_its_pieces() -> None:
    """The last one is the answer so far."""
    collected = TurnAccumulator()
    collected.add(Message(text="a", delta=True))
    collected.add(Message(text="whole"))
    assert collected.message == "whole"
    collected.add(Message(text="b", delta=True))
    assert collected.message == "b"
