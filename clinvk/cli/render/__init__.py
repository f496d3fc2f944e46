"""How a run is shown: one file per format, all with one protocol.

The calls are `started` once, `event` for each event, `finished` once, and `close` always, also
after an exception. All calls come from one thread. No calls are needed between events: the spinner
has its own thread.
"""

from collections.abc import Callable
from typing import Literal

from clinvk.cli.streams import Streams
from clinvk.model.events import Event
from clinvk.model.report import RunReport, TurnStart

Form = Literal["text", "json", "stream-json"]


class Renderer:
    """Shows one run: a subclass overrides what it shows.

    All methods but `close` can raise `streams.OutputClosed`.
    """

    def started(self, turn: TurnStart) -> None:
        """The turn starts; there are no events yet."""

    def event(self, event: Event) -> None:
        """The agent sent an event."""

    def finished(self, report: RunReport) -> None:
        """The turn has ended; if it failed, the report has the error."""

    def close(self) -> None:
        """Restore the terminal; can be called at any time and more than once."""


def renderer_for(  # noqa: PLR0913  independent options
    streams: Streams,
    form: Form,
    *,
    clock: Callable[[], float],
    render: Literal["auto", "always", "never"] = "auto",
    quiet: bool = False,
    verbose: bool = False,
) -> Renderer:
    """The renderer of an output format; only that one is imported.

    Markdown is rendered on a terminal that can show it (`auto`), always or never. `clock` counts
    seconds.
    """
    if form != "text":
        from clinvk.cli.render.json import JsonReport, StreamJson

        renderer = JsonReport if form == "json" else StreamJson
        written = renderer(streams, quiet=quiet or verbose)  # the log has the failure too
        return _logged(written, streams, clock) if verbose and not quiet else written
    shows = streams.stdout_is_tty and (streams.styled or streams.color)
    if render == "always" or (render == "auto" and shows):
        from clinvk.cli.render.terminal import Terminal

        return Terminal(streams, clock=clock, quiet=quiet, verbose=verbose)
    from clinvk.cli.render.text import PlainText

    return PlainText(streams, clock=clock, quiet=quiet, verbose=verbose)


def _logged(written: Renderer, streams: Streams, clock: Callable[[], float]) -> Renderer:
    from clinvk.cli.render.activity import Activity
    from clinvk.cli.render.json import Logged

    return Logged(written, Activity(streams, clock, verbose=True))
