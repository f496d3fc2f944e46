"""The tables of all keys agree: defaults, form, documentation."""

import pytest

from clinvk.model.config import BACKEND_DEFAULTS, DEFAULTS, flatten, nest
from clinvk.store.config.schema import Config
from clinvk.store.config.table import Key, keys


def test_the_form_has_exactly_the_keys_with_these_defaults() -> None:
    """A key that is added in one place is missing in no other."""
    assert flatten(Config().model_dump()) == dict(DEFAULTS)
    whole = Config.model_validate({"backends": {"x": {}}}).model_dump()
    assert whole["backends"]["x"] == {**BACKEND_DEFAULTS, "declared": None}


@pytest.mark.parametrize("key", keys(), ids=lambda key: key.name)
def test_every_key_has_a_type_a_variable_and_a_meaning(key: Key) -> None:
    """There is nothing that a person has to guess."""
    assert key.type
    assert key.variable.startswith("CLINVK_")
    assert key.meaning.endswith(".")


def test_no_two_keys_share_a_variable() -> None:
    """A variable says one thing."""
    variables = [key.variable for key in keys()]
    assert len(set(variables)) == len(variables)


def test_nesting_is_the_opposite_of_flattening() -> None:
    """Keys with dots become sections and come back."""
    flat = {**DEFAULTS, "backends.demo.model": "x", "backends.demo.enabled": False}
    assert flatten(nest(flat)) == flat
