"""What a transcript says of its turns, found without parsing what was said in them."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from clinvk.model.turn import Turn
from clinvk.store.transcripts.scan import outline_lines
from clinvk.store.transcripts.transcript import read, read_outline
from clinvk.text.json_codec import json_line

AT = "2026-01-01T00:00:00Z"
Line = dict[str, Any]


def line(kind: str, turn: int, **said: Any) -> Line:
    """A line as it is written."""
    return {"type": kind, "turn": turn, "at": AT, **said}


def turn_of(number: int, *said: Line, ended: bool = True) -> list[Line]:
    """A turn in which that was said."""
    begun = line("turn_started", number, prompt="p", cwd="/p")
    named = line("backend_session", number, id=f"c-{number}", model="m")
    end = line("turn_finished", number, text="t", stop_reason="end_turn", cost_usd=0.5)
    return [begun, named, *said, *([end] if ended else [])]


SAID = st.sampled_from(
    [
        line("message", 1, text="words", delta=True),
        line("message", 1, text='\n{"type": "turn_finished", "turn": 1, "at": "x"}\n'),
        line("raw", 1, line=json_line(line("turn_voided", 1)).decode()),
        line("file_change", 1, path="a.py", change="created"),
        line("tool_use", 1, id="t", name="Bash", summary="{}", input={"a": [{}]}),
    ]
)


def bare(turn: Turn) -> Turn:
    """The turn without what was said in it."""
    text = "" if turn.interrupted else turn.outcome.text
    outcome = replace(turn.outcome, warnings=(), text=text)
    return replace(turn, messages=(), tools=(), outcome=outcome)


@given(said=st.lists(SAID, max_size=6), ended=st.booleans(), block=st.integers(1, 300))
@settings(deadline=None)
def test_the_outline_says_of_the_turns_what_the_whole_transcript_says(
    said: list[Line],
    ended: bool,  # noqa: FBT001  drawn
    block: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """However it is cut into blocks, and whatever quotes a line."""
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    lines = [*turn_of(1, *said), *turn_of(2, *({**one, "turn": 2} for one in said), ended=ended)]
    path.write_bytes(b"".join(map(json_line, lines)))
    whole, outline = read(path), read_outline(path)
    assert outline.turns == tuple(map(bare, whole.turns))
    told = outline_lines(path, block=block)
    assert told == outline_lines(path)
    changes = sum(one["type"] == "file_change" for one in lines)
    assert told is not None
    assert len(told) == 5 + ended + changes


@pytest.mark.parametrize(
    "odd",
    [
        b"no line of ours\n",
        b'{"type": "message", "turn": 1, "te\n',
        b' {"turn": 1, "type": "message", "text": "x"}\n',
        b"\n",
        b'{"type": "mess',
        b"{}}\n",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_one_odd_line_makes_all_of_them_be_read(tmp_path: Path, odd: bytes, place: int) -> None:
    """Damage is counted, and a line that is written in another way is read."""
    path = tmp_path / "t.jsonl"
    lines = [*map(json_line, turn_of(1))]
    path.write_bytes(b"".join([*lines[:place], odd, *lines[place:]]))
    if odd.endswith(b"\n") or place == len(lines):
        assert outline_lines(path) is None
    assert read_outline(path) == read(path)


def test_no_file_has_no_outline(tmp_path: Path) -> None:
    """It is an empty transcript."""
    assert outline_lines(tmp_path / "none") is None
    assert read_outline(tmp_path / "none") == read(tmp_path / "none")
