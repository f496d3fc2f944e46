"""The whole command line, and the one place where an error becomes an exit status."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from clinvk.cli.command import Context, Option, command_table
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.failures import RUNS, asked_form, in_our_words, is_quiet, told_by
from clinvk.cli.spelling import TextLikeOptionError
from clinvk.cli.streams import OutputClosed, OutputLostError
from clinvk.errors import ClinvkError, ExitStatus, StoppedBySignal, UsageError

if TYPE_CHECKING:
    from clinvk.cli.render import Form

COMMANDS = {
    "run": "Send a prompt to an agent (same as `clinvk PROMPT`).",
    "resume": "Continue a session.",
    "chat": "Open an agent's interactive screen and record the session.",
    "sessions": "Find, show, name, tag, export and clean up sessions.",
    "config": "Show, check and change the configuration.",
    "backends": "List the agents; with a NAME, what it can do.",
    "doctor": "Check for problems, and show how to fix them.",
    "completion": "Print the completion script for a shell.",
}

HELP = """One command line for every coding agent, and sessions you can trust.

\b
  clinvk "fix the bug in auth.go"     run a prompt with your coding agent
  clinvk -b demo "hello"              try it without one
  clinvk -c "now add tests"           continue this directory's last session
  clinvk -s pr-842 "review it"        continue the session pr-842, or create it
  clinvk resume 7f3a "now the docs"   continue any session, from anywhere
  clinvk sessions list                list all sessions

clinvk needs a coding agent, installed and signed in: `clinvk doctor` says which you have.

All options for a prompt (-b agent, -m model, -s name, -o json, --access, --timeout, …):
`clinvk run --help`.
"""


def root(
    ctx: Context,
    *,
    version: Annotated[bool, Option("--version", "-V", help="Show the version.")] = False,
    as_json: Annotated[bool, Option("--json", hidden=True)] = False,
) -> None:
    """Show the version or the help when no command is named."""
    streams = ctx.obj.streams
    if version:
        from clinvk import __version__

        shown = f"clinvk {__version__}\n"
        if as_json:
            from clinvk.text.json_codec import json_line

            shown = json_line({"schema": 1, "version": __version__}).decode()
        streams.out(shown)
    else:
        streams.out(ctx.get_help() + "\n")


app = command_table(
    "clinvk",
    root,
    package="clinvk.cli.commands",
    lines=COMMANDS,
    modules={"chat": "run"},
    shared=False,
    help=HELP,
    subcommand_metavar="PROMPT... | COMMAND [ARGS]...",
)


def run_command_line(argv: Sequence[str]) -> int:
    """Run a command line on this process's terminal and environment; return its exit status."""
    return execute(argv, build_cli())


def execute(argv: Sequence[str], cli: Cli) -> int:
    """Run a command line and return its exit status; never raises.

    Slow readers receive all of the output, unless a signal or a timeout ended the run.
    """
    try:
        status = _status(argv, cli)
        cli.streams.finish(_FINISH_S if status in _CUT_OFF else None)
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    return status


def _status(argv: Sequence[str], cli: Cli) -> int:
    from clinvk.cli.implicit import with_command

    cli.typed = tuple(argv)
    of_run = True  # refused words would have been a prompt
    try:
        args = with_command(argv, COMMANDS, cli.streams)
        of_run = args[:1] == [] or args[0] in RUNS
        return _invoke(args, cli)
    except ClinvkError as error:
        _say(error, error.exit_status, cli, of_run=getattr(error, "of_run", of_run))
        return error.exit_status
    except OutputClosed:
        return ExitStatus.OK
    except StoppedBySignal as stopped:
        return stopped.exit_status
    except (KeyboardInterrupt, typer.Abort):
        return ExitStatus.INTERRUPTED
    except Exception:  # noqa: BLE001  the boundary: any other exception is a bug
        import traceback

        cli.streams.err_text(traceback.format_exc().rstrip())
        _say(None, ExitStatus.BUG, cli, of_run=of_run)
        return ExitStatus.BUG


def _say(error: ClinvkError | None, status: ExitStatus, cli: Cli, *, of_run: bool) -> None:
    """Report the error, or a bug, in the format that was asked; if that fails, as text."""
    from msgspec.structs import replace

    from clinvk.cli.render.errors import render_report
    from clinvk.model.report import ErrorReport

    report = ErrorReport(
        code="bug",
        message="this is a bug in clinvk",
        hint="please report it with the lines on stderr",
        retryable=False,
    )
    if error is not None:
        report = ErrorReport.of_error(error)
    if status is ExitStatus.SESSION:
        from clinvk.services.world import missing_home

        if missing := missing_home(cli.world):
            report = replace(report, hint="\n".join(filter(None, (missing, report.hint))))
    # If stdout cannot be written, JSON would be lost.
    lost = isinstance(error, OutputLostError)
    form: Form = "text" if lost else asked_form(cli.typed, cli.world, of_run=of_run)
    quiet = is_quiet(cli.typed)
    try:
        render_report(report, status, cli.streams, form, of_run=of_run, quiet=quiet)
    except (ClinvkError, OutputClosed):
        render_report(report, status, cli.streams, "text", of_run=of_run)


_CUT_OFF = (ExitStatus.TIMEOUT, ExitStatus.INTERRUPTED, ExitStatus.TERMINATED)
_FINISH_S = 2.0


def _invoke(args: list[str], cli: Cli) -> int:
    try:
        status = app.main(args, prog_name="clinvk", standalone_mode=False, obj=cli)
    except (TyperException, TextLikeOptionError) as error:
        raise _usage_error(error, args, cli.typed) from error
    except typer.Exit as left:
        return left.exit_code
    return status if isinstance(status, int) else ExitStatus.OK


def _usage_error(error: Exception, args: list[str], argv: Sequence[str]) -> UsageError:
    """Typer's error as ours: one lower-case sentence, and a hint with the command that works."""
    from clinvk.cli.mended import way_out

    named = [arg for arg in args[:1] if arg in COMMANDS]
    context = getattr(error, "ctx", None)
    command = context.command_path if context else " ".join(["clinvk", *named])
    message, hint = in_our_words(told_by(error)), way_out(argv, error)
    if hint is not None:  # it knows better than a comparison of letters
        message = message.partition("; did you mean")[0]
    return UsageError(message, hint=hint or f"see `{command} --help`")
