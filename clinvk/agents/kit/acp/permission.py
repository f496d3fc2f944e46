"""Reads what an agent asks to be allowed, and the answers that it offers."""

from collections.abc import Iterator

from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import clip, compact_json, items, mapping, text
from clinvk.model.events import Json, PermissionRequest
from clinvk.model.permission import FileEdit, ToolKind

_LONGEST_REASON = 4_000


def permission_request(identity: str, tool: str, call: ToolCall) -> PermissionRequest:
    """The request for that call."""
    edits = tuple(_edits(call))
    return PermissionRequest(
        id=identity,
        tool=tool,
        kind=call.means,
        summary=call.summary,
        tool_use_id=call.id or None,
        command=call.command,
        paths=call.paths,
        edits=edits,
        diff="" if edits else text(call.given.get("diff")),
        reason=_reason(call),
    )


def option(params: Line, kind: str) -> str | None:
    """The offered answer of that kind (`allow_once`, `reject_once`), None if there is none."""
    for offered in map(mapping, items(params.get("options"))):
        if offered.get("kind") == kind and text(offered.get("optionId")):
            return text(offered.get("optionId"))
    return None


def selected(option_id: str | None) -> Json:
    """The response that selects an answer; None cancels the request."""
    if option_id is None:
        return {"outcome": {"outcome": "cancelled"}}
    return {"outcome": {"outcome": "selected", "optionId": option_id}}


def _edits(call: ToolCall) -> Iterator[FileEdit]:
    for one in call.diffs:
        new = one.get("newText")
        if path := text(one.get("path")):
            yield FileEdit(
                path=path,
                old=text(one.get("oldText")) or None,
                new=new if isinstance(new, str) else None,
            )


def _reason(call: ToolCall) -> str:
    """The agent's explanation; for a tool without a command or a file, its arguments."""
    if call.means is ToolKind.OTHER and call.given:
        return clip(compact_json(call.given), _LONGEST_REASON)
    return clip(call.said or text(call.given.get("description")), _LONGEST_REASON)
