"""The prompt and the answer of a turn on a page: rendered on a terminal, as they are in a pipe."""

from collections.abc import Iterator

from clinvk.cli.render.layout import folded, text_lines
from clinvk.cli.streams import Streams
from clinvk.text.sanitize import safe_text

_INDENT = "  "


def prompt_lines(label: str, text: str, streams: Streams, *, most: int | None = None) -> list[str]:
    """The prompt below its label. On a terminal at most `most` lines, and how many more it has."""
    lines = list(text_lines(label, text.strip("\n")))
    if not streams.stdout_is_tty:
        return lines
    more = 0 if most is None else len(lines) - 1 - most
    if more > 0:
        lines = [*lines[:-more], f"{_INDENT}… {more:,} more lines"]
    return list(folded(lines, streams.columns()))


def answer_lines(
    label: str, text: str, streams: Streams, *, markdown: bool = True
) -> Iterator[str]:
    """The answer below its label; on a terminal its Markdown is rendered, if it is to be."""
    if not streams.stdout_is_tty:
        yield from text_lines(label, text.strip("\n"))
    elif not markdown:
        yield from folded(text_lines(label, text.strip("\n")), streams.columns())
    else:
        from clinvk.cli.render.markdown import rendered

        yield f"{label}:"
        columns = max(streams.columns() - len(_INDENT), 1)
        for line in rendered(safe_text(text), columns, streams.paint).splitlines():
            yield f"{_INDENT}{line}".rstrip()
