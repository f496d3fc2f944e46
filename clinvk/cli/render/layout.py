"""Building blocks of lists and pages: columns, labelled lines, sizes and ages."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from clinvk.model.files import FileReport, FileSource, shown_path
from clinvk.model.session import Session
from clinvk.text.sanitize import safe_line, safe_text
from clinvk.text.title import UNTITLED
from clinvk.text.width import display_width, graphemes, pad

_GAP = "  "
LABEL_COLUMNS = 19


def shown_title(session: Session) -> str:
    """The session's title, safe for a terminal; never empty."""
    return safe_line(session.title) or UNTITLED


def named_title(session: Session) -> str:
    """The title, after the name in brackets if the session has one."""
    title = shown_title(session)
    return f"({safe_line(session.name)}) {title}" if session.name else title


def in_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line for each row, without trailing blanks; all rows have the same length."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (pad(cell, width) for cell, width in zip(row, widths, strict=True))
        yield f"{_GAP.join(cells).rstrip()}\n"


def field(label: str, value: str) -> str:
    """One line with label and value; an empty label continues the one above."""
    head = f"{label}:" if label else ""
    return f"{head:<{LABEL_COLUMNS}}{safe_line(value)}"


def folded(lines: Iterable[str], columns: int | None, *, indent: int = 0) -> Iterator[str]:
    """The lines in at most `columns`, folded between words; further ones begin at `indent`.

    By default that is where the line itself begins. A word that is too long for a line stays as it
    is. None folds nothing.
    """
    for line in lines:
        yield from [line] if columns is None else _folded(line, columns, indent)


def _folded(line: str, columns: int, indent: int) -> Iterator[str]:
    if display_width(line) <= columns:
        yield line
        return
    start = indent or len(line) - len(line.lstrip(" "))
    margin = " " * min(start, columns // 2)
    head, at_start = line[:start], True
    for word in line[start:].split(" "):
        longer = f"{head}{'' if at_start else ' '}{word}"
        # A long word moves to the left rather than over the edge.
        room = max(columns - display_width(word), 0)
        below = f"{margin[:room]}{word}"
        fits = display_width(longer) <= columns
        if fits or (at_start and not (head.strip() and display_width(below) <= columns)):
            head = longer
        else:
            yield head.rstrip()
            head = below
        at_start = False
    yield head


def folded_fields(lines: Iterable[str], columns: int | None) -> Iterator[str]:
    """Labelled lines, with what does not fit below the value, or else below the label."""
    for line in lines:
        longest = max(map(display_width, line[LABEL_COLUMNS:].split(" ")), default=0)
        if columns is None or longest <= columns - LABEL_COLUMNS or display_width(line) <= columns:
            yield from folded([line], columns, indent=LABEL_COLUMNS)
            continue
        if label := line[:LABEL_COLUMNS].strip():
            yield label
        yield from folded([f"  {line[LABEL_COLUMNS:]}"], columns)


def fields(label: str, values: Iterable[str]) -> Iterator[str]:
    """One line per value, the label before the first."""
    for value in values:
        yield field(label, value)
        label = ""


def file_lines(label: str, files: Iterable[FileReport], cwd: str) -> Iterator[str]:
    """One line per file; those that the agent did not report are marked."""
    return fields(label, (f"{shown_path(file.path, cwd)} ({how_changed(file)})" for file in files))


def how_changed(file: FileReport) -> str:
    """`created`, or `created, observed` if only the comparison of the work tree shows it."""
    observed = file.source is FileSource.OBSERVED
    return f"{file.change.value}, observed" if observed else file.change.value


def text_lines(label: str, text: str) -> Iterator[str]:
    """A text of several lines below its label, indented."""
    yield f"{label}:"
    for line in safe_text(text).split("\n"):
        yield f"  {line}".rstrip()


def format_size(size: int) -> str:
    """Bytes for a person: `0 bytes`, `1 byte`, `12.3 kB`, `4.5 GB`."""
    from humanize import naturalsize

    return "0 bytes" if size == 0 else naturalsize(size).replace("Byte", "byte")


def format_age(at: datetime, now: datetime) -> str:
    """The age, roughly: `3 days ago`; `just now` within a minute or for a time in the future."""
    age = now - at
    if age < timedelta(minutes=1):
        return "just now"
    # From a day on, the words do not depend on the hour: lists repeat them.
    return _in_words(timedelta(days=age.days) if age.days else age)


@lru_cache
def _in_words(age: timedelta) -> str:
    from humanize import naturaltime

    return naturaltime(age)


def home_as_tilde(directory: str, user_home: Path) -> str:
    """The directory, with `~` for the user's home."""
    path = Path(directory)
    if user_home == Path("/") or not path.is_relative_to(user_home):
        return directory
    return str(Path("~") / path.relative_to(user_home))


def cut_front(text: str, columns: int) -> str:
    """The end of the text in at most `columns`: the last parts of a path matter most."""
    if display_width(text) <= columns:
        return text
    kept: list[str] = []
    room = columns - 1
    for cluster in reversed([*graphemes(text)]):
        room -= display_width(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "…" + "".join(reversed(kept)) if columns > 0 else ""
