"""Opens an agent's interactive screen, with the checks before and the messages after it."""

import signal
from contextlib import suppress
from typing import Any

from clinvk.cli.context import Cli
from clinvk.cli.options import OutputFormat
from clinvk.cli.render.errors import say_warning
from clinvk.cli.streams import OutputClosed, Streams
from clinvk.cli.turn_options import TurnOptions, declared
from clinvk.cli.turns import request_of, tell_first_choice, waiting_reporter
from clinvk.errors import ClinvkError, ExitStatus, UsageError
from clinvk.services.config.settings import effective_settings
from clinvk.services.turns.interactive import ScreenResult, run_screen
from clinvk.services.turns.run import dry_run
from clinvk.text.units import plural

_RESET = "\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[<u\x1b[0m"
"""Leaves the alternate screen, shows the cursor, ends bracketed paste, mouse and key reports."""


def wants_screen(cli: Cli, options: TurnOptions) -> bool:
    """Whether there is no prompt, and stdin is a terminal."""
    return not options.words and not options.editor and cli.streams.stdin_is_tty


def open_screen(cli: Cli, options: TurnOptions, **which: Any) -> ExitStatus:  # noqa: ANN401
    """Open the screen and wait for its end.

    `which` are the fields of `RunRequest` that choose the session.
    """
    _refuse_what_needs_a_prompt(options)
    settings = effective_settings(cli.world)
    streams = cli.streams.with_color(settings.get("output.color"))
    request = request_of(cli, options, "", interactive=True, **which)
    if options.dry_run:
        from clinvk.cli.render.dry_run import render_plan

        as_json = options.output_format not in (None, OutputFormat.TEXT)
        render_plan(
            dry_run(request, cli.world, settings), cli.world.environ, streams, as_json=as_json
        )
        return ExitStatus.OK
    if not (streams.stdin_is_tty and streams.stdout_is_tty):
        raise UsageError(
            "an agent's interactive screen needs a terminal",
            hint="give a prompt, or start it in a terminal",
        )
    if not options.quiet:
        tell_first_choice(cli, request, settings, streams)
    over = run_screen(
        request,
        cli.world,
        settings,
        lambda warning: say_warning(streams, warning),
        waiting_reporter(streams, quiet=options.quiet),
    )
    if over.exit_code < 0:
        with suppress(ClinvkError, OutputClosed):  # a closed terminal needs no reset
            streams.out(_RESET)
    _report(over, streams)
    return ExitStatus.TERMINATED if over.stopped else _status(over.exit_code)


def _refuse_what_needs_a_prompt(options: TurnOptions) -> None:
    for_prompt = {
        option.names[0]: options.asked.get(name)
        for name, (_, option) in declared(options.kind)
        if option.for_prompt
    }
    written = None if options.dry_run else options.output_format
    for option, value in {**for_prompt, "--output-format": written}.items():
        if value not in (None, OutputFormat.TEXT):
            raise UsageError(
                f"`{option}` needs a prompt",
                hint="give one, or leave the option out to open the agent's interactive screen",
            )


def _report(over: ScreenResult, streams: Streams) -> None:
    if over.error is not None:
        say_warning(streams, f"not fully recorded: {over.error}")
    if over.exit_code > 0 and not over.stopped:
        say_warning(streams, f"the agent's screen ended with exit code {over.exit_code}")
    if over.session is None:
        streams.err("there was no conversation, so no session was saved")
        return
    if over.turns is None:
        recorded = "the conversation could not be read, so it is recorded as one turn"
    else:
        recorded = f"{plural(over.turns, 'turn')} recorded"
    streams.err(f"session {over.session.id} · {recorded} · clinvk resume {over.session.id}")


def _status(exit_code: int) -> ExitStatus:
    """The agent's own code is recorded, not passed on."""
    known = {
        0: ExitStatus.OK,
        -signal.SIGINT: ExitStatus.INTERRUPTED,
        -signal.SIGTERM: ExitStatus.TERMINATED,
        -signal.SIGHUP: ExitStatus.TERMINATED,
    }
    return known.get(exit_code, ExitStatus.FAILED)
