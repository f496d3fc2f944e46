"""The JSON Schema that an answer must match: checked before the turn, and its answer after it.

The agents only promise to hold their model to it. Loaded only for a turn with a schema.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from msgspec.structs import replace
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, SchemaRegistry

from clinvk.errors import UsageError
from clinvk.model.events import Json
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import Outcome
from clinvk.text.sanitize import safe_line

_LONGEST = 300
_NOTHING: SchemaRegistry = Registry()
"""Nothing outside of the schema is loaded: by default, a reference to an address is requested."""


def compact_schema(path: Path, content: bytes) -> str:
    """The schema in the file on one line. Raises `UsageError` if it is none."""
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"the schema `{path}` is not JSON: {_short(str(error))}", hint="correct the file"
        ) from error
    if not isinstance(schema, dict):
        raise UsageError(
            f"the schema `{path}` is not a JSON object",
            hint='it looks like `{"type": "object", "properties": …}`',
        )
    kind = validator_for(schema, default=Draft202012Validator)
    forms = kind(kind.META_SCHEMA, format_checker=kind.FORMAT_CHECKER)  # also of its patterns
    try:
        wrong = best_match(forms.iter_errors(schema))
        lost = None if wrong else _lost_reference(schema)
    except RecursionError as error:
        raise UsageError(f"the schema `{path}` is nested too deeply") from error
    if wrong is not None:
        raise UsageError(
            f"the schema `{path}` is not a JSON Schema: {_said(wrong)}", hint="correct the file"
        )
    if lost is not None:
        raise UsageError(
            f"the schema `{path}` refers to `{_short(lost)}`, which is not in it",
            hint="put it into its `$defs`: nothing else is loaded",
        )
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def with_value(result: Outcome, schema: str) -> Outcome:
    """The outcome of a turn that ended well, with the answer's value or with a failure.

    Some agents have the value in a field, the others only in the text.
    """
    value = result.structured
    if value is None:
        try:
            value = json.loads(result.text)
        except (ValueError, RecursionError):
            return _mismatch(result, "it is not JSON")
    wrong = _wrong(value, _validator(json.loads(schema)))
    return _mismatch(result, wrong) if wrong else replace(result, structured=value)


def _validator(schema: Json) -> Validator:
    kind = validator_for(schema, default=Draft202012Validator)
    return kind(schema, registry=_NOTHING)


def _wrong(value: Json, validator: Validator) -> str:
    """What does not match, "" if it all does."""
    try:
        error = best_match(validator.iter_errors(value))
    except (Unresolvable, RecursionError) as failed:
        return f"the schema cannot be followed: {_short(str(failed))}"
    return "" if error is None else _said(error)


def _lost_reference(schema: Json) -> str | None:
    """The first reference to what is not in the schema; None if there is none.

    With ids inside, what a reference means depends on its place: then it is only found later.
    """
    references = [*_references(schema)]
    if any(name == "$id" for name, _ in references[schema.get("$id") is not None :]):
        return None
    resource = Resource.from_contents(schema, default_specification=DRAFT202012)
    resolver = _NOTHING.with_resource(resource.id() or "", resource).resolver(resource.id() or "")
    for name, reference in references:
        try:
            if name == "$ref":
                resolver.lookup(reference)
        except Unresolvable:
            return reference
    return None


_VALUES = frozenset({"const", "default", "enum", "examples"})


def _references(schema: Json) -> Iterator[tuple[str, str]]:
    """The ids and references in a schema, those of the outermost first."""
    if isinstance(schema, dict):
        for name in ("$id", "$ref"):
            if isinstance(schema.get(name), str):
                yield name, schema[name]
        inner = [value for name, value in schema.items() if name not in _VALUES]
    else:
        inner = schema if isinstance(schema, list) else []
    for value in inner:
        yield from _references(value)


def _mismatch(result: Outcome, wrong: str) -> Outcome:
    why = Failure(
        code=FailureCode.SCHEMA_MISMATCH,
        message=f"the answer does not match the schema: {wrong}",
    )
    return replace(result, structured=None, failure=why)


def _said(error: ValidationError) -> str:
    """What is wrong, and where."""
    place = error.json_path.removeprefix("$").removeprefix(".")
    return f"at `{_short(place)}`: {_short(error.message)}" if place else _short(error.message)


def _short(words: str) -> str:
    line = safe_line(words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
