"""The file changes that an agent asks for, as the lines of a unified diff.

A diff from the agent is used unchanged. Edits are compared with the files on disk. A person waits
for the result, so only small changes are compared exactly; all others take linear time, also in a
file of 10 MB.
"""

import os
from collections.abc import Iterator, Sequence

from clinvk.model.events import PermissionRequest
from clinvk.model.files import absolute_path, shown_path
from clinvk.model.permission import FileEdit
from clinvk.store.files import open_regular

_CONTEXT = 3
_LARGEST = 16 * 1024 * 1024
_COMPARED = 100_000
"""If the numbers of lines, multiplied, exceed this, all lines count as changed."""


def proposed_diff(request: PermissionRequest, cwd: str) -> list[str]:
    """The lines; those before the first hunk of a file begin with its path.

    Empty if the request changes no file. Never raises: an unreadable file counts as a new one.
    """
    if request.diff:
        return request.diff.removesuffix("\n").split("\n")
    before: dict[str, str | None] = {}
    after: dict[str, str | None] = {}
    loose: list[str] = []
    for edit in request.edits:
        path = absolute_path(edit.path, cwd)
        if path not in before:
            before[path] = after[path] = _content(path)
        changed, found = _applied(edit, after[path])
        after[path] = changed
        if not found:
            loose += [f"=== {shown_path(path, cwd)} (this part is not in the file)"]
            loose += _hunks(_lines(edit.old), _lines(edit.new))
    lines: list[str] = []
    for path, old in before.items():
        lines += _file_diff(shown_path(path, cwd), old, after[path])
    return lines + loose


def _content(path: str) -> str | None:
    try:
        with os.fdopen(open_regular(os.path.realpath(path)), "rb") as file:
            return file.read(_LARGEST).decode("utf-8", errors="surrogateescape")
    except (OSError, ValueError):  # `ValueError` for a NUL in the path
        return None


def _applied(edit: FileEdit, content: str | None) -> tuple[str | None, bool]:
    """The content after the edit, and whether the part to replace was found."""
    if edit.old is None or edit.new is None or (content is None and not edit.old):
        return edit.new, True
    if content is None or edit.old not in content:
        return content, False
    return content.replace(edit.old, edit.new, 1), True


def _file_diff(path: str, old: str | None, new: str | None) -> Iterator[str]:
    if old == new:
        return
    if old is None or new is None:
        yield f"=== {path} ({'new file' if old is None else 'deleted'})"
        yield from (f"{'+' if old is None else '-'}{line}" for line in _lines(new or old))
    else:
        yield f"=== {path}"
        yield from _hunks(_lines(old), _lines(new))


def _lines(text: str | None) -> list[str]:
    """The lines; a last line without a line end differs from the same line with one."""
    lines = (text or "").split("\n")
    last = lines.pop()
    return [*lines, f"{last} (no line end)"] if last else lines


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """The changed lines with the lines around them."""
    start, least = 0, min(len(old), len(new))
    while start < least and old[start] == new[start]:
        start += 1
    end = 0
    while end < least - start and old[-1 - end] == new[-1 - end]:
        end += 1
    first = max(start - _CONTEXT, 0)
    tail = max(end - _CONTEXT, 0)
    old, new = old[first : len(old) - tail], new[first : len(new) - tail]
    for group in _groups(old, new, start - first, end - tail):
        (_, low, _, new_low, _), (_, _, high, _, new_high) = group[0], group[-1]
        yield (
            f"@@ -{first + low + (high > low)},{high - low}"
            f" +{first + new_low + (new_high > new_low)},{new_high - new_low} @@"
        )
        for tag, i, j, k, m in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[i:j])
            else:
                yield from (f"-{line}" for line in old[i:j])
                yield from (f"+{line}" for line in new[k:m])


def _groups(
    old: Sequence[str], new: Sequence[str], before: int, behind: int
) -> Sequence[Sequence[tuple[str, int, int, int, int]]]:
    """Groups of changes as in `difflib`; `before` and `behind` count equal lines at the ends."""
    if len(old) * len(new) <= _COMPARED:
        from difflib import SequenceMatcher  # rarely needed: an agent seldom asks

        return [*SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT)]
    i, j, m = before, len(old) - behind, len(new) - behind
    return [
        [
            ("equal", 0, i, 0, i),
            ("replace", i, j, i, m),
            ("equal", j, len(old), m, len(new)),
        ]
    ]
