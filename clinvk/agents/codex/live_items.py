"""Brings the items of `codex app-server` into the spelling of those of headless runs."""

import re
from collections.abc import Mapping

from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.agents.kit.tools import not_allowed, shell_command
from clinvk.model.events import Event, Json
from clinvk.model.tool_names import COMMAND

Line = Mapping[str, Json]

_TYPES = {"collabAgentToolCall": "collab_tool_call"}
_FIELDS = {"aggregatedOutput": "aggregated_output", "exitCode": "exit_code"}
_CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")

IGNORED_ITEMS = frozenset({"user_message", "hook_prompt", "context_compaction", "plan"})
"""Items that are nothing that the agent did or said."""

_REFUSALS = ("Read-only file system", "Operation not permitted")
"""What a program says if the sandbox (Linux, macOS) does not let it write."""


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)


def headless_item(item: Line) -> dict[str, Json]:
    """The item as a headless run prints it."""
    kind = text(item.get("type"))[:100]
    same = {_FIELDS.get(name, name): value for name, value in item.items()}
    same["type"] = _TYPES.get(kind) or _snake(kind)
    same["status"] = _snake(text(item.get("status"))[:100])
    if kind == "reasoning":
        same["text"] = "\n".join(filter(None, map(text, items(item.get("summary")))))
    if kind == "fileChange":
        changes = [mapping(change) for change in items(item.get("changes"))]
        same["changes"] = [
            {**change, **kind, "kind": text(kind.get("type"))}
            for change in changes
            for kind in [mapping(change.get("kind"))]
        ]
    return same


def sandbox_refusal(item: Line) -> list[Event]:
    """The warning for a command that failed because it was not allowed to write.

    Codex asks only for what its model knows to be forbidden, and does not tell what the sandbox
    refused: only the command's own words do. A command that ended at once may have no item at all.
    """
    output = text(item.get("aggregated_output"))[-10_000:]
    if item.get("status") != "failed" or not any(words in output for words in _REFUSALS):
        return []
    return [not_allowed(COMMAND, shell_command(text(item.get("command"))))]
