"""Reading transcripts: every turn that was written is found, and no line is too odd."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from clinvk.model.access import Access
from clinvk.model.conversation import Conversation, TurnMode
from clinvk.model.events import (
    Change,
    FileChange,
    Init,
    Message,
    StopReason,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import FileReport
from clinvk.model.outcome import Outcome
from clinvk.model.session import OpenTurn, Session, Status
from clinvk.model.turn import ToolCall
from clinvk.model.usage import Usage
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.turns import KINDS
from clinvk.store.transcripts.writer import TranscriptWriter

START = datetime(2025, 1, 27, 10, 0, 0, tzinfo=UTC)
TEXT = st.text(max_size=20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the transcript stands."""
    return tmp_path / "0123456789ab.jsonl"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the examples of one property share."""
    return tmp_path_factory.mktemp("transcripts")


def write_lines(path: Path, *lines: object) -> None:
    """A transcript of these lines: bytes as they are, the rest as JSON."""
    with path.open("wb") as file:
        for line in lines:
            file.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")


def started(turn: int, **fields: Any) -> dict[str, Any]:
    """The line of a turn's start."""
    return {"type": "turn_started", "turn": turn, "at": "2025-01-27T10:00:00Z", "prompt": "p"} | (
        fields
    )


def finished(turn: int, **fields: Any) -> dict[str, Any]:
    """The line of a turn's end."""
    return {"type": "turn_finished", "turn": turn, "at": "2025-01-27T10:01:00Z"} | fields


def test_a_turn_is_read_as_it_was_written(path: Path, clock: Any) -> None:
    """Everything that a report of the turn needs comes back from the file."""
    writer = TranscriptWriter(path, clock)
    writer.turn_started(
        backend="demo",
        turn=1, at=START, prompt="fix it", cwd="/p", model="big", access=Access.READ_ONLY,
        conversation="c-0", mode=TurnMode.RESUME,
    )  # fmt: skip
    for event in (
        Init(backend_session_id="c-1", model="big-1"),
        Message(text="I ", delta=True),
        Message(text="look", delta=True),
        Thinking(text="hm"),
        ToolUse(id="a", name="Bash", summary="ls"),
        ToolUse(id="b", name="Edit", summary="a.py"),
        ToolUse(id="a", name="Bash", summary="pwd"),
        ToolResult(id="b", ok=False),
        ToolResult(id="a", ok=True),
        FileChange(path="a.py", change=Change.CREATED),
        FileChange(path="a.py", change=Change.DELETED),
        Warned(message="slow"),
        Message(text="Done."),
    ):
        writer.event(1, event)
    outcome = Outcome(
        stop_reason=StopReason.MAX_TURNS, text="Done.",
        usage=Usage(input_tokens=1), cost_usd=0.5, backend_session_id="c-1", counters={"n": 1},
        failure=Failure(code=FailureCode.TURN_LIMIT, message="enough", hint="h", detail="d"),
        exit_code=1, duration_s=2.5,
    )  # fmt: skip
    writer.turn_finished(1, START + timedelta(seconds=3), outcome)
    writer.close()
    (turn,) = transcripts.read(path).turns
    assert (turn.number, turn.prompt, turn.outcome.text, turn.cwd) == (1, "fix it", "Done.", "/p")
    assert (turn.started_at, turn.ended_at) == (START, START + timedelta(seconds=3))
    assert turn.messages == ("I look", "Done.")
    assert turn.tools == (
        ToolCall(name="Bash", summary="ls"),
        ToolCall(name="Edit", summary="a.py", ok=False),
        ToolCall(name="Bash", summary="pwd", ok=True),
    )
    assert turn.outcome.files == (FileReport(path="/p/a.py", change=Change.DELETED),)
    assert turn.outcome.warnings == ("slow",)
    assert turn.outcome.stop_reason is StopReason.MAX_TURNS
    assert turn.outcome.failure == Failure(
        code=FailureCode.TURN_LIMIT, message="enough", hint="h", detail="d"
    )
    assert (turn.outcome.usage, turn.outcome.cost_usd) == (Usage(input_tokens=1), 0.5)
    assert (turn.outcome.model, turn.model_asked, turn.access) == ("big-1", "big", Access.READ_ONLY)
    assert (turn.outcome.backend_session_id, turn.conversation_asked, turn.mode) == (
        "c-1",
        "c-0",
        TurnMode.RESUME,
    )
    assert (turn.outcome.exit_code, turn.outcome.duration_s, turn.outcome.counters) == (
        1,
        2.5,
        {"n": 1},
    )
    assert not turn.interrupted


