"""`clinvk sessions import`."""  # noqa: N999  a command's file has its name

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec.structs import replace

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, command
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from clinvk.services.sessions.importing import Imported

_BLOCK = 1 << 18


@command("import")
def import_(
    cli: Cli,
    file: Annotated[
        str, Argument(metavar="FILE", help="Output of `export -o json`; `-` is stdin.")
    ],
    *,
    update: Annotated[
        bool,
        Option("--update", help="Also take the further turns of sessions that exist already."),
    ] = False,
    trust: Annotated[
        bool,
        Option("--trust", help="Also apply the access and system prompt in FILE."),
    ] = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Import sessions from `export -o json`.

    Existing sessions are not overwritten. With `--update`, a session with more turns in FILE gets
    them, if its turns so far are the same. The access and system prompt in FILE are shown but not
    applied, unless `--trust` is given. `-c` and `--last` skip an imported session until it is used.
    The agents' own conversations are not part of an export.
    """
    from clinvk.cli.render.progress import ShownProgress
    from clinvk.services.config.settings import effective_settings
    from clinvk.services.sessions.importing import import_sessions

    settings = effective_settings(cli.world)
    world = replace(cli.world, settings=settings)
    source = "stdin" if file == "-" else file
    words = ("importing sessions", "sessions done")
    with ShownProgress(cli.streams, world.monotonic, words) as progress:
        done = import_sessions(
            world,
            _blocks(cli, file),
            source,
            settings,
            trust=trust,
            update=update,
            progress=progress,
        )
    if as_json:
        from clinvk.published.sessions import imported_to_json
        from clinvk.text.json_codec import json_page

        cli.streams.out_json(json_page(imported_to_json(done)).decode())
    else:
        _say(cli, done, updating=update)
    return ExitStatus.SESSION if done.refused else ExitStatus.OK


def _blocks(cli: Cli, file: str) -> Iterator[bytes]:
    if file == "-":
        yield from cli.streams.stdin_blocks(_BLOCK)
        return
    try:
        with (cli.world.cwd / Path(file)).open("rb") as opened:
            while block := opened.read(_BLOCK):
                yield block
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"`{file}` cannot be read: {reason[:1].lower()}{reason[1:]}",
            hint="name a file that `clinvk sessions export ID -o json` wrote",
        ) from error


def _say(cli: Cli, done: "Imported", *, updating: bool) -> None:
    from clinvk.cli.render.errors import say_warning
    from clinvk.text.units import plural

    for warning in done.warnings:
        say_warning(cli.streams, warning)
    for one in done.refused:
        say_warning(cli.streams, f"session {one.id} is not imported: {one.reason}")
    if not done.count:
        cli.streams.err("there is no session to import")
        return
    parts = [f"imported {plural(len(done.imported), 'session')}"]
    if done.updated:
        parts.append(f"updated {len(done.updated):,}")
    if done.present:
        differ = f", {len(done.different):,} of them different" if done.different else ""
        parts.append(f"{len(done.present):,} already here{differ}")
    if done.refused:
        parts.append(f"{len(done.refused):,} refused")
    cli.streams.out(f"{'; '.join(parts)}\n")
    if done.different and not updating:
        from clinvk.cli.render.errors import say_hint

        say_hint(cli.streams, "`--update` takes the further turns of sessions that exist already")
