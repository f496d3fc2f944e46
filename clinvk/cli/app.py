"""The whole command line, and the one place where an error becomes an exit status."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from clinvk.cli.command import Context, Option, command_table
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.failures import asked_form, in_our_words, told_by
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
    "backends": "List the agents with version, sign-in and abilities.",
    "doctor": "Check for problems, and show how to fix them.",
    "completion": "Print the completion script for a shell.",
}

HELP = """One command line for every coding agent, and sessions you can trust.

\b
  clinvk "fix the bug in auth.go"       run a prompt with your coding agent
  clinvk -c "now add tests"             continue the last session of this directory
  clinvk -s pr-842 "review it"          continue the session of that name, or create it
  clinvk resume 7f3a "one more thing"   continue any session, from anywhere
  clinvk sessions list                  list all sessions

Options for a prompt: `clinvk run --help`.
"""


def root(
    ctx: Context,
    *,
    version: Annotated[bool, Option("--version", "-V", help="Show the version.")] = False,
) -> None:
    """Show the version or the help when no command is named."""
    if version:
        from clinvk import __version__

        ctx.obj.streams.out(f"clinvk {__version__}\n")
    elif ctx.invoked_subcommand is None:
        ctx.obj.streams.out(ctx.get_help() + "\n")


app = command_table(
    "clinvk",
    root,
    package="clinvk.cli.commands",
    lines=COMMANDS,
    shared={"chat": "run"},
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

    try:
        args = with_command(argv, COMMANDS, cli.streams)
        return _invoke(args, cli)
    except ClinvkError as error:
        # If stdout cannot be written, JSON would be lost.
        form = "text" if isinstance(error, OutputLostError) else asked_form(argv, cli.world)
        _say(error, error.exit_status, form, cli)
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
        _say(None, ExitStatus.BUG, asked_form(argv, cli.world), cli)
        return ExitStatus.BUG


def _say(error: ClinvkError | None, status: ExitStatus, form: "Form", cli: Cli) -> None:
    """Report the error, or a bug, in that format; if that fails, as text on stderr."""
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
    try:
        render_report(report, status, cli.streams, form)
    except (ClinvkError, OutputClosed):
        render_report(report, status, cli.streams, "text")


_CUT_OFF = (ExitStatus.TIMEOUT, ExitStatus.INTERRUPTED, ExitStatus.TERMINATED)
_FINISH_S = 2.0


def _invoke(args: list[str], cli: Cli) -> int:
    try:
        status = app.main(args, prog_name="clinvk", standalone_mode=False, obj=cli)
    except TyperException as error:
        raise _usage_error(error, args) from error
    except typer.Exit as left:
        return left.exit_code
    return status if isinstance(status, int) else ExitStatus.OK


def _usage_error(error: TyperException, args: list[str]) -> UsageError:
    """Typer's error as ours: one lower-case sentence, and a hint to the help."""
    named = [arg for arg in args[:1] if arg in COMMANDS]
    context = getattr(error, "ctx", None)
    command = context.command_path if context else " ".join(["clinvk", *named])
    return UsageError(in_our_words(told_by(error)), hint=f"see `{command} --help`")
