"""`sessions search`: two lines per hit, a JSON array, or ids. On a terminal, it fits the screen."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from clinvk.cli.paint import BOLD, DIM, YELLOW, Paint
from clinvk.cli.render.errors import say_warning
from clinvk.cli.render.layout import format_age, in_columns, named_title
from clinvk.cli.render.list import Rest, more_line, rows_of_screen
from clinvk.cli.streams import Streams
from clinvk.services.search.query import Term
from clinvk.services.search.search import Found, Hit
from clinvk.services.search.snippet import Snippet
from clinvk.text.json_codec import json_list
from clinvk.text.sanitize import safe_line
from clinvk.text.summary import FEW
from clinvk.text.width import cut

_ARCHIVED = "(archived) "
_GAP = "  "
_LINES_EACH = 2
_LONGEST_TERM = 60


def render_hits(  # noqa: PLR0913  one parameter a form of the output
    found: Found,
    streams: Streams,
    *,
    now: datetime,
    as_json: bool = False,
    ids: bool = False,
    selected: bool = False,
    rest: Callable[[int], Rest] | None = None,
) -> None:
    """Show the hits on stdout; skipped sessions, and that nothing was found, on stderr.

    `selected`: options left out sessions, which may have what was not found. With `rest`, as many
    hits are shown as fit the screen; it gets the number of those shown.
    """
    if as_json:
        from clinvk.published.sessions import hit_to_json

        streams.out_json(json_list(map(hit_to_json, found.hits)).decode())
    elif ids:
        streams.out("".join(f"{safe_line(hit.listed.session.id)}\n" for hit in found.hits))
    else:
        room = rows_of_screen(streams) if rest is not None else None
        fits = len(found.hits)
        if room is not None and _LINES_EACH * fits > room + 1:  # there is no head
            fits = max(room // _LINES_EACH, 1)
        streams.out("".join(_lines(found.hits[:fits], streams, now)))
        if rest is not None and fits < len(found.hits):
            streams.out(f"{more_line(rest(fits), streams)}\n")
    for sentence in (*_not_searched(found.unreadable), *_searched_by_transcript(found.rebuilt)):
        say_warning(streams, sentence)
    if count := found.damaged_lines:
        lines = "a damaged line" if count == 1 else f"{count:,} damaged lines"
        say_warning(streams, f"skipped {lines} of transcripts that may match")
    if not found.hits:
        streams.err(_not_found(found.nowhere, "selected session" if selected else "session"))


def _not_found(nowhere: Sequence[Term], session: str) -> str:
    """Why there is no hit: the words that are nowhere."""
    terms = [f"`{cut(safe_line(term.typed), _LONGEST_TERM)}`" for term in nowhere]
    if not terms:
        return f"no {session} matches, but each word of the query occurs in one"
    kind = "phrase" if len(nowhere[0].words) > 1 else "word"
    return f"no {session} has {f'the {kind}' if len(terms) == 1 else 'any of'} {', '.join(terms)}"


def _not_searched(unreadable: Sequence[str]) -> list[str]:
    """Warnings about sessions that could not be searched: one for each if there are few."""
    if len(unreadable) <= FEW:
        return [f"{sentence}; not searched" for sentence in unreadable]
    more = len(unreadable) - FEW
    first = [f"not searched: {sentence}" for sentence in unreadable[:FEW]]
    return [
        "\n".join(
            [
                f"{len(unreadable):,} sessions could not be searched; the first:",
                *first,
                f"… and {more:,} more; `clinvk doctor` lists them",
            ]
        )
    ]


def _searched_by_transcript(rebuilt: Sequence[str]) -> list[str]:
    """Warnings about sessions whose record cannot be read, but whose transcript was searched."""
    if len(rebuilt) <= FEW:
        return [f"{sentence}; its transcript was searched" for sentence in rebuilt]
    count = f"{len(rebuilt):,} records"
    return [f"{count} cannot be read, their transcripts were searched; `clinvk doctor` lists them"]


def _lines(hits: Sequence[Hit], streams: Streams, now: datetime) -> Iterator[str]:
    columns = streams.columns() if streams.stdout_is_tty else None
    heads = in_columns([_cells(hit, now) for hit in hits])
    for hit, head in zip(hits, heads, strict=True):
        line = head.rstrip("\n")
        yield f"{line if columns is None else cut(line, columns)}\n"
        yield f"{_place(hit, columns, streams.paint)}\n"


def _cells(hit: Hit, now: datetime) -> tuple[str, ...]:
    session = hit.listed.session
    mark = _ARCHIVED if session.archived else ""
    return (
        safe_line(session.id),
        safe_line(session.backend),
        format_age(session.last_used_at, now),
        f"{mark}{named_title(session)}",
    )


def _place(hit: Hit, columns: int | None, paint: Paint) -> str:
    where = hit.field.value if hit.turn is None else f"turn {hit.turn}, {hit.field.value}"
    label = f"{_GAP}{where}: "
    room = None if columns is None else columns - len(label)
    return f"{paint(label, DIM)}{_marked(hit.snippet, room, paint)}"


def _marked(snippet: Snippet, room: int | None, paint: Paint) -> str:
    """The snippet in at most `room` columns, with its matches highlighted."""
    text = snippet.text if room is None else cut(snippet.text, max(room, 1))
    kept = len(text) if text == snippet.text else len(text) - 1
    pieces: list[str] = []
    at = 0
    for start, end in snippet.marks:
        if start < kept:
            pieces += [text[at:start], paint(text[start : min(end, kept)], BOLD, YELLOW)]
            at = min(end, kept)
    return "".join(pieces) + text[at:]
