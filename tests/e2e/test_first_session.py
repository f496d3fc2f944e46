"""The picture in the README."""

from pathlib import Path

import pytest

from bed.terminal import have_tmux
from e2e.first_session import PICTURE, draw

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.skipif(not have_tmux, reason="tmux is not installed")
def test_the_picture_is_what_a_terminal_shows_today(tmp_path: Path) -> None:
    """`python tests/e2e/first_session.py` draws it again."""
    assert draw(tmp_path) == PICTURE.read_text(encoding="utf-8")


def test_the_readme_shows_the_picture() -> None:
    """With words for whoever does not see it."""
    assert f"]({PICTURE.parent.name}/{PICTURE.name})" in README.read_text(encoding="utf-8")
