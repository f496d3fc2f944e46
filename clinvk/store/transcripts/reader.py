"""Assigns each line of a transcript to its turn; used for turns and for search."""

from clinvk.store.transcripts.lines import Line, maybe_text
from clinvk.store.transcripts.turns import (
    FINISHED,
    KINDS,
    STARTED,
    VOIDED,
    TurnBuilder,
    turn_number,
)
from clinvk.text.json_codec import parse_line


class LineReader:
    """The content of the lines read so far.

    `turns` are in order, without voided ones, and `header` is the last `session` line. `damaged`
    counts the invalid lines. Nothing raises.
    """

    def __init__(self) -> None:
        self.header: Line | None = None
        self.turns: dict[TurnBuilder, None] = {}  # in order, with fast deletion
        self.voided: set[int] = set()
        self.damaged = 0
        self._open: dict[int, TurnBuilder] = {}
        self._at = self._header_at = 0
        self._moved_at: dict[TurnBuilder, int] = {}

    def take(self, line: bytes | None) -> None:
        """Read one line; None stands for one that is too long."""
        if line is not None and not line.strip():
            return
        try:
            value = parse_line(line) if line is not None else None
        except (ValueError, RecursionError):
            value = None
        self.take_value(value)

    def take_value(self, value: object) -> None:
        """Read the value of one line; anything but an object is an invalid line."""
        self._at += 1
        try:
            self._place(value)
        except (ValueError, RecursionError):
            self.damaged += 1

    def note(self, kind: str, number: int) -> None:
        """Read a line of which only the kind and the turn matter."""
        turn = self._open.get(number) or self._new(number)
        turn.note(kind)

    @property
    def header_is_last(self) -> bool:
        """Whether no turn started or ended after the header."""
        return self.header is not None and all(
            self._moved_at[turn] < self._header_at for turn in self.turns
        )

    def _place(self, line: object) -> None:
        if not isinstance(line, dict):
            raise ValueError("not an object")  # noqa: TRY004  one kind for all errors
        kind = line.get("type")
        if not isinstance(kind, str):
            raise ValueError("no type")  # noqa: TRY004  one kind for all errors
        if kind == "session":
            self.header, self._header_at = line, self._at
        elif kind == VOIDED:
            self._void(turn_number(line))
        elif kind in KINDS:  # others are from a newer version
            turn = self._add(turn_number(line), line)
            if kind in {STARTED, FINISHED}:
                self._moved_at[turn] = self._at

    def _add(self, number: int, line: Line) -> TurnBuilder:
        """Add the line to its turn; returns the turn.

        The number of a turn with only a start line is used again, and such a turn is dropped. Any
        other turn is kept, even if its number occurs twice.
        """
        turn = self._open.get(number)
        if turn is not None and not (line["type"] == STARTED and turn.begun):
            turn.add(line)
            return turn
        new = TurnBuilder(number, self._backend)
        new.add(line)
        if turn is not None and turn.bare:
            del self.turns[turn]
        return self._new(number, new)

    def _new(self, number: int, turn: TurnBuilder | None = None) -> TurnBuilder:
        turn = TurnBuilder(number, self._backend) if turn is None else turn
        self.turns[turn] = None
        self._open[number] = turn
        self._moved_at[turn] = self._at
        self.voided.discard(number)
        return turn

    @property
    def _backend(self) -> str | None:
        return maybe_text(self.header or {}, "backend")

    def _void(self, number: int) -> None:
        turn = self._open.pop(number, None)
        if turn is not None:
            del self.turns[turn]
        self.voided.add(number)
