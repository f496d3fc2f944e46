"""What `run` and `resume` share: words become a request, and the request a turn that is shown."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinvk.cli.context import Cli, working_directory
from clinvk.cli.optional_values import LEFT_OUT
from clinvk.cli.options import OutputFormat
from clinvk.cli.prompt import read_prompt
from clinvk.cli.prompt_text import checked_text
from clinvk.cli.render import renderer_for
from clinvk.cli.render.errors import say_error
from clinvk.cli.stdin import Patience
from clinvk.cli.streams import OutputClosed, OutputLostError, Streams
from clinvk.errors import ExitStatus, UsageError
from clinvk.model.access import Access
from clinvk.model.config import Settings
from clinvk.model.request import IfMissing, RunRequest
from clinvk.services.config.settings import effective_settings
from clinvk.services.turns.prompt import dry_run, run
from clinvk.text.sanitize import safe_line
from clinvk.text.units import parse_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """The options of a turn as they were typed."""

    words: tuple[str, ...]
    editor: bool
    backend: str | None
    model: str | None
    workdir: str | None
    access: Access | None
    system_prompt: str | None
    max_turns: int | None
    timeout: str | None
    idle_timeout: str | None
    backend_args: tuple[str, ...]
    output_format: OutputFormat | None
    quiet: bool
    verbose: bool
    config: Path | None
    dry_run: bool
    if_missing: IfMissing | None = None
    wait: str | None = None


def run_turn(cli: Cli, said: TurnOptions, **which: Any) -> ExitStatus:  # noqa: ANN401
    """Run the turn and show it; `which` are the fields of `RunRequest` that choose the session."""
    settings = effective_settings(cli.world, said.config)
    patience = _patience(said, settings)
    prompt = read_prompt(cli, said.words, editor=said.editor, patience=patience)
    request = request_of(cli, said, prompt, **which)
    chosen = said.output_format or OutputFormat(settings.get("output.format"))
    streams = cli.streams.with_color(settings.get("output.color"))
    if said.dry_run:
        from clinvk.cli.render.dry_run import render_plan

        plan = dry_run(request, cli.world, settings)
        render_plan(plan, cli.world.environ, streams, as_json=chosen is not OutputFormat.TEXT)
        return ExitStatus.OK
    renderer = renderer_for(
        streams,
        chosen.value,
        clock=cli.world.monotonic,
        render=settings.get("output.render"),
        quiet=said.quiet,
        verbose=said.verbose,
    )
    status = ExitStatus.OUTPUT_CLOSED
    try:
        report = run(
            request,
            cli.world,
            settings,
            renderer,
            waiting=says_waiting(streams, quiet=said.quiet),
            attended=streams.attend_with,
        )
        status = report.exit_status
        try:
            renderer.finished(report)
        except OutputLostError:
            if report.error is None:
                raise
            # The turn failed before its report did: that is what the caller has to know.
            say_error(streams, report.error)
    except OutputClosed:
        # Whoever read has left: a turn that was over stands as it is, any other was cut off.
        return status
    finally:
        renderer.close()
    return status


def says_waiting(streams: Streams, *, quiet: bool) -> Callable[[str], None]:
    """What tells on stderr that a busy session is waited for, also where that is no terminal."""
    return lambda message: None if quiet else streams.talk(safe_line(message))


def request_of(cli: Cli, said: TurnOptions, prompt: str, **which: Any) -> RunRequest:  # noqa: ANN401
    """What was asked; `which` are the fields that choose the session."""
    for option in ("backend", "model", "system_prompt"):
        if getattr(said, option) is not None and not getattr(said, option).strip():
            raise UsageError(f"`--{option.replace('_', '-')}` is empty", hint="leave it out")
    if said.system_prompt is not None:
        checked_text(said.system_prompt, "the system prompt")
    return RunRequest(
        prompt=prompt,
        backend=said.backend,
        model=said.model,
        workdir=working_directory(cli, said.workdir),
        access=said.access,
        system_prompt=said.system_prompt,
        max_turns=said.max_turns,
        backend_args=said.backend_args,
        timeout_s=_seconds("--timeout", said.timeout),
        idle_timeout_s=_seconds("--idle-timeout", said.idle_timeout),
        wait_s=_wait(said.wait),
        if_missing=said.if_missing or IfMissing.FAIL,
        **which,
    )


def _patience(said: TurnOptions, settings: Settings) -> Patience:
    """The limits of the turn, for the prompt that it waits for."""
    total_s = _seconds("--timeout", said.timeout or settings.get("run.timeout") or None)
    idle_said = said.idle_timeout or settings.get("run.idle_timeout") or None
    idle_s = _seconds("--idle-timeout", idle_said)
    return Patience(total_s=total_s, idle_s=idle_s)


def _wait(said: str | None) -> float:
    return (
        0.0 if said is None else math.inf if said == LEFT_OUT else _seconds("--wait", said) or 0.0
    )


def _seconds(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except UsageError as error:
        raise UsageError(f"`{option}`: {error.message}", hint=error.hint) from error
