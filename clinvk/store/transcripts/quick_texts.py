"""The texts of a transcript that looks as clinvk's writer writes it, in a fraction of the time.

A word that is in every session needs the texts of all of them. Here each line is decoded only as
far as it is searched, and nothing unusual is understood: at the first line of another form, the
whole transcript is left to `read_texts`, which knows what every line means.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from clinvk.model.events import FileChange, Message
from clinvk.model.files import absolute_path
from clinvk.store.transcripts.lines import event_from_line
from clinvk.store.transcripts.messages import Messages
from clinvk.store.transcripts.turns import FINISHED, STARTED, TurnTexts
from clinvk.text.json_codec import parse_line, time_from_text

_HEAD = re.compile(rb'\{"type": "(?:session"|(\w+)", "turn": ([1-9]\d{0,8})), ')
_UNSEARCHED = frozenset({"tool_use", "tool_result", "thinking", "usage", "error", "raw"})
_REQUESTS = frozenset({"permission_request", "permission_answer"})


class _Started(Struct):
    at: str
    prompt: str
    cwd: str | None = None


class _Finished(Struct):
    at: str
    text: str | None = None
    files: list[FileChange] | None = None


class _Named(Struct):
    id: str


class _Warning(Struct):
    message: str
    code: str | None = None


_DECODE: dict[str, Callable[[bytes], Any]] = {
    kind: msgspec.json.Decoder(form).decode
    for kind, form in {
        STARTED: _Started,
        FINISHED: _Finished,
        "backend_session": _Named,
        "message": Message,
        "file_change": FileChange,
        "warning": _Warning,
    }.items()
}


class _UnusualError(Exception):
    """The line needs the other reader."""


class _Turn:
    """One turn, as far as it is searched."""

    def __init__(self, number: int, start: _Started) -> None:
        self.number = number
        self._start = start
        self._finish: _Finished | None = None
        self._messages = Messages()
        self._files: list[FileChange] = []

    def take(self, kind: str, line: bytes, end: int) -> None:
        """Read a line of the turn whose first `end` bytes are known."""
        if self._finish is not None:
            raise _UnusualError
        if kind in _UNSEARCHED or kind in _REQUESTS:
            if kind in _REQUESTS or _says_again(line, end):
                self._check(kind, line)
            self._messages.interrupt(kind)
            return
        value = _decoded(kind, line, end)
        if kind == "message":
            self._messages.add(value)
        elif kind == FINISHED:
            self._finish = value
        elif kind != "backend_session":
            self._messages.interrupt(kind, getattr(value, "code", None))
            if kind == "file_change":
                self._files.append(value)

    def _check(self, kind: str, line: bytes) -> None:
        """Make sure that a line which is not searched is one, whatever is inside it."""
        value = parse_line(line)
        if not isinstance(value, dict) or (value["type"], value["turn"]) != (kind, self.number):
            raise _UnusualError
        event_from_line(value)

    def texts(self) -> TurnTexts:
        """What is searched of the turn."""
        answers, finish, cwd = self._messages.texts, self._finish, self._start.cwd
        text = None if finish is None else finish.text
        files = (finish and finish.files) or self._files
        paths = (file.path if cwd is None else absolute_path(file.path, cwd) for file in files)
        return TurnTexts(
            number=self.number,
            prompt=self._start.prompt,
            answers=answers if text is None or text in answers else (*answers, text),
            files=tuple(dict.fromkeys(paths)),
            cwd=cwd,
        )


def quick_texts(lines: Iterable[bytes]) -> tuple[TurnTexts, ...] | None:
    """The texts of the turns; None if one of the lines is not as clinvk usually writes it."""
    try:
        return tuple(turn.texts() for turn in _turns(lines))
    except (_UnusualError, msgspec.MsgspecError, ValueError, RecursionError, KeyError):
        return None


def _turns(lines: Iterable[bytes]) -> list[_Turn]:
    turns: list[_Turn] = []
    for line in lines:
        head = _HEAD.match(line)
        if head is None or not line.endswith(b"}"):
            if line:
                raise _UnusualError
            continue
        if head[1] is None:
            if _says_again(line, head.end()):
                raise _UnusualError
            continue
        kind, number = head[1].decode(), int(head[2])
        if kind == STARTED and (not turns or number > turns[-1].number):
            turns.append(_Turn(number, _decoded(kind, line, head.end())))
        elif kind != STARTED and turns and number == turns[-1].number:
            turns[-1].take(kind, line, head.end())
        else:
            raise _UnusualError
    return turns


def _decoded(kind: str, line: bytes, end: int) -> Any:  # noqa: ANN401  a form for each kind
    if kind not in _DECODE or _says_again(line, end):
        raise _UnusualError
    value = _DECODE[kind](line)
    if kind in {STARTED, FINISHED}:
        time_from_text(value.at)
    return value


def _says_again(line: bytes, end: int) -> bool:
    """Whether a second `type` or `turn` may replace the first: a torn line can go on with another.

    In text that quotes JSON, quotes are escaped.
    """
    return line.find(b'"type"', end) >= 0 or line.find(b'"turn"', end) >= 0
