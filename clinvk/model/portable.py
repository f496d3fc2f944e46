"""A session in its export format: its record and the lines of its transcript, as JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

EXPORT_VERSION = 1
"""The version of the export format, in the field `clinvk_export`."""

TranscriptLine = Mapping[str, Any] | str
"""A line that JSON reproduces byte by byte; else, for a damaged line, its unchanged text."""


class LargeLine(Struct, frozen=True, kw_only=True):
    """A line that is too large to be read as a whole.

    `is_text`: it is the text of a damaged line. `blocks` has the bytes of its JSON, in order; it
    can be called once.
    """

    is_text: bool
    blocks: Callable[[], Iterator[bytes]]


class PortableSession(Struct, frozen=True, kw_only=True):
    """One session: the record's fields and the transcript's lines, in order.

    The lines may be read only once, one after the other.
    """

    record: Mapping[str, Any]
    transcript: Iterable[TranscriptLine | LargeLine] = ()

    @property
    def id(self) -> str:
        """The session's id."""
        return str(self.record["id"])
