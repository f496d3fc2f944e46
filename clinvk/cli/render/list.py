"""`sessions list`: a table, or a JSON array.

Table libraries get the widths of CJK and emoji wrong, or take 30 ms for them, so none is used.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from clinvk.cli.render.errors import say_warning
from clinvk.cli.render.layout import format_age, shown_title
from clinvk.cli.streams import Streams
from clinvk.model.session import Session, Status
from clinvk.services.sessions.list import DamagedRecord, Listed, SessionList
from clinvk.text.json_codec import json_list
from clinvk.text.sanitize import safe_line
from clinvk.text.summary import summed_up
from clinvk.text.units import UNKNOWN, format_tokens
from clinvk.text.width import cut, display_width, pad

_HEAD = ("ID", "BACKEND", "STATUS", "LAST USED", "TOKENS", "TITLE/PROMPT")
_BACKEND, _STATUS, _USED, _TOKENS, _TITLE = 1, 2, 3, 4, 5
_GAP = "  "
# Columns removed on a narrow terminal, in this order, until the title has room.
_DISPENSABLE = (_TOKENS, _BACKEND, _USED, _STATUS)
_TITLE_ROOM = 12
_MOST_DAMAGED = 20
"""Number of damaged records shown as rows; the JSON has all."""

_COLORS = {
    Status.RUNNING: "32",
    Status.INTERRUPTED: "33",
    Status.ERROR: "31",
    "damaged": "31",
    "unreadable": "31",
}

_Row = tuple[str, ...]


def render_list(
    found: SessionList, streams: Streams, *, now: datetime, as_json: bool, filtered: bool = False
) -> None:
    """Show the sessions found; `filtered` means that there may be others.

    It is unknown whether a damaged record matches a filter, so a filtered list reports it on stderr
    only.
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
    rows = [_row(listed, now) for listed in found.sessions]
    rows += [_damaged_row(record) for record in found.damaged[:_MOST_DAMAGED]]
    if rows:
        columns = streams.columns() if streams.stdout_is_tty else None
        streams.out("".join(_table([_HEAD, *rows], columns, color=streams.color)))
        if (more := len(found.damaged) - _MOST_DAMAGED) > 0:
            say_warning(
                streams, f"{more:,} more records cannot be read; `clinvk doctor` lists them"
            )
    elif filtered:
        streams.err("no session matches")
    else:
        streams.err('no sessions yet; `clinvk "…"` starts the first')


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


def _row(listed: Listed, now: datetime) -> _Row:
    session = listed.session
    title = shown_title(session)
    return (
        safe_line(session.id),
        safe_line(session.backend),
        listed.status.value,
        format_age(session.last_used_at, now),
        _tokens(session),
        f"({safe_line(session.name)}) {title}" if session.name else title,
    )


def _tokens(session: Session) -> str:
    """The total, with `≥` before it if the figures of a turn are unknown."""
    total = session.usage.total_tokens
    least = total is not None and session.leaves_out("total_tokens")
    return f"{'≥' if least else ''}{format_tokens(total)}"


def _damaged_row(record: DamagedRecord) -> _Row:
    name = safe_line(record.id_guess or UNKNOWN)
    return (name, UNKNOWN, record.status, UNKNOWN, UNKNOWN, safe_line(str(record.path)))


def _table(rows: Sequence[_Row], columns: int | None, *, color: bool) -> Iterator[str]:
    """The lines, each cut to `columns` if given, so that a session is one line."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    shown = list(range(len(_HEAD)))
    room = 0
    if columns is not None:
        for dispensable in (*_DISPENSABLE, None):
            taken = sum(widths[at] + len(_GAP) for at in shown if at != _TITLE)
            room = columns - taken
            if room >= _TITLE_ROOM or dispensable is None:
                break
            shown.remove(dispensable)
    for number, row in enumerate(rows):
        cells = [_cell(row[at], at, widths[at]) for at in shown]
        if columns is not None:
            cells[-1] = cut(row[_TITLE], max(room, 1))
        if color and number == 0:
            cells = [f"\x1b[2m{cell}\x1b[0m" for cell in cells]
        elif color and _STATUS in shown and (code := _COLORS.get(row[_STATUS])):
            at = shown.index(_STATUS)
            cells[at] = f"\x1b[{code}m{cells[at]}\x1b[0m"
        yield f"{_GAP.join(cells).rstrip()}\n"


def _cell(text: str, at: int, width: int) -> str:
    if at == _TITLE:
        return text
    return " " * (width - display_width(text)) + text if at == _TOKENS else pad(text, width)
