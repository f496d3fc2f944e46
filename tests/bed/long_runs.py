"""What every agent prints in a run that goes on and on: the lines, by agent and by kind of growth.

They are written as the agents write them, so that what reads, keeps and shows them can be held to a
cost in proportion. `DECLARED` has the declarations for the agents that are none of ours.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from clinvk.agents.base import Backend
from clinvk.agents.declared.backend import declared
from clinvk.agents.registry import get
from clinvk.store.config.file import check_config

SESSION = "123e4567-e89b-42d3-a456-426614174000"
PIECE = "These are some words of an answer that never ends, 64 letters. \n"
"""What each piece, line, message or thought says."""

_JSONL = """
      output:
        format: jsonl
        conversation: {path: id, where: {type: begin}}
        delta: {path: text, where: {type: piece}}
        text: {path: text, where: {type: answer}}
        error: {path: text, where: {type: error}}
"""
DECLARED: Mapping[str, str] = {
    "declared-text": "\n      output: {format: text, noise: ['^noise'], error_line: '^error'}\n",
    "declared-jsonl": _JSONL,
    "declared-json": "\n      output: {format: json, text: answer}\n",
}

Lines = Callable[[int], Iterator[str]]
"""The lines of a run in which something happens so many times."""


def backend_of(agent: str) -> Backend:
    """The backend that reads the agent's output."""
    if agent not in DECLARED:
        return get(agent)
    text = f"backends:\n  {agent}:\n    declared:\n      program: {agent}\n      start: []"
    config = check_config((text + DECLARED[agent]).encode(), "config.yaml", ())
    return declared(agent, config[f"backends.{agent}.declared"])


def _stream_json(inner: Callable[[int], Iterator[Mapping[str, Any]]]) -> Lines:
    """A run of an agent that speaks claude's stream of JSON lines."""

    def lines(count: int) -> Iterator[str]:
        yield _json(type="system", subtype="init", session_id=SESSION, model="m")
        for said in inner(count):
            yield _json(session_id=SESSION, parent_tool_use_id=None, **said)
        usage = {"input_tokens": 10, "output_tokens": 5}
        yield _json(type="result", subtype="success", is_error=False, result="done", usage=usage)

    return lines


def _streamed(event: str, **more: Any) -> Mapping[str, Any]:
    return {"type": "stream_event", "event": {"type": event, **more}}


def _pieces(count: int, kind: str = "text") -> Iterator[Mapping[str, Any]]:
    """One block in so many pieces, and then as a whole."""
    yield _streamed("message_start", message={"usage": {"input_tokens": 1, "output_tokens": 1}})
    yield _streamed("content_block_start", index=0, content_block={"type": kind})
    for _ in range(count):
        yield _streamed("content_block_delta", delta={"type": f"{kind}_delta", kind: PIECE})
    yield _said({"type": kind, kind: PIECE * count})
    yield _streamed("message_delta", usage={"output_tokens": 5})


def _said(block: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "assistant", "message": {"model": "m", "content": [block]}}


def _got(call: str) -> Mapping[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call, "content": "File created successfully"}
    return {"type": "user", "message": {"content": [block]}}


def _claude_blocks(count: int) -> Iterator[Mapping[str, Any]]:
    for _ in range(count):
        yield from _pieces(1)


