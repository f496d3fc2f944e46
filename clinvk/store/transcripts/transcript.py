"""Transcripts: what happened in a session, one JSON object a line, only ever appended to.

The transcript is the truth about the turns. A record can be rebuilt from it, and where a crash
came between writing the two, the transcript is believed.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import StoreError
from clinvk.model.events import Json
from clinvk.model.session import OpenTurn, Session, Status
from clinvk.model.turn import Turn
from clinvk.store.files import open_regular, reason
from clinvk.store.sessions.record_fields import read_session
from clinvk.store.transcripts.last_turn import LastTurn, is_behind
from clinvk.store.transcripts.open_turn import lines_of_turn
from clinvk.store.transcripts.outline import outline_lines
from clinvk.store.transcripts.reader import LineReader
from clinvk.store.transcripts.writer import TranscriptWriter

__all__ = ["Transcript", "TranscriptWriter", "read", "read_lines", "rebuild", "reconcile"]

_Read = TypeVar("_Read")

LONGEST_LINE = 64 * 1024 * 1024
"""A longer line is passed by without being read into memory; no prompt or answer comes near."""


class Transcript(Struct, frozen=True, kw_only=True):
    """What a transcript says.

    `header` is the last `session` line, None if there is none; `header_is_last` says that none of
    the turns began or ended after it. `turns` are in order, without those that were voided;
    `voided` are the numbers of turns that did not take place. `damaged_lines` counts the lines
    that make no sense, a last one that was cut off included.
    """

    header: dict[str, Any] | None = None
    header_is_last: bool = False
    turns: tuple[Turn, ...] = ()
    voided: frozenset[int] = frozenset()
    damaged_lines: int = 0

    def lost_turns(self, session: Session) -> tuple[tuple[int, int], ...]:
        """The turns that the session counts and nothing here tells of: first and last of each run.

        Turns are numbered without gaps. A record may count any number: no turn is counted here.
        """
        there = sorted({turn.number for turn in self.turns})
        last = max([session.turns, *there])
        before, after = (0, *there), (*there, last + 1)
        gaps = zip(before, after, strict=True)
        return tuple((one + 1, next_one - 1) for one, next_one in gaps if next_one > one + 1)


def read(path: Path, *, longest_line: int = LONGEST_LINE) -> Transcript:
    """The transcript at `path`; an empty one if there is no such file.

    Never follows a symlink and never waits. Raises `StoreError` for a file that cannot be read,
    and nothing for one that makes no sense.
    """
    return read_with(read_lines, path, longest_line=longest_line)


def of_turn(path: Path, number: int) -> Transcript:
    """What the transcript says of how that turn stands, and no more of it than that; as `read`.

    It is read whole if its end alone cannot tell.
    """
    lines = lines_of_turn(path, number)
    return read(path) if lines is None else read_lines(lines)


def read_outline(path: Path) -> Transcript:
    """The transcript at `path` without what was said in its turns; as `read`."""
    lines = outline_lines(path)
    return read(path) if lines is None else read_lines(lines)


def read_with(
    reader: Callable[[Iterable[bytes | None]], _Read],
    path: Path,
    *,
    longest_line: int = LONGEST_LINE,
) -> _Read:
    """What `reader` makes of the lines of the transcript at `path`; fails as `read` does."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return reader(_lines(file, longest_line))
    except FileNotFoundError:
        return reader(())
    except OSError as error:
        raise StoreError(f"cannot read `{path}`: {reason(error)}") from error


def is_stump(path: Path) -> bool:
    """Whether there is not one whole line at `path`, as a run leaves it that is killed at once.

    False for what cannot be read, and for a beginning longer than any line of ours.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            line = file.readline(LONGEST_LINE)
    except OSError:
        return False
    return not line.endswith(b"\n") and len(line) < LONGEST_LINE


def read_lines(lines: Iterable[bytes | None]) -> Transcript:
    """What the lines say, wherever they come from; None stands for one that is too long."""
    reader = LineReader()
    for line in lines:
        reader.take(line)
    return Transcript(
        header=reader.header,
        header_is_last=reader.header_is_last,
        turns=tuple(turn.build() for turn in reader.turns),
        voided=frozenset(reader.voided),
        damaged_lines=reader.damaged,
    )


def rebuild(transcript: Transcript) -> Session | None:
    """The session as its transcript tells it, None if the transcript does not say whose it is."""
    header = transcript.header
    if header is None:
        return None
    try:
        told = read_session({key: value for key, value in header.items() if key != "type"})
    except ValueError:
        return None
    session = replace(told, status=Status.ACTIVE) if transcript.turns else told
    for turn in transcript.turns:
        session = _after(_during(session, turn), turn)
    if not transcript.header_is_last:
        return session
    return replace(session, status=told.status, archived=told.archived)


def reconcile(session: Session, transcript: Transcript) -> Session:
    """The session of a record with what its transcript knows better.

    A turn that is open in the record has ended: the session as after it. It was voided: as before
    it. Else it is still open, with the agent's session id if that was seen. A turn that began and
    is not in the record at all is open: the run was killed between the two. Any other turn that
    the record does not know makes it an older copy: then the session is as its transcript tells it.
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
    earlier = transcript.turns[-1] if transcript.turns else None
    if earlier is None or not earlier.interrupted or earlier.number <= session.turns:
        return replace(session, open_turn=None)
    return replace(
        session, open_turn=OpenTurn(number=earlier.number, started_at=earlier.started_at)
    )


def _caught_up(session: Session, transcript: Transcript, last: Turn) -> Session:
    """The session of a record that does not know the last turn of its transcript."""
    if last.interrupted and session.open_turn is None and last.number == session.next_turn:
        return _during(session, last)
    told = rebuild(transcript)
    if told is not None and told.id == session.id:
        return replace(told, unknown={**_mapping(session.unknown), **_mapping(told.unknown)})
    for turn in transcript.turns:  # it does not say whose it is: what the record says stands
        if turn.number > session.turns:
            session = _after(_during(session, turn), turn)
    return session


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _lines(file: BinaryIO, longest: int) -> Iterator[bytes | None]:
    """The lines of the file, None in place of one that is too long."""
    while line := file.readline(longest):
        if line.endswith(b"\n") or len(line) < longest:
            yield line
            continue
        yield None
        while (rest := file.readline(longest)) and not rest.endswith(b"\n"):
            pass


def _during(session: Session, turn: Turn) -> Session:
    """The session while that turn is open."""
    session = replace(
        session.turn_started(at=turn.started_at, mode=turn.mode, backend=turn.backend),
        open_turn=OpenTurn(number=turn.number, started_at=turn.started_at),
    )
    chosen, known = turn.conversation_asked, session.conversation
    if chosen is not None and chosen != known.id and turn.conversation_origin is None:
        session = session.with_conversation(replace(known, id=chosen, seen=False))
    return _named(session, turn)


def _named(session: Session, turn: Turn) -> Session:
    """The session with the agent's session id, if the agent said it."""
    said = turn.outcome
    if said.backend_session_id is None:
        return session
    return session.conversation_confirmed(said.backend_session_id, said.model)


def _after(session: Session, turn: Turn) -> Session:
    """The session after the turn, or with it still open."""
    if turn.ended_at is None:
        return session
    return session.turn_finished(
        turn.outcome, number=turn.number, at=turn.ended_at, model_asked=turn.model_asked
    )
