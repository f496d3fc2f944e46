"""The bytes of a prompt as text: known encodings are converted, anything else is refused.

Agents receive UTF-8. An invalid byte would reach the agent as `?`, and change the question.
"""

import codecs

from clinvk.errors import UsageError

LONGEST = 10 * 1024 * 1024
"""Maximum bytes of a prompt; no model accepts as many. A byte can become six in a transcript, and
lines over 64 MiB are not read: a longer prompt would be recorded but could not be read again."""

_MARKS = (
    # A UTF-32 mark starts with a UTF-16 mark, so the longer one is tried first.
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
    """Decode UTF-8, or UTF-16 and UTF-32 with a byte order mark.

    Raises `UsageError` for anything else, and for data longer than `LONGEST`. `what` names the data
    in the message.
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
            if "\0" not in text:
                return text
            raise UsageError(
                f"{what} has NUL characters: it is not text, or UTF-16 without a byte order mark",
                hint=_HINT,
            )
    raise UsageError(
        f"{what} is not UTF-8 text: its byte {at + 1:,} is 0x{data[at]:02x}", hint=_HINT
    )


def checked_text(text: str, what: str) -> str:
    """The text of an argument. Raises `UsageError` like `text_of` if its bytes are not text."""
    return text_of(text.encode("utf-8", "surrogateescape"), what)
