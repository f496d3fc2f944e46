"""A setting between a word and a value."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clinvk.store.config.values import value_from_text, value_to_text, value_to_yaml


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("default_backend", "demo", "demo"),
        ("default_backend", "null", None),
        ("backends.demo.model", "7", "7"),
        ("backends.demo.system_prompt", "a: [b", "a: [b"),
        ("run.timeout", "2h", "2h"),
        ("run.timeout", "null", None),
        ("run.max_turns", "7", 7),
        ("run.max_turns", "seven", "seven"),
        ("session.retention_days", " 30 ", 30),
        ("session.auto_resume", "true", True),
        ("session.auto_resume", "Yes", True),
        ("session.auto_resume", "off", False),
        ("session.auto_resume", "1", "1"),
        ("session.default_tags", "[a, b c]", ["a", "b c"]),
        ("session.default_tags", "a b", ["a", "b"]),
        ("session.default_tags", "[]", []),
        ("backends.demo.extra_args", "--x 'a b'", ["--x", "a b"]),
        ("output.format", "json", "json"),
    ],
)
def test_a_text_is_parsed_for_the_type_of_its_key(key: str, text: str, value: object) -> None:
    """A model called 7 is a text, a limit of 7 a number; the schema refuses the rest."""
    assert value_from_text(key, text) == value


@pytest.mark.parametrize("text", ["[a", "[" * 1_000, "'a"])
def test_a_list_that_cannot_be_parsed_is_an_error(text: str) -> None:
    """The reason is a sentence."""
    with pytest.raises(ValueError, match=r"^(it is not a YAML list|it cannot be split into words)"):
        value_from_text("backends.demo.extra_args", text)


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=4)
)


@given(_VALUES)
def test_a_value_is_one_line_of_the_file_and_can_be_read_again(value: object) -> None:
    """Whatever characters it contains."""
    text = value_to_yaml(value)
    assert len(text.splitlines()) <= 1
    assert yaml.safe_load(f"key: {text}  # why\n") == {"key": value}


def test_a_value_is_plain_for_a_shell() -> None:
    """A text as it is, a list as JSON, nothing as `null`."""
    values = ("2h", ["a", "é"], None, True, 30)
    assert [value_to_text(value) for value in values] == ["2h", '["a", "é"]', "null", "true", "30"]
