"""Turns the items of a headless run into events: tool calls and file changes."""

from collections.abc import Mapping

from clinvk.agents.kit.jsonl import clip, items, mapping, one_line, text
from clinvk.agents.kit.tools import not_allowed, shell_command, summary_of
from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Json,
    Message,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.tool_names import COMMAND

Line = Mapping[str, Json]

CALLS = frozenset({"command_execution", "mcp_tool_call", "web_search", "collab_tool_call"})
ITEMS = CALLS | {"agent_message", "reasoning", "error", "file_change", "todo_list"}
_CHANGES = {"add": Change.CREATED, "update": Change.MODIFIED, "delete": Change.DELETED}


def item_kind(entry: Line) -> str:
    """The type of the line's item."""
    return text(mapping(entry.get("item")).get("type"))


def call_result(item: Line) -> list[Event]:
    """The result of a call, and a warning if the call was denied."""
    status = text(item.get("status"))
    output = text(item.get("aggregated_output")) or text(mapping(item.get("error")).get("message"))
    ok = status not in ("failed", "declined") and item.get("exit_code") in (0, None)
    events: list[Event] = [ToolResult(id=text(item.get("id")), ok=ok, text=clip(output))]
    if status == "declined":
        events.append(not_allowed(COMMAND, shell_command(text(item.get("command")))))
    return events


def file_changes(item: Line) -> list[Event]:
    """The files that an item changed, or a warning if the change was denied."""
    changes = [mapping(change) for change in items(item.get("changes"))]
    paths = [text(change.get("path")) for change in changes]
    if item.get("status") != "completed":
        what = one_line(f"not changed: {', '.join(paths)}")
        return [Warned(message=what, code="denied")]
    return [
        FileChange(path=path, change=_CHANGES.get(text(change.get("kind")), Change.MODIFIED))
        for path, change in zip(paths, changes, strict=True)
        if path
    ]


def call_of(item: Line) -> ToolUse:
    """The call that an item of `CALLS` is."""
    tool = "/".join(filter(None, (text(item.get("server")), text(item.get("tool")))))
    arguments = mapping(item.get("arguments"))
    given = arguments or {key: item[key] for key in ("command", "query") if key in item}
    return ToolUse(
        id=text(item.get("id")),
        name=tool or text(item.get("type")),
        summary=one_line(shell_command(text(item.get("command")))) or summary_of(given),
        input=given,
    )


def text_events(item: Line) -> list[Event]:
    """What an item says: a message, reasoning, or an error that did not end the turn."""
    kind = text(item.get("type"))
    spoken = text(item.get("text")) or text(item.get("message"))
    if not spoken:
        return []
    if kind == "agent_message":
        return [Message(text=spoken)]
    if kind == "reasoning":
        return [Thinking(text=spoken)]
    return [Warned(message=spoken)] if kind == "error" else []
