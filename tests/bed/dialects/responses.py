"""OpenAI's Responses API, as Codex uses it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bed.dialects._base import (
    Ask,
    BrokenStreamError,
    Dialect,
    Json,
    Reply,
    event,
    texts,
    typed_by_a_person,
)
from bed.dialects._openai import failed_within, refused
from bed.directives import Call, Edit, Refusal, Run, Tool, Usage, Write

_WELL = re.compile(r"(?:exited with code|Exit code:) 0\b")
_OUTPUTS = {"function_call_output", "custom_tool_call_output"}


class Responses(Dialect):
    """`POST /v1/responses`."""

    name = "responses"
    path = "/v1/responses"

    def read(self, body: Json, headers: Mapping[str, str]) -> Ask:
        """The request; Codex itself says in a header whether it belongs to a turn."""
        prompts: list[str] = []
        results: list[str | None] = []
        for item in body["input"]:
            if item.get("role") == "user":
                for text in texts(item["content"], "input_text"):
                    if typed := typed_by_a_person(text):
                        prompts.append(typed)
                        results.clear()
            elif item.get("type") in _OUTPUTS:
                results.append(_result(item["output"]))
        metadata = json.loads(headers.get("x-codex-turn-metadata", "{}"))
        return Ask(
            model=body["model"],
            stream=bool(body.get("stream")),
            kind="main" if metadata.get("request_kind", "turn") == "turn" else "side",
            prompts=tuple(prompts),
            results=tuple(results),
            tools=frozenset(tool.get("name", tool["type"]) for tool in body.get("tools", [])),
        )

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """The events of one response: reasoning, a message or a function call."""
        output: list[Json] = []
        response = {"id": f"resp_{reply.id}", "object": "response", "model": ask.model}
        yield event(
            "response.created", {"response": {**response, "status": "in_progress", "output": []}}
        )
        try:
            if reply.think:
                yield from _reasoning(reply, output)
            if reply.call:
                yield from _tool_call(ask, reply, output)
            else:
                yield from _message(reply, output)
                for kind, said in reply.blocks:
                    further = replace(reply, think=said, pieces=iter((said,)))
                    yield from (_reasoning if kind == "think" else _message)(further, output)
        except BrokenStreamError as broken:
            if broken.type is None:
                raise
            failed = {"status": "failed", "error": failed_within(broken.type)}
            yield event("response.failed", {"response": {**response, **failed}})
            return
        done = {"status": "completed", "output": output, "usage": _usage(reply.usage)}
        if reply.finish:
            why = {"incomplete_details": {"reason": reply.finish}}
            done = {**done, **why, "status": "incomplete"}
            yield event("response.incomplete", {"response": {**response, **done}})
            return
        yield event("response.completed", {"response": {**response, **done}})

    def whole(self, ask: Ask, reply: Reply) -> Json:
        """The response that the stream would complete with."""
        *_, last = self.stream(ask, reply)
        return json.loads(last.split(b"data: ", 1)[1])["response"]

    def refusal(self, ask: Ask, refusal: Refusal) -> tuple[int, Json]:
        """The provider's own body."""
        return refused(ask, refusal)

    def aside(self, method: str, path: str) -> Json | None:
        """The model list."""
        if method == "GET" and path == "/v1/models":
            return {"object": "list", "data": [], "models": [], "has_more": False}
        return None


def _result(output: Json) -> str | None:
    """None if the tool did well; Codex writes the exit code into the text."""
    said = output if isinstance(output, str) else "".join(texts(output, "input_text"))
    return None if _WELL.search(said) else said


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


def _reasoning(reply: Reply, output: list[Json]) -> Iterator[bytes]:
    place = {"output_index": len(output), "item_id": f"rs_{reply.id}", "summary_index": 0}
    empty = {"type": "reasoning", "id": f"rs_{reply.id}", "summary": []}
    yield event("response.output_item.added", {"output_index": len(output), "item": empty})
    part = {"type": "summary_text", "text": ""}
    yield event("response.reasoning_summary_part.added", {**place, "part": part})
    yield event("response.reasoning_summary_text.delta", {**place, "delta": reply.think})
    yield event("response.reasoning_summary_text.done", {**place, "text": reply.think})
    item = {**empty, "summary": [{**part, "text": reply.think}], "encrypted_content": "c2ln"}
    yield event("response.output_item.done", {"output_index": len(output), "item": item})
    output.append(item)


def _message(reply: Reply, output: list[Json]) -> Iterator[bytes]:
    place = {"output_index": len(output), "item_id": f"msg_{reply.id}", "content_index": 0}
    item = {"type": "message", "id": f"msg_{reply.id}", "role": "assistant", "content": []}
    yield event("response.output_item.added", {"output_index": len(output), "item": item})
    part = {"type": "output_text", "text": "", "annotations": []}
    yield event("response.content_part.added", {**place, "part": part})
    said = ""
    for piece in reply.pieces:
        said += piece
        yield event("response.output_text.delta", {**place, "delta": piece})
    yield event("response.output_text.done", {**place, "text": said})
    done = {**item, "status": "completed", "content": [{**part, "text": said}]}
    yield event("response.output_item.done", {"output_index": len(output), "item": done})
    output.append(done)


def _tool_call(ask: Ask, reply: Reply, output: list[Json]) -> Iterator[bytes]:
    name, kind, argument = _tool(ask, reply.call)
    item = {
        "type": f"{kind}_call",
        "id": f"fc_{reply.id}",
        "call_id": f"call_{reply.id}",
        **_named(name),
        **argument,
    }
    yield event("response.output_item.added", {"output_index": len(output), "item": item})
    yield event("response.output_item.done", {"output_index": len(output), "item": item})
    output.append(item)


def _named(name: str) -> Json:
    """A tool of a server has the server's name apart: `mcp__SERVER/TOOL`."""
    server, _, tool = name.rpartition("/")
    return {"namespace": server, "name": tool} if server else {"name": name}


def _tool(ask: Ask, call: Call | None) -> tuple[str, str, Json]:
    """Codex offers its patch tool to the models that it knows; any other writes in the shell."""
    assert call is not None
    if isinstance(call, Tool):
        return call.name, "function", {"arguments": json.dumps(dict(call.arguments))}
    if not isinstance(call, Run) and "apply_patch" in ask.tools:
        return "apply_patch", "custom_tool", {"input": _patch(call)}
    command = call.command if isinstance(call, Run) else _printf(call)
    return "exec_command", "function", {"arguments": json.dumps({"cmd": command})}


def _patch(call: Write | Edit) -> str:
    if isinstance(call, Edit):
        change = f"*** Update File: {call.path}\n@@\n-{call.old}\n+{call.new}\n"
    else:
        lines = "".join(f"+{line}\n" for line in call.content.splitlines())
        change = f"*** Add File: {call.path}\n{lines}"
    return f"*** Begin Patch\n{change}*** End Patch\n"


def _printf(call: Write | Edit) -> str:
    content = call.new if isinstance(call, Edit) else call.content
    return f"printf %s {shlex.quote(content)} > {shlex.quote(call.path)}"
