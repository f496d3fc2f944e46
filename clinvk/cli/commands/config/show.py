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
    origin: Annotated[
        bool, typer.Option("--origin", help="Show where each value comes from.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show the current settings.

    The environment overrides the file, and the file overrides the defaults.
    """
    from clinvk.services.config.edit import all_settings

    cli: Cli = ctx.obj
    render_settings(all_settings(cli.world), cli.streams, origin=origin, as_json=as_json)


def render_settings(
    settings: "Mapping[str, Setting]", streams: "Streams", *, origin: bool, as_json: bool
) -> None:
    """Show every key on stdout, as JSON or as YAML that is a valid configuration file."""
    from clinvk.published.machine import settings_to_json, settings_to_yaml
    from clinvk.text.json_codec import json_page

    if as_json:
        streams.out_json(json_page(settings_to_json(settings, origin=origin)).decode())
    else:
        streams.out_text("".join(settings_to_yaml(settings, origin=origin)))
