"""`resume -i`: pick a session from a list; type to filter, Enter picks, Esc and Ctrl-C cancel.

questionary provides the question and the style, the list is ours. The list of questionary 2.1 shows
all choices when none matches, so that Enter would pick a wrong session; it filters by one piece of
ASCII text only, and lays out all of 5 000 lines at each key (70 ms). Ours lays out one screenful.

It is drawn on stderr, on the alternate screen of the terminal, so that it leaves no trace.
"""

import signal
import termios
from collections.abc import Callable, Sequence
from types import FrameType

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from questionary import Question
from questionary.styles import merge_styles_default

from clinvk.cli.context import Cli
from clinvk.cli.render.choices import choice_lines
from clinvk.errors import ExitStatus, StoppedBySignal
from clinvk.model.session import Session
from clinvk.services.sessions.list import PAGE, Listed, OfferedSessions
from clinvk.services.world import World
from clinvk.text.casefold import fold
from clinvk.text.width import display_width

_ENDS = (signal.SIGTERM, signal.SIGHUP)
_POINTER = "» "
_INSTRUCTIONS = (
    "type to filter, ↑↓ to move, Enter to pick, Esc to cancel",
    "type to filter, Enter to pick, Esc to cancel",
    "Enter to pick, Esc to cancel",
    "Esc to cancel",
    "",
)
"""The first that fits is shown."""

_ESCAPE_S = 0.05
"""How long to wait after Esc for the rest of an escape sequence (500 ms by default)."""


def pick_session(cli: Cli, offered: OfferedSessions) -> Session:
    """The session that the user picks. Raises `KeyboardInterrupt` if they cancel.

    Needs a terminal on stdin and on stderr. Raises `StoppedBySignal` when it is lost.
    """
    screen = _Screen(Choices(offered), cli.world, damaged=len(offered.damaged))
    streams = cli.streams
    if streams.stdin is None or streams.stderr is None:
        raise ValueError("a picker needs a terminal")
    application: Application[Listed] = Application(
        layout=screen.layout,
        key_bindings=screen.keys,
        style=merge_styles_default([]),
        full_screen=True,
        input=create_input(streams.stdin),
        output=Vt100_Output.from_pty(streams.stderr, term=cli.world.environ.get("TERM")),
        color_depth=None if streams.err_color else ColorDepth.DEPTH_1_BIT,
    )
    application.ttimeoutlen = _ESCAPE_S
    picked: Listed = _ask(application)
    return picked.session