def _claude_calls(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        given = {"file_path": f"/p/{number}.py", "content": PIECE}
        call = {"type": "tool_use", "id": f"t{number}", "name": "Write", "input": given}
        yield _said(call)
        yield _got(f"t{number}")


def _claude_open_calls(count: int) -> Iterator[Mapping[str, Any]]:
    """All begun before the first is over, as sub-agents do."""
    for number in range(count):
        given = {"command": "sleep"}
        yield _said({"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": given})
    for number in range(count):
        yield _got(f"t{number}")


def _claude_notices(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        yield {"type": "system", "subtype": "api_retry", "attempt": number, "error": "overloaded"}


def _claude_denials(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        tool = {"tool_use_id": f"t{number}", "tool_name": "Bash"}
        yield {"type": "system", "subtype": "permission_denied", **tool}


def _claude_rounds(count: int) -> Iterator[Mapping[str, Any]]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    for _ in range(count):
        more = {"is_error": False, "result": PIECE, "usage": usage, "origin": {"kind": "task"}}
        yield {"type": "result", "subtype": "success", **more}


def _codex(inner: Callable[[int], Iterator[Mapping[str, Any]]]) -> Lines:
    def lines(count: int) -> Iterator[str]:
        yield _json(type="thread.started", thread_id=SESSION)
        yield _json(type="turn.started")
        for number, item in enumerate(inner(count)):
            told = dict(item)
            event = told.pop("event", "completed")
            yield _json(type=f"item.{event}", item={"id": f"i{number}", **told})
        yield _json(type="turn.completed", usage={"input_tokens": 10, "output_tokens": 5})

    return lines


def _codex_calls(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        call = {"type": "command_execution", "id": f"t{number}", "command": "bash -lc 'true'"}
        yield {**call, "event": "started"}
        yield {**call, "aggregated_output": PIECE, "exit_code": 0, "status": "completed"}


def _codex_files(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        changes = [{"path": f"/p/{number}.py", "kind": "add"}]
        yield {"type": "file_change", "changes": changes, "status": "completed"}


def _many(**item: Any) -> Callable[[int], Iterator[Mapping[str, Any]]]:
    return lambda count: (dict(item) for _ in range(count))


def _gemini(inner: Callable[[int], Iterator[Mapping[str, Any]]]) -> Lines:
    def lines(count: int) -> Iterator[str]:
        yield _json(type="init", session_id=SESSION, model="m")
        yield from (_json(**said) for said in inner(count))
        stats = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        yield _json(type="result", status="success", stats=stats)

    return lines


def _gemini_calls(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        given = {"file_path": f"/p/{number}.py", "content": PIECE}
        yield {
            "type": "tool_use",
            "tool_id": f"t{number}",
            "tool_name": "write_file",
            "parameters": given,
        }
        yield {"type": "tool_result", "tool_id": f"t{number}", "status": "success", "output": "ok"}


def _opencode(inner: Callable[[int], Iterator[tuple[str, Mapping[str, Any]]]]) -> Lines:
    def lines(count: int) -> Iterator[str]:
        for kind, part in inner(count):
            yield _json(type=kind, sessionID=SESSION, part=part)
        yield _json(type="step_finish", sessionID=SESSION, part=_step("stop"))

    return lines


def _step(reason: str) -> Mapping[str, Any]:
    return {"reason": reason, "cost": 0.01, "tokens": {"input": 10, "output": 5}}


def _opencode_texts(kind: str = "text") -> Callable[[int], Iterator[tuple[str, Mapping[str, Any]]]]:
    return lambda count: ((kind, {"text": PIECE, "messageID": "m"}) for _ in range(count))


def _opencode_steps(count: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number in range(count):
        yield "step_start", {}
        state = {"status": "completed", "input": {"filePath": f"/p/{number}"}, "output": PIECE}
        yield "tool_use", {"callID": f"t{number}", "tool": "write", "state": state}
        yield "step_finish", _step("tool-calls")


def _demo(inner: Callable[[int], Iterator[Mapping[str, Any]]]) -> Lines:
    def lines(count: int) -> Iterator[str]:
        yield _json(type="start", session=SESSION, model="m")
        yield from (_json(**said) for said in inner(count))
        yield _json(type="done", text="done")

    return lines


def _demo_calls(count: int) -> Iterator[Mapping[str, Any]]:
    for number in range(count):
        yield {"type": "tool", "id": f"t{number}", "name": "shell", "summary": "true"}
        yield {"type": "tool_result", "id": f"t{number}", "ok": True, "text": PIECE}


def _demo_files(count: int) -> Iterator[Mapping[str, Any]]:
    return (
        {"type": "file", "path": f"{number}.py", "change": "created"} for number in range(count)
    )


def _declared_jsonl(**said: Any) -> Lines:
    def lines(count: int) -> Iterator[str]:
        yield _json(type="begin", id="c-1")
        yield from (_json(**said) for _ in range(count))

    return lines


def _pieces_then_whole(count: int) -> Iterator[str]:
    yield from _declared_jsonl(type="piece", text=PIECE)(count)
    yield _json(type="answer", text=PIECE * count)


def _whole_json(count: int) -> Iterator[str]:
    yield "{"
    yield from (f'"{number}": {json.dumps(PIECE)},' for number in range(count))
    yield '"answer": "done"}'


def _junk(count: int) -> Iterator[str]:
    return ("no JSON of any agent" for _ in range(count))


def _huge(said: Callable[[str], str]) -> Lines:
    return lambda count: iter([said(PIECE * count)])


def _json(**said: Any) -> str:
    return json.dumps(said)


_STREAM_JSON: Mapping[str, Lines] = {
    "pieces": _stream_json(_pieces),
    "thoughts": _stream_json(lambda count: _pieces(count, "thinking")),
    "blocks": _stream_json(_claude_blocks),
    "calls": _stream_json(_claude_calls),
    "open calls": _stream_json(_claude_open_calls),
    "retries": _stream_json(_claude_notices),
    "denials": _stream_json(_claude_denials),
    "rounds": _stream_json(_claude_rounds),
    "one line": _stream_json(lambda count: iter([_said({"type": "text", "text": PIECE * count})])),
}

RUNS: Mapping[str, Mapping[str, Lines]] = {
    "claude": _STREAM_JSON,
    "qwen": _STREAM_JSON,
    "codex": {
        "messages": _codex(_many(type="agent_message", text=PIECE)),
        "thoughts": _codex(_many(type="reasoning", text=PIECE)),
        "warnings": _codex(_many(type="error", message=PIECE)),
        "calls": _codex(_codex_calls),
        "files": _codex(_codex_files),
        "one line": _codex(lambda count: _many(type="agent_message", text=PIECE * count)(1)),
    },
    "gemini": {
        "pieces": _gemini(_many(type="message", role="assistant", content=PIECE, delta=True)),
        "messages": _gemini(_many(type="message", role="assistant", content=PIECE)),
        "warnings": _gemini(_many(type="error", severity="warning", message=PIECE)),
        "calls": _gemini(_gemini_calls),
        "one line": _gemini(
            lambda count: _many(type="message", role="assistant", content=PIECE * count)(1)
        ),
    },
    "opencode": {
        "blocks": _opencode(_opencode_texts()),
        "thoughts": _opencode(_opencode_texts("reasoning")),
        "steps": _opencode(_opencode_steps),
        "one line": _opencode(
            lambda count: iter([("text", {"text": PIECE * count, "messageID": "m"})])
        ),
    },
    "demo": {
        "pieces": _demo(_many(type="text", text=PIECE)),
        "thoughts": _demo(_many(type="think", text=PIECE)),
        "warnings": _demo(_many(type="warning", message=PIECE)),
        "calls": _demo(_demo_calls),
        "files": _demo(_demo_files),
        "one line": _demo(lambda count: _many(type="text", text=PIECE * count)(1)),
    },
    "declared-text": {
        "lines": lambda count: (PIECE.rstrip() for _ in range(count)),
        "blank lines": lambda count: ("" for _ in range(count)),
        "noise": lambda count: ("noise" for _ in range(count)),
        "one line": _huge(lambda text: text.replace("\n", " ")),
    },
    "declared-jsonl": {
        "pieces": _declared_jsonl(type="piece", text=PIECE),
        "pieces, then whole": _pieces_then_whole,
        "messages": _declared_jsonl(type="answer", text=PIECE),
        "errors": _declared_jsonl(type="error", text=PIECE),
        "junk": _junk,
        "one line": lambda count: _declared_jsonl(type="piece", text=PIECE * count)(1),
    },
    "declared-json": {
        "lines": _whole_json,
        "one line": _huge(lambda text: _json(answer=text)),
    },
}
"""By agent and kind of growth; the lines of a run in which it happens so many times."""

CASES = tuple((agent, kind) for agent, kinds in RUNS.items() for kind in kinds)
