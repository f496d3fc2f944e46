"""`clinvk sessions move`."""

from pathlib import Path
from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Argument, command
from clinvk.cli.context import Cli, expanded
from clinvk.errors import ExitStatus, UsageError


@command()
def move(
    cli: Cli,
    words: Annotated[
        list[str],
        Argument(metavar="SESSION... DIR", help="Sessions, and the directory of their project."),
    ],
    *,
    as_json: options.Json = False,
) -> ExitStatus:
    """Set the directory of sessions whose project was moved.

    `-c`, `--here` and `resume` find them there, and their next turns run there. Nothing in DIR and
    none of the agents' files are changed. Some agents find a conversation only in the directory
    where it began: then it is said how to continue.
    """
    from clinvk.cli.render.changed import render_each
    from clinvk.cli.render.errors import say_hint
    from clinvk.services.sessions import lifecycle
    from clinvk.services.turns.directories import working_directory
    from clinvk.text.sanitize import safe_line

    *sessions, named = words
    if not sessions:
        raise UsageError(
            "give the sessions and their directory",
            hint="`clinvk sessions move SESSION... DIR`",
        )
    given = cli.world.cwd / expanded("DIR", named, "a directory")
    directory: Path = working_directory(given, named_with="as the last word")
    outcomes = lifecycle.change_each(
        cli.world, sessions, lambda world, one: lifecycle.move(world, one, directory)
    )
    status = render_each(outcomes, "moved", cli.streams, as_json=as_json)
    moved = [one.target for one in outcomes if one.result]
    if moved and not as_json:
        cli.streams.out(f"directory: {safe_line(str(directory))}\n")
    for agent in sorted({one.backend for one in moved if lifecycle.left_behind(cli.world, one)}):
        say_hint(
            cli.streams,
            f"`{agent}` finds a conversation only in the directory where it began: `clinvk resume"
            ' SESSION --if-missing replay "…"` starts a new one with the earlier turns',
        )
    return status
