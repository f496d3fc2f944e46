"""Plain text is what the short ways may be taken for, and they lead where the long ones do."""

import re
import sys
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.casefold import fold, unfolded_spans
from clinvk.text.plain import PLAIN, is_plain
from clinvk.text.sanitize import safe_text
from clinvk.text.width import cut, display_width, graphemes

_CHARACTERS = re.findall(f"[{PLAIN}]", "".join(map(chr, range(sys.maxunicode))))
_TEXT = st.text(st.sampled_from(_CHARACTERS) | st.sampled_from("aßİ…½¨ŉ e"), max_size=30)


def test_plain_text_is_distinguished_from_other_text() -> None:
    """Latin, Greek and Cyrillic with their signs; no control, mark, emoji or wide character."""
    assert is_plain("Straße, naïve — “quoted” → Ελλάς, Москва…\n\t")
    for text in ("\x1b", "\r", "\xa0\xad", "e\u0301", "日本", "🎉", "\u200b", "\u2028", "\u202e"):
        assert not is_plain(text)
        assert not is_plain(f"a{text}b")


def test_each_plain_character_has_one_column_and_is_harmless() -> None:
    """Checked with the slow methods, one character after the other, also beside others."""
    for char in _CHARACTERS:
        around = f"日{char}日"
        assert safe_text(around) == around
        assert list(graphemes(around)) == ["日", char, "日"]
        assert display_width(around) == 5 or char in "\t\n"


def test_each_pair_of_plain_characters_is_folded_one_by_one() -> None:
    """None of them joins the one before it."""
    others = [char for char in _CHARACTERS if char > "~"]
    folded = {char: _fold(char) for char in _CHARACTERS}
    for char in (*others[::7], *"ai ", "\u0130", "\xa8"):
        for other in others:
            assert _fold(char + other) == folded[char] + folded[other]


def _fold(text: str) -> str:
    return normalize("NFKC", normalize("NFKC", text).casefold())


@given(_TEXT, st.integers(0, 60), st.integers(1, 20))
def test_a_match_in_plain_text_is_marked_as_narrowly_as_can_be(
    text: str, start: int, length: int
) -> None:
    """From the character in which it begins to the one in which it ends."""
    folded = fold(text)
    if start + length > len(folded):
        return
    origin = [at for at, char in enumerate(text) for _ in fold(char)]
    first, last = unfolded_spans(text, [(start, start + length)])[0]
    assert (first, last) == (origin[start], origin[start + length - 1] + 1)


@given(_TEXT.filter(lambda text: "\n" not in text and "\t" not in text), st.integers(1, 40))
def test_plain_text_is_cut_at_a_column(text: str, columns: int) -> None:
    """One column a character."""
    assert display_width(text) == len(text)
    assert display_width(cut(text, columns)) <= columns
