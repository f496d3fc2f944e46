"""OpenAI's Chat Completions API, as opencode and Qwen Code use it."""

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bed.dialects._base import (
    Ask,
    BrokenStreamError,
    Dialect,
    Json,
    Reply,
    texts,
    typed_by_a_person,
)
from bed.dialects._openai import failed_within, refused
from bed.directives import Edit, Refusal, Run, Tool, Usage, Write

_OWN_ACCOUNT = "memory extraction subagent"
"""Qwen Code keeps a memory: a request after the answer, with tools of its own."""

_TITLE = "You are a title generator"
"""What opencode asks for at the beginning of a session."""

_TITLE_TOOL = frozenset({"session_title"})
"""The only tool of the request that Grok Build makes for a title."""

_FAILED = re.compile(
    r"^(Error|Qwen Code requires|The user rejected|\{\"result\":\{\"type\":\"error\")"
    r"|not found in |has not been read|Exit Code: [1-9]|<system>ERROR: "
    r"|^Permission (denied|to run)|completed with exit code [1-9]|^exit: [1-9]"
    r"|^Tool `\w+` was not executed|^Failed to parse arguments|^User cancelled"
    r"|\[Process exited with code [1-9]"
)
"""The API has no sign for a tool that failed, so the agents' own words have to do."""


_UNANSWERED = re.compile(r"(\[\[(?:error|refuse|fail|cut|gate|hang)\b[^\]]*\]\][^\n]*)\n\n")
"""The end of a prompt without an answer: Kimi Code joins the next one to it."""

_FIELDS = {"text": "content", "think": "reasoning_content"}


class ChatCompletions(Dialect):
    """`POST /v1/chat/completions`."""

    name = "chat_completions"
    path = "/v1/chat/completions"
    refusal_headers = MappingProxyType({"retry-after-ms": "50"})

    def read(self, body: Json, headers: Mapping[str, str]) -> Ask:
        """The request."""
        tools = frozenset(tool["function"]["name"] for tool in body.get("tools") or [])
        prompts: list[str] = []
        results: list[str | None] = []
        # Aider, alone among them, has no tools; it speaks through the Python client.
        own_account = not tools and "Python" not in headers.get("user-agent", "")
        bare = tools == _TITLE_TOOL
        own_account |= bare
        for message in body["messages"]:
            told = texts(message.get("content") or "", "text")
            parts = [one for part in told for one in _UNANSWERED.sub(r"\1\0", part).split("\0")]
            own_account |= message["role"] == "system" and _OWN_ACCOUNT in "".join(parts)
            bare |= message["role"] == "system" and _TITLE in "".join(parts)
            if message["role"] == "user":
                typed = [said for part in parts if (said := typed_by_a_person(part))]
                prompts += typed
                results = [] if typed else results
            elif message["role"] == "tool":
                said = "".join(parts)
                results.append(said if _FAILED.search(said) else None)
        return Ask(
            model=body["model"],
            stream=bool(body.get("stream")),
            kind="side" if own_account else "main",
            prompts=tuple(prompts),
            results=tuple(results),
            tools=tools,
            bare=bare,
        )

    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """The chunks of one message: reasoning, text or one tool call, then the bill."""
        yield _chunk(ask, reply, {"role": "assistant", "content": ""})
        if reply.think:
            yield _chunk(ask, reply, {"reasoning_content": reply.think})
        try:
            for piece in reply.pieces:
                yield _chunk(ask, reply, {"content": piece})
        except BrokenStreamError as broken:
            if broken.type is None:
                raise
            yield _data({"error": failed_within(broken.type)})
            return
        for kind, said in reply.blocks:
            yield _chunk(ask, reply, {_FIELDS[kind]: said})
        if reply.call:
            yield _chunk(ask, reply, {"tool_calls": [{"index": 0, **_tool_call(ask, reply)}]})
        yield _chunk(ask, reply, {}, finish=_finish(reply))
        yield _data({**_head(ask, reply), "choices": [], "usage": _usage(reply.usage)})
        yield b"data: [DONE]\n\n"

    def whole(self, ask: Ask, reply: Reply) -> Json:
        """The completion as one object."""
        message: dict[str, Json] = {"role": "assistant", "content": "".join(reply.pieces)}
        if reply.think:
            message["reasoning_content"] = reply.think
        if reply.call:
            message["tool_calls"] = [_tool_call(ask, reply)]
        choice = {"index": 0, "message": message, "finish_reason": _finish(reply)}
        head = {**_head(ask, reply), "object": "chat.completion"}
        return {**head, "choices": [choice], "usage": _usage(reply.usage)}

    def refusal(self, ask: Ask, refusal: Refusal) -> tuple[int, Json]:
        """The provider's own body."""
        return refused(ask, refusal)


def _data(data: Json) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def _head(ask: Ask, reply: Reply) -> dict[str, Json]:
    return {
        "id": f"chatcmpl-{reply.id}",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": ask.model,
    }


