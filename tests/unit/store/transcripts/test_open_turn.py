"""The turn that a record shows as open, read from the end of its transcript."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clinvk.model.session import OpenTurn, Session
from clinvk.store.transcripts import scan
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.last_turn import is_behind, last_turn
from clinvk.store.transcripts.scan import lines_of_turn
from clinvk.store.transcripts.transcript import of_turn, read, reconcile
from clinvk.text.json_codec import json_line

AT = "2026-01-01T00:00:00Z"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
Line = dict[str, Any]


def line(kind: str, turn: int, **said: Any) -> Line:
    """A line as it is written."""
    return {"type": kind, "turn": turn, "at": AT, **said}


def started(turn: int, **said: Any) -> Line:
    """A turn begins."""
    return line("turn_started", turn, prompt="p", model=None, cwd="/p", conversation=None, **said)


def finished(turn: int) -> Line:
    """It is over."""
    return line("turn_finished", turn, text="t", stop_reason="end_turn", usage={"input_tokens": 3})


QUOTED = json_line(started(2)).decode()
LINES = st.one_of(
    st.builds(started, st.integers(1, 3)),
    st.builds(finished, st.integers(1, 3)),
    st.builds(line, st.just("turn_voided"), st.integers(1, 3)),
    st.builds(
        line, st.just("backend_session"), st.integers(1, 3), id=st.sampled_from(["c-1", "c-2"])
    ),
    st.builds(
        line,
        st.sampled_from(["message", "raw", "thinking"]),
        st.integers(1, 3),
        text=st.sampled_from(["words", QUOTED, '\n{"type": "turn_started", "turn": 2, ']),
    ),
)


@given(lines=st.lists(LINES, max_size=12), number=st.integers(1, 3), block=st.integers(1, 200))
@settings(deadline=None)
def test_what_the_end_tells_of_a_turn_is_what_the_whole_transcript_tells(
    lines: list[Line], number: int, block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However it is cut into blocks, whatever quotes a line, and whatever became of the turn.

    The turns are in order: a transcript is only ever appended to. Of a record that is behind its
    transcript the whole is read.
    """
    lines = sorted(lines, key=lambda one: one["turn"])
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    path.write_bytes(b"".join(map(json_line, lines)))
    whole = read(path)
    record = Session(
        id="7f3a9c2b11dd",
        backend="demo",
        cwd="/p",
        created_at=whole.turns[0].started_at if whole.turns else _NOW,
        last_used_at=_NOW,
        turns=number - 1,
        open_turn=OpenTurn(number=number, started_at=_NOW),
    )
    assume(not is_behind(record, last_turn(path)))
    told = lines_of_turn(path, number, block=block)
    ended = whole if told is None else transcripts.read_lines(told)
    assert reconcile(record, ended) == reconcile(record, whole)


def test_only_the_lines_with_the_state_of_a_long_turn_are_parsed(tmp_path: Path) -> None:
    """300 000 events took 5 s in each command."""
    path = tmp_path / "t.jsonl"
    told = [started(7), line("backend_session", 7, id="c-1", model=None)]
    said = [line("message", 7, text=QUOTED)] * 5_000
    path.write_bytes(b"".join(map(json_line, [started(6), *said, finished(6), *told, *said])))
    assert lines_of_turn(path, 7) == [*map(json_line, told)]
    [turn] = of_turn(path, 7).turns
    assert (turn.number, turn.outcome.backend_session_id, turn.interrupted) == (7, "c-1", True)


def test_no_more_is_read_than_from_the_beginning_of_the_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before it is as long as the session is old."""
    path = tmp_path / "t.jsonl"
    before = [started(1), *[line("message", 1, text="words " * 100)] * 1_000, finished(1)]
    path.write_bytes(b"".join(map(json_line, [*before, started(2)])))
    total = 0
    pread = os.pread

    def count(descriptor: int, size: int, at: int) -> bytes:
        nonlocal total
        data = pread(descriptor, size, at)
        total += len(data)
        return data

    monkeypatch.setattr(scan.os, "pread", count)
    assert lines_of_turn(path, 2, block=4096) == [json_line(started(2))]
    assert total < 10_000


def test_a_turn_is_read_again_once_more_was_said(tmp_path: Path) -> None:
    """What is remembered of it is what the file says, as long as it is that file."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(json_line(started(1)))
    assert lines_of_turn(path, 1) == [json_line(started(1))]
    with path.open("ab") as file:
        file.write(json_line(finished(1)))
    assert lines_of_turn(path, 1) == [json_line(started(1)), json_line(finished(1))]
    path.write_bytes(json_line(started(2)))
    assert lines_of_turn(path, 1) is None
    assert lines_of_turn(tmp_path / "none", 1) is None


@pytest.mark.parametrize("cut", [1, 20])
def test_a_last_line_that_was_cut_off_says_nothing(tmp_path: Path, cut: int) -> None:
    """The run was killed while it wrote the end."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(json_line(started(1)) + json_line(finished(1))[:-cut])
    assert of_turn(path, 1).turns[0].interrupted is (cut > 1)
