"""The first look at a file's bytes: it may let too much through, and never too little."""

import json
import sys

import pytest

from clinvk.services.search.prefilter import FOLD_AWAY, FOLD_TO_ASCII, Content, Prefilter
from clinvk.services.search.query import parse_query
from clinvk.text.casefold import fold


def _lets_through(word: str, data: bytes | None) -> bool:
    return Prefilter(parse_query(word).wanted[0]).lets_through(Content(data))


def _line(text: str, *, ensure_ascii: bool = False, **fields: object) -> bytes:
    line = {"type": "message", "turn": 1} | fields | {"text": text}
    return json.dumps(line, ensure_ascii=ensure_ascii).encode("utf-8", "backslashreplace")


@pytest.mark.thorough
def test_every_character_that_folds_to_ascii_is_known() -> None:
    """The table is complete for the Unicode of this Python."""
    known = {code for first, last in FOLD_TO_ASCII for code in range(first, last + 1)}
    found = {
        code
        for code in range(128, sys.maxunicode + 1)
        if any("!" <= char <= "~" for char in fold(chr(code)))
    }
    assert not found - known


@pytest.mark.thorough
def test_every_character_that_disappears_is_known() -> None:
    """Likewise; it can stand in the middle of any word."""
    known = {code for first, last in FOLD_AWAY for code in range(first, last + 1)}
    assert not {code for code in range(sys.maxunicode + 1) if not fold(chr(code))} - known


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("login", "the LogIn page"),
        ("a.b-c_d", "x a.b-c_d x"),
        ("src/auth.go", "src/auth.go"),
        ("strasse", "Straße"),
        ("kelvin", "\u212aelvin"),
        ("file", "ﬁle"),
        ("naïve", "nai\u0308ve"),
        ("cafes", "caf\xe9s"),
        ("cafes", "cafe\u0301s"),
        ("caf\xe9s", "cafes"),
        ("login", "lo\xadg\u200bin"),
        ("don't", "don\u2019t"),
        ("--no-verify", "\u2010\u2011no\u2212verify"),
        ("中文", "中文"),
        ("\udcff", "a\udcffb"),
        ("->", "a->b"),
        ("...", "…"),
        ('say"hi"', 'say"hi"'),
        ("c:\\temp", "C:\\temp"),
        ('"two words"', "two\nwords"),
    ],
)
@pytest.mark.parametrize("ensure_ascii", [False, True], ids=["utf-8", "escapes"])
def test_a_word_that_is_there_comes_through(word: str, text: str, ensure_ascii: bool) -> None:  # noqa: FBT001  a table
    """However it is written in JSON, and whatever folds to it."""
    assert _lets_through(word, _line(text, ensure_ascii=ensure_ascii))


def test_a_word_that_is_not_there_is_kept_back() -> None:
    """Also beside escapes of our own writing and characters that fold to other letters."""
    assert not _lets_through("login", _line("plain"))
    assert not _lets_through("login", _line("\x1b[31mred\x1b[0m\n“quoted” — Straße \udc80"))
    assert not _lets_through("中文", _line("plain"))
    assert not _lets_through("login", b"")
    assert not _lets_through("ligne-a", _line("d\xe9j\xe0 \u2014 na\xefve, l'\xcele"))


def test_a_word_cut_by_the_seam_of_two_pieces_comes_through() -> None:
    """Streamed text is joined, also over a line of something else, and also in another form."""
    first, second = _line("log", delta=True), _line("in", delta=True)
    between = json.dumps({"type": "session"}).encode()
    assert _lets_through("login", b"\n".join([first, second]))
    assert _lets_through("login", b"\n".join([first, between, second]))
    assert _lets_through(
        "cafes", b"\n".join([_line("caf", delta=True), _line("\xe9s", delta=True)])
    )
    spaced = json.dumps(json.loads(second), separators=(" , ", " : ")).encode()
    assert _lets_through("login", b"\n".join([first, spaced]))
    assert not _lets_through("login", b"\n".join([first, _line("x", delta=True), second]))


@pytest.mark.parametrize(
    "data",
    [None, '{"text": "login"}'.encode("utf-16-be"), rb'{"text": "l\u006fgin"}'],
    ids=["not looked at", "utf-16", "an escaped letter"],
)
def test_what_cannot_be_told_comes_through(data: bytes | None) -> None:
    """In doubt the file is read."""
    assert _lets_through("login", data)
