"""The files that are made from the code are up to date, and have what they are for."""

from functools import cache

from clinvk.agents import registry as backends
from clinvk.agents.base import Capability
from clinvk.cli.app import COMMANDS
from clinvk.cli.commands.sessions import LINES
from clinvk.model.config import known_keys
from tools.generate import ROOT, generated
from tools.keys_table import ANY_BACKEND
from tools.schemas import render_schemas

files = cache(generated)
"""Made once, and not when the tests are only collected."""


def test_each_file_is_what_the_code_makes_of_it() -> None:
    """`python -m tools.generate` writes them all; nobody edits them by hand."""
    stale = [name for name, text in files().items() if (ROOT / name).read_text("utf-8") != text]
    assert stale == []


def test_no_other_schema_is_shipped() -> None:
    """One whose form is gone would promise something."""
    assert {file.name for file in (ROOT / "clinvk/schemas").iterdir()} == set(render_schemas())


def test_every_command_is_in_the_reference() -> None:
    """It has a section for each, with what its `--help` says."""
    page = files()["docs/commands.md"]
    sections = [line for line in page.splitlines() if line.startswith("## ")]
    assert {f"## clinvk {name}" for name in COMMANDS} < set(sections)
    assert {f"## clinvk sessions {name}" for name in LINES} < set(sections)
    assert "\x08" not in page


def test_every_agent_and_capability_is_in_the_table() -> None:
    """A column and a row."""
    page = files()["docs/backends.md"]
    assert all(f" {name} |" in page for name in backends.built_in())
    assert all(one.meaning in page for one in Capability)


def test_every_key_is_in_the_table() -> None:
    """Those of a backend once, under a name that stands for any."""
    page = files()["docs/configuration.md"]
    assert all(f"| `{key}` |" in page for key in known_keys([ANY_BACKEND]))
