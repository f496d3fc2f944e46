"""Every code block of `docs/` is run: most of them here, the others where `ELSEWHERE` says."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.terminal import have_tmux
from clinvk.agents.plugins import GROUP
from clinvk.cli.completion.tree import read_tree
from e2e.docs_session import BLOCK, DOCS, NOT_PLAYED, Block, Page, blocks, home_of_a_reader
from tools.schemas import ErrorForm

ELSEWHERE = {
    ("asking.md", "console"): "e2e/test_asking_page.py",
    ("backends.md", "json"): "e2e/test_sixth_backend.py",
    ("backends.md", "python"): "e2e/test_sixth_backend.py",
    ("commands.md", "text"): "unit/test_generated.py",
    ("cron.md", "crontab"): "e2e/test_recipes.py",
    ("recipes.md", "python"): "e2e/test_recipes.py",
    ("recipes.md", "sh"): "e2e/test_recipes.py",
    ("recipes.md", "yaml"): "e2e/test_recipes.py",
    ("reliability.md", "sh"): "e2e/test_reliability.py",
}
"""The blocks that no page's session runs, by page and language, and the tests that have them."""
CHECKED_HERE = {("backends.md", "yaml"), ("backends.md", "toml"), ("errors.md", "json")}

EVERY = [block for page in sorted(DOCS.glob("*.md")) for block in blocks(page)]
PLAYED = sorted(
    {
        block.page
        for block in EVERY
        if block.kind in ("console", "sh")
        and block.page not in NOT_PLAYED
        and not block.said("recipe")
    }
)


def _of(page: str, kind: str) -> list[Block]:
    return [block for block in EVERY if (block.page, block.kind) == (page, kind)]


@pytest.mark.skipif(not have_tmux, reason="tmux is not installed")
@pytest.mark.parametrize("page", PLAYED)
def test_a_page_shows_what_a_terminal_shows(page: str) -> None:
    """From its first block to its last; `python tests/e2e/docs_session.py` writes it again."""
    with home_of_a_reader() as clinvk:
        for typed, told, shown, _ in Page(clinvk).play(DOCS / page):
            assert (typed, _plain(shown)) == (typed, _plain(told))


def _plain(shown: str) -> str:
    """The text as it is compared: a column is as wide as an age that takes longer to say."""
    return re.sub(r" {2,}", "  ", shown.rstrip())


def test_every_block_is_run_somewhere() -> None:
    """None is only text; and the tests elsewhere name the page whose blocks they run."""
    known = {(page, kind) for page in PLAYED for kind in ("console", "sh")}
    found = {(block.page, block.kind) for block in EVERY}
    assert found <= known | ELSEWHERE.keys() | CHECKED_HERE
    assert ELSEWHERE.keys() | CHECKED_HERE <= found
    for (page, _), test in ELSEWHERE.items():
        assert page in (DOCS.parent / "tests" / test).read_text(encoding="utf-8")
    fences = sum(page.read_text("utf-8").count("\n```") for page in DOCS.glob("*.md"))
    assert fences == 2 * len(EVERY)


@pytest.mark.parametrize("block", _of("backends.md", "yaml"), ids=lambda one: one.body.split()[1])
def test_an_example_of_the_configuration_is_valid(tmp_path: Path, block: Block) -> None:
    """As it stands on the page."""
    file = tmp_path / "config.yaml"
    file.write_text(block.body, encoding="utf-8")
    ran = bare_command(tmp_path)("config", "validate", file)
    assert ran.exit_code == 0, ran


def test_the_entry_point_has_the_group_that_is_looked_for() -> None:
    """`test_plugins.py` installs packages with it."""
    (block,) = _of("backends.md", "toml")
    assert list(tomllib.loads(block.body)["project"]["entry-points"]) == [GROUP]


def test_the_example_of_an_error_has_its_fields() -> None:
    """All of them and no others, in a form that a program reads."""
    (block,) = _of("errors.md", "json")
    ErrorForm.model_validate(json.loads(block.body))


def _named_commands() -> list[tuple[str, str]]:
    """Each `clinvk …` in the sentences and tables of the pages, with its page."""
    found = {
        (page.name, " ".join(line.split()))
        for page in DOCS.glob("*.md")
        for line in re.findall(r"`(clinvk [^`]+)`", BLOCK.sub("", page.read_text("utf-8")))
    }
    return sorted(found)


@pytest.mark.parametrize(("page", "line"), _named_commands())
def test_a_command_in_a_sentence_exists(page: str, line: str) -> None:
    """With its options, wherever they stand."""
    del page
    below = {one.path: one for one in read_tree().walk()}
    words = shlex.split(line)[1:]
    named = path = tuple(word for word in words if not word.startswith("-"))
    while path not in below:
        path = path[:-1]
    names = {name for option in below[path].options for name in option.names}
    given = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
    assert given <= names
    assert path == named or not below[path].commands or below[path].words