def test_a_turn_that_never_ended_shows_what_was_received(path: Path) -> None:
    """Messages become paragraphs; what was streamed in pieces is one message."""
    write_lines(
        path,
        started(1),
        {"type": "message", "turn": 1, "text": "First."},
        {"type": "message", "turn": 1, "delta": True, "text": "Sec"},
        {"type": "message", "turn": 1, "delta": True, "text": "ond"},
        {"type": "usage", "turn": 1},
        {"type": "message", "turn": 1, "delta": True, "text": "Third"},
    )
    (turn,) = transcripts.read(path).turns
    assert turn.interrupted
    assert turn.outcome.text == "First.\n\nSecond\n\nThird"


def test_a_long_streamed_answer_is_read_in_no_time(path: Path) -> None:
    """Ten megabytes in small pieces are put together once, not piece by piece."""
    piece = {"type": "message", "turn": 1, "delta": True, "text": "x" * 1000}
    write_lines(path, started(1), *[piece] * 10_000)
    assert len(transcripts.read(path).turns[0].outcome.text) == 10_000_000


def test_a_voided_turn_did_not_take_place(path: Path) -> None:
    """It is in the file and in no list, and its number is used again."""
    void = {"type": "turn_voided", "turn": 2, "at": "2025-01-27T10:02:00Z", "reason": "gone"}
    write_lines(path, started(1), finished(1), started(2, prompt="lost"), void)
    found = transcripts.read(path)
    assert [turn.number for turn in found.turns] == [1]
    assert found.voided == {2}
    write_lines(path, started(1), finished(1), started(2), void, started(2, prompt="again"))
    found = transcripts.read(path)
    assert [turn.prompt for turn in found.turns] == ["p", "again"]
    assert found.voided == frozenset()


def test_a_number_used_twice_loses_nothing(path: Path) -> None:
    """A bare beginning gives way to the turn that follows on it; anything more is kept."""
    write_lines(path, started(1, prompt="never sent"), started(1, prompt="sent"))
    assert [turn.prompt for turn in transcripts.read(path).turns] == ["sent"]
    message = {"type": "message", "turn": 1, "text": "hi"}
    write_lines(path, started(1, prompt="one"), message, started(1, prompt="two"), finished(1))
    one, two = transcripts.read(path).turns
    assert (one.prompt, one.outcome.text, one.interrupted) == ("one", "hi", True)
    assert (two.prompt, two.interrupted) == ("two", False)


def test_a_turn_whose_start_was_lost_is_shown_with_what_is_left(path: Path) -> None:
    """Damage to one line costs that line."""
    write_lines(path, b'{"type": "turn_sta\n', finished(1, text="the answer"))
    found = transcripts.read(path)
    assert found.damaged_lines == 1
    assert [(turn.prompt, turn.outcome.text) for turn in found.turns] == [("", "the answer")]


@pytest.mark.parametrize(
    "junk",
    [
        b"not json\n", b"[]\n", b"null\n", b"{}\n", b'{"type": 5}\n', b"\xff\xfe\xfd\n",
        b"[" * 100_000 + b"\n", b"\0" * 4096 + b"\n", b'{"type": "message", "turn": 1}\n',
        b'{"type": "message", "turn": "1", "text": "x"}\n', b'{"type": "turn_started"}\n',
        b'{"type": "turn_started", "turn": 2}\n', b'{"type": "turn_finished", "turn": 0}\n',
        b'{"type": "turn_finished", "turn": 1, "at": "never"}\n',
        b'{"type": "backend_session", "turn": 1, "id": 5}\n',
        b'{"type": "tool_use", "turn": 1}\n', b'{"type": "turn_voided", "turn": true}\n',
    ],
)  # fmt: skip
def test_an_invalid_line_is_counted_and_skipped(path: Path, junk: bytes) -> None:
    """The lines around it are read normally."""
    write_lines(path, started(1), junk, {"type": "message", "turn": 1, "text": "hi"})
    found = transcripts.read(path)
    assert found.damaged_lines == 1
    assert [turn.outcome.text for turn in found.turns] == ["hi"]


def test_an_unknown_kind_of_line_is_no_damage(path: Path) -> None:
    """It is skipped, with or without a turn."""
    write_lines(path, started(1), {"type": "fork", "turn": 9}, {"type": "note"}, b"\n")
    found = transcripts.read(path)
    assert (found.damaged_lines, len(found.turns)) == (0, 1)


def test_words_of_a_newer_version_are_not_fatal(path: Path) -> None:
    """A failure that we have no code for is still a failure; other new words are not known."""
    new = {"code": "volcano", "message": "lava"}
    end = finished(1, stop_reason="bored", failure=new, usage=[], cost_usd="1", exit_code=True)
    write_lines(path, started(1, access="most"), end | {"files": [{"path": "a", "change": "x"}]})
    (turn,) = transcripts.read(path).turns
    assert turn.outcome.failure == Failure(code=FailureCode.AGENT_FAILED, message="lava")
    assert (turn.outcome.stop_reason, turn.access, turn.outcome.exit_code, turn.outcome.files) == (
        None,
        None,
        None,
        (),
    )
    assert (turn.outcome.usage, turn.outcome.cost_usd) == (Usage(), None)


