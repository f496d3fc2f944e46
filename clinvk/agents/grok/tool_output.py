"""Reads the result of a tool, which grok gives as JSON: a list of parts, or its own structure."""

from collections.abc import Mapping

from msgspec import Struct, field

from clinvk.agents.kit.jsonl import count, items, mapping, parse_json, text
from clinvk.agents.kit.tools import result_text
from clinvk.model.events import Json

_FOR_MODEL = (
    "output_for_prompt",
    "tool_output_for_prompt",
    "content",
    "message",
    "error",
)
_DEEPEST = 3


class Structure(Struct, frozen=True):
    """What a tool's own structure says: whether it failed, and the file that it changed."""

    failed: bool = False
    change: Mapping[str, Json] = field(default_factory=dict)


def structure_of(output: str) -> Structure:
    """What the result's structure says; nothing for any other text."""
    result = mapping(parse_json(output)) if output.startswith("{") else {}
    failed = bool(count(result.get("exit_code"))) or result.get("timed_out") is True
    applied = mapping(result.get("EditsApplied"))
    path = text(applied.get("absolute_path"))
    if not path:
        return Structure(failed=failed)
    created = "has been created" in text(applied.get("tool_output_for_prompt"))[:5_000]
    return Structure(change={"filePath": path, "type": "create" if created else "update"})


def readable(output: str) -> str:
    """The text that the model reads, as far as it can be found; else the whole result."""
    if not output.startswith(("{", "[")):
        return output
    value = parse_json(output)
    if parts := items(value):
        return "\n".join(filter(None, (_part(part) for part in parts))) or output
    return _found(mapping(value), _DEEPEST) or output


def _part(part: Json) -> str:
    return text(mapping(mapping(part).get("content")).get("text")) or result_text([part])


def _found(structure: Mapping[str, Json], depth: int) -> str:
    for name in _FOR_MODEL:
        if said := text(structure.get(name)):
            return said
    if said := _bytes(structure.get("stdout")):
        return said
    inner = (_found(mapping(one), depth - 1) for one in structure.values() if mapping(one))
    return next(filter(None, inner), "") if depth else ""


def _bytes(value: Json) -> str:
    """The text of a list of bytes."""
    numbers = [one for one in items(value) if isinstance(one, int) and 0 <= one < 256]
    return bytes(numbers).decode("utf-8", errors="replace")
