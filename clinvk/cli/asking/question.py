"""One question: what it looks like, and what each key does. Pure: no terminal, no clock."""

from collections.abc import Sequence
from enum import Enum, auto
from itertools import islice

from clinvk.cli.asking.body import Body, Signs, headline, tool_name
from clinvk.cli.asking.line_editor import LineEditor
from clinvk.cli.panel import Panel
from clinvk.model.events import PermissionAnswer, PermissionRequest
from clinvk.model.permission import DecidedBy, Decision
from clinvk.text.sanitize import safe_line
from clinvk.text.width import cut, display_width

_LEAST_BODY, _LEAST_COLUMNS, _FEW_ROWS = 3, 20, 15
_HELP = (
    "y  allow this once",
    "a  allow it, and every further request for this tool in this turn",
    "n  deny it; the agent continues without it",
    "r  deny it with a reason, which the agent reads",
    "e  edit the command, then run that",
    "s  deny it and stop the turn, as Ctrl-C does",
    "v  view everything, page by page",
    "The time limit of the turn continues while you decide; the idle limit does not.",
)


class Mode(Enum):
    """What the keys do."""

    ASK = auto()
    REASON = auto()
    COMMAND = auto()
    VIEW = auto()
    HELP = auto()


class Question:
    """A request of an agent; `press` gives the answer when there is one."""

    def __init__(self, request: PermissionRequest, *, agent: str, cwd: str, signs: Signs) -> None:
        self.request = request
        self.mode = Mode.ASK
        self._signs = signs
        self._cwd = cwd
        self._headline = headline(request, agent, cwd)
        self._tool = tool_name(request)
        self._body = Body(request, cwd)
        self._editor = LineEditor()
        self._top = self._page = 0

    @property
    def editable(self) -> bool:
        """Whether the agent takes another command instead."""
        return self.request.editable and self.request.command is not None

    def press_all(self, keys: Sequence[str]) -> PermissionAnswer | None:
        """What these keys, which came at once, answer. Several at once never allow anything.

        They were pasted, or typed without having read the question: those that follow the one that
        shows it again are dropped, and a line end in a pasted command does not run it.
        """
        if len(keys) == 1:
            return self.press(keys[0])
        for key in keys:
            if self.mode is Mode.ASK:
                break
            if self.mode is Mode.COMMAND and key == "enter":
                self._editor.press("\n")
            elif answer := self.press(key):
                return answer
        return None

    def press(self, key: str) -> PermissionAnswer | None:
        """What this key answers, if it does."""
        match self.mode:
            case Mode.ASK:
                return self._choose(key)
            case Mode.REASON | Mode.COMMAND:
                return self._edit(key)
            case Mode.VIEW:
                self._scroll(key)
            case Mode.HELP:
                self.mode = Mode.ASK
        return None

    def panel(self, columns: int, rows: int, *, place: str, elapsed: str, ready: bool) -> Panel:
        """How it looks now. `place` is that in the queue; it is `ready` to be answered or not.

        It never has more rows than the screen; on a tiny one its last lines are left out.
        """
        columns = max(columns, _LEAST_COLUMNS)
        more = ", ".join(filter(None, (f"`{self._tool}`", place)))
        head = self._signs.styled(f"? {cut(f'{self._headline} ({more})', columns - 3)}", "1")
        top = [head] if rows < _FEW_ROWS else ["", head]
        room = rows - len(top) - 1
        match self.mode:
            case Mode.VIEW:
                top += self._view(columns, max(room, 1))
                last, column = self._view_line(columns), 0
            case Mode.HELP:
                told = [line for line in _HELP if self.editable or not line.startswith("e ")]
                top += [row for line in told for row in _folded(line.split(" "), columns, " ")]
                last = "press any key "
                column = len(last)
            case Mode.ASK:
                keys = self._keys(columns)
                top += [*self._shortened(columns, room - len(keys)), *keys]
                last = f"{'Allow?' if ready else '…'} {elapsed} "
                column = len(last)
            case _:
                top += self._shortened(columns, room - 1)
                hint, last, column = self._editing(columns)
                top.append(hint)
        return Panel(lines=(*top[: max(rows - 1, 0)], last), column=column)

    def _choose(self, key: str) -> PermissionAnswer | None:
        match key:
            case "y" | "Y":
                return self._answer(Decision.ALLOW)
            case "a" | "A":
                return self._answer(Decision.ALLOW_TURN)
            case "n" | "N":
                return self._answer(Decision.DENY)
            case "s" | "S":
                return self._answer(Decision.STOP)
            case "r" | "R":
                self._editor, self.mode = LineEditor(), Mode.REASON
            case "e" | "E" if self.editable:
                self._editor, self.mode = LineEditor(self.request.command or ""), Mode.COMMAND
            case "v" | "V":
                self._top, self.mode = 0, Mode.VIEW
            case "?":
                self.mode = Mode.HELP
        return None

    def _edit(self, key: str) -> PermissionAnswer | None:
        if key == "escape":
            self.mode = Mode.ASK
        elif key != "enter":
            self._editor.press(key)
        elif self.mode is Mode.REASON:
            return self._answer(Decision.DENY, reason=self._editor.text.strip() or None)
        elif command := self._editor.text.strip():
            changed = self._editor.text != self.request.command
            return self._answer(Decision.ALLOW, command=command if changed else None)
        return None

    def _scroll(self, key: str) -> None:
        count = len(self._body.lines)
        moves = {
            "down": 1,
            "j": 1,
            "enter": 1,
            "up": -1,
            "k": -1,
            " ": self._page,
            "pagedown": self._page,
            "b": -self._page,
            "pageup": -self._page,
            "g": -count,
            "home": -count,
            "G": count - self._page - self._top,
            "end": count - self._page - self._top,
        }
        if key in {"q", "v", "escape"}:
            self.mode = Mode.ASK
        self._top = min(max(self._top + moves.get(key, 0), 0), max(count - 1, 0))

    def _answer(
        self, decision: Decision, *, reason: str | None = None, command: str | None = None
    ) -> PermissionAnswer:
        return PermissionAnswer(
            id=self.request.id,
            decision=decision,
            by=DecidedBy.PERSON,
            reason=reason,
            command=command,
        )

    def _shortened(self, columns: int, rows: int) -> list[str]:
        """The start of the request in at most so many rows."""
        place = self._signs.styled(f"  in {self._place(columns)}", "2")
        room = max(rows - 1, _LEAST_BODY)
        shown = [*islice(self._body.rows(self._signs, columns), room + 1)]
        if len(shown) <= room:
            return [place, *(row for _, row in shown)]
        left = len(self._body.lines) - shown[room - 1][0]
        more = f"  … {left:,} more {'line' if left == 1 else 'lines'}, `v` shows all"
        kept = [row for _, row in shown[: room - 1]]
        return [place, *kept, self._signs.styled(cut(more, columns - 1), "1")]

    def _place(self, columns: int) -> str:
        return cut(safe_line(self._cwd), columns - 8)

    def _view(self, columns: int, rows: int) -> list[str]:
        shown = [*islice(self._body.rows(self._signs, columns, start=self._top), rows + 1)]
        end = shown[rows][0] if len(shown) > rows else len(self._body.lines)
        self._page = max(end - self._top, 1)
        return [row for _, row in shown[:rows]]

    def _view_line(self, columns: int) -> str:
        first, last = self._top + 1, self._top + self._page
        place = f"lines {first:,} to {last:,} of {len(self._body.lines):,}"
        keys = "space and b: next and previous page · q: back"
        return self._signs.styled(cut(f"{place} · {keys}", columns - 2), "1")

    def _keys(self, columns: int) -> list[str]:
        keys = ["y yes", f"a yes to all `{self._tool}` in this turn", "n no", "r no, with a reason"]
        keys += ["e edit"] if self.editable else []
        keys += ["s stop", "v view all", "? help"]
        rows = (row.split(" · ") for row in _folded(keys, columns - 2, " · "))
        return [f"  {' · '.join(map(self._key, row))}" for row in rows]

    def _key(self, words: str) -> str:
        """The key and what it does, with the key to be seen at once."""
        return self._signs.styled(words[:1], "1") + words[1:]

    def _editing(self, columns: int) -> tuple[str, str, int]:
        """The hint, the line with the text, and the column of the cursor."""
        reason = self.mode is Mode.REASON
        label = "No, because: " if reason else "Run instead: "
        text, column = self._editor.shown(columns - len(label))
        hint = "Enter denies it with this reason" if reason else "Enter runs this command"
        hint = cut(f"  {hint} · Esc goes back", columns - 1)
        return hint, label + text, len(label) + column


def _folded(words: Sequence[str], columns: int, between: str) -> list[str]:
    """The words in rows of less than `columns`."""
    rows: list[str] = []
    for word in words:
        joined = f"{rows[-1]}{between}{word}" if rows else ""
        if joined and display_width(joined) < columns:
            rows[-1] = joined
        else:
            rows.append(cut(word, columns - 1))
    return rows
