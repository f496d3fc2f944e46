"""The commands of `docs/reliability.md` are real: what they name is there, and can be run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"


def _commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    lines = [line.partition(" #")[0].strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("command", _commands())
def test_a_command_that_measures_again_can_be_run(command: str) -> None:
    """Every file it names exists, every option is known."""
    words = shlex.split(command)
    files = [ROOT / word.partition("::")[0] for word in words if word.startswith("tests/")]
    assert files, command
    assert all(path.exists() for path in files), command
    if words[0].startswith("python"):
        said = subprocess.run(
            [sys.executable, words[1], "--help"],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert said.returncode == 0, said.stderr
        options = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
        assert all(option in said.stdout for option in options), command


def test_the_page_names_the_commands_that_measure() -> None:
    """A page without commands would be a promise without a way to check it."""
    assert len(_commands()) >= 3
