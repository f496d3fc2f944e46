"""Pi's RPC mode with an extension of ours, which asks before each of its tools runs.

Pi itself asks nothing, but an extension may block a call, and may ask the program that speaks with
it. It is given to pi as a file. Seen in 1.6.0: a handler that throws blocks the call, calls of one
answer come one after the other, and calls that another tool makes come too.
"""

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

from clinvk.agents.base import Reply
from clinvk.agents.kit.acp.images import image_blocks
from clinvk.agents.kit.jsonl import compact_json, items, mapping, parse_object, text
from clinvk.agents.kit.tools import summary_of
from clinvk.model.events import Json, PermissionAnswer, PermissionRequest
from clinvk.model.permission import FileEdit, ToolKind
from clinvk.model.request import TurnRequest
from clinvk.text.json_codec import json_line

Line = Mapping[str, Json]

_TITLE = "clinvk: permission"
_KINDS = {
    **dict.fromkeys(("write", "edit"), ToolKind.EDIT),
    **dict.fromkeys(("bash", "powershell"), ToolKind.EXECUTE),
}
_SHOWN_ELSEWHERE = {
    ToolKind.EDIT: {"path", "content", "edits", "oldText", "newText"},
    ToolKind.EXECUTE: {"command", "description"},
}

_PROGRAM = """\
// Asks before the tools of a turn that clinvk started; see `--access` in its documentation.
const READING = new Set("$READING".split(","));

async function ask(event, ctx) {
  const call = { tool: event.toolName, call: event.toolCallId, input: event.input };
  if (ctx.mode !== "rpc") {
    const said = await ctx.ui.confirm(`Allow ${event.toolName}?`, JSON.stringify(event.input));
    return said ? undefined : "The user denied this.";
  }
  const told = await ctx.ui.input("$TITLE", JSON.stringify(call), { signal: ctx.signal });
  const answer = JSON.parse(told ?? "{}");
  if (answer.allow !== true) return answer.reason || "Nobody answered, so it was denied.";
  if (typeof answer.command === "string") event.input.command = answer.command;
  return undefined;
}

export default function (pi) {
  pi.on("tool_call", async (event, ctx) => {
    if (READING.has(event.toolName)) return undefined;
    const reason = await ask(event, ctx);
    return reason === undefined ? undefined : { block: true, reason };
  });
}
"""


def gate(reading: str) -> str:
    """The extension; it allows the tools in `reading`, and asks for all others."""
    return _PROGRAM.replace("$READING", reading).replace("$TITLE", _TITLE)


def opening(request: TurnRequest) -> bytes:
    """The first commands: the state has the conversation's id and its model.

    Where it finds the conversation in another directory, it asks on stdin whether to fork it, and
    takes the first of them for an answer, which is a no (1.6.0).
    """
    words = request.prompt.encode("utf-8", errors="replace").decode()
    prompt: dict[str, Json] = {"id": "prompt", "type": "prompt", "message": words}
    if images := list(image_blocks(request.images)):
        prompt["images"] = images
    return json_line({"id": "state", "type": "get_state"}) + json_line(prompt)


class Asked(Struct, frozen=True):
    """An open request: the extension's id for it, and the call."""

    id: str
    call: str
    tool: str


def read_request(ours: str, entry: Line) -> tuple[Asked, PermissionRequest] | None:
    """The request of our extension in this line; None for anything that another one asks."""
    said = parse_object(text(entry.get("placeholder"))) or {}
    tool, arguments = text(said.get("tool")), mapping(said.get("input"))
    if entry.get("title") != _TITLE or entry.get("method") != "input" or not tool:
        return None
    kind = _KINDS.get(tool, ToolKind.OTHER)
    path = text(arguments.get("path")) if kind is not ToolKind.OTHER else ""
    command = text(arguments.get("command")) if kind is ToolKind.EXECUTE else None
    asked = Asked(text(entry.get("id")), text(said.get("call")), tool)
    return asked, PermissionRequest(
        id=ours,
        tool=tool,
        kind=kind,
        summary=summary_of(arguments),
        tool_use_id=asked.call or None,
        command=command,
        paths=(path,) if path else (),
        edits=tuple(_edits(path, arguments)) if kind is ToolKind.EDIT else (),
        reason="\n".join(_reasons(kind, arguments)),
        editable=command is not None,
    )


def response(asked: Asked, answer: PermissionAnswer, denied: str) -> Reply:
    """The answer for the extension; `denied` is what the model reads about a denial."""
    value: dict[str, Json] = {"allow": answer.decision.allows, "reason": denied}
    if answer.command is not None:
        value["command"] = answer.command
    return _reply(asked.id, {"value": json.dumps(value)})


def cancelled(identity: Json) -> Reply:
    """The answer to what another extension asks: nobody is here."""
    return _reply(text(identity), {"cancelled": True})


def _reply(identity: str, said: Line) -> Reply:
    return Reply(json_line({"type": "extension_ui_response", "id": identity, **said}))


def _edits(path: str, arguments: Line) -> Iterator[FileEdit]:
    if "content" in arguments:
        yield FileEdit(path=path, new=text(arguments.get("content")))
    for edit in (arguments, *map(mapping, items(arguments.get("edits")))):
        if "oldText" in edit:
            old, new = text(edit.get("oldText")), text(edit.get("newText"))
            yield FileEdit(path=path, old=old, new=new)


def _reasons(kind: ToolKind, arguments: Line) -> Iterator[str]:
    """The model's explanation of a command, then the arguments that are shown nowhere else."""
    if kind is ToolKind.EXECUTE and (description := text(arguments.get("description"))):
        yield description
    shown = _SHOWN_ELSEWHERE.get(kind, set())
    for name, value in arguments.items():
        if value and name not in shown:
            yield f"{name}: {value if isinstance(value, str) else compact_json(value)}"
