"""`sessions list`: a table, or a JSON array. On a terminal, the table fits the screen.

Table libraries get the widths of CJK and emoji wrong, or take 30 ms for them, so none is used.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.cli.paint import DIM, GREEN, RED, YELLOW, Paint
from clinvk.cli.render.errors import say_warning
from clinvk.cli.render.layout import cut_front, format_age, home_as_tilde, named_title
from clinvk.cli.streams import Streams
from clinvk.model.session import Session, Status
from clinvk.services.sessions.list import DamagedRecord, Listed, SessionList
from clinvk.text.json_codec import json_list
from clinvk.text.sanitize import safe_line
from clinvk.text.summary import summed_up
from clinvk.text.units import UNKNOWN, format_tokens
from clinvk.text.width import cut, display_width, pad

_HEAD = ("ID", "BACKEND", "STATUS", "LAST USED", "TOKENS", "TITLE/PROMPT", "DIRECTORY")
_BACKEND, _STATUS, _USED, _TOKENS, _TITLE, _DIRECTORY = range(1, len(_HEAD))
_GAP = "  "
# Columns removed on a narrow terminal, in this order, until the title has room.
_DISPENSABLE = (_TOKENS, _BACKEND, _USED, _STATUS)
_TITLE_ROOM = 16
_TITLE_BESIDE, _DIRECTORY_ROOM = 28, 14
"""The directory is shown where both have at least these columns."""

_AROUND = 3
"""The lines of a screen that are not rows: the command, the head, and the shell's next prompt."""

_MOST_DAMAGED = 20
"""Number of damaged records shown as rows; the JSON has all."""

_COLORS = {
    Status.RUNNING: GREEN,
    Status.INTERRUPTED: YELLOW,
    Status.ERROR: RED,
    "damaged": RED,
    "unreadable": RED,
}

_Row = tuple[str, ...]


class Rest(Struct, frozen=True, kw_only=True):
    """How many sessions are not in the list, and the command that shows all."""

    count: int
    command: str


def rows_of_screen(streams: Streams) -> int | None:
    """How many rows of a list fit the screen; None without one."""
    return max(streams.rows() - _AROUND, 2) if streams.stdout_is_tty else None


def render_list(  # noqa: PLR0913  one parameter a form of the output
    found: SessionList,
    streams: Streams,
    *,
    now: datetime,
    as_json: bool,
    filtered: bool = False,
    user_home: Path = Path("/"),
    rest: Callable[[int], Rest] | None = None,
) -> None:
    """Show the sessions found; `filtered` means that there may be others.

    It is unknown whether a damaged record matches a filter, so a filtered list reports it on stderr
    only. With `rest`, as many are shown as fit the screen; it gets the number of those shown.
    """
    if filtered and found.damaged:
        say_damaged(found.damaged, streams)
        found = replace(found, damaged=())
    if as_json:
        from clinvk.published.sessions import damaged_to_json, session_to_json

        objects = [session_to_json(listed) for listed in found.sessions]
        objects += [damaged_to_json(record) for record in found.damaged]
        streams.out_json(json_list(objects).decode())
        return
    room = rows_of_screen(streams) if rest is not None else None
    sessions, damaged = _fitting(found, room)
    rows = [_row(listed, now, user_home) for listed in sessions]
    rows += [_damaged_row(record) for record in damaged]
    if rows:
        columns = streams.columns() if streams.stdout_is_tty else None
        streams.out("".join(_table([_HEAD, *rows], columns, streams.paint)))
        if rest is not None and len(sessions) < len(found.sessions):
            streams.out(f"{more_line(rest(len(sessions)), streams)}\n")
        if (more := len(found.damaged) - len(damaged)) > 0:
            say_warning(
                streams, f"{more:,} more records cannot be read; `clinvk doctor` lists them"
            )
    elif filtered:
        streams.err("no session matches")
    else:
        streams.err('no sessions yet; `clinvk "…"` starts the first')


def more_line(rest: Rest, streams: Streams) -> str:
    """How many more there are, and how to see them: the last line of a list on a terminal."""
    line = f"… {rest.count:,} more: {rest.command}"
    if display_width(line) > streams.columns():
        line = f"… {rest.count:,} more: add -n 0"
    return streams.paint(line, DIM)


