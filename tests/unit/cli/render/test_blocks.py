"""Markdown is cut into blocks that can be rendered by themselves, as soon as they are complete."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.cli.render.blocks import Blocks

MARKDOWN = st.lists(st.sampled_from(["a", "\n", "\n\n", "```\n", "  ", "- b\n", "~~~", ">"])).map(
    "".join
)


def all_blocks(*pieces: str) -> list[str]:
    """The blocks of a text that comes in pieces."""
    blocks = Blocks()
    done = [block for piece in pieces for block in blocks.feed(piece)]
    return done + blocks.flush()


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        pytest.param("a\nb\n\nc", ["a\nb", "c"], id="paragraphs"),
        pytest.param("```py\na\n\nb\n```\nc", ["```py\na\n\nb\n```", "c"], id="a fence"),
        pytest.param("a\n~~~\n```\n\n~~~\nb", ["a\n~~~\n```\n\n~~~", "b"], id="the other fence"),
        pytest.param("````\n```\n\n````\nb", ["````\n```\n\n````", "b"], id="a longer fence"),
        pytest.param("```a``` b\n\nc", ["```a``` b", "c"], id="a code span"),
        pytest.param("1. a\n\n   b\n\n2. c", ["1. a\n\n   b", "2. c"], id="an item's paragraphs"),
        pytest.param(
            "- a\n\n  ```\n  x\n\n  y\n  ```\n\nb",
            ["- a\n\n  ```\n  x\n\n  y\n  ```", "b"],
            id="a fence in an item",
        ),
        pytest.param("    a\n\n    b\n\nc", ["    a\n\n    b", "c"], id="indented code"),
        pytest.param("> ```\n> a\n> ```\n\nb", ["> ```\n> a\n> ```", "b"], id="a quoted fence"),
        pytest.param("```\nnever closed\n\na", ["```\nnever closed\n\na"], id="an open fence"),
        pytest.param("\n\n \n", [], id="nothing but blank lines"),
    ],
)
def test_a_block_ends_where_markdown_lets_it(text: str, blocks: list[str]) -> None:
    """Fences and list items are kept whole, and everything else ends at a blank line."""
    assert [block.strip("\n") for block in all_blocks(text)] == blocks


def test_a_complete_block_is_returned_at_once() -> None:
    """A paragraph does not wait for the next one, nor a fence for the line after it."""
    blocks = Blocks()
    assert blocks.feed("a\n") == []
    assert blocks.feed("\n") == ["a\n\n"]
    assert blocks.feed("```\nb\n``") == []
    assert blocks.feed("`\n") == ["```\nb\n```\n"]


@given(MARKDOWN, st.integers(min_value=1, max_value=5))
def test_nothing_is_lost_however_the_text_is_cut(text: str, size: int) -> None:
    """All blocks together are the text without its blank lines, whatever the pieces were."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    blocks = all_blocks(*pieces)
    assert blocks == all_blocks(text)
    kept = [line for line in "".join(blocks).split("\n") if line.strip()]
    assert kept == [line for line in text.split("\n") if line.strip()]
