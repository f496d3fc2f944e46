"""`-o json`: one object, when the run is over, and nothing else."""

from clinvk.cli.streams import Streams
from clinvk.model.events import Event
from clinvk.model.report import RunReport, TurnStart, report_to_json
from clinvk.text.json_codec import json_line


class JsonReport:
    """Waits for the report."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def started(self, turn: TurnStart) -> None:
        """Say nothing."""

    def event(self, event: Event) -> None:
        """Say nothing."""

    def finished(self, report: RunReport) -> None:
        """Write the object."""
        self._streams.out_json(json_line(report_to_json(report)).decode())

    def close(self) -> None:
        """Leave nothing to do."""
