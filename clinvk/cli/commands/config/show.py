"""`clinvk config show`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

if TYPE_CHECKING:
    from clinvk.cli.streams import Streams
    from clinvk.model.config import Setting

app = new_app()


@app.command()
def show(
    ctx: typer.Context,
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value is from.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show every setting as it is now.

    What the environment says stands over the file, which stands over the defaults.
    """
    from clinvk.services.config.edit import all_settings

    cli: Cli = ctx.obj
    render_settings(all_settings(cli.world), cli.streams, origin=origin, as_json=as_json)


def render_settings(
    settings: "Mapping[str, Setting]", streams: "Streams", *, origin: bool, as_json: bool
) -> None:
    """Show every key on stdout, as YAML that could be the file itself, or as JSON."""
    from clinvk.published.machine import settings_to_json, settings_to_yaml
    from clinvk.text.json_codec import json_page

    if as_json:
        streams.out_json(json_page(settings_to_json(settings, origin=origin)).decode())
    else:
        streams.out_text("".join(settings_to_yaml(settings, origin=origin)))