def _ask(application: Application[Listed]) -> Listed:
    """Run the application, and restore the terminal also after SIGTERM and SIGHUP."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        if application.loop is not None:
            stopped = StoppedBySignal(ExitStatus.TERMINATED)
            application.loop.call_soon_threadsafe(lambda: application.exit(exception=stopped))

    handled = (one for one in _ENDS if signal.getsignal(one) is not signal.SIG_IGN)
    before = {one: signal.signal(one, leave) for one in handled}
    try:
        picked: Listed = Question(application).unsafe_ask()
    except (EOFError, OSError, termios.error):  # the terminal is gone, also without a signal
        raise StoppedBySignal(ExitStatus.TERMINATED) from None
    finally:
        for one, old in before.items():
            signal.signal(one, old)
    return picked


class Choices:
    """The sessions to choose from: the filter, the matching ones and the position of the pointer.

    A session is read when it is about to be shown, together with the screenful around it.
    Every typed word must occur in a session's title, name, tags, backend, directory, status or id.
    Case and compatibility forms do not matter.
    """

    def __init__(self, offered: OfferedSessions) -> None:
        self._offered = offered
        self._leave(offered)
        self.at = offered.first_with_work

    def _leave(self, left: OfferedSessions) -> None:
        self._left = left
        self.count = left.count
        """Number of matching sessions."""
        self._read: dict[int, Listed] = {}
        self.at = self._top = 0

    @property
    def pointed_at(self) -> Listed | None:
        """The session under the pointer; None if none matches."""
        part = self._part(self.at, 1)
        return part[0] if part else None

    def narrow(self, typed: str) -> None:
        """Keep only sessions that match all words, and move the pointer to the first."""
        words = tuple(fold(typed).split())
        self._leave(self._offered.narrowed(words) if words else self._offered)

    def move(self, by: int) -> None:
        """Move the pointer; it stops at both ends."""
        self.at = max(0, min(self.at + by, self.count - 1))

    def window(self, rows: int) -> tuple[Sequence[Listed], int]:
        """The sessions that fit into `rows` lines, and the index of the pointer among them."""
        rows = max(rows, 1)
        self._top = max(self.at - rows + 1, min(self._top, self.at, self.count - rows), 0)
        shown = self._part(self._top, rows)
        if self.at > max(self.count - 1, 0):  # some were removed since they were counted
            self.move(0)
            return self.window(rows)
        return shown, self.at - self._top

    def _part(self, first: int, count: int) -> list[Listed]:
        """Up to `count` sessions from `first`, read as needed; fewer if some were removed."""
        wanted = range(first, min(first + count, self.count))
        missing = next((at for at in wanted if at not in self._read), None)
        if missing is not None:
            start = max(min(missing, wanted.stop - PAGE), 0)
            found = self._left.part(start, max(PAGE, wanted.stop - start))
            for at, one in enumerate(found, start=start):
                self._read.setdefault(at, one)
            if start + len(found) < wanted.stop:
                self.count = start + len(found)
        return [self._read[at] for at in wanted if at in self._read]


class _Screen:
    """The screen of the picker: its content and its key bindings."""

    def __init__(self, choices: Choices, world: World, *, damaged: int) -> None:
        self._choices = choices
        self._damaged = damaged
        self._world = world
        self._now = world.now()
        self._list = Window(FormattedTextControl(self._rows), wrap_lines=False)
        typed = Buffer(multiline=False, on_text_changed=lambda it: choices.narrow(it.text))
        asked: StyleAndTextTuples = [("class:qmark", "? "), ("class:question", "Which session? ")]
        question = BufferControl(typed, input_processors=[BeforeInput(asked)])
        footer = Window(FormattedTextControl(self._footer), height=1, wrap_lines=False)
        self.layout = Layout(HSplit([Window(question, height=1), self._list, footer]))
        self.keys = self._bindings()

    def _rows(self) -> StyleAndTextTuples:
        """The lines that fit into the window; called again at each key and resize."""
        size = _size()
        visible, pointed_at = self._choices.window(size.rows - 2)
        lines = choice_lines(visible, self._now, self._world.user_home)
        rows: StyleAndTextTuples = []
        for at, listed in enumerate(visible):
            is_pointed_at = at == pointed_at
            rows.append(("class:pointer", _POINTER) if is_pointed_at else ("", " " * len(_POINTER)))
            line = lines.line(listed, max(size.columns - len(_POINTER), 1))
            rows.append(("class:highlighted" if is_pointed_at else "class:text", f"{line}\n"))
        return rows or [("class:text", f"{' ' * len(_POINTER)}no session matches")]

    def _footer(self) -> StyleAndTextTuples:
        count = f"{self._choices.count:,}".rjust(len(_POINTER))
        damaged = f"; {self._damaged:,} cannot be read" if self._damaged else ""
        lines = (f"{count}  {one}{damaged}" for one in _INSTRUCTIONS)
        room = _size().columns
        fitting = (line for line in lines if display_width(line) <= room)
        return [("class:instruction", next(fitting, count))]

    def _bindings(self) -> KeyBindings:
        keys = KeyBindings()

        def page() -> int:
            info = self._list.render_info
            return max(info.window_height - 1, 1) if info else 1

        moves: dict[str, Callable[[], int]] = {
            "up": lambda: -1,
            "down": lambda: 1,
            "c-p": lambda: -1,
            "c-n": lambda: 1,
            "pageup": lambda: -page(),
            "pagedown": page,
            "c-home": lambda: -self._choices.count,
            "c-end": lambda: self._choices.count,
        }
        for key, by in moves.items():
            keys.add(key, eager=True)(lambda _, by=by: self._choices.move(by()))
        keys.add("enter", eager=True)(self._pick)
        for key in ("escape", "c-c", "<sigint>", "c-d", "c-q"):
            keys.add(key, eager=True)(_leave)
        return keys

    def _pick(self, event: KeyPressEvent) -> None:
        """Enter picks the session under the pointer, if there is one."""
        if (picked := self._choices.pointed_at) is not None:
            event.app.exit(result=picked)


def _size() -> Size:
    return get_app().output.get_size()


def _leave(event: KeyPressEvent) -> None:
    event.app.exit(exception=KeyboardInterrupt)
