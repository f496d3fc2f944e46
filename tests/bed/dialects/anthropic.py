"""Anthropic's Messages API, as Claude Code uses it."""

import json
from collections.abc import Iterator, Mapping

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
from bed.directives import Background, Call, Delegate, Edit, Refusal, Tool, Usage, Write

_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("invalid_request_error", "messages: at least one message is required"),
    401: ("authentication_error", "invalid x-api-key"),
    403: (
        "permission_error",
        "Your API key does not have permission to use the specified resource.",
    ),
    404: ("not_found_error", "model: {model}"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: (
        "rate_limit_error",
        "This request would exceed your account's rate limit. Please try again later.",
    ),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}
_MESSAGES: Mapping[str, str] = {
    "context_too_long": "prompt is too long: 210000 tokens > 200000 maximum",
    "credit": "Your credit balance is too low to access the Anthropic API. "
    "Please go to Plans & Billing to upgrade or purchase credits.",
}


class Anthropic(Dialect):
    """`POST /v1/messages`."""

    name = "anthropic"
    path = "/v1/messages"

    def read(self, body: Json, headers: Mapping[str, str]) -> Ask:
        """The request; one without the agent's tools is a side request."""
        del headers
        tools = frozenset(tool["name"] for tool in body.get("tools", []) if "name" in tool)
        prompts: list[str] = []
        results: list[str | None] = []
        for message in body["messages"]:
            if message["role"] != "user":
                continue
            for text in texts(message["content"], "text"):
                if typed := typed_by_a_person(text):
                    prompts.append(typed)
                    results.clear()
            results.extend(_results(message["content"]))
        return Ask(
            model=body["model"],
            stream=bool(body.get("stream")),
            kind="main" if "Read" in tools else "side",
            prompts=tuple(prompts),
            results=tuple(results),
            tools=tools,
        )

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """The events of one message: thinking, text, and at most one tool call."""
        yield event("message_start", {"message": _message(ask, reply, first=True)})
        yield event("ping", {})
        index = 0
        if reply.think:
            yield from _thinking(index, reply.think)
            index += 1
        spoken = False
        try:
            for piece in reply.pieces:
                if not spoken:
                    spoken = True
                    block = {"type": "text", "text": ""}
                    yield event("content_block_start", {"index": index, "content_block": block})
                delta = {"type": "text_delta", "text": piece}
                yield event("content_block_delta", {"index": index, "delta": delta})
        except BrokenStreamError as broken:
            if broken.type is None:
                raise
            yield event("error", {"error": {"type": broken.type, "message": broken.type}})
            return
        if reply.call:
            yield from _tool_use(index, reply)
        elif spoken:
            yield event("content_block_stop", {"index": index})
        for further, (kind, said) in enumerate(reply.blocks, start=index + 1):
            yield from (_thinking if kind == "think" else _text)(further, said)
        end = {"stop_reason": _stop_reason(reply), "stop_sequence": None}
        yield event("message_delta", {"delta": end, "usage": _usage(reply.usage)})
        yield event("message_stop", {})

    def whole(self, ask: Ask, reply: Reply) -> Json:
        """The message as one object."""
        content: list[Json] = []
        if reply.think:
            content.append({"type": "thinking", "thinking": reply.think, "signature": "c2ln"})
        if text := "".join(reply.pieces):
            content.append({"type": "text", "text": text})
        for kind, said in reply.blocks:
            thought = {"type": "thinking", "thinking": said, "signature": "c2ln"}
            content.append(thought if kind == "think" else {"type": "text", "text": said})
        if reply.call:
            content.append(_tool_block(reply, filled=True))
        return {**_message(ask, reply, first=False), "content": content}

    def refusal(self, ask: Ask, refusal: Refusal) -> tuple[int, Json]:
        """The error body; `type` may name one of this dialect's messages or an error type."""
        kind, message = _ERRORS.get(refusal.status, ("api_error", "error"))
        if refusal.type:
            kind = kind if refusal.type in _MESSAGES else refusal.type
            message = _MESSAGES.get(refusal.type, message)
        error = {"type": kind, "message": refusal.words or message.format(model=ask.model)}
        return refusal.status, {"type": "error", "error": error, "request_id": "req_mock"}

    def aside(self, method: str, path: str) -> Json | None:
        """Token counts; the model list is the other dialect's, in a shape that serves both."""
        if method == "POST" and path == "/v1/messages/count_tokens":
            return {"input_tokens": 100}
        return None


def _results(content: Json) -> Iterator[str | None]:
    if isinstance(content, str):
        return
    for part in content:
        if part.get("type") == "tool_result":
            said = "".join(texts(part.get("content") or "", "text"))
            yield said if part.get("is_error") else None


def _message(ask: Ask, reply: Reply, *, first: bool) -> Json:
    usage = _usage(reply.usage)
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [],
        "stop_reason": None if first else _stop_reason(reply),
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1} if first else usage,
    }


def _usage(usage: Usage) -> Json:
    """What the API calls input excludes what the cache had or got."""
    fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    return {
        "input_tokens": fresh,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
        "service_tier": "standard",
    }


def _stop_reason(reply: Reply) -> str:
    return reply.finish or ("tool_use" if reply.call else "end_turn")


def _thinking(index: int, text: str) -> Iterator[bytes]:
    block = {"type": "thinking", "thinking": "", "signature": ""}
    yield event("content_block_start", {"index": index, "content_block": block})
    delta = {"type": "thinking_delta", "thinking": text}
    yield event("content_block_delta", {"index": index, "delta": delta})
    delta = {"type": "signature_delta", "signature": "c2ln"}
    yield event("content_block_delta", {"index": index, "delta": delta})
    yield event("content_block_stop", {"index": index})


def _text(index: int, text: str) -> Iterator[bytes]:
    block = {"type": "text", "text": ""}
    yield event("content_block_start", {"index": index, "content_block": block})
    delta = {"type": "text_delta", "text": text}
    yield event("content_block_delta", {"index": index, "delta": delta})
    yield event("content_block_stop", {"index": index})


def _tool_use(index: int, reply: Reply) -> Iterator[bytes]:
    block = _tool_block(reply, filled=False)
    yield event("content_block_start", {"index": index, "content_block": block})
    filled = json.dumps(_tool_block(reply, filled=True)["input"])
    delta = {"type": "input_json_delta", "partial_json": filled}
    yield event("content_block_delta", {"index": index, "delta": delta})
    yield event("content_block_stop", {"index": index})


def _tool_block(reply: Reply, *, filled: bool) -> Json:
    name, argument = _tool(reply.call)
    return {
        "type": "tool_use",
        "id": f"toolu_{reply.id}",
        "name": name,
        "input": argument if filled else {},
    }


def _tool(call: Call | None) -> tuple[str, Json]:
    if isinstance(call, Write):
        return "Write", {"file_path": call.path, "content": call.content}
    if isinstance(call, Delegate):
        asked = {"description": "a part of it", "prompt": call.prompt, "subagent_type": "helper"}
        return "Task", asked
    if isinstance(call, Edit):
        change = {"old_string": call.old, "new_string": call.new}
        return "Edit", {"file_path": call.path, **change}
    if isinstance(call, Tool):
        return call.name, dict(call.arguments)
    assert call is not None
    asked = {"command": call.command, "description": "As the prompt asked"}
    return "Bash", asked | ({"run_in_background": True} if isinstance(call, Background) else {})
