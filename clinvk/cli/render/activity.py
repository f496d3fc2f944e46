"""The agent's activity apart from the answer: dim one-line entries on stderr, and the spinner.

A tool call is one line, printed with its outcome when the result is received; until then the
spinner shows it. If stderr is not a terminal, only warnings and errors are printed, unless `-v`
asks for more. The same is true if stdout is a pipe: its reader may be a pager, which has the
terminal; then warnings and errors wait for the end.
"""

import os
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

from clinvk.cli.paint import DIM
from clinvk.cli.render.closing import closing_lines, stopped_word
from clinvk.cli.render.errors import say_error, say_warning
from clinvk.cli.render.permission_answer import answer_words
from clinvk.cli.render.spinner import Spinner, elapsed_text
from clinvk.cli.streams import Streams
from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Init,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.files import shown_paths
from clinvk.model.report import MOST_WARNINGS, RunReport, TurnStart, short_warning
from clinvk.model.tool_names import COMMAND, common_name
from clinvk.text.sanitize import SafeStream, safe_line
from clinvk.text.width import cut, display_width

_CHANGE_SIGNS = {Change.CREATED: "+", Change.MODIFIED: "~", Change.DELETED: "-"}
_SHOWN_FROM_S = 1.0


class _Call(Struct, frozen=True):
    """A tool call without a result."""

    line: str
    began_at: float


