"""Exports without private data: homes and what looks like a secret are taken out.

A secret is looked for in whole texts, before they are cut: half of one may look like nothing.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from clinvk.model.events import ends_message
from clinvk.model.portable import PortableSession, TranscriptLine
from clinvk.services.world import World
from clinvk.store.sessions.portable import whole_line
from clinvk.text.redact import MARK, Redaction
from clinvk.text.title import title_from_prompt

_CUT = "…"
_DENIED = "not allowed: "
_CALLS = 100
"""A warning about a call may come after others: so many are remembered."""


def redaction_for(world: World) -> Redaction:
    """What removes the person's home, by its name and by its real path, and secrets."""
    home = str(world.user_home)
    return Redaction(home, os.path.realpath(home))


def redacted_session(session: PortableSession, redaction: Redaction) -> PortableSession:
    """The session with `~` for the home, and a mark for text that looks like a secret.

    Of its transcript, one turn is in memory at a time.
    """
    turns = _by_turn(map(whole_line, session.transcript))
    first: list[list[TranscriptLine]] = []
    prompt = ""
    for lines in turns:
        first.append(lines)
        prompt = next((str(one["prompt"]) for one in map(_fields, lines) if "prompt" in one), "")
        if prompt:
            break
    return PortableSession(
        record=redaction.value(_titled(session.record, prompt, redaction)),
        transcript=_lines(chain(first, turns), prompt, redaction),
    )


def _lines(
    turns: Iterable[list[TranscriptLine]], prompt: str, redaction: Redaction
) -> Iterator[TranscriptLine]:
    calls: deque[str] = deque(maxlen=_CALLS)
    for lines in turns:
        for line in _whole_texts(lines):
            yield _line(line, prompt, calls, redaction)


def _line(
    line: TranscriptLine, prompt: str, calls: deque[str], redaction: Redaction
) -> TranscriptLine:
    fields = _fields(line)
    if not fields:
        redacted: TranscriptLine = redaction.value(line)
        return redacted
    calls.extend(_texts([fields.get("input"), fields.get("command")]))
    again = {
        name: _cut_again(fields[name], calls, redaction)
        for name in ("summary", "message")
        if isinstance(fields.get(name), str)
    }
    return {**redaction.value(_titled(fields, prompt, redaction)), **again}


def _by_turn(lines: Iterable[TranscriptLine]) -> Iterator[list[TranscriptLine]]:
    """The lines in groups: a turn's lines follow each other."""
    group: list[TranscriptLine] = []
    at: object = None
    for line in lines:
        turn = _fields(line).get("turn")
        if turn is not None and at not in (None, turn):
            yield group
            group = []
        at = at if turn is None else turn
        group.append(line)
    yield group


def _titled(fields: Mapping[str, Any], prompt: str, redaction: Redaction) -> dict[str, Any]:
    """The fields, with a title that was made from the prompt made again from what is left of it."""
    title = fields.get("title")
    made = isinstance(title, str) and prompt and title == title_from_prompt(prompt)
    return {**fields, "title": title_from_prompt(redaction.text(prompt))} if made else dict(fields)


def _cut_again(shown: str, calls: Sequence[str], redaction: Redaction) -> str:
    """A line that was cut, made again from the text that it is the start of."""
    start = shown.removesuffix(_CUT)
    if start == shown:
        return redaction.text(shown)
    if start.startswith(_DENIED):
        start = start.removeprefix(_DENIED).partition(" ")[2]
    for call in reversed(calls):
        line = " ".join(call.split())
        if start and (at := line.find(start)) >= 0:
            line, end = redaction.text(line[at:]), len(start)
            mark = line.rfind(MARK, 0, end + len(MARK) - 1)
            end = max(end, mark + len(MARK)) if mark >= 0 else end
            return f"{shown[: -len(start) - len(_CUT)]}{line[:end]}{_CUT}"
    return redaction.text(shown)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  any JSON value
    """The texts in a value, of which a line may be the start."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _whole_texts(lines: Sequence[TranscriptLine]) -> list[TranscriptLine]:
    """The lines, with the parts of one text joined: a secret may be split across them."""
    joined: list[TranscriptLine] = []
    parts: dict[int, list[str]] = {}
    messages: dict[Any, int] = {}
    last: tuple[Any, ...] | None = None
    here: int | None = None
    for line in lines:
        fields = _fields(line)
        piece = _piece(fields)
        continues, turn = fields.get("continues"), _turn(fields)
        place = here if piece is not None and piece == last else None
        if piece is not None and isinstance(continues, bool):
            place = messages.get(turn) if continues else None
        if place is not None and place in parts:
            parts[place].append(str(fields["text"]))
        else:
            place = len(joined)
            joined.append(line)
            if isinstance(fields.get("text"), str):
                parts[place] = [fields["text"]]
        kind = fields.get("type")
        if kind == "message":
            messages[turn] = place
        if isinstance(kind, str) and ends_message(kind, fields.get("code")):
            last, here = piece, place
    for place, texts in parts.items():
        if len(texts) > 1:
            joined[place] = {**_fields(joined[place]), "text": "".join(texts)}
    return joined


def _piece(fields: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """A key that the pieces of one text share; None for other lines."""
    part = fields.get("delta") is True or isinstance(fields.get("continues"), bool)
    if not part or not isinstance(fields.get("text"), str):
        return None
    return fields.get("type"), _turn(fields)


def _turn(fields: Mapping[str, Any]) -> int | None:
    """The turn that a line belongs to; a damaged line may say anything."""
    turn = fields.get("turn")
    return turn if isinstance(turn, int) else None


def _fields(line: TranscriptLine) -> Mapping[str, Any]:
    return {} if isinstance(line, str) else line
