"""What an agent prints cannot drive or deceive a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.sanitize import SafeStream, marked_line, safe_line, safe_text

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("\x1b[]();mPX^_\\\x07\x9b\x9c\x9d\r\n\t 0a\u200d\ufe0f\u202e©👩🏽#\u20e3"),
        st.characters(),
    )
)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("plain\ttext\n", "plain\ttext\n", id="plain text"),
        pytest.param("\x1b[31mred\x1b[0m", "red", id="CSI"),
        pytest.param("\x1b[38;2;1;2;3mred\x1b[?25l", "red", id="CSI with parameters"),
        pytest.param("\x9b31mred", "red", id="CSI as one character"),
        pytest.param("\x1b]0;title\x07after", "after", id="OSC ended by BEL"),
        pytest.param("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", id="OSC ended by ST"),
        pytest.param("\x9d52;c;aGk=\x9cafter", "after", id="OSC as one character"),
        pytest.param("\x1bPq#0\x1b\\after", "after", id="DCS"),
        pytest.param("\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\after", "after", id="APC PM SOS"),
        pytest.param("\x1bcafter\x1b7\x1b(B", "after", id="two bytes"),
        pytest.param("\x1b]0;never ended\nnext", "\nnext", id="OSC without an end"),
        pytest.param("\x1b[3", "", id="CSI without an end"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="carriage returns"),
        pytest.param("a\u2028b\u2029c\x85d", "a\nb\nc\nd", id="other line ends"),
        pytest.param("a\x00\x08\x0b\x7f\x84b", "ab", id="controls"),
        pytest.param("rm \u202ecod.exe\u2066x\u2069\u200f", "rm cod.exex", id="direction"),
        pytest.param("a\u200bb\u200cc\u2060d\ufeffe\xadf", "abcdef", id="invisible"),
        pytest.param("x\U000e0041\U000e007f\U000e0100", "x", id="tags"),
        pytest.param("a\udc80b", "a\ufffdb", id="a byte that was not UTF-8"),
        pytest.param(
            "👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3",
            "👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3",
            id="emoji",
        ),
        pytest.param("a\u200db \u200d👩 x\ufe0f", "ab 👩 x", id="joiners that join no emoji"),
        pytest.param("日本語 e\u0301 שלום", "日本語 e\u0301 שלום", id="scripts"),
    ],
)
def test_only_what_a_reader_may_see_is_left(text: str, safe: str) -> None:
    """Each kind of sequence goes as a whole, and what was written around it stays."""
    assert safe_text(text) == safe


@given(HOSTILE)
def test_no_text_gets_a_forbidden_character_through(text: str) -> None:
    """Whatever is put in, no control, direction mark, surrogate or tag comes out."""
    for char in safe_text(text):
        category = unicodedata.category(char)
        assert category != "Cs"
        assert char in "\n\t" or category != "Cc"
        assert char == "\u200d" or category != "Cf" or ord(char) in _VISIBLE
        assert not 0xE0000 <= ord(char) <= 0xE0FFF


# Format characters that show as something: Arabic number signs, Syriac, Kaithi, hieroglyphs.
_VISIBLE = {
    *range(0x600, 0x606),
    *(0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD),
    *range(0x13430, 0x13440),
}


@given(HOSTILE)
def test_a_safe_text_is_unchanged(text: str) -> None:
    """Removing something never creates something new that must be removed."""
    assert safe_text(safe_text(text)) == safe_text(text)


@given(HOSTILE, st.integers(min_value=1, max_value=7))
def test_pieces_come_out_as_the_whole_would(text: str, size: int) -> None:
    """Wherever a text is cut into pieces, also inside a sequence, the result is the same."""
    stream = SafeStream()
    pieces = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join(pieces) + stream.flush() == safe_text(text)


@given(HOSTILE, st.integers(min_value=1, max_value=7))
def test_beginnings_of_lines_come_out_as_the_whole_would(text: str, size: int) -> None:
    """A stream that does not wait for the ends of lines gives the same in the end."""
    stream = SafeStream(whole_lines=False)
    pieces = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join(pieces) + stream.flush() == safe_text(text)


def test_words_do_not_wait_for_the_end_of_their_line() -> None:
    """Only what a further piece could change does: a sequence, and an emoji that may be joined."""
    stream = SafeStream(whole_lines=False)
    pieces = ["one tw", "o \U0001f469", "\u200d\U0001f680 x", "\x1b[2", "Jy", "z\n", "a"]
    shown = [stream.feed(piece) for piece in pieces]
    assert shown == ["one tw", "o ", "\U0001f469\u200d\U0001f680 x", "", "", "yz\n", "a"]


def test_a_line_is_returned_as_soon_as_it_is_complete() -> None:
    """Whole lines do not wait for the next one."""
    stream = SafeStream()
    assert stream.feed("one\ntw") == "one\n"
    assert stream.feed("o") == ""
    assert stream.flush() == "two"


@given(HOSTILE)
def test_a_safe_line_is_one_line(text: str) -> None:
    """Line ends and tabs are folded into single spaces, and there are none around the line."""
    line = safe_line(text)
    assert "\n" not in line
    assert "\t" not in line
    assert line == line.strip(" ")


def test_a_megabyte_of_an_unterminated_sequence_is_dropped() -> None:
    """A sequence that never ends takes the rest of its line, in one go."""
    assert safe_text("a\x1b]52;c;" + "A" * 1_000_000) == "a"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("git push -f", "git push -f"),
        ("a\tb", "a   b"),
        ("\x1b[2J\r\x00\x7f", "^[[2J^M^@^?"),
        ("a\nb", "a^Jb"),
        ("rm \u202ecod\u2066", "rm <U+202E>cod<U+2066>"),
        ("a\u200bb\xadc\ufeff", "a<U+200B>b<U+00AD>c<U+FEFF>"),
        ("~/\xa0x\u3164", "~/<U+00A0>x<U+3164>"),
        ("\x9b\u2028\udc80", "<U+009B><U+2028><U+DC80>"),
        ("\U000e0041", "<U+E0041>"),
        ("grüße 你好 👋 e\u0301", "grüße 你好 👋 e\u0301"),
    ],
)
def test_hidden_characters_are_marked(text: str, marked: str) -> None:
    """For a person who decides: everything is shown, nothing is left out."""
    assert marked_line(text) == marked


@given(HOSTILE)
def test_a_marked_line_shows_every_character(text: str) -> None:
    """It is one safe line, and no character of the text disappears."""
    marked = marked_line(text)
    assert safe_text(marked) == marked
    assert "\n" not in marked
    assert all(marked_line(char) for char in text)
