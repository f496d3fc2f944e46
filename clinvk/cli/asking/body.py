"""What an agent asks for, as lines of a terminal: nothing of it can look like clinvk's own words.

Each row begins with a bar, and no character of the agent's text is left out or can move the cursor.
A long line is wrapped; its further rows begin with another bar.
"""

import os
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from clinvk.model.events import PermissionRequest
from clinvk.model.files import absolute_path, shown_path
from clinvk.model.permission import ToolKind
from clinvk.model.tool_names import common_name
from clinvk.services.turns.proposed import proposed_diff
from clinvk.text.sanitize import marked_line, safe_line
from clinvk.text.width import cut
from clinvk.text.wrap import rows

_LONGEST_PIECE = 400
"""Characters of a line that are laid out together, so that a line of 10 MB costs no more."""

_STYLES = {"+": "32", "-": "31", "@": "36", "=": "1"}
_LONGEST_NAME = 40


class Signs(Struct, frozen=True, kw_only=True):
    """The signs for the terminal's encoding, and whether it has colours."""

    bar: str = "│"
    further: str = "┆"
    color: bool = True

    def styled(self, text: str, style: str) -> str:
        """The text in this style, if there are colours."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style else text


class Body:
    """The lines of a request: the command, the files, the change, the agent's reason."""

    def __init__(self, request: PermissionRequest, cwd: str) -> None:
        self.lines: Sequence[tuple[str, str]] = [*_pieces(_body(request, cwd))]
        """Each with its style; further pieces of one line have the style `>` before theirs."""

    def rows(self, signs: Signs, columns: int, *, start: int = 0) -> Iterator[tuple[int, str]]:
        """The rows from a line on, in less than `columns`; each with the number of its line."""
        for number in range(start, len(self.lines)):
            style, text = self.lines[number]
            continues = style.startswith(">")
            for part in rows(marked_line(text), max(columns - 3, 1)):
                bar = signs.further if continues else signs.bar
                yield number, f"{bar} {signs.styled(part, style.removeprefix('>'))}".rstrip()
                continues = True


def headline(request: PermissionRequest, agent: str, cwd: str) -> str:
    """Who wants what, on one line."""
    agent = cut(safe_line(agent), _LONGEST_NAME)
    path = marked_line(shown_path(request.paths[0], cwd)) if len(request.paths) == 1 else ""
    wishes = {
        ToolKind.EXECUTE: "run a command",
        ToolKind.EDIT: f"change {path or 'files'}",
        ToolKind.READ: f"read {path or 'files'}",
        ToolKind.FETCH: f"fetch {path}" if path else "use the network",
        ToolKind.OTHER: "use a tool",
    }
    return f"{agent} asks to {wishes[request.kind]}"


def tool_name(request: PermissionRequest) -> str:
    """The name of the tool, short enough for a line of ours, and without the signs in it."""
    return cut(re.sub("[`·]", "?", marked_line(common_name(request.tool))), _LONGEST_NAME)


def _body(request: PermissionRequest, cwd: str) -> Iterator[tuple[str, str]]:
    diff = proposed_diff(request, cwd)
    if request.command is not None:
        first, *others = request.command.split("\n")
        yield "1", f"$ {first}"
        yield from (("1", f"  {line}") for line in others)
    elif not diff and request.summary:
        yield from (("", line) for line in request.summary.split("\n"))
    shown = [shown_path(path, cwd) for path in request.paths]
    if len(shown) > 1 or request.command is not None or len("".join(shown)) > _LONGEST_NAME:
        yield from (("", path) for path in shown)  # the headline has only one, and may be cut
    if outside := [path for path in request.paths if _is_outside(path, cwd)]:
        yield "1", f"outside the working directory: {', '.join(outside)}"
    for line in diff[_header_lines(diff, request.paths, cwd) :]:
        yield _STYLES.get(line[:1], ""), line.removeprefix("=== ")
    if request.reason:
        yield from (("3", line) for line in f"because: {request.reason}".split("\n"))


def _header_lines(diff: Sequence[str], paths: Sequence[str], cwd: str) -> int:
    """How many lines at the start only name the one file that the headline names already."""
    if len(paths) != 1 or not diff:
        return 0
    if diff[0].startswith("=== "):
        return 0 if diff[0].endswith(")") else 1
    names = {paths[0], shown_path(paths[0], cwd)}
    heads = [
        {sign + folder + name for folder in ("", f"{letter}/") for name in names}
        for sign, letter in (("--- ", "a"), ("+++ ", "b"))
    ]
    agents_own = len(diff) > 2 and diff[0] in heads[0] and diff[1] in heads[1]
    return 2 if agents_own and diff[2].startswith("@@ -") else 0


def _is_outside(path: str, cwd: str) -> bool:
    if "://" in path:
        return False
    try:
        here = os.path.realpath(cwd)
        # The system follows a link before `..`, most agents take out `..` first.
        readings = (os.path.join(here, path), absolute_path(path, cwd))  # noqa: PTH118  as it is
        real = [os.path.realpath(one) for one in readings]
    except ValueError:  # a NUL in the path
        return True
    return any(os.path.commonpath((one, here)) != here for one in real)


def _pieces(lines: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for style, text in lines:
        yield style, text[:_LONGEST_PIECE]
        for at in range(_LONGEST_PIECE, len(text), _LONGEST_PIECE):
            yield f">{style}", text[at : at + _LONGEST_PIECE]
