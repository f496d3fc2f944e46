"""One session per line to choose from: name and title, backend, age, directory, status."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from clinvk.cli.render.layout import cut_front, format_age, home_as_tilde, named_title
from clinvk.model.session import Status
from clinvk.services.sessions.list import Listed, OfferedSessions
from clinvk.text.sanitize import safe_line
from clinvk.text.title import TITLE_COLUMNS
from clinvk.text.width import cut, display_width, pad

_GAP = "  "
_AGE = len("30 minutes ago")
_STATUS = max(len(status.value) for status in Status)
_TITLE_LEAST, _DIRECTORY_LEAST, _DIRECTORY_MOST = 16, 12, 40
_OFFERED = 10
OFFERED_COLUMNS = 114
"""The width of a session that is offered where there is no terminal."""
# Columns removed on a narrow terminal, in this order, until the title has room.
_DISPENSABLE = ("directory", "backend", "status")


class ChoiceLines(Struct, frozen=True, kw_only=True):
    """Lines of sessions that are shown together, in one layout.

    `backend` is the width of the longest backend name, `user_home` is the directory `~`.
    """

    now: datetime
    user_home: Path
    backend: int

    def line(self, listed: Listed, columns: int) -> str:
        """The session on one line of at most `columns`, safe for a terminal."""
        session = listed.session
        widths = self._widths(columns)
        directory = safe_line(home_as_tilde(session.cwd, self.user_home))
        room = widths.get("directory", 0)
        cells = {
            "title": pad(cut(named_title(session), widths["title"]), widths["title"]),
            "backend": pad(safe_line(session.backend), self.backend),
            "age": pad(format_age(session.last_used_at, self.now), _AGE),
            "directory": pad(cut_front(directory, room), room),
            "status": listed.status.value,
        }
        return cut(_GAP.join(cells[name] for name in widths).rstrip(), columns)

    def _widths(self, columns: int) -> Mapping[str, int]:
        """The cells that have room, in order, with their widths."""
        widths = {
            "title": 0,
            "backend": self.backend,
            "age": _AGE,
            "directory": _DIRECTORY_LEAST,
            "status": _STATUS,
        }
        for name in _DISPENSABLE:
            if columns - _taken(widths) >= _TITLE_LEAST:
                break
            del widths[name]
        room = columns - _taken(widths)
        if "directory" in widths:
            more = min(max(room - TITLE_COLUMNS, (room - _TITLE_LEAST) // 3), _DIRECTORY_MOST)
            widths["directory"] += max(more, 0)
            room -= max(more, 0)
        widths["title"] = max(min(room, TITLE_COLUMNS), 1)
        return widths


def choice_lines(offered: Sequence[Listed], now: datetime, user_home: Path) -> ChoiceLines:
    """The layout for these sessions."""
    names = {listed.session.backend for listed in offered}
    longest = max((display_width(safe_line(name)) for name in names), default=0)
    return ChoiceLines(now=now, user_home=user_home, backend=min(longest, 20))


def offer(
    offered: OfferedSessions, now: datetime, user_home: Path, columns: int = OFFERED_COLUMNS
) -> str:
    """A hint with the first sessions of the picker in lines of this width, and how to name one."""
    if not offered.count:
        return "there is no session to pick; `clinvk sessions list` shows all"
    first = offered.part(0, _OFFERED)
    lines = choice_lines(first, now, user_home)
    shown = [_named(one, lines, columns) for one in first]
    more = offered.count - len(shown)
    return "\n".join(
        [
            "name one (`clinvk resume ID`), or use the first with `--last`:",
            *shown,
            *([f"… and {more:,} more (`clinvk sessions list`)"] if more else []),
        ]
    )


def _named(listed: Listed, lines: ChoiceLines, columns: int) -> str:
    named = f"{listed.session.id}  "
    return f"{named}{lines.line(listed, columns - len(named))}"


def _taken(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)
