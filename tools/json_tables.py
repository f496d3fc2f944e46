"""The tables of `docs/json.md`, made from the published schemas; the meanings are here."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from clinvk.published.record import UsageForm
from tools.schemas import ErrorForm, ResultForm, StreamEvent

_RESULT = {
    "schema": "the version of this form; fields are added to it, never changed",
    "session_id": "`clinvk resume` takes it; null with `--ephemeral`",
    "name": "the session's name, as in `-s NAME`",
    "title": "the session's title",
    "backend": "the agent",
    "backend_session_id": "the agent's own id of the conversation",
    "model": "the model that answered",
    "cwd": "where the agent ran",
    "turn": "the number of this turn in the session, from 1",
    "resumed": "whether the session existed before this turn",
    "status": "the session's status after this turn",
    "text": "the whole final answer, as in text mode",
    "structured": "the value of an answer that had to match a JSON Schema",
    "usage": "the tokens of this turn, see below",
    "cost_usd": "what this turn cost, in US dollars",
    "duration_s": "how long it took, in seconds",
    "files": "the files that it changed, each with `path`, `change` and `source`",
    "warnings": "what text mode prints as `warning: …`",
    "exit_status": "the exit code of clinvk",
    "error": "why it failed, see below; null if it did not",
}
_USAGE = {
    "input_tokens": "what the model read, cached tokens included",
    "cached_tokens": "the part of the input that came from a cache",
    "cache_write_tokens": "the part of the input that was written to a cache",
    "output_tokens": "what the model wrote, reasoning included",
    "reasoning_tokens": "the part of the output that is reasoning",
    "total_tokens": "input and output",
}
_ERROR = {
    "code": "one of [these codes](errors.md); stable, and the same for every agent",
    "message": "what happened; the agent's own words if it has any",
    "hint": "what to do",
    "retryable": "whether the same prompt may work later",
    "retry_at": "from when on (UTC), if the agent or its service says so",
}


def result_table() -> str:
    """The fields of a run's object."""
    return _table(ResultForm, _RESULT)


def usage_table() -> str:
    """The fields of its usage."""
    return _table(UsageForm, _USAGE)


def error_table() -> str:
    """The fields of its error."""
    return _table(ErrorForm, _ERROR)


def events_table() -> str:
    """Every event of a stream, with its fields."""
    lines = ["| type | fields | meaning |", "|---|---|---|"]
    schema = TypeAdapter(StreamEvent).json_schema()
    for place in schema["oneOf"]:
        form = schema["$defs"][place["$ref"].rpartition("/")[2]]
        kind = form["properties"]["type"]["const"]
        names = [f"`{name}`" for name in form["properties"] if name != "type"]
        fields = "the fields above" if kind == "result" else ", ".join(names)
        meaning = form["description"].partition("\n")[0].rstrip(".")
        lines.append(f"| `{kind}` | {fields} | {meaning} |")
    return "\n".join(lines) + "\n"


def _table(form: Any, meanings: Mapping[str, str]) -> str:  # noqa: ANN401  a type
    schema = TypeAdapter(form).json_schema()
    fields = schema["properties"]
    if fields.keys() != meanings.keys():
        raise LookupError(f"fields without a meaning, or the other way round: {form.__name__}")
    lines = ["| field | type | meaning |", "|---|---|---|"]
    for name, field in fields.items():
        lines.append(f"| `{name}` | {' or '.join(_types(field))} | {meanings[name]} |")
    return "\n".join(lines) + "\n"


def _types(field: Mapping[str, Any]) -> Iterator[str]:
    """The words for what the field may hold."""
    for one in field.get("anyOf", [field]):
        if "const" in one:
            yield f"`{one['const']}`"
        elif "$ref" in one:
            yield "string" if one["$ref"].endswith("/Status") else "object"
        elif "pattern" in one:
            yield "time" if "T" in one["pattern"] else "id"
        elif one.get("type") == "array":
            yield "array"
        else:
            yield one.get("type", "any value")
