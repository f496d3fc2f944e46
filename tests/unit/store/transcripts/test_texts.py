"""The texts of a transcript for a search: those of its turns, whatever its lines are like."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bed.budget import budget
from clinvk.model.events import (
    Change,
    FileChange,
    Message,
    Raw,
    StopReason,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session
from clinvk.model.turn import Turn
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.quick_texts import quick_texts
from clinvk.store.transcripts.texts import read_texts, texts_in
from clinvk.store.transcripts.transcript import read_lines
from clinvk.store.transcripts.turns import TurnTexts

AT = "2025-01-27T10:00:00Z"
Line = dict[str, Any]


def _texts_of(turn: Turn) -> TurnTexts:
    """What a search has to look through in a turn that was read in full."""
    at_the_end = not turn.interrupted and turn.outcome.text not in turn.messages
    return TurnTexts(
        number=turn.number,
        prompt=turn.prompt,
        answers=(*turn.messages, turn.outcome.text) if at_the_end else turn.messages,
        files=tuple(file.path for file in turn.outcome.files),
        cwd=turn.cwd,
    )


def _assert_alike(lines: list[bytes]) -> None:
    full, texts = read_lines(lines), read_texts(lines)
    if b"\n" not in b"".join(lines):
        assert texts_in(b"\n".join(lines)) == texts
    assert _without_empty(texts.turns) == _without_empty(tuple(map(_texts_of, full.turns)))
    assert texts.damaged_lines == full.damaged_lines


def _without_empty(turns: tuple[TurnTexts, ...]) -> list[tuple[object, ...]]:
    return [
        (turn.number, turn.prompt, turn.files, turn.cwd, *filter(None, turn.answers))
        for turn in turns
    ]


_TEXT = st.text('ab "\\\n\x1b\x00é中\udc80', max_size=4)
_ODD = st.one_of(_TEXT, st.none(), st.integers(), st.booleans(), st.lists(_TEXT, max_size=1))
_FILE = st.fixed_dictionaries(
    {
        "path": st.sampled_from(["a", "./a", "/p/b", "../c", 1, None]),
        "change": st.sampled_from(["created", "modified", "eaten", None, []]),
    }
)
_KINDS = (
    *("message", "message", "message", "thinking", "tool_use", "tool_result", "usage", "raw"),
    *("error", "warning", "file_change", "backend_session", "turn_started", "turn_finished"),
    *("turn_voided", "session", "of a newer version"),
)
_LINE = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*_KINDS, *_KINDS, None, 7]),
        "turn": st.sampled_from([1, 1, 1, 2, 2, 3, 0, -1, True, None, "1", 1.0]),
    },
    optional={
        "at": st.sampled_from([AT, AT, AT, "never", None, 5]),
        "text": st.one_of(_TEXT, _TEXT, _ODD),
        "delta": st.sampled_from([True, True, False, None, 1]),
        "continues": st.sampled_from([True, True, False, None, 1]),
        "prompt": st.one_of(_TEXT, _ODD),
        "cwd": st.sampled_from(["/p", "/p/", "/", None, 3]),
        "files": st.one_of(st.lists(_FILE | _ODD, max_size=3), _ODD),
        "id": st.sampled_from(["1", "2", None]),
        "name": st.sampled_from(["Bash", "Bash", None]),
        "message": st.sampled_from(["careful", "careful", None]),
        "ok": st.booleans(),
        "path": st.sampled_from(["a", "/p/b", "../c"]),
        "change": st.sampled_from(["created", "deleted", "eaten"]),
    },
)
_UNSEARCHED = frozenset({"tool_use", "tool_result", "thinking", "usage", "error", "raw"})


def _right(line: Line) -> Line:
    """The line with what our writer always has in it, if it is of a kind that is not parsed."""
    if line["type"] in _UNSEARCHED:
        return line | {"name": str(line.get("name")), "text": str(line.get("text"))}
    return line


@st.composite
def _dumped(draw: st.DrawFn) -> bytes:
    """A line in our form or another one that says the same, whole or damaged."""
    line = _right(draw(_LINE))
    if draw(st.booleans()):
        names = draw(st.permutations(list(line)))
        line = {name: line[name] for name in names}
    separators = draw(st.sampled_from([None, None, (",", ":"), (" ,  ", " :\t")]))
    text = json.dumps(line, ensure_ascii=draw(st.booleans()), separators=separators)
    if draw(st.integers(0, 9)) == 0:
        text = f'{{"type": "{draw(st.sampled_from(_KINDS))}", "turn": 2, {text[1:]}'
    if draw(st.integers(0, 9)) == 0:
        text = draw(st.sampled_from(["", " ", "\t", "[", "\ufeff"])) + text
    data = text.encode("utf-8", "backslashreplace")
    if draw(st.integers(0, 5)) == 0:
        data = data[: draw(st.integers(0, len(data)))]
    return data + draw(
        st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b" \n", b"", b"]\n", b"\xff"])
    )


_USUAL = st.lists(
    st.builds(
        lambda kind, line: json.dumps({"type": kind, "turn": 1} | line).encode(),
        st.sampled_from(sorted(set(_KINDS) - {"turn_started", "turn_voided"})),
        st.fixed_dictionaries(
            {
                "at": st.just(AT),
                "text": st.sampled_from(["a", "b"]),
                "id": st.just("1"),
                "name": st.just("Bash"),
                "message": st.just("careful"),
                "path": st.sampled_from(["a", "/p/b", "../c"]),
                "change": st.sampled_from(["created", "deleted", "eaten"]),
            },
            optional={
                "delta": st.booleans(),
                "continues": st.booleans(),
                "code": st.sampled_from(["retry", "denied", 1]),
                "input": st.just({"type": "message", "turn": 1}),
                "files": st.lists(_FILE, max_size=2),
            },
        ),
    ),
    max_size=6,
)


@settings(max_examples=budget(50, long=4_000))
@given(_USUAL, st.sampled_from(["/p", None]))
def test_what_is_usual_is_read_alike_in_the_quick_way(lines: list[bytes], cwd: str | None) -> None:
    """The lines of a turn as they are written, in any order."""
    start = {"type": "turn_started", "turn": 1, "at": AT, "prompt": "go", "cwd": cwd}
    _assert_alike([json.dumps(start).encode(), *lines])


@settings(max_examples=budget(50, long=4_000))
@given(st.lists(_dumped(), max_size=9))
def test_the_texts_are_those_of_the_turns_read_in_full(pieces: list[bytes]) -> None:
    """Damaged lines, torn and glued ones, odd JSON, and turns in any order and state."""
    _assert_alike(b"".join(pieces).split(b"\n"))


def test_a_turn_as_it_is_written_is_read_alike(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """Nothing but prompt, answers and files is taken from what our own writer writes."""
    session = new_session()
    writer = store.writer(session.id, clock)
    writer.session(session)
    writer.turn_started(backend="demo", turn=1, at=clock(), prompt="fix it", cwd="/p")
    for event in (
        Message(text="I ", delta=True),
        Message(text="look", delta=True),
        Thinking(text="hm"),
        ToolUse(id="1", name="Bash", summary="ls", input={"type": "message", "text": "hidden"}),
        ToolResult(id="1", ok=True, text='{"type": "message", "turn": 1, "text": "hidden"}'),
        FileChange(path="a.py", change=Change.CREATED),
    ):
        writer.event(1, event)
    writer.turn_finished(1, clock(), Outcome(stop_reason=StopReason.END_TURN, text="done"))
    writer.close()
    content = store.home.transcript(session.id).read_bytes()
    texts = read_texts(content.split(b"\n"))
    assert texts.turns == (
        TurnTexts(
            number=1, prompt="fix it", answers=("I look", "done"), files=("/p/a.py",), cwd="/p"
        ),
    )
    assert texts == store.texts(session.id) == store.texts(session.id, content)
    assert quick_texts(content) == texts.turns
    _assert_alike(content.split(b"\n"))


def test_parts_of_one_message_are_one_text(
    store: SessionStore, new_session: Callable[..., Session], clock: Any
) -> None:
    """Pieces and wholes that say they go on with the message before, past a thought too."""
    session = new_session()
    writer = store.writer(session.id, clock)
    writer.session(session)
    writer.turn_started(backend="demo", turn=1, at=clock(), prompt="fix it", cwd="/p")
    for event in (
        Message(text="one", delta=True),
        Thinking(text="hm"),
        Message(text=" t", delta=True, continues=True),
        Raw(line="what nobody knows"),
        Message(text="w", delta=True),
        Warned(message="careful"),
        Message(text="o", delta=True),
        Message(text="three", delta=True, continues=False),
        Warned(message="overloaded", code="retry"),
        Message(text="four", delta=True),
        Message(text="A"),
        Message(text="B", continues=True),
    ):
        writer.event(1, event)
    writer.close()
    content = store.home.transcript(session.id).read_bytes()
    answers = ("one two", "three", "four", "AB")
    assert read_lines(content.split(b"\n")).turns[0].messages == answers
    (turn,) = quick_texts(content) or ()
    assert turn.answers == answers
    assert store.texts(session.id).turns[0].answers == answers


@pytest.mark.parametrize(
    ("line", "damaged"),
    [
        (b'{"type": "tool_result", "turn": 1, "text": "torn', 1),
        (b'{"type": "tool_result", "turn": 1, "te{"type": "message", "turn": 1, "text": "x"}', 1),
        (b'{"type": "tool_result", "turn": 1, "text": "not \\x JSON"}', 0),
        (None, 1),
    ],
    ids=["torn", "glued", "what nobody searches", "too long"],
)
def test_a_damaged_line_counts_where_it_may_hold_a_text(line: bytes | None, damaged: int) -> None:
    """A line that begins and ends as one without a text is not looked into."""
    assert read_texts([line]).damaged_lines == damaged
