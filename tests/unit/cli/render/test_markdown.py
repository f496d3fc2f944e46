"""One block of Markdown as lines for a terminal."""

import pytest

from clinvk.cli.render.markdown import MarkdownLines


@pytest.mark.parametrize(
    "block",
    [
        "<https://e.com/%1B]52;c;cHduZWQ=%1B%5C>",
        "<https://e.com/%C2%9B31m>",
        "[a](https://e.com/%1B%5B2J)",
        "a &#27;[2J &#x9b;31m &#7; &#13; b",
        "&#x202E;gpj.exe &#x200B;&#x2066;",
        "| a &#27;]0;t&#7; | b |\n|--|--|\n| &#x202E; | d |",
        "```&#27;[2J\n&#27;[2J\n```",
        "# &#27;[2J\n\n- &#x9d;0;x&#x9c;\n\n> &#155;",
    ],
)
def test_text_that_markdown_decodes_is_made_safe_too(block: str) -> None:
    """An entity or a percent escape becomes text, which must not control the terminal either."""
    shown = MarkdownLines(color=False).render(block, 80)
    assert all(char.isprintable() or char == "\n" for char in shown), ascii(shown)
