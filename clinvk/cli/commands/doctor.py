"""`clinvk doctor`."""

from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus


@command("doctor")
def doctor_(
    cli: Cli,
    *,
    fix: Annotated[bool, Option("--fix", help="First repair what is safe to repair.")] = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Check for problems, and show how to fix them.

    Exit 1 if there is a warning or a problem, else 0. Nothing is written and the network is not
    used; only the agents' `--version` is run.

    --fix makes clinvk's files private, removes temporary files and locks that no process holds, and
    rebuilds lost records and the index. It deletes no session and changes no file of an agent.
    """
    from clinvk.cli.render.doctor import render_examination
    from clinvk.cli.render.progress import ShownProgress
    from clinvk.services.doctor.examination import examine

    words = ("checking", "steps done")
    with ShownProgress(cli.streams, cli.world.monotonic, words) as told:
        examination = examine(cli.world, encoding=cli.streams.encoding, fix=fix, progress=told)
    render_examination(examination, cli.streams, as_json=as_json)
    return ExitStatus.OK if examination.ok else ExitStatus.FAILED
