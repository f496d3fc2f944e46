"""What `codex app-server` asks to be allowed, and how it is answered.

The answers that would hold longer than this once are never given: they can outlast the turn.
"""

import posixpath
import shlex
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from clinvk.agents.base import Reply
from clinvk.agents.kit.json_rpc import AgentRequest, JsonRpc
from clinvk.agents.kit.jsonl import compact_json, items, mapping, one_line, text
from clinvk.agents.kit.tools import shell_call, summary_of
from clinvk.model.events import Json, PermissionAnswer, PermissionRequest
from clinvk.model.permission import Decision, FileEdit, ToolKind

Line = Mapping[str, Json]

QUESTIONS: Mapping[str, str] = {
    "item/tool/requestUserInput": "the agent asked a question, which clinvk cannot put",
    "mcpServer/elicitation/request": "a tool server asked for input, which clinvk cannot give",
}
"""Requests for more than a permission."""

_SHELLS = frozenset({"bash", "dash", "sh", "zsh"})
_SHELL_FOLDERS = frozenset({"/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"})


class _Answers(Struct, frozen=True, kw_only=True):
    """The agent's words for the three answers."""

    allow: Json
    deny: Json
    stop: Json


_DECISIONS = _Answers(
    allow={"decision": "accept"}, deny={"decision": "decline"}, stop={"decision": "cancel"}
)
_ELICITED = _Answers(
    allow={"action": "accept", "content": {}}, deny={"action": "decline"}, stop={"action": "cancel"}
)

_Asked = tuple[PermissionRequest, _Answers]


class Approvals:
    """The open requests of one turn."""

    def __init__(self, rpc: JsonRpc, cwd: str) -> None:
        self._rpc = rpc
        self._cwd = cwd
        self._open: dict[str, tuple[_Answers, Line]] = {}
        self._changes: dict[str, list[Line]] = {}
        """The changes of files that may be asked for: a request names only their item."""
        self._readers: Mapping[str, Callable[[Line], _Asked | None]] = {
            "item/commandExecution/requestApproval": self._command,
            "item/fileChange/requestApproval": self._file_change,
            "item/permissions/requestApproval": _more_permissions,
            "mcpServer/elicitation/request": _tool_of_server,
        }

    def note_item(self, item: Line) -> None:
        """Note an item that begins."""
        if item.get("type") == "file_change":
            changes = [mapping(change) for change in items(item.get("changes"))]
            self._changes[text(item.get("id"))] = changes

    def forget_item(self, item: Line) -> None:
        """Note an item that ends."""
        self._changes.pop(text(item.get("id")), None)

    def ask(self, request: AgentRequest) -> PermissionRequest | None:
        """The request in our form, which is then open; None if it is for something else."""
        reader = self._readers.get(request.method)
        asked = reader(request.params) if reader else None
        if asked is None:
            return None
        self._open[request.key] = (asked[1], request.params)
        return replace(asked[0], id=request.key)

    def forget(self, key: str) -> bool:
        """Note that a request is no longer open; returns whether it was open."""
        return self._open.pop(key, None) is not None

    def answer(self, answer: PermissionAnswer) -> Iterator[Reply]:
        """The agent's words for the answer.

        A refusal has no place for a reason, so it is said to the turn that asked.
        """
        asked = self._open.pop(answer.id, None)
        if asked is None:
            return
        answers, params = asked
        if answer.decision is Decision.STOP:
            yield from self._rpc.respond(answer.id, answers.stop)
            return
        allowed = answer.decision.allows
        yield from self._rpc.respond(answer.id, answers.allow if allowed else answers.deny)
        if answer.reason and not allowed:
            said: Json = {
                "threadId": params.get("threadId"),
                "expectedTurnId": params.get("turnId"),
                "input": [{"type": "text", "text": answer.reason}],
            }
            yield self._rpc.request("turn/steer", said, awaits="turn/steer")

    def _command(self, params: Line) -> _Asked:
        network = mapping(params.get("networkApprovalContext"))
        if host := text(network.get("host")):
            scheme = text(network.get("protocol")) or "https"
            address = f"{scheme}://{host}"
            return _request(ToolKind.FETCH, "network", address, params, paths=(address,))
        command = _script(text(params.get("command")))
        directory = text(params.get("cwd"))
        elsewhere = bool(directory) and posixpath.normpath(directory) != self._cwd
        if elsewhere:  # what the words mean depends on it
            command = f"cd {shlex.quote(directory)} && {command}"
        return _request(
            ToolKind.EXECUTE, "command_execution", one_line(command), params, command=command
        )

    def _file_change(self, params: Line) -> _Asked:
        changes = self._changes.get(text(params.get("itemId")), [])
        paths = tuple(
            path
            for change in changes
            for path in (text(change.get("path")), text(change.get("move_path")))
            if path
        )
        if root := text(params.get("grantRoot")):
            paths = (*paths, root)
        found = _request(ToolKind.EDIT, "file_change", one_line(", ".join(paths)), params, paths)
        whole = tuple(filter(None, map(_whole_file, changes)))
        parts = "".join(map(_diff, changes))
        return replace(found[0], edits=whole, diff=parts), found[1]


