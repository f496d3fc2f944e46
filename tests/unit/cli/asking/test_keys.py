"""From bytes to keys."""

import pytest

from clinvk.cli.asking.key_reader import UNKNOWN, KeyReader


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"y", ["y"]),
        (b"yn", ["y", "n"]),
        ("写é".encode(), ["写", "é"]),
        (b"\r", ["enter"]),
        (b"\x7f\x08", ["backspace", "backspace"]),
        (b"\x1b[A\x1b[1;5D\x1b[3~", ["up", UNKNOWN, "delete"]),
        (b"\x1bOH\x1b[6~", ["home", "pagedown"]),
        (b"\x1by", [UNKNOWN]),
        (b"\x1b[200~y\x1b[201~", [UNKNOWN, "y", UNKNOWN]),
        (b"\x00\x1c", [UNKNOWN, UNKNOWN]),
        (b"\xff\xfey", ["y"]),
    ],
    ids=repr,
)
def test_each_key_has_its_name(data: bytes, keys: list[str]) -> None:
    """Alt and a letter is not that letter, and no byte is an error."""
    reader = KeyReader()
    assert reader.feed(data) == keys
    assert not reader.waits


@pytest.mark.parametrize("data", [b"\x1b[A", b"\x1bOB", "写".encode(), b"\x1b[1;5C"], ids=repr)
def test_a_key_that_arrives_in_pieces_is_one_key(data: bytes) -> None:
    """Byte by byte, as over a slow connection."""
    reader = KeyReader()
    keys = [key for at in range(len(data)) for key in reader.feed(data[at : at + 1])]
    assert keys == KeyReader().feed(data)


def test_escape_alone_is_known_when_nothing_follows() -> None:
    """Until then it may be the start of another key."""
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.waits
    assert reader.flush() == ["escape"]
    assert not reader.waits
    assert reader.feed(b"\x1b[1") == []
    assert reader.flush() == [UNKNOWN]
