"""`clinvk config`: all of its commands."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from clinvk.cli import options
from clinvk.cli.command import Argument, Command, Option, Table, command, table
from clinvk.cli.context import Cli
from clinvk.cli.spelling import valued_options

if TYPE_CHECKING:
    from clinvk.cli.streams import Streams
    from clinvk.model.config import Setting
    from clinvk.services.config.edit import Change

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
    from clinvk.services.agents.programs import default_name
    from clinvk.services.config.edit import all_settings

    settings = all_settings(cli.world)
    default = None if as_json else default_name(cli.world)
    render_settings(settings, cli.streams, origin=origin, as_json=as_json, default=default)


def render_settings(
    settings: "Mapping[str, Setting]",
    streams: "Streams",
    *,
    origin: bool,
    as_json: bool,
    default: str | None = None,
) -> None:
    """Show every key on stdout, as JSON or as YAML that is a valid configuration file.

    `default` is the backend that is used if none is set.
    """
    from clinvk.published.machine import settings_to_json, settings_to_yaml
    from clinvk.text.json_codec import json_page

    if as_json:
        streams.out_json(json_page(settings_to_json(settings, origin=origin)).decode())
    else:
        streams.out_text("".join(settings_to_yaml(settings, origin=origin, default=default)))


@command()
def get(cli: Cli, key: Key, *, as_json: options.Json = False) -> None:
    """Print one setting.

    Text is printed unchanged, a list as JSON, and an unset key as `null`.
    """
    from clinvk.services.config.edit import setting, setting_text

    found = setting(cli.world, key)
    if as_json:
        _print_json(cli, {"key": key, "value": found.value, "origin": found.source})
    else:
        cli.streams.out_text(f"{setting_text(found)}\n")


class _SetCommand(Command):
    """A command whose second word is a value also if it starts with `-`.

    It can be an argument for the agent, or a negative number, which is refused.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  Typer's own
        """Separate the options from the key and its value."""
        valued = valued_options(self.params)
        ours: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg.startswith("-") and arg != "--":
                ours += [arg, *islice(rest, 1 if arg in valued else 0)]
                continue
            words = [arg, *rest]
            if "--" in words[:2]:  # before the key, or before the value
                words.remove("--")
                args = [*ours, "--", *words]
            else:
                args = [*ours, *words[2:], "--", *words[:2]]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


@command("set", cls=_SetCommand)
def set_(
    cli: Cli,
    key: Key,
    value: Annotated[
        str, Argument(metavar="VALUE", help="New value; `[a, b]` is a list, `null` is none.")
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Set a key in the configuration file.

    The key and the value are checked first. Comments and order in the file are kept.
    """
    from clinvk.cli.render.errors import say_warning
    from clinvk.services.config.edit import set_key

    change = set_key(cli.world, key, value)
    _show_change(cli, change, as_json=as_json)
    if stronger := change.overridden_by:
        say_warning(cli.streams, f"`{stronger}` is set in the environment and overrides the file")


@command()
def unset(cli: Cli, key: Key, *, as_json: options.Json = False) -> None:
    """Remove a key from the configuration file.

    Its default applies again. It is not an error if the key is not in the file.
    """
    from clinvk.services.config.edit import unset_key

    change = unset_key(cli.world, key)
    if change.old == change.new and not as_json:
        cli.streams.err(f"`{key}` is not in the configuration file")
        return
    _show_change(cli, change, as_json=as_json)


def _show_change(cli: Cli, change: "Change", *, as_json: bool) -> None:
    """The change on stderr, because nothing was asked; as JSON on stdout."""
    if as_json:
        from clinvk.published.machine import change_to_json

        _print_json(cli, change_to_json(change))
        return
    old, new = _shown(change.old), _shown(change.new)
    said = f"{new}, as before" if old == new else f"{old} -> {new}"
    cli.streams.err_text(f"{change.key}: {said}, in {change.file}")


def _shown(setting: "Setting | None") -> str:
    """The value on one line, and whether it is the default."""
    from clinvk.model.config import DEFAULT
    from clinvk.services.config.edit import setting_text
    from clinvk.text.sanitize import safe_line
    from clinvk.text.units import UNKNOWN
    from clinvk.text.width import cut

    if setting is None:
        return UNKNOWN
    text = cut(safe_line(setting_text(setting)), _LONGEST)
    return f"{text} (default)" if setting.source == DEFAULT else text


_LONGEST = 200


def _print_json(cli: Cli, value: Mapping[str, Any]) -> None:
    from clinvk.text.json_codec import json_page

    cli.streams.out_json(json_page(value).decode())


@command()
def path(cli: Cli, *, as_json: options.Json = False) -> None:
    """Print the path of the configuration file.

    The file need not exist. `CLINVK_HOME` moves it together with all other files.
    """
    file = cli.world.config_file
    if as_json:
        _print_json(cli, {"path": str(file)})
    else:
        cli.streams.out_text(f"{file}\n")


@command()
def edit(cli: Cli, *, as_json: options.Json = False) -> None:
    """Open the configuration file in your editor, then check it.

    Your changes are kept even if they are invalid.
    """
    from clinvk.cli.editor import editor_of, open_editor
    from clinvk.errors import ConfigError
    from clinvk.services.config.edit import start_editing, stop_editing, validate

    file = cli.world.config_file
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
    if as_json:
        _print_json(cli, {"path": str(file)})


@command("validate")
def validate_(
    cli: Cli,
    file: Annotated[
        Path | None,
        Argument(metavar="[FILE]", help="Check FILE instead of your file and the environment."),
    ] = None,
    *,
    as_json: options.Json = False,
) -> None:
    """Check the configuration, or another configuration file.

    Every error is printed on its own line, and the exit status is 3.
    """
    from clinvk.services.config.edit import validate

    valid = validate(cli.world, file)
    if as_json:
        _print_json(cli, {"path": None if valid is None else str(valid), "valid": True})
    elif valid is None:
        cli.streams.err("there is no configuration file: the defaults apply")
    else:
        cli.streams.err_text(f"`{valid}` is valid")


config = table(
    Table,
    "config",
    help="Show, check and change the configuration.",
    commands=[show, get, set_, unset, path, edit, validate_],
)
