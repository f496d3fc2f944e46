"""`clinvk config edit`."""

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def edit(ctx: typer.Context) -> None:
    """Open the configuration file in your editor, then check it.

    Your changes are kept even if they are invalid.
    """
    from clinvk.cli.editor import editor_of, open_editor
    from clinvk.errors import ConfigError
    from clinvk.services.config.edit import start_editing, stop_editing, validate

    cli: Cli = ctx.obj
    path = cli.world.home.config_file
    editor = editor_of(cli, otherwise=f"open `{path}` yourself")
    created = start_editing(cli.world)
    try:
        open_editor(editor, path, cli, lost="the file is as the editor left it")
    finally:
        stop_editing(cli.world, created=created)
    try:
        validate(cli.world, None)
    except ConfigError as error:
        again = "your changes are kept; `clinvk config edit` opens the file again"
        raise ConfigError(error.message, hint=again) from error
