"""Renders one block of Markdown for a terminal. The only module that uses rich.

It uses sixteen colours, so that the user's palette fits light and dark terminals; no backgrounds,
no boxes and no hidden links: the address of each link is shown.
"""

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme

from clinvk.text.sanitize import safe_text

MAX_COLUMNS = 120
"""Longer lines are hard to read, also on a wide terminal."""

_TOO_LONG = 100_000
_TOO_LONG_TO_COLOR = 30_000
_THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.code_block": "cyan",
        "markdown.block_quote": "dim",
        "markdown.list": "none",
        "markdown.h1": "bold underline",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.h4": "bold italic",
        "markdown.item.bullet": "bold",
        "markdown.item.number": "bold",
        "markdown.link": "none",
        "markdown.link_url": "underline",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
    }
)


class _LeftHeading(Heading):
    """A left-aligned heading."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.justify = "left"
        yield text


class _Code(CodeBlock):
    """Code, indented by two columns, with syntax colours if there is colour."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        if console.color_system is None or len(code) > _TOO_LONG_TO_COLOR:
            yield Padding(Text(code), (0, 0, 0, 2))
            return
        yield Syntax(
            code,
            self.lexer_name,
            theme="ansi_dark",
            word_wrap=True,
            padding=(0, 0, 0, 2),
            background_color="default",
        )


class _Answer(Markdown):
    """Markdown with our headings and code blocks."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _Code,
        "code_block": _Code,
    }


class MarkdownLines:
    """Renders blocks separately."""

    def __init__(self, *, color: bool) -> None:
        self._console = Console(
            color_system="standard" if color else None,
            force_terminal=True,
            no_color=not color,
            legacy_windows=False,
            emoji=False,
            highlight=False,
            markup=False,
            theme=_THEME,
        )

    def render(self, block: str, columns: int) -> str:
        """The block in lines of at most `columns`, without blank lines around it.

        `block` must be safe already. A very long block, and one on which rich fails, is returned
        unchanged.
        """
        if len(block) > _TOO_LONG:
            return _unchanged(block)
        try:
            return self._render(block, min(columns, MAX_COLUMNS))
        except Exception:  # noqa: BLE001  third-party parsers on untrusted text
            return _unchanged(block)

    def _render(self, block: str, columns: int) -> str:
        console = self._console
        options = console.options.update(width=columns)
        document = _Answer(block, hyperlinks=False)
        rendered = console.render_lines(document, options, pad=False)
        lines = [_without_end([_harmless(segment) for segment in line]) for line in rendered]
        while lines and not lines[-1]:
            lines.pop()
        while lines and not lines[0]:
            lines.pop(0)
        segments = [segment for line in lines for segment in (*line, Segment.line())]
        with console.capture() as captured:
            console.print(Segments(segments), end="", soft_wrap=True)
        return captured.get()


def _harmless(segment: Segment) -> Segment:
    """The segment made safe again: Markdown decodes `&#27;`, and `%1B` in an address."""
    return Segment(safe_text(segment.text).replace("\n", " "), segment.style)


def _without_end(line: list[Segment]) -> list[Segment]:
    """The line without the trailing blanks of rich, which a user would copy too."""
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        last = kept[-1]
        kept[-1] = Segment(last.text.rstrip(), last.style)
    return kept


def _unchanged(block: str) -> str:
    text = block.strip("\n")
    return f"{text}\n" if text else ""
