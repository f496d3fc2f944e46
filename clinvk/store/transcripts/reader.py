"""Which turn each line of a transcript belongs to; one reader, for turns and for search."""

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
    """The state of reading: what the lines so far say.

    `turns` are in order, without those that were voided, and `header` is the last `session` line.
    `damaged` counts the lines that make no sense. Nothing raises.
    """

    def __init__(self) -> None:
        self.header: Line | None = None
        self.turns: dict[TurnBuilder, None] = {}  # in order, and one is taken out at once
        self.voided: set[int] = set()
        self.damaged = 0
        self._open: dict[int, TurnBuilder] = {}
        self._at = self._header_at = 0
        self._moved_at: dict[TurnBuilder, int] = {}

    def take(self, line: bytes | None) -> None:
        """Take one line, None for one that is too long."""
        if line is not None and not line.strip():
            return
        self._at += 1
        try:
            self._place(parse_line(line) if line is not None else None)
        except (ValueError, RecursionError):
            self.damaged += 1

    def note(self, kind: str, number: int) -> None:
        """Take a line of that kind and turn, of which nothing else matters."""
        turn = self._open.get(number) or self._new(number)
        turn.note(kind)

    @property
    def header_is_last(self) -> bool:
        """Whether no turn began or ended after the header."""
        return self.header is not None and all(
            self._moved_at[turn] < self._header_at for turn in self.turns
        )

    def _place(self, line: object) -> None:
        if not isinstance(line, dict):
            raise ValueError("not an object")  # noqa: TRY004  one kind for all complaints
        kind = line.get("type")
        if not isinstance(kind, str):
            raise ValueError("no type")  # noqa: TRY004  one kind for all complaints
        if kind == "session":
            self.header, self._header_at = line, self._at
        elif kind == VOIDED:
            self._void(turn_number(line))
        elif kind in KINDS:  # others are a newer version's
            turn = self._add(turn_number(line), line)
            if kind in {STARTED, FINISHED}:
                self._moved_at[turn] = self._at

    def _add(self, number: int, line: Line) -> TurnBuilder:
        """Give the line to its turn, and say which that is.

        A number is used again after a turn of which only the beginning was written: nothing is
        lost with that one. Any other turn is kept, even under a number that comes twice.
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
