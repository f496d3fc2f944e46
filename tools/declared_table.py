"""Every key of `backends.NAME.declared` in words, read off its form."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clinvk.store.config.declared import AcpSection, DeclaredSection
from clinvk.store.config.errors import phrase, resolved
from clinvk.store.config.form import Section

_PLACE = "a place"
_ARGUMENTS = "arguments"
_MAPS = {
    "access": ("LEVEL", _ARGUMENTS),
    "environment": ("VARIABLE", "a text"),
    "errors": ("PATTERN", "a failure's code"),
    "modes": ("LEVEL", "a text"),
}


def declared_table(section: type[Section] = DeclaredSection) -> str:
    """The table of all keys."""
    schema = section.model_json_schema()
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _rows(schema, schema, ""))
    return f"| key | type | default | meaning |\n|---|---|---|---|\n{rows}"


def declared_acp_table() -> str:
    """The table of the keys for an agent that speaks the Agent Client Protocol."""
    return declared_table(AcpSection)


def _rows(
    schema: Mapping[str, Any], section: Mapping[str, Any], above: str
) -> Iterator[tuple[str, str, str, str]]:
    """Key, type, default and meaning of each key, those of a section in its place."""
    required = section.get("required", [])
    for name, field in section["properties"].items():
        inner = resolved(schema, field)
        if "properties" in inner and "path" not in inner["properties"]:
            yield from _rows(schema, inner, f"{above}{name}.")
            continue
        more, kind = _MAPS.get(name, ("", ""))
        key = f"`{above}{name}{f'.{more}' if more else ''}`"
        default = "required" if name in required else f"`{_default(field)}`"
        yield key, kind or _type(schema, field, inner), default, str(field["description"])


def _type(schema: Mapping[str, Any], field: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    if "properties" in inner:
        return _PLACE
    if inner.get("type") == "array" and "pattern" not in str(field.get("description")):
        return "regular expressions" if _is_noise(field) else _ARGUMENTS
    return phrase(schema, {key: value for key, value in field.items() if key != "default"})


def _is_noise(field: Mapping[str, Any]) -> bool:
    return "regular expressions" in str(field["description"])


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return default if isinstance(default, str) else json.dumps(default)
