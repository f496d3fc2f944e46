"""`clinvk backends` with stand-ins for all agents; without Node."""

from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from clinvk.agents import registry
from clinvk.agents.base import Backend

COLUMNS = 80
AGENTS = [one for one in map(registry.get, registry.built_in()) if one.preference is not None]


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk`, with a folder for stand-ins on its PATH."""
    command = bare_command(tmp_path)
    (tmp_path / "bin").mkdir()
    command.home.env["PATH"] = f"{tmp_path}/bin:/usr/bin:/bin"
    return command


def _install(folder: Path, agent: Backend, script: str) -> None:
    program = folder / "bin" / agent.executable
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)


def _rows(clinvk: Command) -> dict[str, str]:
    lines = clinvk("backends").stdout.splitlines()
    return {line.split()[0]: line for line in lines[1:]}


def test_the_list_fits_a_screen_with_all_agents_installed(clinvk: Command, tmp_path: Path) -> None:
    """A line for each, of at most 80 columns, with the default marked; also for a long version."""
    for agent in AGENTS:
        _install(tmp_path, agent, f"echo {agent.name} 2026.11.28-dev")
    lines = clinvk("backends").stdout.splitlines()
    assert len(lines) == 1 + len(AGENTS) + 1  # the head, and the demo
    assert not [line for line in lines if len(line) > COLUMNS]
    default = min(AGENTS, key=lambda agent: agent.preference or 0)
    assert [line.split()[0] for line in lines if "(default)" in line] == [default.name]


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("echo {tested}", "tested"),
        ("echo 99999.0", "newer"),
        ("echo 0.0.1", "too old"),
        ("echo nightly", "—"),
        ("exit 3", "broken"),
    ],
)
def test_the_state_of_an_agent_is_a_word(
    clinvk: Command, tmp_path: Path, script: str, state: str
) -> None:
    """How its version compares with those that the tests ran; and whether it runs at all."""
    agent = next(one for one in AGENTS if one.oldest_version is not None)
    _install(tmp_path, agent, script.format(tested=agent.tested_versions[-1]))
    assert f"  {state}  " in _rows(clinvk)[agent.name]


def test_one_that_is_switched_off_is_not_the_default(clinvk: Command, tmp_path: Path) -> None:
    """It is in the list, and the next one is the default."""
    first, second, *_ = sorted(AGENTS, key=lambda agent: agent.preference or 0)
    for agent in (first, second):
        _install(tmp_path, agent, "echo 1.2.3")
    clinvk("config", "set", f"backends.{first.name}.enabled", "false")
    rows = _rows(clinvk)
    assert "  switched off  " in rows[first.name]
    assert f"{second.name} (default)" in rows[second.name]


def test_all_agents_are_asked_at_the_same_time(clinvk: Command, tmp_path: Path) -> None:
    """Each one answers only once all of them have been started."""
    for agent in AGENTS:
        waits = f'until [ "$(ls "$HOME/asked" | wc -l)" -ge {len(AGENTS)} ]; do sleep 0.02; done'
        _install(tmp_path, agent, f'touch "$HOME/asked/{agent.name}"; {waits}; echo 1.2.3')
    (clinvk.home.home / "asked").mkdir()
    states = clinvk("backends", "--json").json()
    asked = [state for state in states if state["name"] != "demo"]
    assert [state["version"] for state in asked] == ["1.2.3"] * len(AGENTS)
