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
        "\\\"'", "/home/ann", "://a:b@", "password is ", "<password>", '<a b="password">', "İ",
        "--password ", "password: |\n  ", "| password |\n|---|\n", "mysql -p", "curl -u a",
        "login/", "key for a: ", "cookie: a=", "?a=", "echo a | sudo -S ", 'login("a",', "auth=(",
        "a:1:b:c:", "password from a to ", "passphrase: aaa bbb ", "'password', ", "password = f(",
        "$6$a$", "Private-Lines: 1\n", "密码", "api key ", "-home-ann", "machine a login b p",
        "password:\n", "password: string = ", "password:'\\''", " -p", "{default", "your-", "xxxx",
    ],
)  # fmt: skip
def test_half_a_hostile_megabyte_is_redacted_in_linear_time(piece: str) -> None:
    """The worst takes seconds; in squared time, hours: a hang."""
    text = piece * (500_000 // len(piece))
    assert Redaction("/home/ann").text(f"password{text}")
