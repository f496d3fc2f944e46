"""The files that are made from the code are up to date, and have what they are for."""

import json
from functools import cache

import pytest

from clinvk.agents import registry as backends
from clinvk.agents.base import Capability
from clinvk.cli.app import COMMANDS
from clinvk.cli.commands.sessions import LINES
from clinvk.errors import ExitStatus
from clinvk.model.config import known_keys
from clinvk.services.agents.known_versions import is_too_old
from tools.commands import every_command
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


def test_every_command_and_option_is_in_the_man_page() -> None:
    """A section for each command, an item for each option, and nothing that troff would eat."""
    page = files()["man/clinvk.1"]
    plain = page.replace("\\-", "-")
    for ctx in every_command():
        section = plain.partition(f".SS {ctx.command_path}\n")[2].partition("\n.SS ")[0]
        options = [name for one in ctx.command.params for name in one.opts if name[:1] == "-"]
        assert ctx.parent is None or all(name in section for name in options), ctx.command_path
    assert all(f"{int(status)}" in page for status in ExitStatus)
    requests = {line.partition(" ")[0] for line in page.splitlines() if line.startswith(".")}
    assert requests == {'.\\"', ".TH", ".SH", ".SS", ".TP", ".PP", ".nh", ".ad"}


def test_every_agent_and_capability_is_in_the_table() -> None:
    """A column and a row."""
    page = files()["docs/backends.md"]
    assert all(f" {name} |" in page for name in backends.built_in())
    assert all(one.meaning in page for one in Capability)


@pytest.mark.parametrize("name", backends.built_in())
def test_a_tested_version_is_one_that_was_recorded(name: str) -> None:
    """The table's evidence: the output of that version is what the contract is tested with."""
    cases = (ROOT / "tests/contract/streams" / name).glob("*/case.json")
    recorded = {json.loads(case.read_text("utf-8"))["cli_version"] for case in cases}
    backend = backends.get(name)
    assert set(backend.tested_versions) <= recorded
    oldest = backend.oldest_version
    assert oldest is None or not is_too_old(min(backend.tested_versions, default=None), oldest)


def test_every_key_is_in_the_table() -> None:
    """Those of a backend once, under a name that stands for any."""
    page = files()["docs/configuration.md"]
    assert all(f"| `{key}` |" in page for key in known_keys([ANY_BACKEND]))
