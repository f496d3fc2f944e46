"""The agents' own files: whether they still have a conversation, and what they say of it."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from clinvk.model.conversation import ConversationFiles, ConversationRows, Conversations
from clinvk.store.agent_files.backwards import lines_from_end
from clinvk.store.files import open_regular

LARGEST = 256 * 1024 * 1024
_EDGE = 64 * 1024
_SMALL = 4 * 1024 * 1024


def conversation_exists(files: Conversations | None) -> bool | None:
    """Whether the agent has the conversation; None where its files do not tell.

    They do not tell if there is no such folder (unless they are the only witness), or if nothing
    was found and a part of the folder cannot be read: "gone" is said only of what was looked at in
    full.
    """
    if files is None:
        return None
    if isinstance(files, ConversationRows):
        rows = _read(files, first=True)
        return None if rows is None else bool(rows)
    try:
        if not files.root.is_dir():
            return False if files.only_witness else None
        if any(can_go_on(path, files.holds) for path in _matching(files)):
            return True
    except OSError:
        return None
    return False if _wholly_readable(files.root) else None


def _matching(files: ConversationFiles) -> Iterator[Path]:
    """The files below the agent's folder; none for an id that is a path to somewhere else."""
    parts = files.pattern.split("/")
    if "" in parts or ".." in parts or "\0" in files.pattern:
        return iter(())
    return files.root.glob(files.pattern)


def can_go_on(path: Path, holds: Callable[[Iterable[str]], bool] | None) -> bool:
    """Whether the agent can go on with this file, for all that can be told."""
    if holds is None:
        return True
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            # Line by line: most tell by their first lines, and may have gigabytes.
            return holds(_whole(file))
    except OSError:
        return True


def _whole(file: Iterable[bytes]) -> Iterator[str]:
    read = 0
    for line in file:
        read += len(line)
        if read > LARGEST:
            raise OSError("it is beyond all measure")
        if said := line.rstrip(b"\n"):
            yield said.decode("utf-8", errors="replace")


def _wholly_readable(root: Path) -> bool:
    """Whether every folder below `root` could be looked into; `glob` passes over those silently."""
    unreadable: list[OSError] = []
    for _ in os.walk(root, onerror=unreadable.append):
        if unreadable:
            break
    return not unreadable


def conversation_paths(files: Conversations) -> tuple[Path, ...]:
    """The files in which the agent keeps the conversation, as far as they can be seen."""
    if isinstance(files, ConversationRows):
        return (files.root,) if _read(files, first=True) else ()
    try:
        return tuple(sorted(_matching(files)))
    except OSError:
        return ()


def conversation_lines(files: Conversations) -> Sequence[Iterable[str]] | None:
    """The lines of each of the files in which the agent keeps the conversation.

    None if one of them cannot be read.
    """
    if isinstance(files, ConversationRows):
        rows = _read(files)
        return None if rows is None else [rows]
    found: list[Iterable[str]] = []
    for path in conversation_paths(files):
        lines = read_conversation(path)
        if lines is None:
            return None
        found.append(lines)
    return found


def conversation_edges(files: Conversations) -> Iterator[Iterable[str]]:
    """The `edges` of each of those files; of rows all of them."""
    if isinstance(files, ConversationRows):
        yield _read(files) or ()
    else:
        yield from map(edges, conversation_paths(files))


def lines_backwards(files: Conversations) -> Iterator[str]:
    """The conversation's lines, the last first; none unless it is in one place."""
    if isinstance(files, ConversationRows):
        yield from reversed(_read(files) or ())
    elif len(paths := conversation_paths(files)) == 1:
        yield from lines_from_end(paths[0])


def _read(rows: ConversationRows, *, first: bool = False) -> Sequence[str] | None:
    # Not at the top: SQLite is not on the way of a turn of any other agent.
    from clinvk.store.agent_files.database import read_rows

    query = f"SELECT 1 FROM ({rows.query}) LIMIT 1" if first else rows.query  # noqa: S608  ours
    return read_rows(rows.root, query, rows.values)


def read_conversation(path: Path) -> Iterator[str] | None:
    """The lines of an agent's file; None for one that cannot be read, or is beyond all measure."""
    data = _content(path, LARGEST)
    return None if data is None else _lines(data)


def read_text(path: Path) -> str | None:
    """The text of a small file of an agent's; None if there is none that can be read."""
    data = _content(Path(os.path.realpath(path)), _SMALL)  # settings are often links
    return None if data is None else data.decode("utf-8", errors="replace")


def edges(path: Path) -> Iterator[str]:
    """The whole lines at the beginning and at the end of a file; none if it cannot be read."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= 2 * _EDGE:
                return _lines(file.read(size))
            first = file.read(_EDGE).rpartition(b"\n")[0]
            file.seek(size - _EDGE)
            return _lines(first + b"\n" + file.read(_EDGE).partition(b"\n")[2])
    except OSError:
        return iter(())


def first_lines(files: Conversations, *, since: float) -> Iterator[str]:
    """The first line of each of the agent's files that was written to since (seconds of 1970).

    A row is a conversation's first line, whenever it was written.
    """
    if isinstance(files, ConversationRows):
        yield from _read(files) or ()
        return
    for path in conversation_paths(files):
        try:
            with os.fdopen(open_regular(path), "rb") as file:
                if os.fstat(file.fileno()).st_mtime >= since:
                    yield file.readline(LARGEST).decode("utf-8", errors="replace")
        except OSError:
            continue


def _content(path: Path, largest: int) -> bytes | None:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return file.read() if os.fstat(file.fileno()).st_size <= largest else None
    except OSError:
        return None


def _lines(data: bytes) -> Iterator[str]:
    return (line.decode("utf-8", errors="replace") for line in data.split(b"\n") if line)
