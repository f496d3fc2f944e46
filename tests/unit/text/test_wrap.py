"""Lines that end between words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.width import display_width
from clinvk.text.wrap import filled, rows

TEXTS = st.text(st.sampled_from("ab  `é日👩🏽-/"), max_size=80)


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("a few words", 20, ["a few words"]),
        ("a few more words", 10, ["a few more", "> words"]),
        ("run `one two three` now", 16, ["run `one two", "> three` now"]),
        ("it is `one two` now", 13, ["it is", "> `one two`", "> now"]),
        ("longer-than-a-line", 10, ["longer-t", "> han-a-li", "> ne"]),
        ("  - kept in front", 12, ["  - kept in", "> front"]),
        ("", 10, [""]),
    ],
    ids=["short", "words", "a long command", "a command", "a long word", "an indent", "empty"],
)
def test_a_line_ends_between_words(text: str, columns: int, lines: list[str]) -> None:
    """A command in backticks stays whole where it fits; only a word longer than a line is cut."""
    assert filled(text, columns, "> ") == lines


@given(TEXTS, st.integers(min_value=4, max_value=30))
def test_every_line_fits_and_no_word_is_lost(text: str, columns: int) -> None:
    """A word is in one line if it can be."""
    lines = filled(text, columns)
    assert all(display_width(line.strip()) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    words = {word for line in lines for word in line.split()}
    assert all(word in words for word in text.split() if display_width(word) <= columns)


@given(TEXTS, st.integers(min_value=4, max_value=30))
def test_rows_are_the_text(text: str, columns: int) -> None:
    """Nothing of it is left out, not even a blank."""
    cut = list(rows(text, columns))
    assert "".join(cut) == text
    assert all(display_width(row) <= columns for row in cut)
    assert cut
