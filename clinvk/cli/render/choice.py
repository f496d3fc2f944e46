"""Which renderer shows a run."""

from collections.abc import Callable
from typing import Literal

from clinvk.cli.render import Renderer
from clinvk.cli.streams import Streams

Form = Literal["text", "json", "stream-json"]


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