class Activity:
    """Everything on stderr of one run; with `verbose` thinking too.

    With `quiet` only its error, what its answer lacks, and that it is not recorded.
    """

    def __init__(
        self,
        streams: Streams,
        clock: Callable[[], float],
        *,
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        self.streams = streams
        self.clock = clock
        self.quiet = quiet
        self.verbose = verbose
        self.wrote = False
        """Whether a line was written since the caller last set this to False."""
        self.gap_due = False
        """Whether the caller has written an answer to the same screen since our last line."""
        self._spinner = Spinner(streams, clock)
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        """The calls without a result, newest last; a plain dict would have to search for it."""
        self._asked: dict[str, str] = {}
        """The requests without an answer: what was asked for, by their ids."""
        self._warned: set[str] = set()
        self._thinking = SafeStream()
        self._places: tuple[str, ...] = ()
        self._alone = streams.stderr_is_tty and not streams.stdout_is_pipe
        """Whether the terminal is ours."""
        self._waiting: list[str] = []
        """Warnings for the end."""

    @property
    def _spins(self) -> bool:
        """Whether the spinner shows what is not complete."""
        return self._alone and self.streams.cursor and not self.quiet

    @property
    def _shown(self) -> bool:
        return not self.quiet and (self.verbose or self._alone)

    def started(self, turn: TurnStart) -> None:
        """Start the spinner."""
        # Some agents tell real paths, others those that they were given.
        self._places = (turn.cwd, os.path.realpath(turn.cwd))
        self._spinner.label = f"starting {safe_line(turn.backend)}"
        if self._shown and turn.created:
            self._line(safe_line(turn.created))
        if self._spins:
            self._spinner.start()
        if self.verbose and self._shown and turn.session_id is not None:
            parts = ("session " + turn.session_id, turn.backend, turn.model or "")
            self._line(" · ".join(safe_line(part) for part in parts if part))

    def event(self, event: Event) -> None:
        """Show an event, unless it is part of the answer."""
        if isinstance(event, Warned):
            self._warn(event)
        elif self._shown:
            self._show(event)

    def answer_begins(self) -> None:
        """Print the calls without a result above the answer, since the agent has continued."""
        if not self._shown:
            return
        if self._spins:
            for call in self._calls.values():
                self._line(f"• {call.line}")
            self._calls.clear()
        self._relabel()

    def pause(self) -> None:
        """Hide the spinner while a line of the answer is incomplete."""
        self._spinner.pause()

    def resume(self) -> None:
        """Show the spinner again: the cursor is at the start of a line."""
        self._spinner.resume()

    def finished(self, report: RunReport) -> None:
        """Print the remaining warnings, the closing lines and the error."""
        self._end_thinking()
        self.answer_begins()
        self._spinner.stop()
        for line in self._asked.values():
            self._line(f"✗ {answer_words(None)}  {line}")
        self._say_waiting()
        for message in () if self.quiet else report.outcome.warnings:
            if message not in self._warned:
                self._gap()
                say_warning(self.streams, message)
        if self._shown and report.backend is not None:
            self.gap_due = self.gap_due or self.wrote
            columns = self.streams.columns() if self.streams.stderr_is_tty else None
            for line in closing_lines(report, columns):
                self._line(line)
        elif not self.quiet and (word := stopped_word(report)):
            self._err(word)
        if report.error is not None:
            self._gap()
            say_error(self.streams, report.error)

    def close(self) -> None:
        """Stop and erase the spinner; the run may have ended without a report."""
        self._spinner.stop()
        self._say_waiting()

    def _warn(self, event: Warned) -> None:
        if len(self._warned) <= MOST_WARNINGS:
            self._warned.add(short_warning(event.message))
        about_answer = event.code == "answer"
        if self.quiet and not (event.unrecorded or about_answer):
            return
        if event.code == "retry" and self._shown:
            self._line(f"↻ {safe_line(event.message)}")
            self._spinner.label = "waiting to try again"
        elif self.streams.stderr_is_tty and not self._alone:
            self._waiting.append(event.message)
        else:
            self._gap()
            say_warning(self.streams, event.message)

    def _say_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            self._gap()
            say_warning(self.streams, message)

    def _show(self, event: Event) -> None:
        if not isinstance(event, Thinking):
            self._end_thinking()
        match event:
            case ToolUse():
                line = self._named(event.name, event.summary)
                self._calls[event.id] = _Call(line, self.clock())
                if not self._spins:
                    self._line(f"• {line}")
            case ToolResult():
                self._result(event)
            case PermissionRequest() | PermissionAnswer():
                self._permission(event)
            case FileChange():
                path = safe_line(self._relative(event.path))
                self._line(f"{_CHANGE_SIGNS[event.change]} {path} {event.change.value}")
            case Thinking() if self.verbose:
                self._think(event)
            case Init() | Message() | Thinking():
                pass
            case _:
                return
        self._relabel("writing" if isinstance(event, Message) else "thinking")

    def _named(self, tool: str, summary: str) -> str:
        """A tool with what it is used for; paths are relative to the directory of the turn."""
        name = common_name(tool)
        used_for = summary if name == COMMAND else self._relative(summary)
        return "  ".join(filter(None, (safe_line(name), safe_line(used_for))))

    def _relative(self, text: str) -> str:
        for place in self._places:
            text = shown_paths(text, place)
        return text

    def _permission(self, event: PermissionRequest | PermissionAnswer) -> None:
        """One line when a request is answered; the question itself is shown elsewhere."""
        if isinstance(event, PermissionAnswer):
            sign = "✓" if event.decision.allows else "✗"
            asked = self._asked.pop(event.id, "")
            self._line(f"{sign} {safe_line(answer_words(event))}  {asked}")
            return
        self._asked[event.id] = self._named(event.tool, event.summary)
        if self.verbose and event.reason:
            self._line(f"  {safe_line(event.reason[:2_000])}")

    def _result(self, event: ToolResult) -> None:
        call = self._calls.pop(event.id, None)
        if call is None and event.ok:
            return
        line = call.line if call else "tool"
        took = self.clock() - call.began_at if call else 0.0
        suffix = f" · {elapsed_text(took)}" if took >= _SHOWN_FROM_S else ""
        self._line(f"{'✓' if event.ok else '✗'} {line}", suffix)
        first_line = next((text for text in event.text.splitlines() if safe_line(text)), "")
        if first_line and (self.verbose or not event.ok):
            self._line(f"  {safe_line(first_line[:2_000])}")

    def _think(self, event: Thinking) -> None:
        if not event.delta:
            self._end_thinking()
        self._think_lines(self._thinking.feed(event.text))
        if not event.delta:
            self._end_thinking()

    def _end_thinking(self) -> None:
        self._think_lines(self._thinking.flush())

    def _think_lines(self, text: str) -> None:
        for line in text.splitlines():
            if line.strip():
                self._err(f"  {line.expandtabs(4).rstrip()}")

    def _relabel(self, otherwise: str = "thinking") -> None:
        if self._asked:
            self._spinner.label = "waiting for an answer"
        elif self._calls:
            newest = next(reversed(self._calls.values()))
            others = len(self._calls) - 1
            more = f" (+{others})" if others else ""
            self._spinner.label = f"{newest.line}{more}"
        else:
            self._spinner.label = otherwise

    def _line(self, text: str, suffix: str = "") -> None:
        """Print one entry, on exactly one line of a terminal; the suffix is never cut."""
        if self.streams.stderr_is_tty:
            text = cut(text, max(self.streams.columns() - display_width(suffix), 1))
        self._err(text + suffix)

    def _err(self, text: str) -> None:
        self._gap()
        self.streams.err(self.streams.err_paint(text, DIM))

    def _gap(self) -> None:
        if self.gap_due:
            self.streams.err()
        self.gap_due = False
        self.wrote = True
