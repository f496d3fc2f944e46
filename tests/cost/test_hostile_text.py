"""A megabyte of the worst text: in linear time a fraction of a second, in squared time a hang."""

import pytest

from clinvk.text.redact import Redaction
from clinvk.text.sanitize import safe_text


@pytest.mark.parametrize(
    "hostile",
    ["\x1b", "\x1b]", "\x1b[", "\x1bP0", "\x1b[0;", "\u200d", "👩\u200d", "\r", "\x1b ", "\ufe0f"],
    ids=ascii,
)
def test_a_hostile_megabyte_is_made_safe_in_linear_time(hostile: str) -> None:
    """No repetition of a sequence's beginning takes squared time, which would be a hang."""
    text = hostile * (1_000_000 // len(hostile))
    assert len(safe_text(text)) <= len(text)


@pytest.mark.parametrize(
    "piece",
    [
        "sk-", "eyJ", "eyJaaaaaaaa.", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN ", "password",
        "password=", 'password="', "authorization: bearer ", "://", "://a:", "a", "_token", " ",
        "\\\"'", "/home/ann",
    ],
)  # fmt: skip
def test_a_hostile_megabyte_is_redacted_in_linear_time(piece: str) -> None:
    """A megabyte of the worst takes a fraction of a second; in squared time, hours: a hang."""
    text = piece * (1_000_000 // len(piece))
    assert Redaction("/home/ann").text(f"password{text}")
