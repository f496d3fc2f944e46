"""The query language: what is sought, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.errors import UsageError
from clinvk.services.search.query import Term, parse_query
from clinvk.text.casefold import fold


def _words(terms: tuple[Term, ...]) -> tuple[str, ...]:
    return tuple(" ".join(term.words) for term in terms)


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("auth", ("auth",), ()),
        ("  login \t test\n", ("login", "test"), ()),
        ("test test TEST", ("test",), ()),
        ('"flaky  Test" login', ("flaky test", "login"), ()),
        ('"flaky test"login', ("flaky test", "login"), ()),
        ("login -test", ("login",), ("test",)),
        ('login -"flaky test"', ("login",), ("flaky test",)),
        ("--no-verify", ("--no-verify",), ()),
        ('"-test"', ("-test",), ()),
        ("a - b", ("a", "-", "b"), ()),
        ("-> x", ("->", "x"), ()),
        ('name="x', ('name="x',), ()),
        ("Straße \uff26\uff35\uff2c\uff2c ﬁle", ("strasse", "full", "file"), ()),
        ("don't", ("don't",), ()),
        ("don\u2019t \u201cflaky test\u201d", ("don't", "flaky test"), ()),
        ("login \u2013test \xabin Arbeit\xbb", ("login", "in arbeit"), ("test",)),
        ("co\xadop\u200beration", ("cooperation",), ()),
        ("Caf\xe9 CAFE \u0141\xf3d\u017a", ("cafe", "lodz"), ()),
        ("c++ a.b *", ("c++", "a.b", "*"), ()),
    ],
)
def test_a_query_is_words_phrases_and_what_to_leave_out(
    typed: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    """Each form of the grammar means what the documentation says."""
    query = parse_query(typed)
    assert (_words(query.wanted), _words(query.unwanted)) == (wanted, unwanted)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "the query is empty"),
        (" \t\n", "the query is empty"),
        ("\u3000", "the query is empty"),
        ("\u200b \xad", "the query is empty"),
        ("-test", "the query has only excluded words"),
        ('-"a b" -c', "the query has only excluded words"),
        ('"', 'a `"` in the query is not closed'),
        ('login "flaky test', 'a `"` in the query is not closed'),
        ('login -"', 'a `"` in the query is not closed'),
        ('""', "a phrase in the query is empty"),
        ('login " "', "a phrase in the query is empty"),
    ],
)
def test_a_query_that_asks_for_nothing_is_refused(typed: str, sentence: str) -> None:
    """One sentence says what is wrong, and the hint how it is written."""
    with pytest.raises(UsageError) as wrong:
        parse_query(typed)
    assert wrong.value.message == sentence
    assert "`-word`" in str(wrong.value.hint)


@given(st.text(max_size=40))
def test_any_text_is_a_query_or_refused(typed: str) -> None:
    """Nothing that can be typed breaks the parser, and no term is empty."""
    try:
        query = parse_query(typed)
    except UsageError:
        return
    assert query.wanted
    for term in (*query.wanted, *query.unwanted):
        assert term.words
        assert all(word and word == fold(word) for word in term.words)


@pytest.mark.parametrize(
    ("typed", "text", "spans"),
    [
        ("aa", "aaaa aa", [(0, 2), (2, 4), (5, 7)]),
        ('"a b"', "a b ab a\n\t b", [(0, 3), (7, 12)]),
        ("x", "a b", []),
        ("a.c", "abc a.c", [(4, 7)]),
        ('"a. b"', "ab b a. b", [(5, 9)]),
    ],
)
def test_a_term_is_found_wherever_it_stands(
    typed: str, text: str, spans: list[tuple[int, int]]
) -> None:
    """Spans are in order, do not overlap, and no character is taken for a pattern."""
    term = parse_query(typed).wanted[0]
    assert list(term.spans(text)) == spans
    assert term.is_in(text) == bool(spans)


@pytest.mark.parametrize(
    ("text", "whole"),
    [("auth", True), ("re-auth.go", True), ("authorize auth_token", True), ("reauthorize", False)],
)
def test_a_whole_word_has_no_letter_beside_it(text: str, whole: bool) -> None:  # noqa: FBT001  a table
    """Punctuation parts words, so that the parts of an identifier count as whole."""
    assert parse_query("auth").wanted[0].strength_in(text) == (2 if whole else 1)
