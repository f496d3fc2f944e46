"""When a failed turn gets its figures from the agent's own file, and when it stays unknown."""

from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.model.events import Result, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.process.ending import Ending, EndReason
from clinvk.services.turns.own_figures import counters_kept, with_own_figures

ID = "00000000-0000-4000-8000-000000000000"
CODEX = backends.get("codex")
REQUEST = TurnRequest(prompt="x", cwd=Path("/p"))
ENDING = Ending(reason=EndReason.EXITED, exit_code=1, signal=None, stderr_tail="", duration_s=1.0)


def failed(code: FailureCode, stop_reason: StopReason = StopReason.ERROR) -> Result:
    """A turn that failed and told no figures."""
    why = Failure(code=code, message="x")
    return Result(text="", stop_reason=stop_reason, failure=why, backend_session_id=ID)


@pytest.fixture
def kept(world: Any) -> Path:
    """The agent's file of the conversation, with one answer counted."""
    folder = world.user_home / ".codex/sessions/2025/01/27"
    folder.mkdir(parents=True)
    file: Path = folder / f"rollout-x-{ID}.jsonl"
    info = '{"total_token_usage":{"input_tokens":70,"output_tokens":7}}'
    file.write_text(
        '{"type":"session_meta","payload":{}}\n'
        f'{{"type":"event_msg","payload":{{"type":"token_count","info":{info}}}}}\n'
    )
    return file


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("code", "known"),
    [
        (FailureCode.RATE_LIMITED, True),
        (FailureCode.AGENT_FAILED, True),
        (FailureCode.NETWORK, False),
        (FailureCode.KILLED, False),
        (FailureCode.NO_RESULT, False),
    ],
)
def test_only_a_turn_that_the_agent_itself_ended_is_known(
    world: Any,
    code: FailureCode,
    known: bool,  # noqa: FBT001  from the table
) -> None:
    """Of one that broke off an answer may have been on its way that nobody has counted."""
    result = with_own_figures(failed(code), CODEX, REQUEST, ENDING, world)
    assert result.usage.input_tokens == (70 if known else None)
    assert (result.counters is not None) is known


@pytest.mark.usefixtures("kept")
def test_a_turn_that_was_stopped_stays_unknown(world: Any) -> None:
    """By a person or a limit, however the agent put it."""
    stopped = Ending(
        reason=EndReason.TIMEOUT, exit_code=1, signal=None, stderr_tail="", duration_s=1.0
    )
    told = failed(FailureCode.AGENT_FAILED)
    assert with_own_figures(told, CODEX, REQUEST, stopped, world) == told


def test_two_files_of_a_conversation_tell_nothing(world: Any, kept: Path) -> None:
    """Which of them the agent would go on with is not known."""
    assert counters_kept(CODEX, ID, world) is not None
    kept.with_name(f"rollout-y-{ID}.jsonl").write_text(kept.read_text())
    assert counters_kept(CODEX, ID, world) is None
