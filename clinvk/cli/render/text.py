"""Plain text: the answer on stdout as it arrives, for pipes and for `output.render: never`.

A message streams piece by piece. Its last line ends are held back until more text follows, so that
messages are one blank line apart and the output ends with exactly one line end.
"""

from collections.abc import Callable

from clinvk.cli.render import Renderer
from clinvk.cli.render.activity import Activity
from clinvk.cli.streams import Streams
from clinvk.model.events import (
    Event,
    Init,
    Message,
    Raw,
    Thinking,
    UsageReported,
    Warned,
    ends_message,
)
from clinvk.model.report import RunReport, TurnStart
from clinvk.text.sanitize import SafeStream

_WITHIN_A_MESSAGE = (Init, Raw, Thinking, UsageReported, Warned)
"""Events that can come between two parts of one message."""

_NOT_SHOWN = (Init, Raw)
"""Events that write nothing."""


class PlainText(Renderer):
    """Writes the answer unchanged; on a terminal it is made safe."""

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
        self._safe = SafeStream(whole_lines=False) if streams.stdout_is_tty else None
        self._answered = False
        self._in_message = False
        self._in_delta = False
        self._held: list[str] = []

    def started(self, turn: TurnStart) -> None:
        """Start the spinner, if stderr is a terminal."""
        self._activity.started(turn)

    def event(self, event: Event) -> None:
        """Write a part of the answer, or show another activity."""
        if not isinstance(event, Message):
            # On a terminal, other events are shown below the message; a pipe gets none of them.
            shown = self._streams.stdout_is_tty and not isinstance(event, _NOT_SHOWN)
            if shown or not isinstance(event, _WITHIN_A_MESSAGE):
                self._end_message()
        else:
            continues = event.continues
            if continues is None:
                continues = event.delta and self._in_delta
            if not continues:
                self._end_message()
            self._write(event.text)
            if not event.delta and self._streams.stdout_is_tty:
                self._end_message()
        if ends_message(event.type, getattr(event, "code", None)):
            self._in_delta = isinstance(event, Message) and event.delta
        self._activity.event(event)

    def finished(self, report: RunReport) -> None:
        """End the answer; it may be in the report only."""
        self._end_message()
        if not self._answered and report.outcome.text:
            self._write(report.outcome.text)
            self._end_message()
        self._activity.finished(report)

    def close(self) -> None:
        """Stop the spinner."""
        self._activity.close()

    def _write(self, text: str) -> None:
        self._emit(text if self._safe is None else self._safe.feed(text))

    def _end_message(self) -> None:
        if self._safe is not None:
            self._emit(self._safe.flush())
        self._held.clear()
        if self._in_message:
            self._in_message = False
            self._streams.out("\n")
            self._gap_due()
            self._activity.resume()

    def _emit(self, text: str) -> None:
        body = text.rstrip("\r\n")
        if not body:
            self._held.append(text)
            return
        text, body = text[len(body) :], "".join((*self._held, body))
        self._held = [text]
        if not self._in_message:
            body = self._begin_message() + body
        self._streams.out(body)

    def _begin_message(self) -> str:
        """Start a message and return the separator before it."""
        self._activity.answer_begins()
        if self._streams.stdout_is_tty:
            self._activity.pause()
        between = "\n" if self._answered and not self._same_screen_gap() else ""
        self._in_message = self._answered = True
        return between

    def _gap_due(self) -> None:
        if self._streams.stdout_is_tty:
            self._activity.gap_due = True
            self._activity.wrote = False

    def _same_screen_gap(self) -> bool:
        """Whether activity between two messages on one terminal already gave a blank line."""
        if not (self._streams.stdout_is_tty and self._activity.wrote):
            return False
        self._streams.err()
        return True
