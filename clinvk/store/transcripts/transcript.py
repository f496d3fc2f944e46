"""Transcripts: what happened in a session, one JSON object per line, append-only.

The transcript is the source of truth for the turns. A record can be rebuilt from it, and after a
crash between the two writes, the transcript is used.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from clinvk.model.events import Json
from clinvk.model.session import OpenTurn, Session, Status
from clinvk.model.turn import Turn
from clinvk.store.files import open_regular, stored_file
from clinvk.store.sessions.record_fields import read_session
from clinvk.store.transcripts.last_turn import LastTurn, is_behind
from clinvk.store.transcripts.reader import LineReader
from clinvk.store.transcripts.scan import lines_of_turn, outline_lines

_Read = TypeVar("_Read")

LONGEST_LINE = 64 * 1024 * 1024
"""A longer line is skipped and not read into memory; prompts and answers are much shorter."""


class Transcript(Struct, frozen=True, kw_only=True):
    """The content of a transcript.

    `header` is the last `session` line, None if there is none; `header_is_last`: no turn started or
    ended after it. `turns` are in order, without voided ones; `voided` are the numbers of turns
    that did not take place. `damaged_lines` counts the invalid lines, including an incomplete last
    one.
    """

    header: dict[str, Any] | None = None
    header_is_last: bool = False
    turns: tuple[Turn, ...] = ()
    voided: frozenset[int] = frozenset()
    damaged_lines: int = 0

    def lost_turns(self, session: Session) -> tuple[tuple[int, int], ...]:
        """The turns that the session counts but the transcript does not have, as ranges.

        Each range has the first and last number. Turns are numbered without gaps. A damaged record
        may have any count, so no loop runs over it.
        """
        there = sorted({turn.number for turn in self.turns})
        last = max([session.turns, *there])
        before, after = (0, *there), (*there, last + 1)
        gaps = zip(before, after, strict=True)
        return tuple((one + 1, next_one - 1) for one, next_one in gaps if next_one > one + 1)


def read(path: Path, *, longest_line: int = LONGEST_LINE) -> Transcript:
    """The transcript at `path`; an empty one if it does not exist.

    Never follows a symlink and never blocks. Raises `StoreError` if the file cannot be read;
    invalid lines are counted.
    """
    return read_with(read_lines, path, longest_line=longest_line)


def of_turn(path: Path, number: int) -> Transcript:
    """Like `read`, but only the state of one turn, read from the end of the file if possible."""
    lines = lines_of_turn(path, number)
    return read(path) if lines is None else read_lines(lines)


def read_outline(path: Path) -> Transcript:
    """Like `read`, but without the content of the turns."""
    lines = outline_lines(path)
    return read(path) if lines is None else read_lines(lines)


def read_with(
    reader: Callable[[Iterable[bytes | None]], _Read],
    path: Path,
    *,
    longest_line: int = LONGEST_LINE,
) -> _Read:
    """The result of `reader` for the lines of the transcript at `path`; raises like `read`."""
    try:
        with stored_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            return reader(_lines(file, longest_line))
    except FileNotFoundError:
        return reader(())


def is_stump(path: Path) -> bool:
    """Whether the file has no complete line, because its run was killed at the start.

    False if it cannot be read, and for a first line that is too long.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            line = file.readline(LONGEST_LINE)
    except OSError:
        return False
    return not line.endswith(b"\n") and len(line) < LONGEST_LINE


def read_lines(lines: Iterable[bytes | None]) -> Transcript:
    """The transcript with these lines; None stands for a line that is too long."""
    reader = LineReader()
    for line in lines:
        reader.take(line)
    return transcript_of(reader)


def transcript_of(reader: LineReader) -> Transcript:
    """The transcript of the lines that the reader has read."""
    return Transcript(
        header=reader.header,
        header_is_last=reader.header_is_last,
        turns=tuple(turn.build() for turn in reader.turns),
        voided=frozenset(reader.voided),
        damaged_lines=reader.damaged,
    )


def rebuild(transcript: Transcript) -> Session | None:
    """The session from its transcript; None if the transcript does not name its session."""
    header = transcript.header
    if header is None:
        return None
    try:
        rebuilt = read_session({key: value for key, value in header.items() if key != "type"})
    except ValueError:
        return None
    session = replace(rebuilt, status=Status.ACTIVE) if transcript.turns else rebuilt
    for turn in transcript.turns:
        session = _after(_during(session, turn), turn)
    if not transcript.header_is_last:
        return session
    return replace(session, status=rebuilt.status, archived=rebuilt.archived)


def reconcile(session: Session, transcript: Transcript) -> Session:
    """The session of a record, corrected from its transcript.

    If a turn that is open in the record has ended, the session is as after the turn; if it was
    voided, as before it; else it is still open, with the agent's session id if that is known. A
    turn that has started but is not in the record is open: the run was killed between the two
    writes. With any other turn that is not in the record, the record is an older copy, and the
    session is rebuilt from its transcript.
    """
    last = transcript.turns[-1] if transcript.turns else None
    if last is not None and is_behind(
        session, LastTurn(last.number, last.ended_at, bare=last.bare)
    ):
        return _caught_up(session, transcript, last)
    opened = session.open_turn
    if opened is None:
        return session
    known = [turn for turn in transcript.turns if turn.number == opened.number]
    if known:
        return _after(_named(session, known[-1]), known[-1])
    if opened.number not in transcript.voided:
        return session
    if last is None or not last.interrupted or last.number <= session.turns:
        return replace(session, open_turn=None)
    return replace(session, open_turn=OpenTurn(number=last.number, started_at=last.started_at))


def _caught_up(session: Session, transcript: Transcript, last: Turn) -> Session:
    """The session of a record without the last turn of its transcript."""
    if last.interrupted and session.open_turn is None and last.number == session.next_turn:
        return _during(session, last)
    rebuilt = rebuild(transcript)
    if rebuilt is not None and rebuilt.id == session.id:
        return replace(rebuilt, unknown={**_mapping(session.unknown), **_mapping(rebuilt.unknown)})
    for turn in transcript.turns:  # it does not name its session: keep the record's fields
        if turn.number > session.turns:
            session = _after(_during(session, turn), turn)
    return session


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _lines(file: BinaryIO, longest: int) -> Iterator[bytes | None]:
    """The lines of the file, with None for a line that is too long."""
    while line := file.readline(longest):
        if line.endswith(b"\n") or len(line) < longest:
            yield line
            continue
        yield None
        while (rest := file.readline(longest)) and not rest.endswith(b"\n"):
            pass


def _during(session: Session, turn: Turn) -> Session:
    """The session while this turn is open."""
    session = replace(
        session.turn_started(at=turn.started_at, mode=turn.mode, backend=turn.backend),
        open_turn=OpenTurn(number=turn.number, started_at=turn.started_at),
    )
    chosen, known = turn.conversation_asked, session.conversation
    if chosen is not None and chosen != known.id and turn.conversation_origin is None:
        session = session.with_conversation(replace(known, id=chosen, seen=False))
    return _named(session, turn)


def _named(session: Session, turn: Turn) -> Session:
    """The session with the agent's session id, if the agent reported it."""
    outcome = turn.outcome
    if outcome.backend_session_id is None:
        return session
    return session.conversation_confirmed(outcome.backend_session_id, outcome.model)


def _after(session: Session, turn: Turn) -> Session:
    """The session after the turn, or with it still open."""
    if turn.ended_at is None:
        return session
    return session.turn_finished(
        turn.outcome, number=turn.number, at=turn.ended_at, model_asked=turn.model_asked
    )
