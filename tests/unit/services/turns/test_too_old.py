"""An agent that was not understood: whether it is too old."""

from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.errors import ExitStatus
from clinvk.model.events import Result, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import Invocation, TurnRequest
from clinvk.process.child import Limits
from clinvk.process.signals import SignalInbox
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.too_old import failure_by_version

RESULT = Result(
    text="",
    stop_reason=StopReason.ERROR,
    failure=Failure(code=FailureCode.NO_RESULT, message="no result", detail="its last words"),
)


def plan_with(tmp_path: Path, says: str, backend: str = "codex") -> TurnPlan:
    """A turn of an agent whose program says this of its version."""
    program = tmp_path / "agent"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    return TurnPlan(
        backend=backends.get(backend),
        prompt="x",
        request=TurnRequest(prompt="x", cwd=tmp_path),
        invocation=Invocation(argv=(str(program),), stdin=b"", cwd=tmp_path),
        limits=Limits(timeout_s=None, idle_timeout_s=None),
        warnings=(),
        program=(str(program),),
    )


def test_an_old_version_is_named_with_the_oldest_that_works(tmp_path: Path, world: Any) -> None:
    """Codex 0.42 has another form of output, of which nothing is understood."""
    plan = plan_with(tmp_path, "echo codex-cli 0.42.0")
    with SignalInbox() as signals:
        why = failure_by_version(RESULT, plan, world, signals)
    assert why is not None
    assert (why.code, why.exit_status) == (FailureCode.TOO_OLD, ExitStatus.BACKEND)
    assert why.message == "Codex 0.42.0 is too old: clinvk needs 0.44.0 or later"
    assert why.way_out == "update it: npm install -g @openai/codex"
    assert why.detail == "no result\nits last words"


@pytest.mark.parametrize(
    ("says", "backend"),
    [
        ("echo codex-cli 0.44.0", "codex"),
        ("echo codex-cli 0.171.0", "codex"),
        ("exit 3", "codex"),
        ("echo 0.0.1", "demo"),
    ],
)
def test_a_version_that_is_not_known_to_be_too_old_keeps_its_failure(
    says: str, backend: str, tmp_path: Path, world: Any
) -> None:
    """The version is new enough or unknown, or no oldest version is known."""
    with SignalInbox() as signals:
        assert (
            failure_by_version(RESULT, plan_with(tmp_path, says, backend), world, signals) is None
        )
