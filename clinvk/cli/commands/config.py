"""`clinvk config`: all of its commands."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, Table, command, table
from clinvk.cli.context import Cli

if TYPE_CHECKING:
    from clinvk.cli.streams import Streams
    from clinvk.model.config import Setting

Key = Annotated[str, Argument(metavar="KEY", help="Name of the key, such as `run.timeout`.")]


@command()
def show(
    cli: Cli,
    *,
    origin: Annotated[bool, Option("--origin", help="Show where each value comes from.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show the current settings.

    The environment overrides the file, and the file overrides the defaults.
    """
    from clinvk.services.config.edit import all_settings

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


@command()
def get(cli: Cli, key: Key) -> None:
    """Print one setting.

    Text is printed unchanged, a list as JSON, and an unset key as `null`.
    """
    from clinvk.services.config.edit import setting_text

    cli.streams.out_text(f"{setting_text(cli.world, key)}\n")


# A value may start with `-`: an argument for the agent, or a negative number, which is refused.
@command("set", context_settings={"ignore_unknown_options": True})
def set_(
    cli: Cli,
    key: Key,
    value: Annotated[
        str, Argument(metavar="VALUE", help="New value; `[a, b]` is a list, `null` is none.")
    ],
) -> None:
    """Set a key in the configuration file.

    The key and the value are checked first. Comments and order in the file are kept.
    """
    from clinvk.cli.render.errors import say_warning
    from clinvk.services.config.edit import set_key

    if stronger := set_key(cli.world, key, value):
        say_warning(cli.streams, f"`{stronger}` is set in the environment and overrides the file")


@command()
def unset(cli: Cli, key: Key) -> None:
    """Remove a key from the configuration file.

    Its default applies again. It is not an error if the key is not in the file.
    """
    from clinvk.services.config.edit import unset_key

    if not unset_key(cli.world, key):
        cli.streams.err(f"`{key}` is not in the configuration file")


@command()
def path(cli: Cli) -> None:
    """Print the path of the configuration file.

    The file need not exist. `CLINVK_HOME` moves it together with all other files.
    """
    cli.streams.out_text(f"{cli.world.home.config_file}\n")


@command()
def edit(cli: Cli) -> None:
    """Open the configuration file in your editor, then check it.

    Your changes are kept even if they are invalid.
    """
    from clinvk.cli.editor import editor_of, open_editor
    from clinvk.errors import ConfigError
    from clinvk.services.config.edit import start_editing, stop_editing, validate

    file = cli.world.home.config_file
    editor = editor_of(cli, otherwise=f"open `{file}` yourself")
    created = start_editing(cli.world)
    try:
        open_editor(editor, file, cli, lost="the file is as the editor left it")
    finally:
        stop_editing(cli.world, created=created)
    try:
        validate(cli.world, None)
    except ConfigError as error:
        again = "your changes are kept; `clinvk config edit` opens the file again"
        raise ConfigError(error.message, hint=again) from error


@command("validate")
def validate_(
    cli: Cli,
    file: Annotated[
        Path | None,
        Argument(metavar="[FILE]", help="Check FILE instead of your file and the environment."),
    ] = None,
) -> None:
    """Check the configuration, or another configuration file.

    Every error is printed on its own line, and the exit status is 3.
    """
    from clinvk.services.config.edit import validate

    valid = validate(cli.world, file)
    if valid is None:
        cli.streams.err("there is no configuration file: the defaults apply")
    else:
        cli.streams.err_text(f"`{valid}` is valid")


config = table(
    Table,
    "config",
    help="Show, check and change the configuration.",
    commands=[show, get, set_, unset, path, edit, validate_],
)
