"""The checks of a trial of one backend; checks that are not possible have a verdict too."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability
from clinvk.errors import BackendError, ExitStatus
from clinvk.model.access import Access
from clinvk.model.config import Settings
from clinvk.model.failure import FailureCode
from clinvk.model.report import RunReport
from clinvk.model.trial import Held, Promise, Verdict
from clinvk.process.descendants import is_marked_left
from clinvk.services.agents.programs import program_of
from clinvk.services.agents.states import backend_states
from clinvk.services.trial.stage import Stage, stage_for
from clinvk.services.world import World

PATIENCE_S = 300.0
"""How long one prompt may take, if `run.timeout` is not set."""

UNKNOWN_MODEL = "clinvk-no-such-model"
FILE = "clinvk-trial.txt"
NO_TIME_S = 0.1
"""Less time than an agent needs to answer."""

_REMEMBER = "Remember the word {}. I will ask you for it. Answer with OK."
_WHICH = "Which word did I ask you to remember? Answer with that word alone."
_CREATE = "Create a file named `{}` here, with the word OK in it."
_NO_FAILURE_OF_ITS_OWN = {
    FailureCode.TIMEOUT.value: "it did not end in time",
    FailureCode.IDLE_TIMEOUT.value: "it did not end in time",
    FailureCode.NOT_STARTED.value: "it could not be started",
}


class _NotHeldError(Exception):
    """A promise was not kept, or could not be tried; the message says why."""

    def __init__(self, why: str, held: Held = Held.NO) -> None:
        super().__init__(why)
        self.held = held


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
    [state] = backend_states(settings, world, only=backend.name)
    version = f"version {state.version}" if state.version else f"no version: {state.fault}"
    program = state.program[0] if state.program else ""
    yield Verdict(Promise.INSTALLED, Held.YES, f"{program} ({version})")
    patience_s = None if settings.get("run.timeout") else PATIENCE_S
    with stage_for(backend, settings, world, patience_s) as stage:
        first = stage.ask(_REMEMBER.format(stage.word))
        started = _verdict(Promise.START, lambda: _starts(first, backend))
        yield started
        if started.held is not Held.YES or first.session_id is None:
            yield from _untried("it did not start correctly", after=Promise.START)
            return
        session_id = first.session_id
        # In this order: the session cannot be used after the check of a lost conversation.
        yield _verdict(Promise.RESUME, lambda: _remembers(stage, session_id))
        yield _verdict(Promise.EPHEMERAL, lambda: _forgets(stage))
        yield _verdict(Promise.READ_ONLY, lambda: _only_reads(stage))
        yield _verdict(Promise.ERROR, lambda: _refuses_model(stage))
        yield _verdict(Promise.GONE, lambda: _refuses_conversation(stage, session_id))
        yield _verdict(Promise.TIMEOUT, lambda: _stops(stage))


def _untried(why: str, *, after: Promise) -> Iterator[Verdict]:
    promises = list(Promise)
    return (Verdict(one, Held.NOT_TRIED, why) for one in promises[promises.index(after) + 1 :])


def _verdict(promise: Promise, check: Callable[[], str]) -> Verdict:
    """The verdict of a check, which returns one sentence or raises `_NotHeldError`."""
    try:
        return Verdict(promise, Held.YES, check())
    except _NotHeldError as error:
        return Verdict(promise, error.held, str(error))


def _require(stage: Stage, capability: Capability) -> None:
    if (why := stage.backend.lacks.get(capability)) is not None:
        raise _NotHeldError(why, Held.NOT_TRIED)


def _starts(report: RunReport, backend: Backend) -> str:
    seen = _answered(report)
    if Capability.RESUME not in backend.lacks and report.backend_session_id is None:
        raise _NotHeldError("it answered, but the id of its conversation was not found")
    return seen


def _remembers(stage: Stage, session_id: str) -> str:
    """Run a further turn: its answer must have the word from the first prompt."""
    _require(stage, Capability.RESUME)
    report = stage.ask(_WHICH, session=session_id)
    _answered(report)
    if stage.word not in report.outcome.text.lower():
        said = _cut(report.outcome.text)
        raise _NotHeldError(f"it forgot the word `{stage.word}` and answered: {said}")
    return f"it knew the word `{stage.word}`"


def _forgets(stage: Stage) -> str:
    _require(stage, Capability.EPHEMERAL)
    return _answered(stage.ask(_REMEMBER.format(stage.word), ephemeral=True))


def _only_reads(stage: Stage) -> str:
    """Request a new file with read-only access, and check the disk."""
    _require(stage, Capability.READ_ONLY)
    before = stage.files()
    report = stage.ask(_CREATE.format(FILE), access=Access.READ_ONLY)
    if written := sorted(stage.files() - before):
        raise _NotHeldError(f"with `--access read-only` it wrote `{'`, `'.join(written[:3])}`")
    if report.error is not None:
        raise _NotHeldError(f"nothing was written, but the turn failed: {_failure(report)}")
    return "it was asked to write a file, and wrote none"


def _refuses_model(stage: Stage) -> str:
    _require(stage, Capability.MODEL)
    report = stage.ask(_REMEMBER.format(stage.word), model=UNKNOWN_MODEL)
    return _failed_well(report, f"the model `{UNKNOWN_MODEL}`")


def _refuses_conversation(stage: Stage, session_id: str) -> str:
    _require(stage, Capability.RESUME)
    stage.lose_conversation(session_id)
    report = stage.ask(_WHICH, session=session_id)
    return _failed_well(report, "a conversation that it never had")


def _stops(stage: Stage) -> str:
    """Run a turn with a very short timeout."""
    report = stage.ask(_REMEMBER.format(stage.word), timeout_s=NO_TIME_S)
    if report.error is None:
        raise _NotHeldError("it answered in time", Held.NOT_TRIED)
    if report.exit_status is not ExitStatus.TIMEOUT:
        said = _failure(report)
        raise _NotHeldError(f"after {NO_TIME_S:g} s it failed with another error: {said}")
    if is_marked_left(stage.mark):  # as far as this system shows it
        raise _NotHeldError("it was stopped, but a process of it still runs")
    return f"stopped after {NO_TIME_S:g} s; no process of it is left"


def _failed_well(report: RunReport, what: str) -> str:
    if report.error is None:
        raise _NotHeldError(f"it accepted {what} and answered: {_cut(report.outcome.text)}")
    if (wrong := _NO_FAILURE_OF_ITS_OWN.get(report.error.code)) is not None:
        raise _NotHeldError(f"with {what}, {wrong}")
    return _failure(report)


def _answered(report: RunReport) -> str:
    """What is known about the answer. Raises `_NotHeldError` if there is none."""
    if report.error is not None:
        raise _NotHeldError(_failure(report))
    if not report.outcome.text.strip():
        raise _NotHeldError("it succeeded without an answer")
    tokens = report.outcome.usage.total_tokens
    found = [
        f"answered in {report.outcome.duration_s or 0.0:.1f} s",
        f"conversation {report.backend_session_id}" if report.backend_session_id else "no id",
        "no token counts" if tokens is None else f"{tokens:,} tokens",
    ]
    return ", ".join(found)


def _failure(report: RunReport) -> str:
    error = report.error
    return f"{error.code}: {_cut(error.message)}" if error else ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159]}…"