def _request(  # noqa: PLR0913, PLR0917  the fields that differ
    kind: ToolKind,
    tool: str,
    summary: str,
    params: Line,
    paths: tuple[str, ...] = (),
    command: str | None = None,
    answers: _Answers = _DECISIONS,
) -> _Asked:
    asked = PermissionRequest(
        id="",
        tool=tool,
        kind=kind,
        summary=summary,
        tool_use_id=text(params.get("itemId")) or None,
        command=command,
        paths=paths,
        reason=_reason(params),
    )
    return asked, answers


def _reason(params: Line) -> str:
    """The agent's explanation, and what it asks for beyond the command itself."""
    more = mapping(params.get("additionalPermissions"))
    wanted = compact_json({name: value for name, value in more.items() if value})
    said = [text(params.get("reason")), f"with {wanted}" if more else ""]
    return "\n".join(filter(None, said))


def _script(command: str) -> str:
    """The command itself, if it is given to a shell of the system.

    A program in another place may only have the name of a shell.
    """
    call = shell_call(command)
    if call is None:
        return command
    folder, _, name = call[0].rpartition("/")
    return call[1] if name in _SHELLS and folder in _SHELL_FOLDERS else command


def _whole_file(change: Line) -> FileEdit | None:
    """The edit that creates or deletes a file: its `diff` is the content."""
    path, content = text(change.get("path")), text(change.get("diff"))
    if change.get("kind") == "add":
        return FileEdit(path=path, new=content)
    return FileEdit(path=path, old=content) if change.get("kind") == "delete" else None


def _diff(change: Line) -> str:
    """The unified diff of a change in a file."""
    if change.get("kind") in {"add", "delete"}:
        return ""
    path = text(change.get("path"))
    target = text(change.get("move_path")) or path
    hunks = text(change.get("diff"))
    return f"--- {path}\n+++ {target}\n{hunks}" + ("" if hunks.endswith("\n") else "\n")


def _more_permissions(params: Line) -> _Asked:
    """A request for permissions for the rest of the turn, with nothing done yet."""
    wanted = mapping(params.get("permissions"))
    return _request(
        ToolKind.OTHER,
        "request_permissions",
        one_line(compact_json(wanted)),
        params,
        answers=_Answers(
            allow={"permissions": wanted, "scope": "turn"},
            deny={"permissions": {}, "scope": "turn"},
            stop={"permissions": {}, "scope": "turn"},
        ),
    )


def _tool_of_server(params: Line) -> _Asked | None:
    """A tool of an MCP server, which is asked for as if the server did; None if it does."""
    told = mapping(params.get("_meta"))
    if told.get("codex_approval_kind") != "mcp_tool_call":
        return None
    tool = "/".join(filter(None, (text(params.get("serverName")), text(told.get("tool_name")))))
    arguments = mapping(told.get("tool_params"))
    summary = summary_of(arguments)
    asked, answers = _request(ToolKind.OTHER, tool, summary, params, answers=_ELICITED)
    return replace(asked, reason=compact_json(arguments)), answers
