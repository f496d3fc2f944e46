"""A prompt's bytes: converted where that is certain, refused where it is not."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.cli.prompt_text import LONGEST, checked_text, text_of
from clinvk.errors import UsageError

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufeff"))


@given(TEXTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_a_text_with_its_mark_is_that_text(text: str, encoding: str) -> None:
    """UTF-8 with and without a mark, UTF-16 and UTF-32 with theirs."""
    assert text_of(text.encode(encoding), "it") == text


@pytest.mark.parametrize("order", ["be", "le"])
@pytest.mark.parametrize("bits", ["16", "32"])
def test_both_orders_of_bytes_are_read(bits: str, order: str) -> None:
    """As Windows and as the network write them."""
    mark = getattr(codecs, f"BOM_UTF{bits}_{order.upper()}")
    assert text_of(mark + "café".encode(f"utf-{bits}-{order}"), "it") == "café"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"caf\xe9", "its byte 4 is 0xe9"),
        (b"\xff\xfe\x00", "its byte 1 is 0xff"),
        (b"\xff\xfe\x00\xd8", "its byte 1 is 0xff"),
        ("hello".encode("utf-16-le"), "NUL"),
        ("hello".encode("utf-16-be"), "NUL"),
        (b"a\0b", "NUL"),
        (b"\x89PNG\r\n\x1a\n", "its byte 1 is 0x89"),
        (b"\xed\xa0\x80", "its byte 1 is 0xed"),
    ],
)
def test_text_of_an_unknown_encoding_is_refused(data: bytes, told: str) -> None:
    """With the position and a hint; it is never sent with replacement characters."""
    with pytest.raises(UsageError) as wrong:
        text_of(data, "the text on stdin")
    assert wrong.value.message.startswith("the text on stdin ")
    assert told in wrong.value.message
    assert "iconv" in str(wrong.value.hint)


def test_an_argument_is_held_to_the_same() -> None:
    """Python hands undecodable bytes on as lone surrogates."""
    assert checked_text("café", "the prompt") == "café"
    with pytest.raises(UsageError, match="its byte 4 is 0xe9"):
        checked_text("caf\udce9", "the prompt")


def test_a_text_that_is_too_long_is_refused() -> None:
    """In bytes, in any script: a prompt, a draft, a system prompt."""
    longest = "é" * (LONGEST // 2)
    assert checked_text(longest, "the prompt") == longest
    with pytest.raises(UsageError, match=r"the prompt is longer than 10\.5 MB"):
        checked_text(f"{longest}x", "the prompt")
