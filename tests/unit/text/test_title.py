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
        pytest.param("<task>\nFix the bug\n</task>", "Fix the bug", id="a tag before"),
        pytest.param("<task>Fix it</task> now", "Fix it now", id="a tag on the line"),
        pytest.param('<task\n  kind="bug"\n>\nFix it', "Fix it", id="a tag of several lines"),
        pytest.param("<task>\n# Fix it\n</task>", "Fix it", id="a heading in a tag"),
        pytest.param("<task># Fix it</task>", "Fix it", id="a heading behind a tag"),
        pytest.param(
            "<context>\nWe use Go.\n</context>\n<task>Fix it</task>", "Fix it", id="context"
        ),
        pytest.param(
            '<file path="a.py">import os</file>\nexplain', "explain", id="a file on one line"
        ),
        pytest.param("<system-reminder>x</system-reminder> do it", "do it", id="a reminder"),
        pytest.param("<context>\nonly this", "only this", id="context that never ends"),
        pytest.param("Fix List<String> and a < b", "Fix List<String> and a < b", id="a type"),
        pytest.param("---\nname: x\nmodel: y\n---\n\nFix it", "Fix it", id="front matter"),
        pytest.param("\n---\n# c\nname: x\n...\nFix it", "Fix it", id="front matter, dots"),
        pytest.param('+++\ntitle = "x"\n+++\nFix it', "Fix it", id="front matter, TOML"),
        pytest.param("---\nname: x\n---\n", "name: x", id="nothing but front matter"),
        pytest.param("---\nname: x\nFix it", "name: x", id="front matter that never ends"),
        pytest.param("---\nFix it\n---\nmore", "Fix it", id="a rule is no front matter"),
        pytest.param("// fix this function\nint f();", "fix this function", id="a comment, C"),
        pytest.param("/* fix it */\nint f();", "fix it", id="a block comment"),
        pytest.param("/**\n * fix it\n */", "fix it", id="a block comment of several lines"),
        pytest.param("-- fix the query\nSELECT 1", "fix the query", id="a comment, SQL"),
        pytest.param("--flag does nothing", "--flag does nothing", id="an option is no comment"),
        pytest.param("#!/bin/sh\n# fix it\n", "fix it", id="a script"),
        pytest.param('"""fix it"""', "fix it", id="a docstring"),
        pytest.param("Fix it <!-- soon --> now", "Fix it now", id="an HTML comment inside"),
        pytest.param(
            "<!-- describe\nthe change -->\nFix it", "Fix it", id="an HTML comment before"
        ),
        pytest.param("<!-- only this -->", "only this", id="nothing but an HTML comment"),
        pytest.param('<?xml version="1.0"?>\n<a>Fix it</a>', "Fix it", id="XML"),
        pytest.param("~~~\n```\n~~~\nFix it", "Fix it", id="a fence in a fence"),
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
