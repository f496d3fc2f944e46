"""The picture in the README."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bed.agents import Agents
from bed.terminal import have_tmux
from e2e.first_session import PICTURE, TITLE, draw

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not have_tmux, reason="tmux is not installed")
@pytest.mark.timeout(400)
def test_the_picture_is_what_a_terminal_shows_today(agents: Agents) -> None:
    """`python tests/e2e/first_session.py` draws it again."""
    assert draw(agents) == PICTURE.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_it_is_shown(page: str) -> None:
    """With words for whoever does not see it."""
    where = PICTURE.relative_to((ROOT / page).parent)
    assert f"![{TITLE}]({where})" in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.skipif(not shutil.which("rsvg-convert"), reason="librsvg2-bin is not installed")
@pytest.mark.parametrize("picture", sorted(PICTURE.parent.glob("*.svg")), ids=lambda one: one.stem)
def test_a_picture_can_be_drawn_without_a_browser(picture: Path) -> None:
    """By librsvg, of which every desktop makes its previews."""
    ran = subprocess.run(["rsvg-convert", picture], capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(b"\x89PNG")
