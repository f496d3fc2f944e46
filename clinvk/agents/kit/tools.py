"""Tracks an agent's tools: calls, their results, changed files, and denied calls."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from clinvk.agents.kit.jsonl import clip, items, mapping, one_line, text
from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Json,
    PermissionAnswer,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.permission import DecidedBy
from clinvk.model.tool_names import common_name

_DESCRIPTIVE_FIELDS = (
    "command",
    "cmd",
    "file_path",
    "notebook_path",
    "path",
    "pattern",
    "query",
    "url",
    "description",
    "skill",
    "prompt",
)
"""The fields that describe a call best, in order of preference."""

_PATHS = ("file_path", "notebook_path")
_FILE_TOOLS = frozenset(
    {
        *("Write", "Edit", "MultiEdit", "NotebookEdit"),
        *("write_file", "edit", "notebook_edit", "search_replace", "write"),
    }
)

_CREATED = ("File created", "Successfully created", "Created new file")
"""How the result of a tool that created a file begins, if it has no structure of its own."""

_NOT_ENABLED = re.compile(
    r"No such tool available: (\w+)\. \w+ (exists but is not enabled|is disabled for)"
)
"""The error for a tool that this run is not allowed to use."""


def summary_of(arguments: Mapping[str, Json]) -> str:
    """One short line with the command, the file or the query; "" if there is none."""
    for name in _DESCRIPTIVE_FIELDS:
        if value := text(arguments.get(name)):
            return one_line(value)
    return next((one_line(value) for value in arguments.values() if isinstance(value, str)), "")


_SHELL_CALL = re.compile(r"""([^\s'"\\]++) -l?c (.++)""", re.DOTALL)
_QUOTED = re.compile(r"""([^\s'"\\]++)|'([^']*+)'|"((?:[^"\\]|\\.)*+)"|\\(.)""", re.DOTALL)
_ESCAPED = re.compile(r"""\\([$`"\\\n])""")


def shell_call(command: str) -> tuple[str, str] | None:
    """The shell and its script of `/bin/bash -lc '…'`, None for any other command.

    In linear time, unlike `shlex`: a command may have megabytes.
    """
    if (call := _SHELL_CALL.fullmatch(command)) is None:
        return None
    script, at = [], 0
    for part in _QUOTED.finditer(call[2]):
        if part.start() != at:
            return None  # a second word, or a quote without its end
        at = part.end()
        plain, single, double, escaped = part.groups()
        script.append(plain or single or escaped or _ESCAPED.sub(r"\1", double or ""))
    return (call[1], "".join(script)) if at == len(call[2]) else None


def shell_command(command: str) -> str:
    """The command itself, without the shell in `/bin/bash -lc '…'`."""
    call = shell_call(command)
    return call[1] if call else command


def result_text(content: Json) -> str:
    """The text of a tool result that is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = (text(mapping(part).get("text")) for part in items(content))
    return "\n".join(part for part in parts if part)


def not_allowed(tool: str, summary: str, note: str = "") -> Warned:
    """The warning that a call was denied."""
    what = one_line(f"{common_name(tool)} {summary}")
    return Warned(message=f"not allowed: {what}{note}", code="denied")


_DENIED = {
    DecidedBy.PERSON: "The user denied this.",
    DecidedBy.RULE: "A rule of the user denies this.",
    DecidedBy.ACCESS: "This run may not do this.",
    DecidedBy.NOBODY: "Nobody is here to allow this, so it was denied.",
}


def denial_words(answer: PermissionAnswer) -> str:
    """What the model reads about a call that was denied."""
    message = _DENIED.get(answer.by, _DENIED[DecidedBy.PERSON])
    return f"{message} They say: {answer.reason}" if answer.reason else message


class ToolCalls:
    """Remembers the calls of a run, because their results refer to them only by id."""

    def __init__(self) -> None:
        self._calls: dict[str, ToolUse] = {}
        self._denied: set[str] = set()

    def use(self, block: Mapping[str, Json]) -> list[Event]:
        """The events of a call: `id`, `name`, `input`."""
        arguments = mapping(block.get("input"))
        call = ToolUse(
            id=text(block.get("id")),
            name=text(block.get("name")),
            summary=summary_of(arguments),
            input=arguments,
        )
        # The content that a call writes may be large, and a turn may have thousands of calls.
        kept = {name: arguments[name] for name in _PATHS if name in arguments}
        self._calls[call.id] = replace(call, input=kept)
        return [call]

    def result(self, block: Mapping[str, Json], structure: Json) -> list[Event]:
        """The events of a result: `tool_use_id`, `is_error`, `content`, and its own `structure`."""
        call_id, output = text(block.get("tool_use_id")), result_text(block.get("content"))
        failed = block.get("is_error") is True
        events: list[Event] = [ToolResult(id=call_id, ok=not failed, text=clip(output))]
        if failed:
            not_enabled = _NOT_ENABLED.search(output[:1_000])
            return [*events, *self.deny(call_id, not_enabled[1])] if not_enabled else events
        call = self._calls.get(call_id)
        if call is not None and (change := _file_change(call, mapping(structure), output)):
            events.append(change)
        return events

    def deny(self, call_id: str, tool: str) -> list[Event]:
        """The warning that a call was denied; only once per call."""
        if call_id in self._denied:
            return []
        self._denied.add(call_id)
        call = self._calls.get(call_id)
        return [not_allowed(tool, call.summary if call else "")]


def _file_change(call: ToolUse, structure: Mapping[str, Json], output: str) -> FileChange | None:
    """The file that a successful call changed, None if its tool changes none.

    The tool's own structure says whether the file is new; if it is missing (the calls of a
    sub-agent have none), the text of the result says so.
    """
    structure_path = text(structure.get("filePath"))
    path = structure_path or next(filter(None, (text(call.input.get(name)) for name in _PATHS)), "")
    if call.name not in _FILE_TOOLS or not path:
        return None
    created = structure.get("type") == "create" if structure else output.startswith(_CREATED)
    return FileChange(path=path, change=Change.CREATED if created else Change.MODIFIED)
