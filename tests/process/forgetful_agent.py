"""Stands in for an agent's CLI that answers from a conversation which it was not asked for.

The first argument is whose output it speaks, `CLINVK_TEST_BEHAVIOUR` what it does at a resume.
`CLINVK_TEST_ID` is the id that it names its conversation by, and in `CLINVK_TEST_STARTS` it notes
the arguments of each start.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

_OWN = "11111111-1111-4111-8111-111111111111"
_OTHER = "99999999-9999-4999-8999-999999999999"
GONE = "session not found: thread not found: no conversation found"
FOR_EVER_S = 600

Lines = Iterator[dict[str, Any]]


def named(agent: str, digits: str) -> str:
    """An id of the form that the agent's have."""
    return f"ses_{digits.replace('-', '')}" if agent == "opencode" else digits


def other(agent: str) -> str:
    """The id of the conversation that it was not asked for."""
    return named(agent, _OTHER)


def stream_json(session: str) -> dict[str, Any]:
    """Claude's and qwen's lines."""
    usage = {"input_tokens": 10, "output_tokens": 5}
    content = [{"type": "text", "text": "the answer"}]
    return {
        "first": {"type": "system", "subtype": "init", "session_id": session, "model": "m"},
        "said": {"type": "assistant", "message": {"id": "m", "model": "m", "content": content}},
        "end": {"type": "result", "subtype": "success", "result": "the answer", "usage": usage},
        "fail": {"type": "result", "subtype": "error_during_execution", "errors": [GONE]}
        | {"is_error": True, "session_id": session},
    }


def codex(session: str) -> dict[str, Any]:
    """Codex's lines."""
    return {
        "first": {"type": "thread.started", "thread_id": session},
        "said": {
            "type": "item.completed",
            "item": {"id": "i", "type": "agent_message", "text": "the answer"},
        },
        "end": {"type": "turn.completed", "usage": {"input_tokens": 10, "output_tokens": 5}},
        "fail": {"type": "turn.failed", "error": {"message": GONE}},
    }


def gemini(session: str) -> dict[str, Any]:
    """Gemini's lines."""
    stats = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    return {
        "first": {"type": "init", "session_id": session, "model": "m"},
        "said": {"type": "message", "role": "assistant", "content": "the answer", "delta": True},
        "end": {"type": "result", "status": "success", "stats": stats},
        "fail": {"type": "result", "status": "error", "error": {"type": "E", "message": GONE}},
    }


def opencode(session: str) -> dict[str, Any]:
    """Opencode's lines."""
    tokens = {"input": 10, "output": 5, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    part = {"reason": "stop", "tokens": tokens, "cost": 0}
    error = {"name": "NotFoundError", "data": {"message": GONE}}
    return {
        "first": {"type": "step_start", "sessionID": session, "part": {}},
        "said": {
            "type": "text",
            "sessionID": session,
            "part": {"text": "the answer", "messageID": "m"},
        },
        "end": {"type": "step_finish", "sessionID": session, "part": part},
        "fail": {"type": "error", "sessionID": session, "error": error},
    }


def toy(session: str) -> dict[str, Any]:
    """The lines of a declared agent."""
    return {
        "first": {"id": session},
        "said": {"text": "the answer"},
        "end": {"in": 10, "out": 5},
        "fail": {"error": GONE},
    }


LANGUAGES = {
    "claude": stream_json,
    "qwen": stream_json,
    "codex": codex,
    "gemini": gemini,
    "opencode": opencode,
    "toy": toy,
}


def asked_for(arguments: list[str]) -> str | None:
    """The id of the conversation to resume."""
    for at, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name in ("--resume", "--session") and value:
            return value
        if argument in ("resume", "-r"):
            return arguments[at + 1]
    return None


def main() -> None:
    """One turn."""
    speaks, *arguments = sys.argv[1:]
    sys.stdin.read()
    asked = asked_for(arguments)
    behaviour = os.environ["CLINVK_TEST_BEHAVIOUR"] if asked else "answers"
    chosen = [one.partition("=")[2] for one in arguments if one.startswith("--session-id=")]
    own = asked or next(iter(chosen), named(speaks, _OWN))
    own = os.environ.get("CLINVK_TEST_ID", own)
    if log := os.environ.get("CLINVK_TEST_STARTS"):
        with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123  as above
            file.write(json.dumps(arguments) + "\n")
    lines = LANGUAGES[speaks](
        own if behaviour in ("answers", "works, then fails") else other(speaks)
    )
    order = {
        "answers": ("first", "said", "end"),
        "other": ("first", "for ever"),
        "works, then other": ("said", "first", "for ever"),
        "works, then fails": ("first", "said", "fail"),
    }[behaviour]
    for name in order:
        if name == "for ever":
            time.sleep(FOR_EVER_S)
        sys.stdout.write(json.dumps(lines[name]) + "\n")
        sys.stdout.flush()
    if order[-1] == "fail":
        sys.stderr.write(f"Error: {GONE}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
