"""A session's first title says what its first prompt says first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.title import TITLE_COLUMNS, UNTITLED, title_from_prompt
from clinvk.text.width import display_width


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        pytest.param("fix the bug", "fix the bug", id="one line"),
        pytest.param("\n\n  fix it  \nmore", "fix it", id="blank lines before"),
        pytest.param(
            "# Heading with **bold** `code`\ntext", "Heading with bold code", id="heading"
        ),
        pytest.param("- [ ] do it", "do it", id="a list's box"),
        pytest.param("> 1. quoted", "quoted", id="a quoted list"),
        pytest.param("```py\nx = 1\n```\nexplain this", "explain this", id="a fence before"),
        pytest.param("```\nonly code\n```", "only code", id="nothing but a fence"),
        pytest.param("<stdin>\n<b>log</b> line\n</stdin>", "log line", id="tags"),
        pytest.param("see [the docs](https://example.org/x)", "see the docs", id="a link"),
        pytest.param("fix /srv/app/src/auth.py now", "fix auth.py now", id="a long path"),
        pytest.param("https://example.org/a/b/c", "https://example.org/a/b/c", id="an address"),
        pytest.param("edit __init__.py and a_b_c", "edit __init__.py and a_b_c", id="underscores"),
        pytest.param("a\x1b[31mb\u202ec\x00", "abc", id="controls"),
        pytest.param("---\n***\n", UNTITLED, id="no word at all"),
        pytest.param("", UNTITLED, id="nothing"),
        pytest.param("修复错误", "修复错误", id="CJK"),
    ],
)
def test_the_title_is_the_first_line_with_content(prompt: str, title: str) -> None:
    """Markup, fences, blank lines and controls are not part of a title."""
    assert title_from_prompt(prompt) == title


def test_a_long_title_is_cut_at_a_word() -> None:
    """The last word is a whole one, and the cut is marked."""
    title = title_from_prompt("please refactor the authentication module so that it is " * 3)
    assert title == "please refactor the authentication module so that it is…"


def test_a_long_title_without_words_is_cut_between_characters() -> None:
    """A script without spaces fills the columns that there are."""
    assert title_from_prompt("修复" * 50) == "修复" * 14 + "修…"


@given(st.text())
def test_a_title_is_never_empty_and_always_fits(prompt: str) -> None:
    """Whatever the prompt, its title is one line of at most 60 columns."""
    title = title_from_prompt(prompt)
    assert 0 < display_width(title) <= TITLE_COLUMNS
    assert "\n" not in title


def test_a_huge_prompt_costs_no_more_than_its_head() -> None:
    """A pasted log of megabytes is not read through for a title."""
    assert title_from_prompt("look at this\n" + "<" * 5_000_000) == "look at this"
