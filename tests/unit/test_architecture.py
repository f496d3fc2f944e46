"""The house's rules that a linter does not know."""

import re
from pathlib import Path

import pytest

import clinvk
from clinvk.agents import registry as backends
from clinvk.model.config import OTHER_VARIABLES, known_keys
from clinvk.services.config.settings import variables_of

PACKAGE = Path(clinvk.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
HINT_FOLDERS = ("cli", "services")
"""Where the agent that needs no account may be named, in what a newcomer is told to try."""

MOST_LINES = 350


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("name", backends.built_in())
def test_no_other_file_contains_an_agents_name(name: str) -> None:
    """A new backend is one new folder, so nothing about an agent is anywhere else."""
    word = re.compile(rf"(?<![a-z]){re.escape(name)}(?![a-z])", re.IGNORECASE)
    own = PACKAGE / "agents" / name
    elsewhere = [
        _name(path)
        for path in FILES
        if not path.is_relative_to(own)
        and word.search(path.read_text("utf-8"))
        and not (name == "demo" and path.relative_to(PACKAGE).parts[0] in HINT_FOLDERS)
    ]
    assert elsewhere == []


def test_doctor_knows_every_variable_of_clinvk() -> None:
    """`doctor` reports all other variables with our prefix as misspelt."""
    known = {name for key in known_keys(backends.names()) for name in variables_of(key)}
    known |= {*OTHER_VARIABLES}
    known |= {name for one in backends.names() for name in backends.get(one).variables}
    read = {
        name
        for path in FILES
        for name in re.findall(r"[\"' $`](CLINVK_[A-Z_]*[A-Z])(?![A-Z_])", path.read_text("utf-8"))
    }
    assert read - known == set()


def test_no_module_is_named_after_nothing() -> None:
    """A module's name says what it is about."""
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
    assert [_name(path) for path in FILES if path.stem.strip("_") in vague] == []


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    """A file that grew past the limit has a second idea in it."""
    long = {_name(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {path: lines for path, lines in long.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("name", backends.built_in())
def test_an_agent_that_can_be_the_default_is_found_without_importing_it(name: str) -> None:
    """`preferred_backends` looks for a program with the name of the agent."""
    backend = backends.get(name)
    assert backend.preference is None or backend.executable == name
