"""The terminal as one object: the three streams and the operations on them.

stdout is for data, stderr for messages. Nothing else in the package writes to them. Streams
are passed in; nothing is read from the process. The object also owns the transient line
(the spinner) on stderr: it is drawn with the cursor left at its start, and erased before any other
output. A question is a panel there, which stays below all other output until it is answered. No
terminal mode is changed here.
"""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Literal, TextIO

from msgspec import Struct, field
from msgspec.structs import replace

from clinvk.cli.encoding import abandon, encode, push, text_from
from clinvk.cli.paint import Paint
from clinvk.cli.panel import Panel
from clinvk.cli.pipe import Pipe, pipe_of, same_pipe
from clinvk.cli.stdin import unreadable_stdin
from clinvk.errors import ClinvkError
from clinvk.text.sanitize import escaped_json, safe_text

ColorChoice = Literal["auto", "always", "never"]

DEFAULT_WIDTH, DEFAULT_HEIGHT = 80, 24
_WIPE = "\r\x1b[K"


class OutputClosed(Exception):  # noqa: N818  like `StopIteration`: an end, not an error
    """The reader of our stdout has closed it (`| head`); no more output is needed."""


class OutputLostError(ClinvkError):
    """Writing to stdout failed for another reason, such as a full disk."""


class Streams(Struct, kw_only=True, eq=False):
    """Where data and messages go, and what the terminal can show.

    `width` is in columns; `width_fixed` means that the user set it (`COLUMNS`). `color` applies to
    stdout, `err_color` to stderr; `styled` and `err_styled` that they can show bold and underlined
    text, with or without colours. `cursor` means that stderr is a terminal that can erase a line,
    `reflows` that it wraps its lines again when it becomes narrower.
    """

    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    stdin_is_tty: bool = False
    stdout_is_tty: bool = False
    stderr_is_tty: bool = False
    width: int = DEFAULT_WIDTH
    width_fixed: bool = False
    color: bool = False
    err_color: bool = False
    styled: bool = False
    err_styled: bool = False
    cursor: bool = False
    reflows: bool = True
    auto_color: tuple[bool, bool] = (False, False)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _drawn: bool = False
    _panel: Panel | None = None
    _held: list[tuple[Callable[[str], None], str]] = field(default_factory=list)
    _pipe: Pipe | None = None
    _err_pipe: Pipe | None = None

    def __post_init__(self) -> None:
        # A copy with other colours shares the pipes, so that the order of the output is kept.
        self._pipe = self._pipe or pipe_of(self.stdout)
        shared = self._pipe if same_pipe(self.stdout, self.stderr) else None
        self._err_pipe = self._err_pipe or shared or pipe_of(self.stderr)

    @property
    def paint(self) -> Paint:
        """What stdout can show."""
        return Paint(styled=self.styled or self.color, color=self.color)

    @property
    def err_paint(self) -> Paint:
        """What stderr can show."""
        return Paint(styled=self.err_styled or self.err_color, color=self.err_color)

    @property
    def stdout_is_pipe(self) -> bool:
        """Whether another program reads stdout: `| less`, `| head`."""
        return self._pipe is not None

    @property
    def moves(self) -> bool:
        """Whether stdout is a terminal whose cursor can be moved."""
        return self.stdout_is_tty and self.styled

    def out(self, text: str) -> None:
        """Write data to stdout now; to a pipe as soon as its reader is ready.

        Raises `OutputClosed` if the reader has closed the pipe, `OutputLostError` if writing fails.
        Does nothing without a stdout (`>&-`).
        """
        self._out(text, encoding=_encoding(self.stdout))

    def out_text(self, text: str) -> None:
        """Write text from others: unchanged, but safe on a terminal. Raises like `out`."""
        self.out(safe_text(text) if self.stdout_is_tty else text)

    def out_utf8(self, text: str) -> None:
        """Write data as UTF-8 in every locale. Raises like `out`."""
        self._out(text, encoding="utf-8")

    def out_json(self, text: str) -> None:
        """Write JSON as UTF-8, with terminal control characters escaped. Raises like `out`."""
        self._out(escaped_json(text), encoding="utf-8")

    def attend_with(self, attend: Callable[[], bool]) -> None:
        """Call `attend` regularly while we wait for a slow reader.

        Once it returns False, all further output to that reader is dropped.
        """
        for pipe in (self._pipe, self._err_pipe):
            if pipe is not None:
                pipe.attend = attend

    def finish(self, wait_s: float | None = None) -> None:
        """Wait up to `wait_s` until the readers of our pipes have everything; never raises."""
        for pipe in (self._pipe, self._err_pipe):
            if pipe is not None:
                pipe.finish(wait_s)

    def err(self, line: str = "") -> None:
        """Write one line to stderr now; a closed stderr is ignored."""
        self._err(f"{line}\n")

    def err_text(self, text: str) -> None:
        """Write lines with text from others to stderr: unchanged, but safe on a terminal.

        Never raises, like `err`.
        """
        self.err(safe_text(text) if self.stderr_is_tty else text)

    def draw(self, line: str, *, unless: Callable[[], bool]) -> None:
        """Show a transient line on stderr; the next output or `erase` removes it.

        It must be shorter than `columns()`: a wrapped line cannot be erased. `unless` is called
        while no other thread can write, so that no line is drawn too late.
        """
        with self._lock:
            if self.cursor and self._panel is None and not unless():
                self._err(f"{_WIPE}{line}\r", drawn=True)

    def erase(self) -> None:
        """Erase the transient line, if there is one."""
        with self._lock:
            if self._drawn:
                self._err("")

    def show(self, panel: Panel | None) -> None:
        """Keep the panel below all other output, in place of the last one; None removes it.

        Only on a terminal with a `cursor`. Other output appears above it by whole lines.
        """
        with self._lock:
            before, self._panel = self._panel, None
            reflows, columns = self.reflows, self.columns()
            if panel is not None:
                self._err(panel.drawn_over(before, columns, reflows=reflows))
                self._panel = panel
                return
            if before is not None:
                self._err(before.erased(columns, reflows=reflows))
            self._write_held()

    def read_stdin(self, longest: int) -> str:
        """All of stdin as text; bytes that are not UTF-8 become surrogate escapes.

        If it is longer than `longest`, the result has one more than that, so that the caller can
        tell. Raises `UsageError` if it cannot be read.
        """
        if self.stdin is None:
            return ""
        buffer = getattr(self.stdin, "buffer", None)
        try:
            if buffer is None:
                return self.stdin.read(longest + 1)
            return text_from(bytes(buffer.read(longest + 1)))
        except OSError as error:
            raise unreadable_stdin(error) from error

    def stdin_blocks(self, size: int) -> Iterator[bytes]:
        """The bytes of stdin, at most `size` at a time; raises `UsageError` like `read_stdin`."""
        buffer = getattr(self.stdin, "buffer", None)
        try:
            while buffer is not None and (block := buffer.read(size)):
                yield block
        except OSError as error:
            raise unreadable_stdin(error) from error

    def ask(self, question: str) -> str | None:
        """Ask on stderr and return the line typed; None without a terminal.

        End of input is an empty answer. Raises `StoppedBySignal` for SIGTERM and SIGHUP, and when
        the terminal is lost.
        """
        if self.stdin is None or not (self.stdin_is_tty and self.stderr_is_tty):
            return None
        self._err(f"{question} ")
        from clinvk.process.signals import stopped_by_signals  # rarely needed

        with stopped_by_signals():
            answer = self.stdin.readline()
        if not answer.endswith("\n"):
            self.err()
        return answer.strip()

    @property
    def encoding(self) -> str:
        """The encoding of stdout."""
        return _encoding(self.stdout)

    def err_can_show(self, signs: str) -> bool:
        """Whether the encoding of stderr has these characters."""
        try:
            signs.encode(_encoding(self.stderr))
        except UnicodeEncodeError:
            return False
        return True

    def columns(self) -> int:
        """The current width of the terminal; windows are resized during long runs."""
        if self.width_fixed:
            return self.width
        return measure(self.stderr) or measure(self.stdout) or self.width

    def rows(self) -> int:
        """The current height of the terminal."""
        return measure(self.stderr, "lines") or measure(self.stdout, "lines") or DEFAULT_HEIGHT

    def with_color(self, choice: ColorChoice) -> "Streams":
        """The same terminal with colour as configured; `auto` follows the environment."""
        color, err_color = {
            "auto": self.auto_color,
            "always": (True, True),
            "never": (False, False),
        }[choice]
        return replace(self, color=color, err_color=err_color)

    def _above_panel(self, write: Callable[[str], None], text: str) -> None:
        """Write the whole lines above the panel, and keep the start of another until it ends."""
        whole, end, rest = text.rpartition("\n")
        if not end:
            self._held.append((write, text))
            return
        self._held.append((write, whole + end))
        panel = self._panel
        try:
            self.show(None)
        finally:
            self.show(panel)
            if rest:
                self._held.append((write, rest))

    def _write_held(self) -> None:
        held, self._held = self._held, []
        for write, text in held:
            write(text)

    def _out(self, text: str, *, encoding: str) -> None:
        if self.stdout is None:
            return
        with self._lock:
            if self._panel is not None and self.stdout_is_tty:
                self._above_panel(lambda held: self._out(held, encoding=encoding), text)
                return
            self.erase()
            try:
                if self._pipe is not None:
                    self._pipe.write(encode(text, encoding))
                else:
                    push(self.stdout, text, encoding)
            except (BrokenPipeError, ConnectionResetError) as gone:
                abandon(self.stdout)
                raise OutputClosed from gone
            except OSError as error:
                abandon(self.stdout)
                raise OutputLostError(
                    f"the output cannot be written: {(error.strerror or str(error)).lower()}"
                ) from error

    def _err(self, text: str, *, drawn: bool = False) -> None:
        if self.stderr is None:
            return
        with self._lock:
            if self._panel is not None and text:
                self._above_panel(self._err, text)
                return
            wipe = _WIPE if self._drawn and not drawn else ""
            self._drawn = drawn
            try:
                if self._err_pipe is not None:
                    self._err_pipe.write(encode(wipe + text, _encoding(self.stderr)))
                else:
                    push(self.stderr, wipe + text, _encoding(self.stderr))
            except OSError:
                abandon(self.stderr)


def _encoding(stream: TextIO | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def measure(stream: TextIO | None, what: Literal["columns", "lines"] = "columns") -> int | None:
    """The current size of the terminal, None for anything else."""
    try:
        size = os.get_terminal_size(stream.fileno()) if stream else None
        return (size and getattr(size, what)) or None
    except (OSError, ValueError, AttributeError):
        return None
