"""How each agent says that it no longer has a conversation, and what only sounds like it."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Result
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest

ID = "11111111-1111-4111-8111-111111111111"

GONE = [
    ("claude", f"No conversation found with session ID: {ID}"),
    ("claude", f"Error: No conversation found with session ID: {ID}"),
    ("claude", f'Provided value "{ID}" is not a UUID and does not match any session title.'),
    ("claude", "Error: --resume requires a valid session ID when used with --print"),
    ("claude", f"Session not found: {ID}"),
    ("codex", f"Error: no rollout found for thread id {ID}"),
    ("codex", f"Error: thread/resume: thread/resume failed: no rollout found for thread id {ID}"),
    ("codex", f"Error: thread/read failed: thread not loaded: {ID}"),
    ("codex", f"thread/resume failed: thread not found: {ID}"),
    ("codex", f"Error: No saved session found with ID {ID}"),
    ("codex", f"Error: failed to locate rollout for thread {ID}"),
    ("codex", f"Error: failed to locate thread id {ID}"),
    ("codex", f"Error: no rollout found for conversation id {ID}"),
    ("codex", f"error resuming thread: conversation not found: {ID}"),
    ("codex", f"no conversation with id: {ID}"),
    ("codex", f"no thread with id: {ID}"),
    ("gemini", "Error resuming session: No previous sessions found for this project."),
    ("gemini", f'Error resuming session: Invalid session identifier "{ID}".'),
    ("gemini", "No previous sessions found for this project."),
    ("gemini", f"Session not found: {ID}"),
    ("opencode", "Error: Session not found"),
    ("opencode", "NotFoundError: Session not found: ses_1"),
    ("qwen", f"No saved session found with ID {ID}."),
    ("qwen", f'No session found with ID "{ID}".'),
    ("qwen", f"Session not found for id: {ID}"),
    ("qwen", f"Session '{ID}' was not found"),
]

NOT_GONE = [
    ("codex", "unexpected status 404 Not Found: upstream: thread not found: shard 7"),
    ("claude", "gateway: credential does not match any session"),
    ("gemini", "Error resuming session: EMFILE: too many open files"),
    ("qwen", "mcp server: upstream session not found"),
    ("opencode", "gateway says session not found"),
]


def _ended(name: str, lines: list[dict[str, Any]], stderr: str = "") -> Result:
    request = TurnRequest(prompt="p", cwd=Path("/p"), conversation=ID, mode=TurnMode.RESUME)
    parser = backends.get(name).parser(request)
    events = [event for line in lines for event in parser.feed(json.dumps(line))]
    events += parser.finish(1, stderr)
    result = events[-1]
    assert isinstance(result, Result)
    return result


@pytest.mark.parametrize(("name", "words"), GONE)
def test_an_agents_own_words_for_gone(name: str, words: str) -> None:
    """On stderr, where it gave no result."""
    result = _ended(name, [], f"{words}\n")
    assert result.failure is not None
    assert result.failure.code is FailureCode.CONVERSATION_GONE


@pytest.mark.parametrize(("name", "words"), NOT_GONE)
def test_words_of_others_do_not_mean_gone(name: str, words: str) -> None:
    """A gateway's, a server's, or of a file that could not be read just now."""
    result = _ended(name, [], f"{words}\n")
    assert result.failure is not None
    assert result.failure.code is not FailureCode.CONVERSATION_GONE


WORDS = "no conversation found: thread not found: session not found: no saved session found"
ERRORS: dict[str, list[dict[str, Any]]] = {
    "claude": [
        {"type": "system", "subtype": "init", "session_id": ID},
        {"type": "result", "is_error": True, "api_error_status": 400, "result": WORDS},
    ],
    "codex": [
        {"type": "thread.started", "thread_id": ID},
        {"type": "turn.started"},
        {"type": "turn.failed", "error": {"message": WORDS}},
    ],
    "gemini": [
        {"type": "init", "session_id": ID},
        {"type": "result", "status": "error", "error": {"type": "ApiError", "message": WORDS}},
    ],
    "opencode": [
        {
            "type": "error",
            "sessionID": ID,
            "error": {"name": "APIError", "data": {"message": WORDS, "statusCode": 400}},
        }
    ],
    "qwen": [
        {"type": "system", "subtype": "init", "session_id": ID},
        {"type": "result", "is_error": True, "error": {"message": f"[API Error: 400 {WORDS}]"}},
    ],
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_a_services_error_never_means_gone(name: str) -> None:
    """Whatever it says of sessions and threads of its own."""
    result = _ended(name, ERRORS[name])
    assert result.failure is not None
    assert result.failure.code is FailureCode.AGENT_FAILED


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "claude",
            {
                "type": "result",
                "subtype": "error_during_execution",
                "is_error": True,
                "errors": [f"No conversation found with session ID: {ID}"],
            },
        ),
        ("codex", {"type": "error", "message": f"thread/read failed: thread not loaded: {ID}"}),
        (
            "opencode",
            {
                "type": "error",
                "sessionID": ID,
                "error": {"name": "NotFoundError", "data": {"message": "Session not found: x"}},
            },
        ),
    ],
)
def test_gone_in_an_agents_own_structured_error(name: str, line: dict[str, Any]) -> None:
    """Before any turn began."""
    result = _ended(name, [line])
    assert result.failure is not None
    assert result.failure.code is FailureCode.CONVERSATION_GONE
