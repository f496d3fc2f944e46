"""Where the Python of the agents that are Python packages comes from, and what is without one."""

import sys
from pathlib import Path

from bed.agents import Agents
from bed.homes import AgentHome
from bed.mock_model import MockModel
from bed.python_agents import MISSING, OLDEST, find_python
from bed.setups import SETUPS

PYTHON_AGENTS = {name for name, setup in SETUPS.items() if setup.is_python}


def _python(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o700)
    return path


def test_a_python_that_does_not_start_or_is_too_old_is_passed_over(tmp_path: Path) -> None:
    """A shim of pyenv fails for a version that is not chosen."""
    shim = _python(tmp_path / "shims" / "python3.12", "exit 127")
    old = _python(tmp_path / "old" / "python3.13", "echo 3 11")
    real = _python(tmp_path / "versions" / "3.13.0" / "bin" / "python", "echo 3 13")
    found = find_python({"PATH": f"{shim.parent}:{old.parent}", "PYENV_ROOT": str(tmp_path)})
    own = sys.version_info[:2] >= OLDEST
    assert found == (Path(sys.executable) if own else real)


def test_without_one_only_its_agents_are_left_out(tmp_path: Path) -> None:
    """With the reason; the others have their home as ever."""
    agents = Agents(tmp_path, None)
    assert agents.missing == dict.fromkeys(PYTHON_AGENTS, MISSING)
    assert PYTHON_AGENTS
    with MockModel() as server:
        home = AgentHome(tmp_path, server, agents)
        there = {link.name for link in home.bin.iterdir()}
        home.uninstall(min(PYTHON_AGENTS))
    assert there == {*SETUPS.keys() - PYTHON_AGENTS, "node"}
