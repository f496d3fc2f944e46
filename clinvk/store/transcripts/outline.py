"""Reads what a transcript says about its session, without keeping the content of its turns.

A session may have more turns than memory, and one line may have 10 MB.
"""

import json
from collections.abc import Iterable, Iterator

from clinvk.store.transcripts.lines import Line, event_from_line
from clinvk.store.transcripts.reader import LineReader
from clinvk.store.transcripts.transcript import Transcript, transcript_of
from clinvk.store.transcripts.turns import FINISHED, KINDS, STARTED, turn_number
from clinvk.text.json_codec import parse_line
from clinvk.text.json_stream import JsonStream, Token, written

_TELLING = frozenset({"backend_session", STARTED, FINISHED})
"""The kinds of a turn's lines that say something about the session."""

_TEXTS = frozenset({"prompt", "text"})
_LEFT_OUT = frozenset({"structured", "input", "files"})

_LONGEST = 1024
_CUT = "\0"
"""The end of a text that was cut: no valid id, name or directory has it."""

_MOST = 1 << 20


class OutlineReader:
    """The outline of the lines read so far. Nothing raises."""

    def __init__(self) -> None:
        self._reader = LineReader()

    def take(self, value: object) -> None:
        """Read the value of one line; anything but an object is an invalid line."""
        if not isinstance(value, dict):
            self._reader.take(None)
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind in _TELLING or kind not in KINDS:
            self._reader.take_value(_without_content(value))
            return
        try:
            number = turn_number(value)
            event_from_line(value)
        except ValueError:
            self._reader.take(None)
        else:
            self._reader.note(kind, number)

    def take_bytes(self, line: bytes) -> None:
        """Read one line that may be damaged."""
        if line.strip():
            try:
                value = parse_line(line)
            except (ValueError, RecursionError):
                value = None
            self.take(value)

    @property
    def transcript(self) -> Transcript:
        """The outline of the transcript."""
        return transcript_of(self._reader)


def _without_content(line: Line) -> Line:
    return {
        name: value[:_LONGEST] if name in _TEXTS and isinstance(value, str) else value
        for name, value in line.items()
        if name not in _LEFT_OUT
    }


def outline_of(blocks: Iterable[bytes]) -> Line | None:
    """The object of one large line, without its long texts; None if it is damaged.

    Raises `ValueError` if it has so many values that even its outline is large.
    """
    stream = JsonStream(blocks)
    kept = bytearray()
    try:
        if stream.peek() != "{":
            return None
        whole = stream.value()
        if isinstance(whole, dict):
            return _without_content(whole) if stream.peek() == "" else None
        for part in written(_shortened(stream.tokens())):
            kept += part
            if len(kept) > _MOST:
                break
        else:
            value = json.loads(kept) if stream.peek() == "" else None
            return value if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None
    raise ValueError("has too many values")


def _short(token: Token) -> Token:
    if token.kind != "value" or token.text[0] != '"' or len(token.text) <= _LONGEST:
        return token
    return Token("value", json.dumps(json.loads(token.text)[:_LONGEST] + _CUT))


def _shortened(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens, with long texts cut and the content of the line left out."""
    depth = size = 0
    name = ""  # the last text: that of a field, if a colon follows
    inside = left_out = False
    for token in tokens:
        mark = token.text if token.kind == "mark" else ""
        depth += (mark in ("{", "[")) - (mark in ("}", "]"))
        if left_out and depth and not (depth == 1 and mark == ","):
            continue
        left_out = False
        if token.kind == "text":
            before, size = size, size + len(token.text)
            if size <= _LONGEST:
                name += token.text
                yield token
            elif before <= _LONGEST:
                yield Token("text", json.dumps(_CUT)[1:-1])
            continue
        if mark == '"':
            inside = not inside
            size, name = (0, "") if inside else (size, name)
        yield _short(token)
        if mark == ":" and depth == 1 and name in _LEFT_OUT:
            left_out = True
            yield Token("value", "null")
