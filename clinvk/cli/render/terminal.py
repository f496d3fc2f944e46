"""Text on a terminal: the answer as Markdown, block by block, and the activity around it.

A block is rendered once, when it is complete, and never changed: the time is proportional to the
length of the answer, and scrolled text stays correct. Only the spinner shows unfinished work.
"""

from collections.abc import Callable

from clinvk.cli.render import Renderer
from clinvk.cli.render.activity import Activity
from clinvk.cli.render.blocks import Blocks
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
        self._safe = SafeStream()
        self._blocks = Blocks()
        self._answered = False
        self._markdown: Callable[[str, int], str] | None = None

    def started(self, turn: TurnStart) -> None:
        """Start the spinner."""
        self._activity.started(turn)

    def event(self, event: Event) -> None:
        """Show the complete blocks of the answer, or another activity."""
        if isinstance(event, Init | Raw):
            pass  # not shown, and a message may continue after it
        elif not isinstance(event, Message):
            self._end_message()
        elif event.delta:
            if event.continues is False:
                self._end_message()
            self._show(self._blocks.feed(self._safe.feed(event.text)))
        else:
            self._end_message()
            self._show(self._blocks.feed(self._safe.feed(event.text)))
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
        rest = self._safe.flush()
        self._show([*self._blocks.feed(rest), *self._blocks.flush()])

    def _show(self, blocks: list[str]) -> None:
        for block in blocks:
            if rendered := self._render(block):
                self._gap()
                self._streams.out(rendered)
                self._answered = True
                self._activity.gap_due = True
                self._activity.wrote = False

    def _gap(self) -> None:
        """Write one blank line as a separator, on the stream that was written last."""
        self._activity.answer_begins()
        if self._activity.wrote and self._streams.stderr_is_tty:
            self._streams.err()
        elif self._answered:
            self._streams.out("\n")

    def _render(self, block: str) -> str:
        if self._markdown is None:
            from clinvk.cli.render.markdown import MarkdownLines

            self._markdown = MarkdownLines(color=self._streams.color).render
        return self._markdown(block, self._streams.columns())
