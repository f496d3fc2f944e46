"""The bytes of a prompt as text: what is certain is converted, anything else is refused.

An agent is sent UTF-8. A byte that is none would reach it as `?`, and it would answer something
that nobody asked.
"""

import codecs

from clinvk.errors import UsageError

LONGEST = 10 * 1024 * 1024
"""So many bytes may a prompt have: more than any model takes. Each may take six in a transcript,
whose lines are read up to 64 MiB: a longer prompt would be recorded and never read again."""

_MARKS = (
    # The shorter mark begins the longer one, so the longer is tried first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (b"", "utf-8"),
)
_HINT = (
    "convert it, as in `iconv -f latin1 -t utf-8 FILE | clinvk -`, or name the file in the prompt"
    " and let the agent read it"
)


def text_of(data: bytes, what: str) -> str:
    """The text of UTF-8, or of UTF-16 and UTF-32 that begin with their byte order mark.

    Raises `UsageError` for anything else, and for what is longer than `LONGEST`; `what` is what it
    is called in a sentence.
    """
    if len(data) > LONGEST:
        from clinvk.cli.render.layout import format_size

        raise UsageError(
            f"{what} is longer than {format_size(LONGEST)}",
            hint="name the file in the prompt and let the agent read it",
        )
    at = 0
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError as error:
                at = error.start
                continue
            return _without_nul(text, what)
    raise UsageError(
        f"{what} is not UTF-8 text: its byte {at + 1:,} is 0x{data[at]:02x}", hint=_HINT
    )


def checked_text(text: str, what: str) -> str:
    """The text, which came as an argument; `UsageError` as `text_of`, if its bytes are no text."""
    return text_of(text.encode("utf-8", "surrogateescape"), what)


def _without_nul(text: str, what: str) -> str:
    if "\0" in text:
        raise UsageError(
            f"{what} has NUL characters: it is no text, or UTF-16 without a byte order mark",
            hint=_HINT,
        )
    return text
