"""Reads the last turn of a transcript from its end; usually one line, however long the file is.

It shows whether a record is as new as its transcript. Every session that a list shows or a command
continues needs this check; the whole transcript is read only if the record is older.
"""

import json
import re
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from clinvk.model.session import Session
from clinvk.store.agent_files.backwards import LONGEST_LINE, backwards
from clinvk.store.files import stored_file
from clinvk.store.transcripts.turns import FINISHED, KINDS, STARTED, VOIDED, turn_number
from clinvk.text.json_codec import time_from_text

_BLOCK = 8 * 1024
_LARGE = 64 * 1024
_END = re.compile(rb'\{"type": "turn_finished", "turn": (\d{1,9}), "at": "([0-9TZ:.+-]+)", ')


class LastTurn(Struct, frozen=True):
    """The turn of the last line that belongs to a turn.

    `ended_at` is None if it has not ended. `bare`: it has only a start line.
    """

    number: int
    ended_at: datetime | None = None
    bare: bool = False


def last_turn(path: Path) -> LastTurn | None:
    """The last turn of the transcript at `path` that was not voided; None if there is none.

    Raises `StoreError` if the file cannot be read; invalid lines are skipped.
    """
    try:
        with stored_file(path) as descriptor:
            return _last(descriptor)
    except FileNotFoundError:
        return None


def ends_as_recorded(session: Session, content: bytes) -> bool:
    """Whether this content of its transcript certainly says the same as the record.

    That is so if its last line is the end of the last turn, as clinvk writes it. Else it may.
    """
    end = content.rfind(b"\n", 0, -1) + 1
    found = _END.match(content, end)
    if session.open_turn is not None or found is None or not content.endswith(b"}\n"):
        return False
    last = _read_end(content, found)
    return last is not None and last.number == session.turns_begun and not is_behind(session, last)


def is_behind(session: Session, last: LastTurn | None) -> bool:
    """Whether the record is older than its transcript, which has this last turn.

    A record with more turns is not older: its transcript has lost some. Neither is one that only
    misses the start of the next turn: a run writes the record after it, before anything is sent.
    """
    if last is None:
        return False
    begun = session.turns_begun
    if last.bare and session.open_turn is None and last.number == begun + 1:
        return False
    if last.number != begun or session.open_turn is not None:
        return last.number > begun
    return last.ended_at is not None and last.ended_at > session.last_used_at


def _large_end(line: bytes) -> LastTurn | None:
    """The end of a turn with a long answer: as a value, the line takes several times its size."""
    found = _END.match(line) if len(line) > _LARGE else None
    return None if found is None else _read_end(line, found)


def _read_end(content: bytes, found: re.Match[bytes]) -> LastTurn | None:
    """The end of a turn that was found there, if nothing else is in its line."""
    # A torn line may go on with another one.
    if content.find(b'"type"', found.end()) >= 0 or content.find(b'"turn"', found.end()) >= 0:
        return None
    if not content.endswith((b"}", b"}\n")):
        return None
    try:
        return LastTurn(int(found[1]), time_from_text(found[2].decode()))
    except ValueError:
        return None


def _last(descriptor: int) -> LastTurn | None:
    voided = 0
    for line in backwards(descriptor, _BLOCK, LONGEST_LINE):
        if (end := _large_end(line)) is not None and end.number != voided:
            return end
        try:
            value = json.loads(line)
            number = turn_number(value)
            kind = value["type"]
            if number == voided:
                voided = 0 if kind == STARTED else voided
            elif kind == VOIDED:
                voided = number
            elif kind == FINISHED:
                return LastTurn(number, time_from_text(value.get("at")))
            elif kind in KINDS:
                return LastTurn(number, bare=kind == STARTED)
        except (ValueError, RecursionError):
            continue  # an invalid line, or one that does not belong to a turn
    return None