def _chunk(ask: Ask, reply: Reply, delta: Json, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data({**_head(ask, reply), "choices": [choice]})


def _finish(reply: Reply) -> str:
    return reply.finish or ("tool_calls" if reply.call else "stop")


def _usage(usage: Usage) -> Json:
    """The API has no word for what is written to a cache: it is a part of the prompt."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _tool_call(ask: Ask, reply: Reply) -> dict[str, Json]:
    assert reply.call is not None
    if isinstance(reply.call, Tool):
        name, arguments = reply.call.name, dict(reply.call.arguments)
    elif "list_dir" in ask.tools and "run_typescript" not in ask.tools:
        name, arguments = _tool_of_grok(reply.call)
    elif isinstance(reply.call, Write) and (known := ask.tools & _WRITING.keys()):
        (name,) = known
        path, content = _WRITING[name]
        arguments = {path: reply.call.path, content: reply.call.content}
    elif "Bash" in ask.tools and not isinstance(reply.call, Write):
        name, arguments = _capital_tool(reply.call)
    elif "run_typescript" in ask.tools:
        name, arguments = _tool_of_vibe(reply.call)
    elif "LS" in ask.tools:
        name, arguments = _tool_of_droid(reply.call)
    else:
        name, arguments = _tool(ask, reply.call)
    called = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"call_{reply.id}", "type": "function", "function": called}


_WRITING = {
    "create": ("path", "file_text"),
    "Write": ("path", "content"),
}
"""The tools of Copilot CLI and Kimi Code that write a file, and their arguments."""

_EDITING = {
    "create": ("path", "old_str", "new_str"),
    "write": ("filePath", "oldString", "newString"),
}
"""The arguments of `edit` in Copilot CLI, and in opencode, by the tool beside it that writes."""


def _capital_tool(call: Edit | Run) -> tuple[str, Json]:
    """The call in the words of Kimi Code, but for writing."""
    if isinstance(call, Edit):
        return "Edit", {"path": call.path, "old_string": call.old, "new_string": call.new}
    return "Bash", {"command": call.command}


def _tool(ask: Ask, call: Write | Edit | Run) -> tuple[str, Json]:
    """The call in the words of the tools that were offered."""
    return _tool_of_qwen(call) if "read_file" in ask.tools else _other_tool(ask, call)


def _tool_of_qwen(call: Write | Edit | Run) -> tuple[str, Json]:
    match call:
        case Write():
            return "write_file", {"file_path": call.path, "content": call.content}
        case Edit():
            change = {"old_string": call.old, "new_string": call.new}
            return "edit", {"file_path": call.path, **change}
        case Run():
            about = {"description": "As the prompt asked", "is_background": False}
            return "run_shell_command", {"command": call.command, **about}


def _other_tool(ask: Ask, call: Write | Edit | Run) -> tuple[str, Json]:
    match call:
        case Write():
            # Pi, which has no `glob`, calls a file's path otherwise than opencode does.
            path = "filePath" if "glob" in ask.tools else "path"
            return "write", {path: call.path, "content": call.content}
        case Edit():
            if not {"create", "glob"} & {*ask.tools}:  # Pi
                edits: Json = [{"oldText": call.old, "newText": call.new}]
                return "edit", {"path": call.path, "edits": edits}
            path, old, new = _EDITING["create" if "create" in ask.tools else "write"]
            return "edit", {path: call.path, old: call.old, new: call.new}
        case Run():
            return "bash", {"command": call.command, "description": "As the prompt asked"}


def _tool_of_vibe(call: Write | Edit | Run) -> tuple[str, Json]:
    match call:
        case Write():
            return "write_file", {"path": call.path, "content": call.content}
        case Edit():
            change = {"old_string": call.old, "new_string": call.new}
            return "edit", {"file_path": call.path, **change}
        case Run():
            return "bash", {"command": call.command}


def _tool_of_grok(call: Write | Edit | Run) -> tuple[str, Json]:
    """The call in the words of Grok Build, which has one tool for both kinds of change."""
    match call:
        case Write():
            change = {"old_string": "", "new_string": call.content}
            return "search_replace", {"file_path": call.path, **change}
        case Edit():
            change = {"old_string": call.old, "new_string": call.new}
            return "search_replace", {"file_path": call.path, **change}
        case Run():
            about = {"description": "As the prompt asked"}
            return "run_terminal_command", {"command": call.command, **about}


def _tool_of_droid(call: Write | Edit | Run) -> tuple[str, Json]:
    match call:
        case Write():
            return "Create", {"file_path": call.path, "content": call.content}
        case Edit():
            change = {"old_str": call.old, "new_str": call.new}
            return "Edit", {"file_path": call.path, **change}
        case Run():
            about = {"summary": "Do what was asked", "timeout": 60}
            # The model itself says how dangerous a command is: here it is never honest.
            risk = {"riskLevel": "low", "riskLevelReason": "As the prompt asked"}
            return "Execute", {"command": call.command, **about, **risk}
