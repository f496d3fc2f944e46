"""How a run is shown: one file a format, all behind one protocol.

A renderer is told about a run in order: `started` once, `event` for each event, `finished` once,
and `close` always, also when an exception is on its way. All of it is called from one thread.
Nothing has to be called while nothing happens: the spinner has a thread of its own.
"""

from collections.abc import Callable
from typing import Literal, Protocol

from clinvk.cli.streams import Streams
from clinvk.model.events import Event
from clinvk.model.report import RunReport, TurnStart

Form = Literal["text", "json", "stream-json"]


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


def renderer_for(  # noqa: PLR0913  each is a switch of its own
    streams: Streams,
    form: Form,
    *,
    clock: Callable[[], float],
    render: Literal["auto", "always", "never"] = "auto",
    quiet: bool = False,
    verbose: bool = False,
) -> Renderer:
    """The renderer of an output format; only that one is imported.

    Markdown is rendered on a terminal (`auto`), always or never. `clock` counts seconds.
    """
    if form == "json":
        from clinvk.cli.render.stream_json import JsonReport

        return JsonReport(streams)
    if form == "stream-json":
        from clinvk.cli.render.stream_json import StreamJson

        return StreamJson(streams)
    if render == "always" or (render == "auto" and streams.stdout_is_tty):
        from clinvk.cli.render.terminal import Terminal

        return Terminal(streams, clock=clock, quiet=quiet, verbose=verbose)
    from clinvk.cli.render.text import PlainText

    return PlainText(streams, clock=clock, quiet=quiet, verbose=verbose)
