"""Text on a terminal: the answer as Markdown while it arrives, and the activity around it.

While a line of the answer is incomplete, the spinner is hidden.
"""

from collections.abc import Callable

from clinvk.cli.render import Renderer
from clinvk.cli.render.activity import Activity
from clinvk.cli.render.markdown import MarkdownStream
from clinvk.cli.streams import Streams
from clinvk.model.events import Event, Init, Message, Raw
from clinvk.model.report import RunReport, TurnStart
from clinvk.text.sanitize import SafeStream


class Terminal(Renderer):
    """Shows a run on a terminal. All text from the agent is made safe first."""

    def __init__(
        self,
        streams: Streams,
        *,
        clock: Callable[[], float],
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        self._streams = streams
        self._activity = Activity(streams, clock, quiet=quiet, verbose=verbose)
        self._safe = SafeStream(whole_lines=False)
        self._shown: list[str] = []
        self._markdown = MarkdownStream(
            self._shown.append,
            streams.columns,
            streams.paint,
            moves=streams.moves,
            rows=streams.rows,
        )
        self._answered = False
        self._in_message = False

    def started(self, turn: TurnStart) -> None:
        """Start the spinner."""
        self._activity.started(turn)

    def event(self, event: Event) -> None:
        """Show the next piece of the answer, or another activity."""
        if isinstance(event, Init | Raw):
            pass  # not shown, and a message may continue after it
        elif not isinstance(event, Message):
            self._end_message()
        else:
            if not event.delta or event.continues is False:
                self._end_message()
            self._markdown.feed(self._safe.feed(event.text))
            self._write()
            if not event.delta:
                self._end_message()
        self._activity.event(event)

    def finished(self, report: RunReport) -> None:
        """Show the rest of the answer and the closing lines."""
        self._end_message()
        if not self._answered and report.outcome.text:
            self.event(Message(text=report.outcome.text))
        self._activity.finished(report)

    def close(self) -> None:
        """Stop the spinner."""
        self._activity.close()

    def _end_message(self) -> None:
        self._markdown.feed(self._safe.flush())
        self._markdown.end()
        self._write()
        self._in_message = False

    def _write(self) -> None:
        """Write what is new, in one piece."""
        if text := "".join(self._shown):
            self._shown.clear()
            if not self._in_message:
                self._gap()
                self._in_message = self._answered = True
            self._activity.pause()
            self._streams.out(text)
            self._activity.gap_due = True
            self._activity.wrote = False
        if not self._markdown.mid_line:
            self._activity.resume()

    def _gap(self) -> None:
        """Write one blank line as a separator, on the stream that was written last."""
        self._activity.answer_begins()
        if self._activity.wrote and self._streams.stderr_is_tty:
            self._streams.err()
        elif self._answered:
            self._streams.out("\n")
