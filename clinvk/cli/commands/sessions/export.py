"""`clinvk sessions export`."""

from enum import StrEnum
from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, command
from clinvk.cli.context import Cli, expanded
from clinvk.errors import ExitStatus, UsageError


class ExportFormat(StrEnum):
    """Format of exported sessions."""

    MARKDOWN = "markdown"
    JSON = "json"


@command()
def export(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    sessions: Annotated[
        list[str] | None,
        Argument(
            metavar="[SESSION...]",
            help="Session ids or unique prefixes, names, @last or BACKEND:ID.",
        ),
    ] = None,
    *,
    everything: Annotated[
        bool, Option("--all", help="Export all sessions, also archived ones.")
    ] = False,
    output_format: Annotated[
        ExportFormat | None,
        Option(
            "--output-format",
            "-o",
            "--format",
            help="Markdown to read (default), or JSON for `import`.",
        ),
    ] = None,
    as_json: options.Json = False,
    output: Annotated[
        str,
        Option("--output", "-O", metavar="FILE", help="Write to FILE; `-` is stdout."),
    ] = "-",
    force: Annotated[
        bool, Option("--force", help="Replace the file of `--output` if it exists.")
    ] = False,
    redact: Annotated[
        bool,
        Option("--redact", help="Remove home paths and text that looks like a secret."),
    ] = False,
) -> ExitStatus:
    """Export sessions as Markdown, or as JSON for `import`.

    `--all -o json` is a backup, see `docs/backup.md`. `--redact` only finds the usual forms of
    secrets: read the file before you share it.
    """
    from clinvk.cli.render.errors import say_warning
    from clinvk.cli.render.export import Rendering
    from clinvk.cli.render.progress import ShownProgress
    from clinvk.services.sessions.export import ExportNotes, ids_to_export
    from clinvk.text.units import plural

    if as_json and output_format is ExportFormat.MARKDOWN:
        raise UsageError("`--json` cannot be used with `-o markdown`", hint="use one of them")
    as_json = as_json or output_format is ExportFormat.JSON
    path = None if output == "-" else cli.world.cwd / expanded("--output", output, "a file")
    if force and path is None:
        raise UsageError("`--force` is for `--output`", hint="name a file, or leave it out")
    if everything is bool(sessions):
        raise UsageError(
            "give either sessions or `--all`",
            hint="`clinvk sessions export SESSION`, or `--all` for all of them",
        )
    rendering = Rendering(
        world=cli.world,
        ids=ids_to_export(cli.world, None if everything else sessions),
        as_json=as_json,
    )
    notes, redacted = ExportNotes(), None
    stopped = "sessions written" if path is None else "sessions read, no file written"
    words = ("exporting sessions", stopped)
    with ShownProgress(cli.streams, cli.world.monotonic, words) as progress:
        if redact:
            from clinvk.services.sessions.redacted import redaction_for

            redaction = redaction_for(cli.world)
            redacted = rendering.write_redacted(
                cli.streams, path, notes, progress, redaction, force=force
            )
        else:
            rendering.write(cli.streams, path, notes, progress, force=force)
    for session_id in notes.running:
        say_warning(cli.streams, f"session {session_id} is running: exported as it is now")
    for sentence in (*notes.lacking, *notes.failed):
        say_warning(cli.streams, sentence)
    if redacted is not None:
        cli.streams.err(
            f"redacted: {plural(redacted.secrets, 'secret')},"
            f" {plural(redacted.home_paths, 'home path')}"
        )
    _say_exported(cli, notes.count, output, as_json=as_json)
    return ExitStatus.SESSION if notes.failed else ExitStatus.OK


def _say_exported(cli: Cli, count: int, output: str, *, as_json: bool) -> None:
    """What was written, unless it is seen on the screen or goes to another program."""
    from clinvk.text.sanitize import safe_line
    from clinvk.text.units import plural

    streams = cli.streams
    if output == "-" and (streams.stdout_is_tty or not streams.stderr_is_tty):
        return
    form = "JSON" if as_json else "Markdown"
    where = "" if output == "-" else f" to {safe_line(output)}"
    streams.err(f"exported {plural(count, 'session')} as {form}{where}")
