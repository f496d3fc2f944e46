"""`clinvk sessions import`."""  # noqa: N999  a command's file has its name

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, command
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from clinvk.services.sessions.importing import Imported


@command("import")
def import_(
    cli: Cli,
    file: Annotated[
        str, Argument(metavar="FILE", help="Output of `export -o json`; `-` is stdin.")
    ],
    *,
    trust: Annotated[
        bool,
        Option("--trust", help="Also apply the access and system prompt in FILE."),
    ] = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Import sessions from `export -o json`.

    Existing sessions are not overwritten. The access and system prompt in FILE are shown but not
    applied, unless `--trust` is given. `-c` and `--last` skip an imported session until it is used.
    The agents' own conversations are not part of an export.
    """
    from clinvk.services.config.settings import effective_settings
    from clinvk.services.sessions.importing import import_sessions, read_export

    settings = effective_settings(cli.world)
    world = replace(cli.world, settings=settings)
    sessions = read_export(_content(cli, file), "stdin" if file == "-" else file, world.agents)
    done = import_sessions(world, sessions, settings, trust=trust)
    if as_json:
        from clinvk.published.sessions import imported_to_json
        from clinvk.text.json_codec import json_page

        cli.streams.out_json(json_page(imported_to_json(done)).decode())
    else:
        _write_lines(cli, done)
    return ExitStatus.SESSION if done.refused else ExitStatus.OK


def _content(cli: Cli, file: str) -> bytes:
    from clinvk.services.sessions.importing import LARGEST

    if file == "-":
        return cli.streams.read_stdin(LARGEST).encode("utf-8", "surrogateescape")
    try:
        with (cli.world.cwd / Path(file)).open("rb") as opened:
            return opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"`{file}` cannot be read: {reason[:1].lower()}{reason[1:]}",
            hint="name a file that `clinvk sessions export ID -o json` wrote",
        ) from error


def _write_lines(cli: Cli, done: "Imported") -> None:
    from clinvk.cli.render.errors import say_warning

    lines = [f"imported {one}\n" for one in done.imported]
    lines += [f"present  {one}\n" for one in done.present]
    cli.streams.out("".join(lines))
    for warning in done.warnings:
        say_warning(cli.streams, warning)
    for one in done.refused:
        say_warning(cli.streams, f"session {one.id} is not imported: {one.reason}")
    if not (lines or done.refused):
        cli.streams.err("there is no session to import")
