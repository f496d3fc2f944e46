"""Shared by `run` and `resume`: builds the request from the options, runs and shows the turn."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clinvk.cli.context import Cli, expanded, working_directory
from clinvk.cli.options import OutputFormat
from clinvk.cli.prompt import read_prompt
from clinvk.cli.prompt_text import checked_text
from clinvk.cli.render import Renderer, renderer_for
from clinvk.cli.render.errors import say_error
from clinvk.cli.stdin import ReadLimits
from clinvk.cli.streams import OutputClosed, OutputLostError, Streams
from clinvk.cli.turn_options import TurnOptions
from clinvk.errors import ExitStatus
from clinvk.model.config import Settings
from clinvk.model.report import TurnStart
from clinvk.model.request import Pick, RunRequest
from clinvk.services.config.settings import effective_settings
from clinvk.services.turns.run import dry_run, run
from clinvk.text.sanitize import safe_line
from clinvk.text.units import parse_duration

if TYPE_CHECKING:  # only loaded at a terminal
    from clinvk.cli.asking.asker import TerminalAsker


def run_turn(cli: Cli, options: TurnOptions, **which: Any) -> ExitStatus:  # noqa: ANN401
    """Run the turn and show it; `which` are the fields of `RunRequest` that choose the session."""
    settings = effective_settings(cli.world)
    limits = _read_limits(options, settings)
    prompt = read_prompt(cli, options.words, editor=options.editor, limits=limits)
    chosen = options.output_format or OutputFormat(settings.get("output.format"))
    streams = cli.streams.with_color(settings.get("output.color"))
    can_ask = streams.stdin_is_tty and streams.stderr_is_tty and chosen is OutputFormat.TEXT
    request = request_of(cli, options, prompt, can_ask=can_ask, **which)
    if options.dry_run:
        from clinvk.cli.render.dry_run import render_plan

        plan = dry_run(request, cli.world, settings)
        render_plan(plan, cli.world.environ, streams, as_json=chosen is not OutputFormat.TEXT)
        return ExitStatus.OK
    if chosen is OutputFormat.TEXT and not options.quiet:
        tell_first_choice(cli, request, settings, streams)
    renderer = renderer_for(
        streams,
        chosen.value,
        clock=cli.world.monotonic,
        render=settings.get("output.render"),
        quiet=options.quiet,
        verbose=options.verbose,
    )
    status = ExitStatus.OUTPUT_CLOSED
    asker = _asker(cli, streams) if can_ask else None
    try:
        report = run(
            request,
            cli.world,
            settings,
            renderer if asker is None else _AskingObserver(renderer, asker, cli),
            waiting=waiting_reporter(streams, quiet=options.quiet),
            attended=streams.attend_with,
            asker=asker,
        )
        status = report.exit_status
        try:
            renderer.finished(report)
        except OutputLostError:
            if report.error is None:
                raise
            # The turn failed before its report: the caller needs the first error.
            say_error(streams, report.error)
    except OutputClosed:
        # The reader closed stdout: the status is that of a finished turn, or OUTPUT_CLOSED.
        return status
    finally:
        if asker is not None:
            asker.close()
        renderer.close()
    return status


def tell_first_choice(cli: Cli, request: RunRequest, settings: Settings, streams: Streams) -> None:
    """Tell a person once which of several agents is used, if nothing chooses it."""
    known = request.backend or request.name or request.session or request.pick is not Pick.NEW
    may_continue = settings.get("session.auto_resume")
    if known or may_continue or request.ephemeral or not streams.stderr_is_tty:
        return
    from clinvk.services.agents.first_choice import first_choice

    if note := first_choice(settings, cli.world):
        streams.err(safe_line(note))


class _AskingObserver:
    """Shows the turn, and tells the asker when it starts."""

    def __init__(self, renderer: Renderer, asker: "TerminalAsker", cli: Cli) -> None:
        self.event = renderer.event
        self._renderer = renderer
        self._asker = asker
        self._agents = cli.world.agents

    def started(self, turn: TurnStart) -> None:
        """The turn has started; the agent does not have its prompt yet."""
        self._renderer.started(turn)
        self._asker.started(turn, self._agents.get(turn.backend).title)


def _asker(cli: Cli, streams: Streams) -> "TerminalAsker":
    from clinvk.cli.asking.asker import TerminalAsker

    return TerminalAsker(streams, cli.world.monotonic)


def waiting_reporter(streams: Streams, *, quiet: bool) -> Callable[[str], None]:
    """A function that reports the wait for a busy session on stderr, also without a terminal."""
    return lambda message: None if quiet else streams.err(safe_line(message))


_NAMING = (
    ("images", "--image", "a file"),
    ("schema", "--schema", "a file"),
    ("add_dirs", "--add-dir", "a directory"),
)
"""The fields that name files or directories, their options, and what these name."""


def _each(given: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    return given if isinstance(given, tuple) else (given,)


def request_of(cli: Cli, options: TurnOptions, prompt: str, **which: Any) -> RunRequest:  # noqa: ANN401
    """The request; `which` are its fields that choose the session."""
    backend = options.asked.get("backend")
    if backend is not None and backend not in cli.world.agents:
        cli.world.agents.get(backend)  # raises; else no session would seem to have it
    asked = {**options.asked, "workdir": working_directory(cli, options.asked.get("workdir"))}
    for name, option, what in _NAMING:
        given = asked.get(name)
        paths = [cli.world.cwd / expanded(option, one, what) for one in _each(given)]
        if paths:
            asked[name] = tuple(paths) if isinstance(given, tuple) else paths[0]
    if "system_prompt" in asked:
        checked_text(asked["system_prompt"], "the system prompt")
    return options.kind(prompt=prompt, **asked, **which)


def _read_limits(options: TurnOptions, settings: Settings) -> ReadLimits:
    """The limits of the turn, applied to reading the prompt."""

    def seconds(field: str, key: str) -> float | None:
        asked: float | None = options.asked.get(field)
        text = settings.get(key) if asked is None else None
        return parse_duration(text) if text else asked

    total_s = seconds("timeout_s", "run.timeout")
    return ReadLimits(total_s=total_s, idle_s=seconds("idle_timeout_s", "run.idle_timeout"))
