"""Runs all checks of a trial of one backend; checks that are not possible have a verdict too."""

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Backend
from clinvk.errors import BackendError
from clinvk.model.config import Settings
from clinvk.model.trial import Held, Promise, Verdict
from clinvk.services.agents.programs import program_of
from clinvk.services.agents.states import backend_states
from clinvk.services.trial import checks
from clinvk.services.trial.stage import Stage, stage_for
from clinvk.services.world import World

PATIENCE_S = 300.0
"""How long one prompt may take, if `run.timeout` is not set."""


def trial(name: str, settings: Settings, world: World) -> Iterator[Verdict]:
    """A verdict for every promise, as soon as it is known; sends a few real prompts to the agent.

    The user's sessions and projects are not changed. Raises `BackendUnknownError` at once, and
    `StoppedBySignal` from the iterator if a signal arrives.
    """
    world = replace(world, settings=settings)
    return _verdicts(world.agents.get(name), settings, world)


def _verdicts(backend: Backend, settings: Settings, world: World) -> Iterator[Verdict]:
    try:
        program_of(backend, settings, world)
    except BackendError as error:
        yield Verdict(Promise.INSTALLED, Held.NO, error.message)
        yield from _untried("its program cannot be run", after=Promise.INSTALLED)
        return
    yield _installed(backend, settings, world)
    with stage_for(backend, settings, world, _patience_s(settings)) as stage:
        started, report = checks.begin(stage)
        yield started
        if started.held is not Held.YES or report.session_id is None:
            yield from _untried("it did not start correctly", after=Promise.START)
            return
        for promise, check in _further(stage, report.session_id).items():
            why = checks.missing(backend, promise)
            yield check() if why is None else Verdict(promise, Held.NOT_TRIED, why)


def _further(stage: Stage, session_id: str) -> Mapping[Promise, Callable[[], Verdict]]:
    """The checks after a successful start, in order; `GONE` makes the session unusable."""
    return {
        Promise.RESUME: lambda: checks.remembers(stage, session_id),
        Promise.EPHEMERAL: lambda: checks.forgets(stage),
        Promise.READ_ONLY: lambda: checks.only_reads(stage),
        Promise.ERROR: lambda: checks.refuses_model(stage),
        Promise.GONE: lambda: checks.refuses_conversation(stage, session_id),
        Promise.TIMEOUT: lambda: checks.stops(stage),
    }


def _untried(why: str, *, after: Promise) -> Iterator[Verdict]:
    promises = list(Promise)
    for promise in promises[promises.index(after) + 1 :]:
        yield Verdict(promise, Held.NOT_TRIED, why)


def _installed(backend: Backend, settings: Settings, world: World) -> Verdict:
    [state] = backend_states(settings, world, only=backend.name)
    version = f"version {state.version}" if state.version else f"no version: {state.fault}"
    program = state.program[0] if state.program else ""
    return Verdict(Promise.INSTALLED, Held.YES, f"{program} ({version})")


def _patience_s(settings: Settings) -> float | None:
    return None if settings.get("run.timeout") else PATIENCE_S
