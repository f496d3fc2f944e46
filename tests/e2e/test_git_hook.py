"""An agent that a git hook starts elsewhere is not led into the hook's repository."""

import subprocess
import sys
from pathlib import Path

import pytest

from bed.bare import bare_command

_AGENT = """#!{python} -IS
import json, os, sys
sys.stdin.read()
json.dump({{name: value for name, value in os.environ.items() if name.startswith("GIT_")}},
          open(os.environ["SEEN"], "w"))
print('{{"type":"result","subtype":"success","result":"done","session_id":"x"}}')
"""


@pytest.mark.parametrize("access", ["read-only", "edit"])
def test_an_agent_works_in_its_own_repository(tmp_path: Path, access: str) -> None:
    """With the variables of another repository's hook it would change that one."""
    clinvk = bare_command(tmp_path)
    here, there = tmp_path / "here", tmp_path / "there"
    for repository in (here, there):
        subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (tmp_path / "bin").mkdir()
    agent = tmp_path / "bin/claude"
    agent.write_text(_AGENT.format(python=sys.executable))
    agent.chmod(0o700)
    seen = tmp_path / "seen"
    hook = {
        "GIT_DIR": str(here / ".git"),
        "GIT_INDEX_FILE": str(here / ".git/next-index.lock"),
        "GIT_CONFIG_PARAMETERS": "'core.hooksPath'='/x'",
    }
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "SEEN": str(seen), **hook}
    ran = clinvk("-b", "claude", "--access", access, "-w", str(there), "hi", env=env, cwd=here)
    assert ran.exit_code == 0, ran
    told = seen.read_text()
    assert not any(f'"{name}"' in told for name in hook), told
    ran = clinvk("-b", "claude", "-w", str(here), "hi", env=env, cwd=here)
    assert '"GIT_INDEX_FILE"' in seen.read_text(), ran
