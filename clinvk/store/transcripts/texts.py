"""The texts of a transcript that a search looks through, read without making turns of its lines.

They are those that `transcripts.read_lines` gives, in a third of the time: a word that stands in
every session has all of them read. Much of a transcript are tools' inputs and outputs, which nobody
searches: such a line is known by how our writer begins it, and is taken at its first word. Any
other form of JSON is parsed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from clinvk.model.events import ends_message
from clinvk.store.transcripts.turns import KINDS, changed_files
from clinvk.text.json_codec import parse_line, time_from_text

_UNSEARCHED = re.compile(
    rb'\{"type": "(?:session"|(tool_use|tool_result|thinking|usage|error|raw)",'
    rb' "turn": ([1-9]\d{0,8})), '
)
# Text that quotes JSON has its quotes escaped; a line that was torn may go on as another one.
_AGAIN = re.compile(rb'"(?:type|turn)"')

_TEXTS = {"backend_session": "id", "thinking": "text", "tool_use": "name", "warning": "message"}
"""What must be a text in a line, of those that are not searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTexts:
    """What one turn says; the fields are as in `Turn`.

    `answers` are its messages, and the final answer after them if it is none of them.
    """

    number: int
    prompt: str
    answers: tuple[str, ...]
    files: tuple[str, ...]
    cwd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptTexts:
    """The turns in order, without those that were voided.

    `damaged_lines` counts the lines that make no sense, but for those that hold no such text.
    """

    turns: tuple[TurnTexts, ...]
    damaged_lines: int


def read_texts(lines: Iterable[bytes | None]) -> TranscriptTexts:
    """What the lines say, wherever they come from; None stands for one that is too long."""
    reading = _Reading()
    for line in lines:
        reading.take(line)
    turns = tuple(turn.texts() for turn in reading.turns)
    return TranscriptTexts(turns=turns, damaged_lines=reading.damaged)


@dataclass(slots=True, eq=False)
class _Turn:
    """One turn in the making; `said` is the last that the agent said, as `TurnBuilder` has it.

    `in_pieces` says whether the next piece of a message goes on with the last one.
    """

    number: int
    start: dict[str, Any] | None = None
    finish: dict[str, Any] | None = None
    named: bool = False
    said: str = ""
    in_pieces: bool = False
    messages: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def bare(self) -> bool:
        """Whether the turn began and nothing else is known of it."""
        return not self.said and self.finish is None and not self.named

    def say(self, text: str, *, piece: bool, continues: bool | None) -> None:
        """Take a message, or a piece of one that goes on with the next piece."""
        if continues is None:
            continues = piece and self.in_pieces
        if not continues:
            self.end_message()
        self.pieces.append(text)
        self.said, self.in_pieces = "message", piece

    def note(self, kind: str, code: object = None) -> None:
        """Take note of a line that is no message."""
        self.said = kind
        self.in_pieces = self.in_pieces and not ends_message(kind, code)

    def end_message(self) -> None:
        """Put together what came in pieces."""
        if self.pieces:
            self.messages.append("".join(self.pieces))
            self.pieces = []

    def texts(self) -> TurnTexts:
        """The turn as far as it is known."""
        self.end_message()
        start, finish = self.start or {}, self.finish or {}
        cwd, prompt, text = start.get("cwd"), start.get("prompt"), finish.get("text")
        cwd = cwd if isinstance(cwd, str) else None
        if finish and isinstance(text, str) and text not in self.messages:
            self.messages.append(text)
        files = tuple(changed_files(finish.get("files"), cwd)) or tuple(dict.fromkeys(self.files))
        return TurnTexts(
            number=self.number,
            prompt=prompt if isinstance(prompt, str) else "",
            answers=tuple(self.messages),
            files=files,
            cwd=cwd,
        )


class _Reading:
    """The state of reading: what the lines so far say."""

    def __init__(self) -> None:
        self.turns: dict[_Turn, None] = {}  # in order, and one is taken out at once
        self.damaged = 0
        self._open: dict[int, _Turn] = {}

    def take(self, line: bytes | None) -> None:
        """Take one line, None for one that is too long."""
        if line is None:
            self.damaged += 1
        elif (known := _unsearched(line)) is not None:
            kind, number = known
            if number:
                self._turn(number).note(kind)
        elif line.strip():
            try:
                self._place(parse_line(line))
            except (ValueError, RecursionError):
                self.damaged += 1

    def _place(self, line: object) -> None:
        """As in `transcripts`; nothing is taken of a line that makes no sense."""
        if not isinstance(line, dict):
            raise ValueError("not an object")  # noqa: TRY004  one kind for all complaints
        kind = line.get("type")
        if not isinstance(kind, str):
            raise ValueError("no type")  # noqa: TRY004  one kind for all complaints
        if kind not in KINDS and kind != "turn_voided":
            return
        number = line.get("turn")
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise ValueError("no turn")
        if kind == "message":
            text = _text(line.get("text"))
            goes_on = line.get("continues")
            self._turn(number).say(
                text,
                piece=line.get("delta") is True,
                continues=goes_on if isinstance(goes_on, bool) else None,
            )
        elif kind.startswith("turn_"):
            self._move(number, kind, line)
        else:
            self._other(number, kind, line)

    def _move(self, number: int, kind: str, line: dict[str, Any]) -> None:
        if kind == "turn_voided":
            turn = self._open.pop(number, None)
            if turn is not None:
                del self.turns[turn]
            return
        time_from_text(line.get("at"))
        if kind == "turn_started":
            self._begun(number).start = line
        else:
            self._turn(number).finish = line

    def _other(self, number: int, kind: str, line: dict[str, Any]) -> None:
        """A line without a text that is searched; a changed file is kept."""
        if kind in _TEXTS:
            _text(line.get(_TEXTS[kind]))
        turn = self._turn(number)
        if kind == "backend_session":
            turn.named = True
            return
        turn.note(kind, line.get("code"))
        if kind == "file_change":
            cwd = (turn.start or {}).get("cwd")
            turn.files += changed_files([line], cwd if isinstance(cwd, str) else None)

    def _turn(self, number: int) -> _Turn:
        turn = self._open.get(number)
        return turn if turn is not None else self._new(number)

    def _begun(self, number: int) -> _Turn:
        """The turn that begins: a new one, unless only the beginning of that number was lost."""
        turn = self._open.get(number)
        if turn is not None and turn.start is None:
            return turn
        if turn is not None and turn.bare:
            del self.turns[turn]
        return self._new(number)

    def _new(self, number: int) -> _Turn:
        turn = self._open[number] = _Turn(number)
        self.turns[turn] = None
        return turn


def _unsearched(line: bytes) -> tuple[str, int] | None:
    """Kind and turn of a line that holds nothing to search, 0 if it is none's; None for others."""
    found = _UNSEARCHED.match(line)
    if found is None or not line.endswith((b"}", b"}\n")) or _AGAIN.search(line, found.end()):
        return None
    return (found[1] or b"session").decode(), int(found[2] or 0)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004  one kind for all complaints
    return value
