"""Reading JSON lines without trusting them."""

import pytest

from clinvk.agents.kit.jsonl import clip, count, one_line, parse_object


@pytest.mark.parametrize("line", ["", "[1]", "null", "{", "NaN", '{"a": ' * 100_000, "9" * 5_000])
def test_a_line_that_is_not_an_object_is_none(line: str) -> None:
    """No input raises."""
    assert parse_object(line) is None


def test_half_a_character_becomes_a_question_mark() -> None:
    r"""JSON can spell `\ud83d` alone; what is stored and printed must be UTF-8."""
    assert parse_object('{"a": "\\ud83d!", "b": "\\ud83d\\udc4b"}') == {"a": "?!", "b": "👋"}


@pytest.mark.parametrize("value", [True, -1, 1.5, "1", None, [1], 2**63])
def test_a_value_that_is_not_a_number_is_no_count(value: object) -> None:
    """A wrong type is an unknown figure, not a zero."""
    assert count(value) is None


def test_long_text_is_clipped_with_a_mark() -> None:
    """An event carries the start, and shows that there was more."""
    assert clip("x" * 10, 10) == "x" * 10
    assert clip("x" * 11, 10) == "x" * 9 + "…"
    assert one_line("a\n  b\t\x0bc") == "a b c"
