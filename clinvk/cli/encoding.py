"""Encodes text for a stream, and redirects a stream that can no longer be written."""

import os
from typing import IO, TextIO

# Our own signs, for a terminal whose encoding lacks them.
_PLAIN_SIGNS = str.maketrans(
    {"…": "...", "—": "-", "·": "|", "•": "*", "✓": "+", "✗": "x", "↻": "~"}
)


def encode(text: str, encoding: str) -> bytes:
    """The bytes of `text`; never raises.

    In UTF-8, bytes that could not be decoded on input are written unchanged. Other lone surrogates,
    and characters that another encoding lacks, are written as escapes.
    """
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        if encoding.replace("-", "").replace("_", "").lower() != "utf8":
            text = text.translate(_PLAIN_SIGNS)
        return text.encode(encoding, "backslashreplace")


def text_from(data: bytes) -> str:
    """Decode input as UTF-8; invalid bytes become surrogate escapes."""
    return data.decode("utf-8-sig", errors="surrogateescape")


def push(stream: TextIO, text: str, encoding: str) -> None:
    """Write the text now, whole."""
    buffer: IO[bytes] | None = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text)
        stream.flush()
        return
    data = encode(text, encoding)
    while True:
        try:
            if data:
                buffer.write(data)
                data = b""
            buffer.flush()
        except BlockingIOError as full:
            # Some parents (Node) leave a shared pipe non-blocking; write the whole answer.
            os.set_blocking(buffer.fileno(), True)
            data = data[full.characters_written :]
        else:
            return


def abandon(stream: TextIO) -> None:
    """Redirect a dead stream to /dev/null, else Python reports an error at exit."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
    except OSError:
        return
    try:
        os.dup2(nothing, stream.fileno())
    except (OSError, ValueError):
        return
    finally:
        os.close(nothing)
