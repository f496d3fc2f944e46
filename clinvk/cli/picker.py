"""`resume -i`: pick a session from a list; type to filter, Enter picks, Esc and Ctrl-C cancel.

questionary provides the question and the style, the list is ours. The list of questionary 2.1 shows
all choices when none matches, so that Enter would pick a wrong session; it filters by one piece of
ASCII text only, and lays out all of 5 000 lines at each key (70 ms). Ours lays out one screenful.

It is drawn on stderr, on the alternate screen of the terminal, so that it leaves no trace.
"""

import signal
import termios
from collections.abc import Callable
from types import FrameType

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
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

from clinvk.cli.choices import Choices
from clinvk.cli.context import Cli
from clinvk.cli.render.choices import choice_lines
from clinvk.errors import ExitStatus, StoppedBySignal
from clinvk.model.session import Session
from clinvk.services.sessions.list import Listed
from clinvk.services.sessions.pick import OfferedSessions
from clinvk.services.world import World

_ENDS = (signal.SIGTERM, signal.SIGHUP)
_POINTER = "» "
_INSTRUCTION = "type to filter, ↑↓ to move, Enter to pick, Esc to cancel"
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


class _Screen:
    """The screen of the picker: its content and its key bindings."""

    def __init__(self, choices: Choices, world: World, *, damaged: int) -> None:
        self._choices = choices
        self._damaged = damaged
        self._world = world
        self._now = world.now()
        self._list = Window(FormattedTextControl(self._rows), wrap_lines=False)
        typed = Buffer(multiline=False, on_text_changed=lambda it: choices.narrow(it.text))
        question = BufferControl(typed, input_processors=[BeforeInput(_question)])
        footer = Window(FormattedTextControl(self._footer), height=1, wrap_lines=False)
        self.layout = Layout(HSplit([Window(question, height=1), self._list, footer]))
        self.keys = self._bindings()

    def _rows(self) -> StyleAndTextTuples:
        """The lines that fit into the window; called again at each key and resize."""
        from prompt_toolkit.application import get_app

        size = get_app().output.get_size()
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
        return [("class:instruction", f"{count}  {_INSTRUCTION}{damaged}")]

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


def _question() -> StyleAndTextTuples:
    return [("class:qmark", "? "), ("class:question", "Which session? ")]


def _leave(event: KeyPressEvent) -> None:
    event.app.exit(exception=KeyboardInterrupt)
