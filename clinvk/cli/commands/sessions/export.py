"""`clinvk sessions export`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli
from clinvk.errors import UsageError

if TYPE_CHECKING:
    from clinvk.services.sessions.export import Export


class ExportFormat(StrEnum):
    """Format of exported sessions."""

    MARKDOWN = "markdown"
    JSON = "json"


@command()
def export(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    sessions: options.SessionReferences,
    *,
    form: Annotated[
        ExportFormat | None,
        Option("--format", help="Markdown to read (default), or JSON for `import`."),
    ] = None,
    output: Annotated[
        str,
        Option("--output", "-O", metavar="FILE", help="Write to a new FILE; `-` is stdout."),
    ] = "-",
    redact: Annotated[
        bool,
        Option("--redact", help="Remove home paths and text that looks like a secret."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Export sessions as Markdown, or as JSON for `import`.

    `--redact` only finds the usual forms of secrets: read the file before you share it.
    """
    from clinvk.cli.encoding import encode
    from clinvk.cli.render.errors import say_warning
    from clinvk.services.sessions.export import export_sessions, redacted_export, save_export
    from clinvk.text.sanitize import safe_text

    if as_json and form is ExportFormat.MARKDOWN:
        raise UsageError("`--json` cannot be used with `--format markdown`", hint="use one of them")
    if not output:
        raise UsageError("`--output` is empty", hint="name a file, or leave it out")
    as_json = as_json or form is ExportFormat.JSON
    exported = export_sessions(cli.world, sessions)
    text = _rendered(exported, as_json=as_json)
    whole = text
    if redact:
        text = _rendered(redacted_export(exported, cli.world.user_home), as_json=as_json)
    if output == "-":
        cli.streams.out_utf8(safe_text(text) if cli.streams.stdout_is_tty else text)
    else:
        save_export(cli.world.cwd / output, encode(text, "utf-8"))
    for session_id in exported.running:
        say_warning(cli.streams, f"session {session_id} is running: exported as it is now")
    for sentence in exported.lacking:
        say_warning(cli.streams, sentence)
    if redact:
        _say_redacted(cli, whole, text)


def _rendered(exported: "Export", *, as_json: bool) -> str:
    if as_json:
        from clinvk.published.sessions import export_text

        return export_text(exported.sessions)
    from clinvk.cli.render.markdown_export import markdown_of

    return markdown_of(exported.with_turns())


def _say_redacted(cli: Cli, whole: str, text: str) -> None:
    """Say on stderr how much was redacted."""
    from clinvk.text.redact import MARK, Redaction
    from clinvk.text.units import plural

    secrets = text.count(MARK) - whole.count(MARK)
    paths = Redaction(str(cli.world.user_home)).home_paths(whole)
    cli.streams.err(f"redacted: {plural(secrets, 'secret')}, {plural(paths, 'home path')}")
