"""What a command may have loaded: start-up time is guarded by modules, never by milliseconds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from clinvk.agents import registry

HEAVY = {
    "asyncio",
    "humanize",
    "importlib.metadata",
    "pydantic",
    "questionary",
    "pygments",
    "rich",
    "sqlite3",
    "yaml",
}
AFTER_THE_START = {
    "clinvk.services.files.observe",
    "clinvk.services.turns.titles",
}
_PROBE = """
import os, sys
from clinvk.__main__ import main
sys.argv = ["clinvk", *{words!r}]
def tell(status=0):
    print("\\nLOADED", *sorted(sys.modules), flush=True)
os._exit = tell
main()
if {words!r} == ["--version"]:
    tell()
"""


def _loaded(words: list[str], home: Path, *, path: str = "/usr/bin:/bin") -> set[str]:
    """The modules that a command line has loaded when it ends."""
    ran = subprocess.run(
        [sys.executable, "-c", _PROBE.format(words=words)],
        env={"HOME": str(home), "PATH": path, "CLINVK_DEMO_DELAY_MS": "0"},
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return set(ran.stdout.rpartition("\nLOADED ")[2].split())


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--version"], set()),
        (["--help"], set()),
        (["run", "--help"], set()),
        (["sessions", "list"], {"humanize"}),
        (["-b", "demo", "hello"], set()),
        (["-b", "demo", "-o", "json", "hello"], set()),
        (["-c", "hello"], set()),
        (["-b", "demo", "--dry-run", "hello"], set()),
        (["-b", "demo", "--timeout", "10x", "hello"], set()),
    ],
    ids=str,
)
def test_a_command_loads_no_library_that_it_does_not_use(
    words: list[str], allowed: set[str], tmp_path: Path
) -> None:
    """Each of these costs 10 to 100 ms; a run would pay that before the agent is started."""
    loaded = _loaded(words, tmp_path)
    assert "clinvk" in loaded
    assert loaded & HEAVY <= allowed


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["sessions", "list", "-n", "1"], {"sqlite3"}),
        (["sessions", "list"], set()),
        (["-c", "hello"], {"sqlite3"}),
        (["-b", "demo", "--dry-run", "hello"], set()),
        (["--help"], set()),
    ],
    ids=["a list with a limit", "a list of all", "continue", "a new session", "help"],
)
def test_only_what_asks_the_index_loads_its_database(
    words: list[str], allowed: set[str], tmp_path: Path
) -> None:
    """It costs 2 ms, which a few sessions are not worth."""
    _loaded(["-b", "demo", "first"], tmp_path)
    assert _loaded(words, tmp_path) & HEAVY == allowed


def test_the_help_loads_nothing_but_the_command_line(tmp_path: Path) -> None:
    """Agents, sessions and settings are no part of it."""
    ours = {name for name in _loaded(["--help"], tmp_path) if name.startswith("clinvk.")}
    assert {name.split(".")[1] for name in ours} == {"__main__", "cli", "errors", "text"}


def test_a_prompt_loads_no_other_command(tmp_path: Path) -> None:
    """Also with options before it, among which its first word has to be found."""
    for words in (["-b", "demo", "-q", "fix it"], ["-b", "demo", "fix", "this please", "-q"]):
        loaded = _loaded(words, tmp_path)
        assert {name for name in loaded if name.startswith("clinvk.cli.commands.")} == {
            "clinvk.cli.commands.run"
        }


def test_modules_that_the_agent_does_not_need_are_loaded_after_its_start(tmp_path: Path) -> None:
    """The modules for reading and showing its output can be loaded while the agent starts."""
    probe = """
import os, subprocess, sys
class Started(subprocess.Popen):
    def __init__(self, *_args, **_options):
        print("\\nLOADED", *sorted(sys.modules), flush=True)
        os._exit(0)
subprocess.Popen = Started
sys.argv = ["clinvk", "-b", "demo", "hello"]
from clinvk.__main__ import main
main()
"""
    ran = subprocess.run(
        [sys.executable, "-c", probe],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    loaded = set(ran.stdout.rpartition("\nLOADED ")[2].split())
    assert "clinvk.process.child" in loaded
    assert loaded.isdisjoint(HEAVY | AFTER_THE_START)


def test_version_loads_only_the_version_of_clinvk(tmp_path: Path) -> None:
    """`--version` is answered before the command line is imported."""
    ours = {name for name in _loaded(["--version"], tmp_path) if name.startswith("clinvk")}
    assert ours == {"clinvk", "clinvk.__main__"}


def _agents(loaded: set[str]) -> set[str]:
    return {
        name.split(".")[2] for name in loaded if re.fullmatch(r"clinvk\.agents\.\w+\.backend", name)
    }


def test_a_prompt_loads_no_agent_but_its_own(tmp_path: Path) -> None:
    """Of a dozen agents, each would take 1 ms, also where none was chosen."""
    folder = tmp_path / "bin"
    folder.mkdir()
    default = min(
        (one for one in map(registry.get, registry.built_in()) if one.preference),
        key=lambda one: one.preference or 0,
    )
    program = folder / default.executable
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    path = f"{folder}:/usr/bin:/bin"
    assert _agents(_loaded(["hello"], tmp_path, path=path)) == {default.name}
    assert _agents(_loaded(["-b", "demo", "hello"], tmp_path, path=path)) == {"demo"}


def test_declared_agents_are_not_loaded_for_another_one(tmp_path: Path) -> None:
    """However many there are; nor is the library that reads the file, once it was read."""
    forms = "".join(
        f"  agent{number}: {{declared: {{program: agent{number}, start: [ask]}}}}\n"
        for number in range(40)
    )
    (tmp_path / ".clinvk").mkdir()
    (tmp_path / ".clinvk" / "config.yaml").write_text(f"backends:\n{forms}")
    _loaded(["-b", "demo", "first"], tmp_path)
    loaded = _loaded(["-b", "demo", "hello"], tmp_path)
    assert _agents(loaded) == {"demo"}
    assert loaded.isdisjoint(HEAVY)
