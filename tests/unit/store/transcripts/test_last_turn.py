"""The last turn of a transcript, read from its end, and whether a record is behind it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.errors import StoreError
from clinvk.model.session import OpenTurn, Session
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.last_turn import LastTurn, is_behind, last_turn

AT = datetime(2025, 1, 27, 10, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def _line(kind: str, turn: int | None = None, **more: object) -> bytes:
    fields: dict[str, object] = {"type": kind}
    if turn is not None:
        fields |= {"turn": turn, "at": "2025-01-27T10:00:00Z"}
    return json.dumps(fields | more).encode() + b"\n"


def _turn(number: int, end: str) -> bytes:
    """The lines of one turn that ended in that way."""
    lines = [_line("turn_started", number, prompt="p", cwd="/")]
    if end != "bare":
        lines.append(_line("message", number, text="x" * 20_000))
    if end in ("finished", "reopened"):
        lines.append(_line("turn_finished", number, text="done", stop_reason="end_turn"))
    if end == "voided":
        lines.append(_line("turn_voided", number, reason="gone"))
    return b"".join(lines)


NOISE = (
    b"",
    b"\n",
    b"no JSON\n",
    b'{"type": "mess\n',
    _line("session"),
    _line("tomorrow", 9),
    b"[]\n",
)


@given(
    st.lists(
        st.tuples(st.sampled_from(["finished", "open", "bare", "voided"]), st.sampled_from(NOISE)),
        max_size=5,
    ),
    st.sampled_from([b"", b'{"type": "turn_finished", "turn": 77, "at"', b'{"type": "message"']),
)
def test_the_end_says_what_the_whole_says(
    tmp_path_factory: pytest.TempPathFactory, ends: list[tuple[str, bytes]], torn: bytes
) -> None:
    """Whatever stands between the lines of the turns, and however the last line was cut off."""
    number, content = 0, b""
    for end, noise in ends:
        content += _turn(number + 1, end) + noise
        number += end != "voided"
    path = tmp_path_factory.mktemp("t") / "t.jsonl"
    path.write_bytes(content + torn)
    turns = transcripts.read(path).turns
    whole = turns[-1] if turns else None
    found = last_turn(path)
    assert (found and (found.number, found.ended_at, found.bare)) == (
        whole and (whole.number, whole.ended_at, whole.bare)
    )


def test_a_missing_transcript_has_no_last_turn_an_unreadable_one_raises(tmp_path: Path) -> None:
    """A missing file differs from one that cannot be read."""
    assert last_turn(tmp_path / "none.jsonl") is None
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(StoreError, match="cannot read"):
        last_turn(tmp_path / "folder.jsonl")


@pytest.mark.parametrize(
    ("turns", "opened", "last", "behind"),
    [
        (2, None, None, False),
        (2, None, LastTurn(2, AT), False),
        (2, None, LastTurn(2, LATER), True),
        (2, None, LastTurn(2), False),
        (2, None, LastTurn(4, LATER), True),
        (2, None, LastTurn(3), True),
        (2, None, LastTurn(3, bare=True), False),
        (2, None, LastTurn(4, bare=True), True),
        (4, None, LastTurn(2, LATER), False),
        (2, 3, LastTurn(3), False),
        (2, 3, LastTurn(3, LATER), False),
        (2, 3, LastTurn(4), True),
    ],
)
def test_a_record_is_behind_what_its_transcript_tells_beyond_it(
    turns: int, opened: int | None, last: LastTurn | None, *, behind: bool
) -> None:
    """Never for a turn that the transcript lost, or for the beginning of one that was not sent."""
    session = Session(
        id="0123456789ab", backend="demo", cwd="/p", created_at=AT, last_used_at=AT, turns=turns,
        open_turn=OpenTurn(number=opened, started_at=AT) if opened else None,
    )  # fmt: skip
    assert is_behind(session, last) is behind