def test_an_endless_line_is_not_read_into_memory(path: Path) -> None:
    """It counts as damage, and the line behind it is read."""
    write_lines(path, started(1), b'"' + b"x" * 5000 + b'"\n', finished(1, text="hi"))
    found = transcripts.read(path, longest_line=1000)
    assert (found.damaged_lines, found.turns[0].outcome.text) == (1, "hi")


def test_lost_turns_are_runs_however_many_the_record_counts(path: Path, clock: Any) -> None:
    """None where all are there; a record that was edited costs no time and no memory."""
    write_lines(path, started(2), finished(2), started(4), finished(4))
    session = Session(
        id="0" * 12, backend="demo", cwd="/", created_at=clock(), last_used_at=clock()
    )
    transcript = transcripts.read(path)
    assert transcript.lost_turns(replace(session, turns=4)) == ((1, 1), (3, 3))
    assert transcript.lost_turns(replace(session, turns=10**18)) == ((1, 1), (3, 3), (5, 10**18))
    write_lines(path, *(one(turn) for turn in (1, 2) for one in (started, finished)))
    assert transcripts.read(path).lost_turns(replace(session, turns=2)) == ()


def test_no_transcript_is_an_empty_one(path: Path) -> None:
    """A session may be kept without a transcript."""
    assert transcripts.read(path) == transcripts.Transcript()


@given(st.lists(st.binary(max_size=60) | st.just(b"\n"), max_size=20))
def test_no_bytes_make_reading_raise(scratch: Path, pieces: list[bytes]) -> None:
    """Whatever is in the file."""
    path = scratch / "bytes"
    path.write_bytes(b"".join(pieces))
    transcripts.rebuild(transcripts.read(path))


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT
    | st.sampled_from(["2025-01-27T10:00:00Z", "active", "turn_limit", "edit", "created"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["path", "change", "code", "message", "input_tokens"]), inner, max_size=3
    ),
    max_leaves=4,
)  # fmt: skip
fields = st.sampled_from(
    ["at", "text", "id", "prompt", "delta", "usage", "failure", "files", "name", "summary", "model",
     "conversation", "counters", "exit_code", "duration_s", "backend", "cwd", "created_at",
     "status", "schema", "path", "change", "ok", "stop_reason", "access", "open_turn", "turns"]
)  # fmt: skip
odd_lines = st.builds(
    lambda kind, turn, rest: {"type": kind, "turn": turn} | rest,
    st.sampled_from([*sorted(KINDS), "session", "turn_voided", "else"]),
    st.integers(1, 3) | odd,
    st.dictionaries(fields, odd, max_size=6),
)


@given(st.lists(odd_lines, max_size=8))
def test_no_lines_make_reading_raise(scratch: Path, lines: list[Any]) -> None:
    """Whatever the fields of our own kinds of lines hold."""
    path = scratch / "lines"
    write_lines(path, *lines)
    found = transcripts.read(path)
    rebuilt = transcripts.rebuild(found)
    if rebuilt is not None:
        opened = replace(rebuilt, open_turn=OpenTurn(number=1, started_at=START))
        transcripts.reconcile(opened, found)


def test_every_turn_before_the_cut_is_intact(
    path: Path, clock: Any, new_session: Callable[..., Session]
) -> None:
    """A transcript cut off at any byte keeps every turn that was finished before."""
    writer = TranscriptWriter(path, clock)
    writer.session(new_session())
    ends = []
    for number in (1, 2, 3):
        writer.turn_started(
            backend="demo", turn=number, at=clock.step(1), prompt=f"p{number}", cwd="/"
        )
        writer.event(number, Message(text=f"a{number}"))
        outcome = Outcome(stop_reason=StopReason.END_TURN, text=f"a{number}")
        writer.turn_finished(number, clock.step(1), outcome)
        ends.append(path.stat().st_size)
    writer.close()
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        found = transcripts.read(path)
        over = [turn for turn in found.turns if not turn.interrupted]
        assert len(over) >= sum(length >= end for end in ends)
        assert [turn.outcome.text for turn in over] == ["a1", "a2", "a3"][: len(over)]
        assert found.damaged_lines <= 1


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["rename", "close", "void", "interrupt"]), TEXT),
        st.tuples(
            st.just("finish"),
            st.builds(
                dict,
                text=TEXT,
                usage=st.builds(Usage, input_tokens=st.none() | st.integers(0, 99)),
                cost_usd=st.none() | st.floats(0, 9),
                model=st.none() | TEXT,
                backend_session_id=st.none() | TEXT,
                counters=st.none() | st.just({"n": 1}),
                failure=st.none()
                | st.builds(Failure, code=st.sampled_from(FailureCode), message=TEXT),
            ),
        ),
    ),
    max_size=8,
)