def _fitting(
    found: SessionList, room: int | None
) -> tuple[Sequence[Listed], Sequence[DamagedRecord]]:
    """What fits into so many rows, with a line for the rest; damaged ones have a third of it."""
    if room is None:
        return found.sessions, found.damaged[:_MOST_DAMAGED]
    damaged = found.damaged[: min(_MOST_DAMAGED, max(room // 3, 1))]
    room -= len(damaged) + (len(found.damaged) > len(damaged))
    sessions = found.sessions
    return sessions if len(sessions) <= room else sessions[: max(room - 1, 1)], damaged


def render_ids(found: SessionList, streams: Streams) -> None:
    """Print only the ids, one per line; damaged records are reported on stderr."""
    streams.out("".join(f"{safe_line(listed.session.id)}\n" for listed in found.sessions))
    say_damaged(found.damaged, streams)


def say_damaged(damaged: Sequence[DamagedRecord], streams: Streams) -> None:
    """Report unreadable records on stderr: one warning for each if there are few, else one."""
    sentences = summed_up(
        damaged,
        each=lambda record: record.sentence,
        name=lambda record: record.path,
        what="records cannot be read",
        way_out="`clinvk doctor` shows why, and how to fix it",
    )
    for sentence in sentences:
        say_warning(streams, sentence)


def _row(listed: Listed, now: datetime, user_home: Path) -> _Row:
    session = listed.session
    return (
        safe_line(session.id),
        safe_line(session.backend),
        listed.status.value,
        format_age(session.last_used_at, now),
        _tokens(session),
        named_title(session),
        safe_line(home_as_tilde(session.cwd, user_home)),
    )


def _tokens(session: Session) -> str:
    """The total, with `≥` before it if the figures of a turn are unknown."""
    total = session.usage.total_tokens
    least = total is not None and session.leaves_out("total_tokens")
    return f"{'≥' if least else ''}{format_tokens(total)}"


def _damaged_row(record: DamagedRecord) -> _Row:
    name = safe_line(record.id_guess or UNKNOWN)
    return (name, UNKNOWN, record.status, UNKNOWN, UNKNOWN, safe_line(str(record.path)), "")


def _table(rows: Sequence[_Row], columns: int | None, paint: Paint) -> Iterator[str]:
    """The lines, each cut to `columns` if given, so that a session is one line."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    shown = list(range(_TITLE + 1))
    if columns is not None:
        shown = _fit(widths, columns)
    for number, row in enumerate(rows):
        cells = [_cell(row[at], at, widths[at]) for at in shown]
        if columns is None:
            cells[-1] = row[_TITLE]
        if number == 0:
            cells = [paint(cell, DIM) for cell in cells]
        elif _STATUS in shown and (code := _COLORS.get(row[_STATUS])):
            at = shown.index(_STATUS)
            cells[at] = paint(cells[at], code)
        yield f"{_GAP.join(cells).rstrip()}\n"


def _fit(widths: list[int], columns: int) -> list[int]:
    """The columns shown in that width; sets the widths of title and directory."""
    shown = list(range(_TITLE + 1))

    def left() -> int:
        return columns - sum(widths[at] + len(_GAP) for at in shown if at != _TITLE)

    for dispensable in _DISPENSABLE:
        if left() < _TITLE_ROOM:
            shown.remove(dispensable)
    room = left()
    if room >= _TITLE_BESIDE + len(_GAP) + _DIRECTORY_ROOM:
        shown.append(_DIRECTORY)
        room -= len(_GAP)
        beside = max(_DIRECTORY_ROOM, room // 3, room - widths[_TITLE])
        widths[_DIRECTORY] = min(beside, widths[_DIRECTORY])
        room = min(room - widths[_DIRECTORY], widths[_TITLE])
    widths[_TITLE] = max(room, 1)
    return shown


def _cell(text: str, at: int, width: int) -> str:
    if at == _TOKENS:
        return " " * (width - display_width(text)) + text
    if at == _DIRECTORY:
        return cut_front(text, width)
    return pad(cut(text, width), width)
