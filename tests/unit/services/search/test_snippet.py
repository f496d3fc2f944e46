"""Snippets: one line around the match, marked, safe for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.services.search.query import parse_query
from clinvk.services.search.snippet import snippet_of
from clinvk.text.casefold import fold
from clinvk.text.sanitize import safe_line

NASTY = "ab AB \n\tßKﬁéİ\uff2b…中ｶﾞ🎉\u0301\x1b[31m\x07\x9b\u202e"


def _shown(text: str, query: str) -> str:
    """The snippet with its marks in brackets."""
    snippet = snippet_of(text, parse_query(query).wanted)
    shown = snippet.text
    for start, end in reversed(snippet.marks):
        shown = f"{shown[:start]}[{shown[start:end]}]{shown[end:]}"
    return shown


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("fix the login", "login", "fix the [login]"),
        ("Fix\n\n  the\tLogin\npage", "login page", "Fix the [Login] [page]"),
        ("Straße", "strasse", "[Straße]"),
        ("flaky\n test here", '"flaky test"', "[flaky test] here"),
        ("abcabc", "abc bca", "[abcabc]"),
        ("\x1b[31mred\x1b[0m login\x07", "login", "red [login]"),
        ("log\x1bin login", "login", "logn [login]"),
    ],
)
def test_the_match_is_marked(text: str, query: str, shown: str) -> None:
    """On one line, with what touches marked as one, and without control characters."""
    assert _shown(text, query) == shown


def test_a_long_text_is_cut_around_the_match() -> None:
    """A little before, more after, cut at words, with signs of what was left out."""
    shown = _shown("before " * 100 + "login " + "after " * 100, "login")
    assert shown.startswith("…before before before")
    assert "before [login] after" in shown
    assert shown.endswith("…")
    assert shown.index("[login]") <= 33
    assert len(shown) <= 203


def test_the_place_with_most_of_the_words_is_shown() -> None:
    """Not the first occurrence of one of them, and a whole word before a part of one."""
    far = "x " * 300
    assert "[login] [test]" in _shown(f"login {far} login test {far}", "login test")
    assert "the [auth] token" in _shown(f"authorize {far} the auth token", "auth")


@given(st.text(NASTY, min_size=1, max_size=80), st.data())
def test_a_snippet_is_always_one_safe_line_with_its_marks(text: str, data: st.DataObject) -> None:
    """Any text, any match: marks lie in the text, in order, and nothing can drive a terminal."""
    words = fold(text).split()
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    terms = parse_query(f'"{word}"').wanted
    snippet = snippet_of(f"{text}\n" * data.draw(st.sampled_from([1, 40])), terms)
    assert "\n" not in snippet.text
    assert safe_line(snippet.text).replace(" ", "") == snippet.text.replace(" ", "")
    ends = [at for mark in snippet.marks for at in mark]
    assert ends == sorted(ends)
    assert all(0 <= at <= len(snippet.text) for at in ends)
