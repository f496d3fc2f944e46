"""The type and description of every key, from the configuration's schema.

For error messages and the documentation. Imports pydantic.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from clinvk.model.config import environment_variable, known_keys
from clinvk.model.events import Json
from clinvk.store.config.schema import Config

ANY_BACKEND = "NAME"
"""In a key that is the same for all backends: the place of the backend's name."""


class Key(Struct, frozen=True, kw_only=True):
    """One key; `type` is a phrase such as `true or false`."""

    name: str
    type: str
    default: Json
    variable: str
    meaning: str


def keys() -> tuple[Key, ...]:
    """Every key in the order of the file; the keys of a backend once, under `backends.NAME`."""
    return tuple(describe(key) for key in known_keys([ANY_BACKEND]))


def describe(key: str) -> Key:
    """The description of an existing key."""
    schema = Config.model_json_schema()
    field = _field(schema, key.split("."))
    return Key(
        name=key,
        type=phrase(schema, field),
        default=field.get("default"),
        variable=environment_variable(key),
        meaning=str(field.get("description", "")),
    )


def expected(location: list[str]) -> str:
    """What a place of the file may contain: `true or false`, `a section of keys`."""
    schema = Config.model_json_schema()
    try:
        return phrase(schema, _field(schema, location))
    except LookupError:
        return "something else"


def _field(schema: Mapping[str, Any], parts: list[str]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema
    for part in parts:
        found = resolved(schema, found)
        if "items" in found:
            found = found["items"]
        elif "properties" in found:
            found = found["properties"][part]
        else:
            found = found["additionalProperties"]
    return found


def resolved(schema: Mapping[str, Any], field: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a reference points to; for a nullable field the schema that is not null."""
    field = field.get("anyOf", [field])[0]
    if "$ref" not in field:
        return field
    found: Mapping[str, Any] = schema["$defs"][field["$ref"].rpartition("/")[2]]
    return found


def phrase(schema: Mapping[str, Any], field: Mapping[str, Any]) -> str:
    """The type of a field of a JSON Schema in words."""
    if "anyOf" in field:
        *first, last = (phrase(schema, one) for one in field["anyOf"])
        phrases = ", ".join(first)
        return f"{phrases}{',' if ' or ' in phrases else ''} or {last}"
    field = resolved(schema, field)
    if "enum" in field:
        return _list([f"`{word}`" for word in field["enum"]])
    match field.get("type"):
        case "string" if "examples" in field:
            return f"a duration such as {_list([f'`{one}`' for one in field['examples']])}"
        case "integer" if "minimum" in field:
            return f"a whole number from {field['minimum']}"
        case "array":
            return "a list of texts"
        case kind:
            return _PHRASES.get(str(kind), str(kind))


def _list(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


_PHRASES = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "object": "a section of keys",
}
