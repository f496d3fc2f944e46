"""The checks of a trial; each returns a verdict with one sentence."""

from clinvk.agents.base import Backend, Capability
from clinvk.errors import ExitStatus
from clinvk.model.access import Access
from clinvk.model.failure import FailureCode
from clinvk.model.report import RunReport
from clinvk.model.trial import Held, Promise, Verdict
from clinvk.services.trial.stage import Stage

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


def missing(backend: Backend, promise: Promise) -> str | None:
    """Why the promise cannot be tried with this backend; None if it can."""
    needed = _NEEDED.get(promise)
    return None if needed is None else backend.lacks.get(needed)


_NEEDED = {
    Promise.RESUME: Capability.RESUME,
    Promise.EPHEMERAL: Capability.EPHEMERAL,
    Promise.READ_ONLY: Capability.READ_ONLY,
    Promise.ERROR: Capability.MODEL,
    Promise.GONE: Capability.RESUME,
}


def begin(stage: Stage) -> tuple[Verdict, RunReport]:
    """Run the first turn; returns the verdict and the report."""
    report = stage.ask(_REMEMBER.format(stage.word))
    needs_id = Capability.RESUME not in stage.backend.lacks
    if (wrong := _no_answer(report)) is not None:
        return Verdict(Promise.START, Held.NO, wrong), report
    if needs_id and report.backend_session_id is None:
        why = "it answered, but the id of its conversation was not found"
        return Verdict(Promise.START, Held.NO, why), report
    return Verdict(Promise.START, Held.YES, _seen(report)), report


def remembers(stage: Stage, session_id: str) -> Verdict:
    """Run a further turn: its answer must have the word from the first prompt."""
    report = stage.ask(_WHICH, session=session_id)
    if (wrong := _no_answer(report)) is not None:
        return Verdict(Promise.RESUME, Held.NO, wrong)
    if stage.word not in report.outcome.text.lower():
        why = f"it forgot the word `{stage.word}` and answered: {_cut(report.outcome.text)}"
        return Verdict(Promise.RESUME, Held.NO, why)
    return Verdict(Promise.RESUME, Held.YES, f"it knew the word `{stage.word}`")


def forgets(stage: Stage) -> Verdict:
    """Run an ephemeral turn."""
    report = stage.ask(_REMEMBER.format(stage.word), ephemeral=True)
    wrong = _no_answer(report)
    return Verdict(Promise.EPHEMERAL, Held.NO if wrong else Held.YES, wrong or _seen(report))


def only_reads(stage: Stage) -> Verdict:
    """Request a new file with read-only access, and check the disk."""
    before = stage.files()
    report = stage.ask(_CREATE.format(FILE), access=Access.READ_ONLY)
    if written := sorted(stage.files() - before):
        why = f"with `--access read-only` it wrote `{'`, `'.join(written[:3])}`"
        return Verdict(Promise.READ_ONLY, Held.NO, why)
    if report.error is not None:
        why = f"nothing was written, but the turn failed: {_failure(report)}"
        return Verdict(Promise.READ_ONLY, Held.NO, why)
    return Verdict(Promise.READ_ONLY, Held.YES, "it was asked to write a file, and wrote none")


def refuses_model(stage: Stage) -> Verdict:
    """Run a turn with a model that does not exist."""
    report = stage.ask(_REMEMBER.format(stage.word), model=UNKNOWN_MODEL)
    return _failed_well(Promise.ERROR, report, f"the model `{UNKNOWN_MODEL}`")


def refuses_conversation(stage: Stage, session_id: str) -> Verdict:
    """Resume a conversation that does not exist; the session cannot be used afterwards."""
    stage.lose_conversation(session_id)
    report = stage.ask(_WHICH, session=session_id)
    return _failed_well(Promise.GONE, report, "a conversation that it never had")


def stops(stage: Stage) -> Verdict:
    """Run a turn with a very short timeout."""
    report = stage.ask(_REMEMBER.format(stage.word), timeout_s=NO_TIME_S)
    if report.error is None:
        return Verdict(Promise.TIMEOUT, Held.NOT_TRIED, "it answered in time")
    if report.exit_status is not ExitStatus.TIMEOUT:
        why = f"after {NO_TIME_S:g} s it failed with another error: {_failure(report)}"
        return Verdict(Promise.TIMEOUT, Held.NO, why)
    if stage.anything_runs():
        return Verdict(Promise.TIMEOUT, Held.NO, "it was stopped, but a process of it still runs")
    why = f"stopped after {NO_TIME_S:g} s; no process of it is left"
    return Verdict(Promise.TIMEOUT, Held.YES, why)


def _failed_well(promise: Promise, report: RunReport, what: str) -> Verdict:
    if report.error is None:
        why = f"it accepted {what} and answered: {_cut(report.outcome.text)}"
        return Verdict(promise, Held.NO, why)
    if (wrong := _NO_FAILURE_OF_ITS_OWN.get(report.error.code)) is not None:
        return Verdict(promise, Held.NO, f"with {what}, {wrong}")
    return Verdict(promise, Held.YES, f"{report.error.code}: {_cut(report.error.message)}")


def _no_answer(report: RunReport) -> str | None:
    if report.error is not None:
        return _failure(report)
    return None if report.outcome.text.strip() else "it succeeded without an answer"


def _failure(report: RunReport) -> str:
    error = report.error
    return f"{error.code}: {_cut(error.message)}" if error else ""


def _seen(report: RunReport) -> str:
    tokens = report.outcome.usage.total_tokens
    found = [
        f"answered in {report.outcome.duration_s or 0.0:.1f} s",
        f"conversation {report.backend_session_id}" if report.backend_session_id else "no id",
        "no token counts" if tokens is None else f"{tokens:,} tokens",
    ]
    return ", ".join(found)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159]}…"
