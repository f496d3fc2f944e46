"""An answer is checked against its schema here too, whatever the agent says about it."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.errors import ExitStatus, UsageError
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Outcome
from clinvk.services.turns.answer_schema import compact_schema, with_value

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"$ref": "#/$defs/number"}}},
        "required": ["a"],
        "$defs": {"number": {"type": "integer"}},
    }
)


def _compact(schema: Any) -> str:
    return compact_schema(Path("s.json"), json.dumps(schema).encode())


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
        {"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}},
        {"$id": "https://example.com/a", "$ref": "#/$defs/x", "$defs": {"x": {}}},
        {"$id": "https://example.com/a", "$ref": "b", "$defs": {"x": {"$id": "b"}}},
        {"$ref": "#"},
        {"properties": {"$ref": {"type": "string"}}, "enum": [{"$ref": "elsewhere"}]},
    ],
)
def test_a_schema_is_passed_on_as_it_is(schema: Any) -> None:
    """On one line."""
    assert json.loads(_compact(schema)) == schema
    assert "\n" not in _compact(schema)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "objekt"}, "is not a JSON Schema: at `type`: 'objekt' is not valid"),
        ({"properties": []}, "is not a JSON Schema: at `properties`:"),
        ({"properties": {"a": {"pattern": "("}}}, "is not a JSON Schema: at `properties.a."),
        ({"$ref": "#/$defs/x"}, "refers to `#/$defs/x`, which is not in it"),
        ({"items": {"$ref": "other.json"}}, "refers to `other.json`, which is not in it"),
        ({"$ref": "http://127.0.0.1:9/x.json"}, "refers to `http://127.0.0.1:9/x.json`"),
    ],
)
def test_what_is_no_schema_is_refused_before_the_turn(schema: Any, words: str) -> None:
    """With the place; nothing is loaded from elsewhere."""
    with pytest.raises(UsageError) as refusal:
        _compact(schema)
    assert refusal.value.message.startswith(f"the schema `s.json` {words}")


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(text='{"a": [1, 2]}'),
        Outcome(text='  {"a": [1, 2]}\n'),
        Outcome(text="I answered.", structured={"a": [1, 2]}),
    ],
)
def test_an_answer_that_matches_has_its_value(outcome: Outcome) -> None:
    """From the agent's field, else from the text."""
    held = with_value(outcome, SCHEMA)
    assert (held.structured, held.failure, held.text) == ({"a": [1, 2]}, None, outcome.text)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(text="Sure."), "it is not JSON"),
        (Outcome(text=""), "it is not JSON"),
        (Outcome(text="[" * 100_000), "it is not JSON"),
        (Outcome(text="{}"), "'a' is a required property"),
        (Outcome(text='{"a": [1, "x"]}'), "at `a[1]`: 'x' is not of type 'integer'"),
        (Outcome(text='{"a": [1]}', structured={"a": 1}), "at `a`: 1 is not of type 'array'"),
    ],
)
def test_one_that_does_not_is_a_failure(outcome: Outcome, words: str) -> None:
    """No program can take the value by mistake; the text is kept."""
    held = with_value(outcome, SCHEMA)
    assert held.failure is not None
    assert held.failure.code is FailureCode.SCHEMA_MISMATCH
    assert held.failure.exit_status is ExitStatus.FAILED
    assert held.failure.message == f"the answer does not match the schema: {words}"
    assert (held.structured, held.text) == (None, outcome.text)


def test_a_schema_without_an_end_is_a_failure_too() -> None:
    """It can only be seen when it is followed."""
    held = with_value(Outcome(text="1"), '{"$ref": "#"}')
    assert held.failure is not None
    assert "cannot be followed" in held.failure.message


def test_null_is_a_value() -> None:
    """And it is the text that says that it is there."""
    assert with_value(Outcome(text="null"), '{"type": "null"}').failure is None