@given(steps, st.booleans())
def test_a_session_is_rebuilt_from_its_transcript(
    scratch: Path,
    history: list[tuple[str, Any]],
    own_id: bool,  # noqa: FBT001  hypothesis gives it
) -> None:
    """Whatever happened to a session, its transcript alone gives the session back."""
    path = scratch / "0123456789ab.jsonl"
    path.unlink(missing_ok=True)
    session = Session(
        id="0123456789ab", backend="demo", cwd="/p", created_at=START, last_used_at=START,
        title="t", tags=("a",), model_asked="big",
        conversations=(Conversation(backend="demo", id="c-0"),) if own_id else (),
        unknown={"note": 1, "type": 2} if own_id else {},
    )  # fmt: skip
    writer = TranscriptWriter(path, lambda: START)
    writer.session(session)
    for step, (what, detail) in enumerate(history):
        session = live_through(writer, session, what, detail, START + timedelta(minutes=step))
    writer.close()
    rebuilt = transcripts.rebuild(transcripts.read(path))
    assert rebuilt is not None
    expected = replace(session, unknown={"note": 1} if own_id else {})
    if not rebuilt.turns and rebuilt.open_turn is None:
        # An id that was only chosen is first said with a turn that took place.
        expected = replace(expected, conversations=())
    if expected.open_turn is not None and expected.status is not Status.COMPLETED:
        # Of an open turn nobody sees how the one before it went.
        rebuilt, expected = (replace(one, status=Status.ACTIVE) for one in (rebuilt, expected))
    assert rebuilt == expected


def live_through(
    writer: TranscriptWriter, session: Session, what: str, detail: Any, at: datetime
) -> Session:
    """One step of a session's life, as the services write it."""
    if what in ("rename", "close"):
        changed = replace(
            session,
            title=detail,
            status=Status.COMPLETED if what == "close" else session.status,
        )
        writer.session(changed)
        return changed
    turn, resume = session.next_turn, at.minute % 3 != 0
    opened = session.turn_started(at=at, mode=TurnMode.RESUME if resume else TurnMode.START)
    writer.turn_started(
        backend="demo",
        turn=turn, at=at, prompt="p", cwd=session.cwd, conversation=session.conversation.id,
        mode=TurnMode.RESUME if resume else TurnMode.START,
    )  # fmt: skip
    if what == "void":
        writer.turn_voided(turn=turn, at=at, reason=detail)
        return session
    writer.event(turn, Init(backend_session_id="c-1", model="big-1"))
    opened = opened.conversation_confirmed("c-1", "big-1")
    if what == "interrupt":
        return opened
    end = at + timedelta(seconds=9)
    outcome = Outcome(stop_reason=StopReason.END_TURN, **detail)
    writer.turn_finished(turn, end, outcome)
    return opened.turn_finished(outcome, number=turn, at=end)


def test_a_session_of_two_agents_is_rebuilt_with_both_conversations(
    path: Path, clock: Any, new_session: Callable[..., Session]
) -> None:
    """Each turn names its agent; a line of schema 1 means the agent that the session had."""
    session = new_session()
    writer = TranscriptWriter(path, clock)
    writer.session(session)
    ended = Outcome(stop_reason=StopReason.END_TURN, counters={"n": 1})
    writer.turn_started(turn=1, at=clock(), backend="demo", prompt="p", cwd="/")
    writer.event(1, Init(backend_session_id="c-1", model="m-1"))
    writer.turn_finished(1, clock(), ended)
    writer.turn_started(turn=2, at=clock(), backend="other", prompt="p", cwd="/")
    writer.event(2, Init(backend_session_id="t-1", model="o-1"))
    writer.turn_finished(2, clock(), Outcome(stop_reason=StopReason.END_TURN))
    writer.close()
    earlier = path.read_text().replace('"backend": "demo", "mode": "start", ', "")
    for text in (path.read_text(), earlier):
        path.write_text(text)
        found = transcripts.read(path)
        assert [turn.backend for turn in found.turns] == ["demo", "other"]
        rebuilt = transcripts.rebuild(found)
        assert rebuilt is not None
        assert rebuilt.backend == "other"
        assert [(one.backend, one.id, one.heard_through) for one in rebuilt.conversations] == [
            ("demo", "c-1", 1),
            ("other", "t-1", 2),
        ]
        assert rebuilt.conversations[0].counters == {"n": 1}
