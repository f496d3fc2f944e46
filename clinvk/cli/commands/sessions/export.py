"""`clinvk sessions export`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli, expanded
from clinvk.errors import UsageError

if TYPE_CHECKING:
    from clinvk.services.sessions.export import Export
    from clinvk.text.redact import Redaction


class ExportFormat(StrEnum):
    """Format of exported sessions."""

    MARKDOWN = "markdown"
    JSON = "json"


@command()
def export(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    sessions: options.SessionReferences,
    *,
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
) -> None:
    """Export sessions as Markdown, or as JSON for `import`.

    `--redact` only finds the usual forms of secrets: read the file before you share it.
    """
    from clinvk.cli.encoding import encode
    from clinvk.cli.render.errors import say_warning
    from clinvk.services.sessions.export import export_sessions, save_export
    from clinvk.text.sanitize import safe_text

    if as_json and output_format is ExportFormat.MARKDOWN:
        raise UsageError("`--json` cannot be used with `-o markdown`", hint="use one of them")
    as_json = as_json or output_format is ExportFormat.JSON
    file = None if output == "-" else cli.world.cwd / expanded("--output", output, "a file")
    if force and file is None:
        raise UsageError("`--force` is for `--output`", hint="name a file, or leave it out")
    exported = export_sessions(cli.world, sessions)
    text = _rendered(exported, as_json=as_json)
    whole, told = text, ""
    if redact:
        from clinvk.services.sessions.redacted import redacted_export, redaction_for

        redaction = redaction_for(cli.world)
        text = _rendered(redacted_export(exported, redaction), as_json=as_json)
        told = _redacted(redaction, whole, text)
    if file is None:
        cli.streams.out_utf8(safe_text(text) if cli.streams.stdout_is_tty else text)
    else:
        save_export(file, encode(text, "utf-8"), replace=force)
    for session_id in exported.running:
        say_warning(cli.streams, f"session {session_id} is running: exported as it is now")
    for sentence in exported.lacking:
        say_warning(cli.streams, sentence)
    if redact:
        cli.streams.err(told)
    _say_exported(cli, len(exported.sessions), output, as_json=as_json)


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


def _rendered(exported: "Export", *, as_json: bool) -> str:
    if as_json:
        from clinvk.published.sessions import export_text

        return export_text(exported.sessions)
    from clinvk.cli.render.markdown_export import markdown_of

    return markdown_of(exported.with_turns())


def _redacted(redaction: "Redaction", whole: str, text: str) -> str:
    """How much of the whole text was redacted."""
    from clinvk.text.redact import MARK
    from clinvk.text.units import plural

    secrets = text.count(MARK) - whole.count(MARK)
    return (
        f"redacted: {plural(secrets, 'secret')}, {plural(redaction.home_paths(whole), 'home path')}"
    )
