"""Turns the errors of a configuration into sentences: where, which key, and what was expected."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import Struct
from pydantic import ValidationError

from clinvk.errors import ConfigError
from clinvk.model.config import BACKEND_DEFAULTS, DEFAULTS
from clinvk.model.events import Json
from clinvk.model.names import nearest
from clinvk.store.config.declared import OF_ACP, OF_CLI
from clinvk.store.config.schema import Config

Location = tuple[int | str, ...]

_LONGEST = 60
_ADDED = {"[key]", OF_ACP, OF_CLI}
"""pydantic adds these to locations: the first to that of a mapping's key, its value has none."""

_PHRASES = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "object": "a section of keys",
}


class Problem(Struct, frozen=True, kw_only=True):
    """One error. `location` is the path of its key; `sentence` does not include the line."""

    location: Location
    sentence: str
    hint: str | None = None


def problems_of(error: ValidationError, backends: Collection[str] | None) -> list[Problem]:
    """All errors, in the order of the schema."""
    found = error.errors(include_url=False)
    return [_problem(one, backends or ()) for one in found]


def config_error(problems: Sequence[tuple[str, Problem]]) -> ConfigError:
    """The first problem with its place, and the number of further ones."""
    where, first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    hint = first.hint or (more and "`clinvk config validate` lists all of them") or None
    return ConfigError(f"{where}: {first.sentence}{more}", hint=hint)


def _problem(problem: Mapping[str, Any], backends: Collection[str]) -> Problem:
    location: Location = tuple(part for part in problem["loc"] if part not in _ADDED)
    key = ".".join(map(str, location))
    if problem["type"] == "extra_forbidden":
        sentence, hint = f"there is no key `{key}`", _near_key(location)
    elif problem["type"] == "missing":
        sentence, hint = f"`{key}` is missing: {expected([str(part) for part in location])}", None
    elif problem["type"] == "value_error":
        message = str(problem["msg"]).removeprefix("Value error, ")
        cause = problem["ctx"]["error"]
        sentence, hint = f"`{key}`: {message}", getattr(cause, "hint", None)
        if message.startswith("there is no backend"):
            hint = nearest(str(problem["input"]), backends)
    else:
        what = expected([str(part) for part in location])
        of_key = f"`{key}`: " if key else ""
        sentence, hint = f"{of_key}expected {what}, got {_shown(problem['input'])}", None
    return Problem(location=location, sentence=sentence, hint=hint)


def _shown(value: Json) -> str:
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return f"`{str(value).lower().replace('none', 'null')}`"
    text = str(value)
    return f"`{text[:_LONGEST]}…`" if len(text) > _LONGEST else f"`{text}`"


def _near_key(location: Location) -> str | None:
    if location[0] == "backends":
        known = list(BACKEND_DEFAULTS)
    elif len(location) > 1:
        section = f"{location[0]}."
        known = [key.removeprefix(section) for key in DEFAULTS if key.startswith(section)]
    else:
        known = [*dict.fromkeys(key.partition(".")[0] for key in DEFAULTS), "backends"]
    close = get_close_matches(str(location[-1]), known, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    elsewhere = [key for key in DEFAULTS if key.rpartition(".")[2] == location[-1]]
    return f"did you mean `{elsewhere[0]}`?" if elsewhere else None


def expected(location: list[str]) -> str:
    """What a place of the file may contain: `true or false`, `a section of keys`."""
    schema = Config.model_json_schema()
    try:
        return phrase(schema, field_at(schema, location))
    except LookupError:
        return "something else"


def field_at(schema: Mapping[str, Any], parts: list[str]) -> Mapping[str, Any]:
    """The JSON Schema of a key of the configuration. Raises `LookupError`."""
    found: Mapping[str, Any] = schema
    for part in parts:
        found = _variant(schema, resolved(schema, found), part)
        if "items" in found:
            found = found["items"]
        elif "properties" in found:
            found = found["properties"][part]
        else:
            found = found["additionalProperties"]
    return found


def _variant(schema: Mapping[str, Any], field: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The kind of a section that has the key, for a section of several kinds."""
    kinds = [resolved(schema, one) for one in field.get("oneOf", [field])]
    return next((one for one in kinds if key in one.get("properties", ())), kinds[0])


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
    field = resolved(schema, field.get("oneOf", [field])[0])
    if words := field.get("enum") or ([field["const"]] if "const" in field else []):
        return _either([f"`{word}`" for word in words])
    match field.get("type"):
        case "string" if "examples" in field:
            return f"a duration such as {_either([f'`{one}`' for one in field['examples']])}"
        case "integer" if "minimum" in field:
            return f"a whole number from {field['minimum']}"
        case "array":
            return "a list of texts"
        case kind:
            return _PHRASES.get(str(kind), str(kind))


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
