"""Opening an agent's own screen: what was asked, and what is said before and afterwards."""

import signal
from contextlib import suppress
from typing import Any

from clinvk.cli.context import Cli
from clinvk.cli.options import OutputFormat
from clinvk.cli.render.errors import say_warning
from clinvk.cli.streams import OutputClosed, Streams
from clinvk.cli.turn_options import TurnOptions, declared
from clinvk.cli.turns import request_of, says_waiting
from clinvk.errors import ClinvkError, ExitStatus, UsageError
from clinvk.services.config.settings import effective_settings
from clinvk.services.turns.interactive import HandedOver, hand_over
from clinvk.services.turns.prompt import dry_run
from clinvk.text.units import plural

_SET_BACK = (
    "\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[<u\x1b[0m"
)
"""Leaves the second screen, shows the cursor, and ends paste brackets, mouse and key reports."""


def wants_screen(cli: Cli, said: TurnOptions) -> bool:
    """Whether there is no prompt, and a person who could be asked for one."""
    return not said.words and not said.editor and cli.streams.stdin_is_tty


def open_screen(cli: Cli, said: TurnOptions, **which: Any) -> ExitStatus:  # noqa: ANN401
    """Open it and wait; `which` are the fields of `RunRequest` that choose the session."""
    _refuse_what_needs_a_prompt(said)
    settings = effective_settings(cli.world, said.config)
    streams = cli.streams.with_color(settings.get("output.color"))
    request = request_of(cli, said, "", interactive=True, **which)
    if said.dry_run:
        from clinvk.cli.render.dry_run import render_plan

        as_json = said.output_format not in (None, OutputFormat.TEXT)
        render_plan(
            dry_run(request, cli.world, settings), cli.world.environ, streams, as_json=as_json
        )
        return ExitStatus.OK
    if not (streams.stdin_is_tty and streams.stdout_is_tty):
        raise UsageError(
            "an agent's own screen needs a terminal", hint="say a prompt, or start it in one"
        )
    over = hand_over(
        request,
        cli.world,
        settings,
        lambda warning: say_warning(streams, warning),
        says_waiting(streams, quiet=said.quiet),
    )
    if over.exit_code < 0:
        with suppress(ClinvkError, OutputClosed):  # a terminal that is gone needs none of it
            streams.out(_SET_BACK)
    _say_what_became_of_it(over, streams)
    return ExitStatus.TERMINATED if over.stopped else _status(over.exit_code)


def _refuse_what_needs_a_prompt(said: TurnOptions) -> None:
    for_prompt = {
        option.names[0]: said.asked.get(name)
        for name, (_, option) in declared(said.kind)
        if option.for_prompt
    }
    written = None if said.dry_run else said.output_format
    for option, value in {**for_prompt, "--output-format": written}.items():
        if value not in (None, OutputFormat.TEXT):
            raise UsageError(
                f"`{option}` is for a prompt, and there is none",
                hint="say one, or leave the option out to open the agent's own screen",
            )


def _say_what_became_of_it(over: HandedOver, streams: Streams) -> None:
    if over.trouble is not None:
        say_warning(streams, f"not fully recorded: {over.trouble}")
    if over.exit_code > 0 and not over.stopped:
        say_warning(streams, f"the agent's screen ended with {over.exit_code}")
    if over.session is None:
        streams.err("nothing was said, so there is no session")
        return
    if over.turns is None:
        told = "what was said in it could not be read, so it is recorded as one turn"
    else:
        told = f"{plural(over.turns, 'turn')} recorded"
    streams.err(f"session {over.session.id} · {told} · clinvk resume {over.session.id}")


def _status(exit_code: int) -> ExitStatus:
    """The agent's own code is recorded, not passed on."""
    known = {
        0: ExitStatus.OK,
        -signal.SIGINT: ExitStatus.INTERRUPTED,
        -signal.SIGTERM: ExitStatus.TERMINATED,
        -signal.SIGHUP: ExitStatus.TERMINATED,
    }
    return known.get(exit_code, ExitStatus.FAILED)
