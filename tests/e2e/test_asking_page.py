"""`docs/asking.md`: its sessions, its picture and its table are what is shown today."""

import re

import pytest

from bed.terminal import have_tmux
from clinvk.cli.asking.body import Signs
from clinvk.cli.asking.question import Mode, Question
from clinvk.model.events import PermissionRequest
from clinvk.model.permission import ToolKind
from e2e.asking_session import DOCS, PAGE, PICTURE, draw, sessions_of_page

TEXT = PAGE.read_text(encoding="utf-8")

needs_tmux = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")


@needs_tmux
def test_the_sessions_are_what_a_terminal_shows() -> None:
    """`python tests/e2e/asking_session.py` writes them again."""
    sessions = list(sessions_of_page())
    assert len(sessions) == TEXT.count("```console")
    for told, shown in sessions:
        assert shown.split("\n") == told[3].split("\n")


@needs_tmux
def test_the_picture_is_what_a_terminal_shows() -> None:
    """`python tests/e2e/asking_session.py` draws it again."""
    assert draw() == PICTURE.read_text(encoding="utf-8")


def test_every_key_of_the_table_does_something() -> None:
    """And the question offers no key that the table does not have."""
    told = set(re.findall(r"^\| `(.)` \|", TEXT, re.MULTILINE))
    asked = PermissionRequest(
        id="1", tool="T", kind=ToolKind.EXECUTE, summary="", command="x", editable=True
    )
    working = set()
    for key in map(chr, range(33, 127)):
        question = Question(asked, agent="A", cwd="/", signs=Signs())
        if question.press_all([key]) or question.mode is not Mode.ASK:
            working.add(key.lower())
    assert told == working


def test_the_page_is_linked() -> None:
    """From the README's first example, and from the pages on agents and settings."""
    assert "(docs/asking.md)" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert f"]({PICTURE.name})" in TEXT
