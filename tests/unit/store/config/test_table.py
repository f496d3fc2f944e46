"""The tables of all keys agree: defaults, form, documentation."""

import pytest

from clinvk.model.config import (
    BACKEND_DEFAULTS,
    DEFAULTS,
    environment_variable,
    flatten,
    known_keys,
    nest,
)
from clinvk.store.config.errors import field_at, phrase
from clinvk.store.config.schema import Config

KEYS = known_keys(["NAME"])


def test_the_form_has_exactly_the_keys_with_these_defaults() -> None:
    """A key that is added in one place is missing in no other."""
    assert flatten(Config().model_dump()) == dict(DEFAULTS)
    whole = Config.model_validate({"backends": {"x": {}}}).model_dump()
    assert whole["backends"]["x"] == {**BACKEND_DEFAULTS, "declared": None}


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_a_type_a_variable_and_a_meaning(key: str) -> None:
    """There is nothing that a person has to guess."""
    schema = Config.model_json_schema()
    field = field_at(schema, key.split("."))
    assert phrase(schema, field)
    assert environment_variable(key).startswith("CLINVK_")
    assert field["description"].endswith(".")


def test_no_two_keys_share_a_variable() -> None:
    """A variable says one thing."""
    variables = [environment_variable(key) for key in KEYS]
    assert len(set(variables)) == len(variables)


def test_nesting_is_the_opposite_of_flattening() -> None:
    """Keys with dots become sections and come back."""
    flat = {**DEFAULTS, "backends.demo.model": "x", "backends.demo.enabled": False}
    assert flatten(nest(flat)) == flat
