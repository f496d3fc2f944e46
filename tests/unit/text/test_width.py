"""Texts take the columns that a terminal gives them, and are cut where they may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.sanitize import safe_line
from clinvk.text.width import cut, display_width, graphemes, pad

TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab 日語👩🏽\u200d\ufe0f\u0301🇩🇪1\u20e3각ᄀ\u1161❤"),
        st.characters(codec="utf-8"),
    )
).map(safe_line)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("日本語", 6),
        ("e\u0301", 1),
        ("👩\u200d👩\u200d👧", 2),
        ("👍🏽", 2),
        ("🇩🇪🇫🇷", 4),
        ("❤\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("한국", 4),
        ("\u1100\u1161", 2),
        ("ｱ", 1),
    ],
    ids=ascii,
)
def test_a_text_has_as_many_columns_as_on_a_terminal(text: str, columns: int) -> None:
    """CJK and emoji are two columns wide, marks none, and a joined sequence is one emoji."""
    assert display_width(text) == columns


@given(TEXTS)
def test_graphemes_are_the_whole_text(text: str) -> None:
    """Nothing is lost or empty when a text is taken apart."""
    pieces = list(graphemes(text))
    assert "".join(pieces) == text
    assert all(pieces)


@given(TEXTS, st.integers(min_value=0, max_value=30))
def test_a_cut_text_fits(text: str, columns: int) -> None:
    """A text is cut to the columns given, between graphemes, and only if it has to be."""
    short = cut(text, columns)
    assert display_width(short) <= columns
    if display_width(text) <= columns:
        assert short == text
    elif columns:
        assert short.endswith("…")
        heads = {"".join(list(graphemes(text))[:count]).rstrip() for count in range(len(text) + 1)}
        assert short.removesuffix("…") in heads


def test_a_flag_or_a_family_is_not_torn() -> None:
    """What shows as one sign goes as a whole."""
    assert cut("a🇩🇪b", 3) == "a…"
    assert cut("a👩\u200d👩\u200d👧b", 3) == "a…"


def test_padding_counts_columns() -> None:
    """Texts of any script line up."""
    assert [pad(text, 4) for text in ("日", "ab", "abcde")] == ["日  ", "ab  ", "abcde"]
