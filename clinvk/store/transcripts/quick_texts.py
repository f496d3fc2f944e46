"""The texts of a transcript that looks as clinvk's writer writes it, in a fraction of the time.

A word that is in every session needs the texts of all of them. Here all lines are decoded in one
call, only as far as they are searched, and nothing unusual is understood: at the first line of
another form, the whole transcript is left to `read_texts`, which knows what every line means.
"""

import re
from typing import Annotated, Any, TypeAlias, Union, get_args

import msgspec
from msgspec import Struct

from clinvk.model.events import FileChange, Message
from clinvk.model.files import absolute_path
from clinvk.store.transcripts.lines import event_from_line
from clinvk.store.transcripts.messages import Messages
from clinvk.store.transcripts.turns import FINISHED, STARTED, TurnTexts
from clinvk.text.json_codec import parse_line, time_from_text

_START = b'\n{"type": "'
_HEAD = re.compile(rb'\{"type": "(?:session"|(\w+)", "turn": ([1-9]\d{0,8})), ')

_UNSEARCHED = frozenset({"tool_use", "tool_result", "thinking", "usage", "error", "raw"})
_REQUEST = b'"permission_'
_REQUESTS = frozenset({"permission_request", "permission_answer"})


_Number = Annotated[int, msgspec.Meta(ge=1, lt=10**9)]


class _Session(Struct, tag_field="type", tag="session"):
    """A line that belongs to no turn."""


class _Started(Struct, tag_field="type", tag=STARTED):
    turn: _Number
    at: str
    prompt: str
    cwd: str | None = None


class _Finished(Struct, tag_field="type", tag=FINISHED):
    turn: _Number
    at: str
    text: str | None = None
    files: list[FileChange] | None = None


class _Named(Struct, tag_field="type", tag="backend_session"):
    turn: _Number
    id: str


class _Piece(Message, frozen=True, kw_only=True, tag_field="type", tag=Message.type):
    turn: _Number


class _Changed(FileChange, frozen=True, kw_only=True, tag_field="type", tag=FileChange.type):
    turn: _Number


class _Warning(Struct, tag_field="type", tag="warning"):
    turn: _Number
    message: str
    code: str | None = None


_Searched: TypeAlias = _Session | _Started | _Finished | _Named | _Piece | _Changed | _Warning

_others = tuple(
    msgspec.defstruct(f"_{kind}", [("turn", _Number)], tag_field="type", tag=kind)
    for kind in sorted(_UNSEARCHED | _REQUESTS)
)
_KINDS: dict[type, str] = {
    form: str(form.__struct_config__.tag) for form in (*get_args(_Searched), *_others)
}
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[_Searched, *_others])


class _UnusualError(Exception):
    """The line needs the other reader."""


class _Turn:
    """One turn, as far as it is searched."""

    def __init__(self, start: _Started) -> None:
        time_from_text(start.at)
        self.number = start.turn
        self.messages = Messages()
        self.files: list[FileChange] = []
        self.finish: _Finished | None = None
        self._start = start

    def texts(self) -> TurnTexts:
        """What is searched of the turn."""
        answers, finish, cwd = self.messages.texts, self.finish, self._start.cwd
        text = None if finish is None else finish.text
        files = (finish and finish.files) or self.files
        paths = (file.path if cwd is None else absolute_path(file.path, cwd) for file in files)
        return TurnTexts(
            number=self.number,
            prompt=self._start.prompt,
            answers=answers if text is None or text in answers else (*answers, text),
            files=tuple(dict.fromkeys(paths)),
            cwd=cwd,
        )


def quick_texts(content: bytes) -> tuple[TurnTexts, ...] | None:
    """The texts of the turns; None if one of the lines is not as clinvk usually writes it."""
    try:
        return tuple(turn.texts() for turn in _turns(_values(content)))
    except (_UnusualError, msgspec.MsgspecError, ValueError, RecursionError, KeyError):
        return None


def _values(content: bytes) -> list[Any]:
    """The value of each line."""
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if content.count(_START) + content.startswith(_START[1:]) != lines:
        raise _UnusualError
    values: list[Any] = _DECODER.decode_lines(content)
    keys = (content.count(b'"type"'), content.count(b'"turn"'))
    # With more, a second `type` or `turn` may replace the first: a torn line can go on with
    # another. In text that quotes JSON, quotes are escaped.
    expected = (lines, lines - [*map(type, values)].count(_Session))
    if keys != expected or _REQUEST in content:
        for line in content.removesuffix(b"\n").split(b"\n"):
            _check(line)
    if len(values) != lines:
        raise _UnusualError
    return values


def _check(line: bytes) -> None:
    """Make sure that a line is what it says at its start, whatever is inside it."""
    head = _HEAD.match(line)
    if head is None:
        raise _UnusualError
    kind, number = (head[1] or b"").decode(), int(head[2] or 0)
    again = line.find(b'"type"', head.end()) >= 0 or line.find(b'"turn"', head.end()) >= 0
    if kind not in _REQUESTS and not again:
        return
    value = parse_line(line)
    if not isinstance(value, dict) or kind not in _UNSEARCHED | _REQUESTS:
        raise _UnusualError
    if (value["type"], value["turn"]) != (kind, number):
        raise _UnusualError
    event_from_line(value)


def _turns(values: list[Any]) -> list[_Turn]:
    turns: list[_Turn] = []
    turn: _Turn | None = None
    for value in values:
        form = type(value)
        if form is _Started and (turn is None or value.turn > turn.number):
            turn = _Turn(value)
            turns.append(turn)
        elif form is not _Session:
            if turn is None or form is _Started or value.turn != turn.number or turn.finish:
                raise _UnusualError
            _take(turn, form, value)
    return turns


def _take(turn: _Turn, form: type, value: Any) -> None:  # noqa: ANN401  a form for each kind
    """Add a line to its turn."""
    if form is _Piece:
        turn.messages.add(value)
    elif form is _Finished:
        time_from_text(value.at)
        turn.finish = value
    elif form is not _Named:
        turn.messages.interrupt(_KINDS[form], getattr(value, "code", None))
        if form is _Changed:
            turn.files.append(value)
