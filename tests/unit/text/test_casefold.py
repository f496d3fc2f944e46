"""The form in which texts are compared, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.casefold import fold, folded, unfolded_spans

NASTY = (
    "aAbB zZ\n\t\"'ß\u017fKﬁéİŉ\uff2b…\xe9\xad\u200b\u2019\u2014\xc6"
    "中文ガｶﾞहि한각각🎉½①µ\u0301\u0323\u0308\u1161\ud800"
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("HeLLo", "hello"),
        ("STRASSE Straße", "strasse strasse"),
        ("ﬁle \uff26\uff55\uff4c\uff4c ①", "file full 1"),
        ("cafe\u0301 Café CAF\xc9", "cafe cafe cafe"),
        ("\u0141\xf3d\u017a \xc6r\xf8 \u0153uvre", "lodz aero oeuvre"),
        ("ёж \u1f04νθρωπος", "еж ανθρωποσ"),  # noqa: RUF001  other scripts
        ("a \u2260 b", "a \u2260 b"),
        ("don\u2019t \u201cx\u201d \xaby\xbb \xb4z\xb4", 'don\'t "x" "y" \'z\''),
        ("a\u2010b\u2011c \u2013 \u2014 \u22125", "a-b-c - - -5"),
        ("co\xadop\u200b\u2060er\ufeffate \u2764\ufe0f", "cooperate \u2764"),
        ("Σίσυφος", "σισυφοσ"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_equal_texts_fold_to_the_same(text: str, folded: str) -> None:
    """Case, compatibility forms, accents and typographic signs make no difference."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "accented"),
    [("cafe\u0301", "café"), ("Straße", "strasse"), ("CAFÉ \u2013 Ł", "café - ł")],
)
def test_the_accents_can_be_kept(text: str, accented: str) -> None:
    """To tell what was found as it was typed; everything else is as without them."""
    assert folded(text) == (accented, fold(accented))


@given(st.text() | st.text(NASTY))
def test_folding_again_changes_nothing(text: str) -> None:
    """A folded word can be sought in a folded text."""
    assert fold(fold(text)) == fold(text)
    assert folded(folded(text).accented) == folded(text)


@given(st.text(NASTY, max_size=30) | st.text(max_size=30), st.data())
def test_the_original_span_contains_the_whole_match(text: str, data: st.DataObject) -> None:
    """The part of the original folds to a text that contains the match, wherever it was found."""
    folded = fold(text)
    if not folded:
        return
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    first, last = unfolded_spans(text, [(start, end)])[0]
    assert 0 <= first < last <= len(text)
    assert folded[start:end] in fold(text[first:last])


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("die Straße dort", "strasse", "Straße"),
        ("die Straße dort", "ass", "aß"),
        ("un cafe\u0301 noir", "fe", "fe\u0301"),
        ("x\n中文 \uff21\uff22\uff23\ny", "b", "\uff22"),
        ("— login …", "login", "login"),
        ("so log\u200bin!", "login", "log\u200bin"),
        ("\xc6r\xf8 co\xadop", "coop", "co\xadop"),
    ],
)
def test_the_original_span_is_as_small_as_possible(text: str, word: str, original: str) -> None:
    """Only characters that were folded together are marked together."""
    start = fold(text).index(word)
    first, last = unfolded_spans(text, [(start, start + len(word))])[0]
    assert text[first:last] == original
