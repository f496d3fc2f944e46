"""Which ids and which words of an agent mean that a conversation is gone."""

from pathlib import Path

import pytest

from clinvk.agents import registry as backends
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Failed, Init, Result, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import Usage
from clinvk.services.turns.same_conversation import SameConversation

GONE = Failure(code=FailureCode.CONVERSATION_GONE, message="session not found")


def _same(*, resume: bool = True, args: tuple[str, ...] = (), name: str = "claude"):  # type: ignore[no-untyped-def]  # noqa: ANN202  two lines
    request = TurnRequest(
        prompt="p",
        cwd=Path("/p"),
        conversation="Ab",
        mode=TurnMode.RESUME if resume else TurnMode.START,
        backend_args=args,
    )
    return SameConversation(backends.get(name), request)


@pytest.mark.parametrize(
    ("resume", "worked", "code"),
    [
        (True, False, FailureCode.CONVERSATION_GONE),
        (True, True, FailureCode.AGENT_FAILED),
        (False, False, FailureCode.AGENT_FAILED),
    ],
    ids=["resume", "after work", "new conversation"],
)
def test_gone_is_only_possible_if_nothing_happened_in_the_turn(
    code: FailureCode, *, resume: bool, worked: bool
) -> None:
    """Otherwise the words mean something else."""
    same = _same(resume=resume)
    result = same.result(Result(text="", stop_reason=StopReason.ERROR, failure=GONE), worked=worked)
    assert result.failure.code is code
    assert same.failed(Failed(failure=GONE), worked=worked).failure.code is code


def test_figures_and_id_of_another_conversation_are_ignored() -> None:
    """Also if only the result names it; ids that differ only in case are equal."""
    told = Result(
        text="x",
        stop_reason=StopReason.END_TURN,
        usage=Usage(input_tokens=1),
        cost_usd=1.0,
        backend_session_id="cd",
    )
    result = _same().result(told, worked=True)
    assert result.failure.code is FailureCode.CONVERSATION_GONE
    assert (result.usage.known, result.cost_usd, result.backend_session_id) == (False, None, None)
    own = _same()
    assert own.note(Init(backend_session_id="aB")) is None
    assert own.other is None


@pytest.mark.parametrize(
    ("name", "option"),
    [("claude", "--fork-session"), ("qwen", "--fork-session"), ("opencode", "--fork")],
)
def test_a_fork_that_was_asked_for_has_a_new_id(name: str, option: str) -> None:
    """It is said once."""
    same = _same(name=name, args=(option,))
    assert "`cd`" in same.note(Init(backend_session_id="cd"))
    assert same.note(Init(backend_session_id="cd")) is None
    assert same.other is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("session not found", FailureCode.AGENT_FAILED),
        ("No conversation found with session ID: AB", FailureCode.CONVERSATION_GONE),
    ],
    ids=["of nobody", "of the one asked for"],
)
def test_an_existing_conversation_is_gone_only_if_its_id_is_named(
    message: str, code: FailureCode
) -> None:
    """A tool server that lost its own session prints the same words."""
    request = TurnRequest(prompt="p", cwd=Path("/p"), conversation="Ab", mode=TurnMode.RESUME)
    same = SameConversation(backends.get("claude"), request, kept=True)
    failed = Failed(failure=Failure(code=FailureCode.CONVERSATION_GONE, message=message))
    assert same.failed(failed, worked=False).failure.code is code
