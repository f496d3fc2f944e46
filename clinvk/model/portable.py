"""A session in its export format: its record and the lines of its transcript, as JSON."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

EXPORT_VERSION = 1
"""The version of the export format, in the field `clinvk_export`."""

TranscriptLine = Mapping[str, Any] | str
"""A line that JSON reproduces byte by byte; else, for a damaged line, its unchanged text."""


class PortableSession(Struct, frozen=True, kw_only=True):
    """One session: the record's fields and the transcript's lines, in order."""

    record: Mapping[str, Any]
    transcript: tuple[TranscriptLine, ...] = ()

    @property
    def id(self) -> str:
        """The session's id."""
        return str(self.record["id"])
