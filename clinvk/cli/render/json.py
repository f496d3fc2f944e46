"""For programs: `-o json` prints one object at the end, `-o stream-json` one event per line.

A failure is also on stderr: it is all that the log of a script shows.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clinvk.cli.render import Renderer
from clinvk.cli.render.errors import say_error
from clinvk.cli.streams import Streams
from clinvk.model.events import Event
from clinvk.model.report import RunReport, TurnStart
from clinvk.published.run import event_to_json, report_to_json
from clinvk.text.json_codec import json_line

if TYPE_CHECKING:  # only loaded for a log
    from clinvk.cli.render.activity import Activity


class JsonReport(Renderer):
    """Writes only the report."""

    def __init__(self, streams: Streams, *, quiet: bool = False) -> None:
        self._streams, self._quiet = streams, quiet

    def finished(self, report: RunReport) -> None:
        """Write the object."""
        self._streams.out_json(json_line(report_to_json(report)).decode())
        _say_failure(self._streams, report, quiet=self._quiet)


class Logged(Renderer):
    """Shows the activity of a run on stderr beside what another renderer writes."""

    def __init__(self, renderer: Renderer, log: "Activity") -> None:
        self._renderer = renderer
        self._log = log

    def started(self, turn: TurnStart) -> None:
        """The turn starts."""
        self._renderer.started(turn)
        self._log.started(turn)

    def event(self, event: Event) -> None:
        """Show the event."""
        self._renderer.event(event)
        self._log.event(event)

    def finished(self, report: RunReport) -> None:
        """Write the report, and how the turn ended."""
        self._renderer.finished(report)
        self._log.finished(report)

    def close(self) -> None:
        """Stop the spinner."""
        self._log.close()


class StreamJson(Renderer):
    """Writes each event, except the raw lines of the backend."""

    def __init__(self, streams: Streams, *, quiet: bool = False) -> None:
        self._streams, self._quiet = streams, quiet
        self._turn: TurnStart | None = None

    def started(self, turn: TurnStart) -> None:
        """Write nothing: `init` follows when the agent has a conversation."""
        self._turn = turn

    def event(self, event: Event) -> None:
        """Write the event's line."""
        if (body := event_to_json(event, self._turn)) is not None:
            self._write(event.type, body)

    def finished(self, report: RunReport) -> None:
        """Write the report as the last line."""
        self._write("result", report_to_json(report))
        _say_failure(self._streams, report, quiet=self._quiet)

    def _write(self, kind: str, body: Mapping[str, Any]) -> None:
        self._streams.out_json(json_line({"type": kind, **body}).decode())


def _say_failure(streams: Streams, report: RunReport, *, quiet: bool) -> None:
    if report.error is not None and not quiet:
        say_error(streams, report.error)
