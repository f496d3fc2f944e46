"""The command line as a whole, and the one boundary where a failure becomes an exit status."""

import sys
from collections.abc import Mapping, Sequence

import typer
from typer.exceptions import TyperException

from clinvk.cli.context import Cli, build_cli
from clinvk.cli.lazy import CommandTable, new_app
from clinvk.cli.render.choice import Form
from clinvk.cli.render.errors import render_error
from clinvk.cli.streams import OutputClosed
from clinvk.errors import ClinvkError, ExitStatus, UsageError

COMMANDS = {
    "run": "Send a prompt to an agent; `clinvk PROMPT` is short for it.",
    "resume": "Go on with a session.",
    "chat": "Open an agent's own screen, and record what is said there.",
    "sessions": "Find, show, name, tag, export and clean up sessions.",
    "config": "Show, check and change the configuration.",
    "backends": "List the agents: installed or not, version, signed in, what they cannot do.",
    "completion": "Print the completion script of a shell.",
}

HELP = """One command line for every coding agent, and sessions you can trust.

\b
  clinvk "fix the bug in auth.go"       run a prompt with your coding agent
  clinvk -c "now add tests"             go on with the last session of this directory
  clinvk -s pr-842 "review it"          go on with the session of that name, or create it
  clinvk resume 7f3a "one more thing"   go on with any session, from anywhere
  clinvk sessions list                  see them all

Options of a prompt: `clinvk run --help`.
"""


class Commands(CommandTable):
    """The commands of `clinvk`."""

    package = "clinvk.cli.commands"
    lines = COMMANDS


app = new_app(cls=Commands, help=HELP)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    *,
    version: bool = typer.Option(False, "--version", help="Show the version."),
) -> None:
    """Show the version or the help when no command is named."""
    if version:
        from clinvk import __version__

        ctx.obj.streams.out(f"clinvk {__version__}\n")
    elif ctx.invoked_subcommand is None:
        ctx.obj.streams.out(ctx.get_help() + "\n")


def run_command_line(argv: Sequence[str]) -> int:
    """The exit status of one command line, on this process's own terminal and environment."""
    return execute(argv, build_cli())


def execute(argv: Sequence[str], cli: Cli) -> int:
    """The exit status of one command line; nothing expected leaves here as an exception."""
    from clinvk.cli.implicit import with_command

    try:
        args = with_command(argv, COMMANDS, cli.streams)
        return _invoke(args, cli)
    except ClinvkError as error:
        form = _asked_form(argv)
        render_error(error, cli.streams, as_json=form == "json", as_stream=form == "stream-json")
        return error.exit_status
    except OutputClosed:
        return ExitStatus.OK
    except (KeyboardInterrupt, typer.Abort):
        return ExitStatus.INTERRUPTED
    except Exception:  # noqa: BLE001  the boundary: whatever is not ours is a bug, and says so
        import traceback

        cli.streams.talk(traceback.format_exc().rstrip())
        cli.streams.talk("error: this is a bug in clinvk; please report it with the lines above")
        return ExitStatus.BUG


def _invoke(args: list[str], cli: Cli) -> int:
    command = typer.main.get_command(app)
    try:
        status = command.main(args, prog_name="clinvk", standalone_mode=False, obj=cli)
    except TyperException as error:
        raise _usage_error(error, args) from error
    except typer.Exit as left:
        return left.exit_code
    return status if isinstance(status, int) else ExitStatus.OK


def _usage_error(error: TyperException, args: list[str]) -> UsageError:
    """Typer's complaint as ours: one lower-case sentence, and the help that tells more."""
    format_message = getattr(error, "format_message", None)
    message = str(format_message() if format_message else error).strip().rstrip(".")
    message = " ".join(message.replace("'", "`").split())
    named = [arg for arg in args[:1] if arg in COMMANDS]
    return UsageError(
        message[:1].lower() + message[1:] if message else "the command line is off",
        hint=f"see `{' '.join(['clinvk', *named, '--help'])}`",
    )


def _asked_form(argv: Sequence[str]) -> Form:
    """The form a failure is told in, read from the words alone: they may be what is wrong."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    for flag, value in zip(words, [*words[1:], ""], strict=True):
        name, equals, glued = flag.partition("=")
        said = glued if equals else value
        if name in _FORMAT_FLAGS and said in _FORMS:
            return _FORMS[said]
        if flag.startswith("-o") and flag[2:] in _FORMS:
            return _FORMS[flag[2:]]
    return "json" if "--json" in words else "text"


_FORMAT_FLAGS = ("-o", "--output-format")
_FORMS: Mapping[str, Form] = {"text": "text", "json": "json", "stream-json": "stream-json"}


if __name__ == "__main__":
    sys.exit(run_command_line(sys.argv[1:]))
