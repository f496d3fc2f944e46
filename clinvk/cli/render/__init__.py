"""How a run is shown: one file a format, all behind one protocol.

A renderer is told about a run in order: `started` once, `event` for each event, `finished` once,
and `close` always, also when an exception is on its way. All of it is called from one thread.
Nothing has to be called while nothing happens: the spinner has a thread of its own.
"""

from typing import Protocol

from clinvk.model.events import Event
from clinvk.model.report import RunReport, TurnStart

__all__ = ["Renderer", "TurnStart"]


class Renderer(Protocol):
    """Shows one run; may raise `streams.OutputClosed` from anything but `close`."""

    def started(self, turn: TurnStart) -> None:
        """The turn begins; the agent has said nothing yet."""

    def event(self, event: Event) -> None:
        """The agent said something."""

    def finished(self, report: RunReport) -> None:
        """The turn is over, well or not: the report has its error, if any."""

    def close(self) -> None:
        """Leave the terminal as it was found; may be called at any moment, and twice."""
