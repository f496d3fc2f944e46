"""Paths into what an agent printed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.agents.declared.json_path import JsonPath, find

SAID = {
    "type": "message",
    "id": 7,
    "none": None,
    "message": {"content": [{"text": "a"}, {"text": "b"}, {"other": 1}]},
    "a": {"*": "star", "0": "zero"},
}

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("type", ["message"]),
        ("message.content.0.text", ["a"]),
        ("message.content.*.text", ["a", "b"]),
        ("message.content.9.text", []),
        ("message.content.-1.text", []),
        ("none", []),
        ("no.such.place", []),
        ("type.more", []),
        ("a.0", ["zero"]),
        ("a.*", ["star", "zero"]),
    ],
)
def test_a_path_leads_to_every_value_at_its_end(path: str, found: list[Any]) -> None:
    """Keys, places in lists and `*`; what is not there or null is not found."""
    assert find(SAID, path) == found


def test_a_place_may_ask_for_other_values_of_the_same_object() -> None:
    """`where` tells lines of one kind from those of another."""
    assert JsonPath({"path": "id", "where": {"type": "message"}}).values(SAID) == [7]
    assert JsonPath({"path": "id", "where": {"type": "other"}}).values(SAID) == []
    assert JsonPath(None).values(SAID) == []


def test_texts_are_joined_and_numbers_are_added() -> None:
    """What is of another type is not found, and nothing found is not zero."""
    assert JsonPath({"path": "message.content.*.text"}).text(SAID) == "ab"
    assert JsonPath({"path": "id"}).text(SAID) is None
    assert JsonPath({"path": "*"}).count({"x": 3, "y": 4, "z": True, "w": -1, "v": "5"}) == 7
    assert JsonPath({"path": "x"}).count({}) is None
    assert JsonPath({"path": "*"}).amount({"x": 0.5, "y": 1}) == 1.5
    assert JsonPath({"path": "x"}).amount({"x": "1"}) is None


@given(_JSON, st.text(alphabet="ab.*0", min_size=1).filter(lambda path: all(path.split("."))))
def test_no_value_and_no_path_can_raise(said: Any, path: str) -> None:
    """An agent may print anything."""
    finder = JsonPath({"path": path})
    finder.values(said)
    finder.text(said)
    finder.count(said)
    finder.amount(said)
