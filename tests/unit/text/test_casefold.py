"""The form in which texts are compared, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.casefold import fold, unfolded_span

NASTY = "aAbB zZ\n\t\"'ß\u017fKﬁéİŉ\uff2b…中文ガｶﾞहि한각각🎉½①µ\u0301\u0323\u0308\u1161\ud800"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("HeLLo", "hello"),
        ("STRASSE Straße", "strasse strasse"),
        ("ﬁle \uff26\uff55\uff4c\uff4c ①", "file full 1"),
        ("cafe\u0301", "café"),
        ("Σίσυφος", "σίσυφοσ"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_what_counts_as_the_same_folds_to_the_same(text: str, folded: str) -> None:
    """Case and compatibility forms make no difference."""
    assert fold(text) == folded


@given(st.text() | st.text(NASTY))
def test_folding_again_changes_nothing(text: str) -> None:
    """A folded word can be sought in a folded text."""
    assert fold(fold(text)) == fold(text)


@given(st.text(NASTY, max_size=30) | st.text(max_size=30), st.data())
def test_the_way_back_holds_all_that_was_found(text: str, data: st.DataObject) -> None:
    """The part of the original folds to a text with the match in it, wherever it was found."""
    folded = fold(text)
    if not folded:
        return
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    first, last = unfolded_span(text, (start, end))
    assert 0 <= first < last <= len(text)
    assert folded[start:end] in fold(text[first:last])


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("die Straße dort", "strasse", "Straße"),
        ("die Straße dort", "ass", "aß"),
        ("un cafe\u0301 noir", "fé", "fe\u0301"),
        ("x\n中文 \uff21\uff22\uff23\ny", "b", "\uff22"),
        ("— login …", "login", "login"),
    ],
)
def test_the_way_back_is_narrow(text: str, word: str, original: str) -> None:
    """Only what was folded together is marked together."""
    start = fold(text).index(word)
    first, last = unfolded_span(text, (start, start + len(word)))
    assert text[first:last] == original
