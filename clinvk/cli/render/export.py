"""Writes exported sessions in parts, to stdout or a file: they need not fit into memory."""

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from clinvk.cli.encoding import encode
from clinvk.cli.streams import Streams
from clinvk.model.progress import Progress, unwatched
from clinvk.text.sanitize import safe_text

if TYPE_CHECKING:
    from clinvk.model.portable import PortableSession
    from clinvk.services.sessions.export import ExportNotes
    from clinvk.services.world import World
    from clinvk.text.redact import Redaction

_PART = 1 << 18
"""Characters that are written at once."""


class Redacted(Struct, frozen=True, kw_only=True):
    """How much an export lacks."""

    secrets: int
    home_paths: int


class Rendering(Struct, frozen=True, kw_only=True):
    """The sessions to export, and their form."""

    world: "World"
    ids: list[str]
    as_json: bool

    def write(
        self,
        streams: Streams,
        path: Path | None,
        notes: "ExportNotes",
        progress: Progress,
        *,
        force: bool = False,
    ) -> None:
        """Write them to the file, which appears complete or not at all, else to stdout."""
        _write(self._parts(notes, progress, None), streams, path, force=force)

    def write_redacted(  # noqa: PLR0913  as `write`
        self,
        streams: Streams,
        path: Path | None,
        notes: "ExportNotes",
        progress: Progress,
        redaction: "Redaction",
        *,
        force: bool = False,
    ) -> Redacted:
        """Like `write`, without secrets and homes; returns how many there were."""
        from clinvk.services.sessions.export import ExportNotes
        from clinvk.text.redact import MARK

        marks = homes = left = 0
        for part in self._parts(ExportNotes(), unwatched, None):
            marks += part.count(MARK)
            homes += redaction.home_paths(part)

        def counted() -> Iterator[str]:
            nonlocal left
            for part in self._parts(notes, progress, redaction):
                left += part.count(MARK)
                yield part

        _write(counted(), streams, path, force=force)
        return Redacted(secrets=left - marks, home_paths=homes)

    def _parts(
        self, notes: "ExportNotes", progress: Progress, redaction: "Redaction | None"
    ) -> Iterator[str]:
        if self.as_json:
            from clinvk.published.sessions import export_parts

            parts = export_parts(self._sessions(notes, progress, redaction))
            return codecs.iterdecode(parts, "utf-8")
        from clinvk.cli.render.markdown_export import markdown_parts
        from clinvk.services.sessions.export import ExportNotes, head_of, with_turns

        world = self.world
        heads = self._sessions(ExportNotes(), unwatched, redaction)
        sessions = self._sessions(notes, progress, redaction)
        return markdown_parts(
            (head_of(world, one) for one in heads), (with_turns(world, one) for one in sessions)
        )

    def _sessions(
        self, notes: "ExportNotes", progress: Progress, redaction: "Redaction | None"
    ) -> Iterator["PortableSession"]:
        from clinvk.services.sessions.export import export_sessions

        sessions = export_sessions(self.world, self.ids, notes, progress)
        if redaction is None:
            return sessions
        from clinvk.services.sessions.redacted import redacted_session

        return (redacted_session(one, redaction) for one in sessions)


def _write(parts: Iterable[str], streams: Streams, path: Path | None, *, force: bool) -> None:
    if path is None:
        for part in _gathered(parts):
            streams.out_utf8(safe_text(part) if streams.stdout_is_tty else part)
        return
    from clinvk.services.sessions.export import export_file

    with export_file(path, replace=force) as file:
        for part in _gathered(parts):
            file.write(encode(part, "utf-8"))


def _gathered(parts: Iterable[str]) -> Iterator[str]:
    """The same text in fewer parts."""
    held: list[str] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _PART:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)
