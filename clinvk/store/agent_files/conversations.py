"""Finds and reads a conversation in the agents' own files."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from clinvk.model.conversation import ConversationFiles, ConversationRows, Conversations
from clinvk.store.agent_files.backwards import lines_from_end
from clinvk.store.files import open_regular

LARGEST = 256 * 1024 * 1024
_EDGE = 64 * 1024
_SMALL = 4 * 1024 * 1024


def conversation_exists(files: Conversations | None) -> bool | None:
    """Whether the agent still has the conversation; None if its files do not show it.

    None if the folder does not exist (unless nothing else can show it), or if nothing was found but
    a part of the folder cannot be read: False needs a complete search.
    """
    if files is None:
        return None
    if isinstance(files, ConversationRows):
        return _has_rows(files, files.query)
    try:
        if not files.root.is_dir():
            return False if files.only_witness else None
        if any(can_continue(path, files.holds) for path in _matching(files)):
            return True
    except OSError:
        return None
    return False if _wholly_readable(files.root) else None


def conversation_is_empty(files: Conversations | None) -> bool:
    """Whether the agent has the conversation, but without a message.

    False if that is not known. A conversation that stopped before its first message is empty too.
    For files without a message `conversation_exists` is already False.
    """
    if not isinstance(files, ConversationRows) or files.content is None:
        return False
    return _has_rows(files, files.content) is False


def _matching(files: ConversationFiles) -> Iterator[Path]:
    """The files in the agent's folder that match; none for an id that leads out of the folder."""
    parts = files.pattern.split("/")
    if "" in parts or ".." in parts or "\0" in files.pattern:
        return iter(())
    return files.root.glob(files.pattern)


def can_continue(path: Path, holds: Callable[[Iterable[str]], bool] | None) -> bool:
    """Whether the agent can continue this file; True if that is not known."""
    if holds is None:
        return True
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            # Line by line: the first lines are usually enough, and a file may have gigabytes.
            return holds(_whole(file))
    except OSError:
        return True


def _whole(file: Iterable[bytes]) -> Iterator[str]:
    read = 0
    for line in file:
        read += len(line)
        if read > LARGEST:
            raise OSError("it is too large")
        if text := line.rstrip(b"\n"):
            yield text.decode("utf-8", errors="replace")


def _wholly_readable(root: Path) -> bool:
    """Whether every folder below `root` can be read; `glob` skips unreadable ones silently."""
    unreadable: list[OSError] = []
    for _ in os.walk(root, onerror=unreadable.append):
        if unreadable:
            break
    return not unreadable


def conversation_paths(files: Conversations) -> tuple[Path, ...]:
    """The files that contain the conversation, as far as they can be found."""
    if isinstance(files, ConversationRows):
        return (files.root,) if _has_rows(files, files.query) else ()
    try:
        return tuple(sorted(_matching(files)))
    except OSError:
        return ()


def paths_with_content(files: Conversations) -> tuple[Path, ...]:
    """Those of the files that the agent can continue; an agent may leave others beside them."""
    paths = conversation_paths(files)
    holds = None if isinstance(files, ConversationRows) else files.holds
    return tuple(path for path in paths if can_continue(path, holds))


def conversation_lines(files: Conversations) -> Sequence[Iterable[str]] | None:
    """The lines of each file that contains the conversation; None if one cannot be read."""
    if isinstance(files, ConversationRows):
        rows = _read(files)
        return None if rows is None else [rows]
    found: list[Iterable[str]] = []
    for path in conversation_paths(files):
        lines = read_conversation(path)
        if lines is None:
            return None
        found.append(lines)
    return [chain.from_iterable(found)] if files.parts and found else found


def conversation_edges(files: Conversations) -> Iterator[Iterable[str]]:
    """The `edges` of each file that contains the conversation; for a database all rows."""
    if isinstance(files, ConversationRows):
        yield _read(files) or ()
    else:
        yield from map(edges, conversation_paths(files))


def lines_backwards(files: Conversations) -> Iterator[str]:
    """The conversation's lines, last first; none unless exactly one file, or its parts, have it."""
    if isinstance(files, ConversationRows):
        yield from reversed(_read(files) or ())
        return
    paths = conversation_paths(files)
    if files.parts:
        for path in reversed(paths):
            yield from lines_from_end(path)
        return
    paths = paths_with_content(files) if len(paths) > 1 else paths
    if len(paths) == 1:
        yield from lines_from_end(paths[0])


def _has_rows(rows: ConversationRows, query: str) -> bool | None:
    found = _read(rows, f"SELECT 1 FROM ({query}) LIMIT 1")  # noqa: S608  ours
    return None if found is None else bool(found)


def _read(rows: ConversationRows, query: str | None = None) -> Sequence[str] | None:
    # Not at the top: turns of other agents do not need SQLite.
    from clinvk.store.agent_files.database import read_rows

    return read_rows(rows.root, query or rows.query, rows.values)


def read_conversation(path: Path) -> Iterator[str] | None:
    """The lines of an agent's file; None if it cannot be read or is larger than `LARGEST`."""
    data = _content(path, LARGEST)
    return None if data is None else _lines(data)


def read_text(path: Path) -> str | None:
    """The text of a small file of an agent; None if it does not exist or cannot be read."""
    data = _content(Path(os.path.realpath(path)), _SMALL)  # settings are often links
    return None if data is None else data.decode("utf-8", errors="replace")


def edges(path: Path) -> Iterator[str]:
    """The complete lines at the start and end of a file; none if it cannot be read."""
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
    """The first line of each of the agent's files changed since then (seconds since 1970).

    Rows of a database are returned whatever their time.
    """
    if isinstance(files, ConversationRows):
        yield from _read(files) or ()
        return
    for path in conversation_paths(files):
        try:
            with os.fdopen(open_regular(path), "rb") as file:
                if os.fstat(file.fileno()).st_mtime < since:
                    continue
                line = _as_line(file.read(_SMALL)) if files.whole else file.readline(LARGEST)
                yield line.decode("utf-8", errors="replace")
        except OSError:
            continue


def _as_line(value: bytes) -> bytes:
    """A JSON value on one line: line ends in it are only between its tokens."""
    return b" ".join(value.splitlines())


def _content(path: Path, largest: int) -> bytes | None:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return file.read() if os.fstat(file.fileno()).st_size <= largest else None
    except OSError:
        return None


def _lines(data: bytes) -> Iterator[str]:
    return (line.decode("utf-8", errors="replace") for line in data.split(b"\n") if line)
