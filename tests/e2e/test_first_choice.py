"""Which of several agents is used is said once, with stand-ins for the agents; without Node."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pytest

from bed.bare import bare_command
from bed.command import Command
from clinvk.agents import registry

_RESULT = (
    '{"type": "result", "subtype": "success", "is_error": false, "result": "Done.",'
    ' "session_id": "0199a213-81a0-4800-8aa1-bbab2a035a53", "usage": {}}'
)
_PROGRAM = f"#!/bin/sh\nread -r prompt\necho '{_RESULT}'\n"
SAID = "using Claude Code (also installed: `codex`"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk`, with stand-ins for claude, codex and gemini on its PATH."""
    command = bare_command(tmp_path)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("claude", "codex", "gemini"):
        program = folder / registry.get(name).executable
        program.write_text(_PROGRAM)
        program.chmod(0o700)
    command.home.env["PATH"] = f"{folder}:/usr/bin:/bin"
    return command


def _typed(clinvk: Command, *words: str, env: Mapping[str, str] | None = None) -> str:
    """What the terminal shows, in one line."""
    child = pexpect.spawn(
        str(clinvk.program),
        ["--access", "full", *words],
        env={**clinvk.home.env, **(env or {})},
        cwd=str(clinvk.home.project),
        dimensions=(24, 100),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(pexpect.EOF)
    child.close()
    shown: str = child.before
    assert child.exitstatus == 0, shown
    return " ".join(shown.split())


def test_the_agent_that_is_used_is_said_once(clinvk: Command) -> None:
    """With the others, and with what chooses one of them."""
    shown = _typed(clinvk, "hello")
    assert f"{SAID}, `gemini`)" in shown
    assert "`-b NAME`" in shown
    assert "`clinvk config set default_backend NAME`" in shown
    assert SAID not in _typed(clinvk, "hello")
    shutil.rmtree(clinvk.home.clinvk_home / "cache")
    assert SAID in _typed(clinvk, "hello")


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["-q"], {}),
        (["-o", "json"], {}),
        (["-o", "stream-json"], {}),
        (["-b", "claude"], {}),
        (["--ephemeral"], {}),
        (["--dry-run"], {}),
        ([], {"CLINVK_BACKEND": "claude"}),
    ],
    ids=" ".join,
)
def test_it_is_said_to_nobody_who_chose_or_who_wants_to_read_nothing(
    clinvk: Command, words: list[str], env: dict[str, str]
) -> None:
    """And then it is still said at the first prompt without that."""
    assert SAID not in _typed(clinvk, *words, "hello", env=env)
    assert SAID in _typed(clinvk, "hello")


def test_a_script_does_not_use_it_up(clinvk: Command) -> None:
    """Nobody reads it there; a person is told later."""
    assert SAID not in clinvk("hello").stderr
    assert SAID in _typed(clinvk, "hello")


def test_it_is_not_said_where_only_one_is_installed(clinvk: Command, tmp_path: Path) -> None:
    """But as soon as there is a second one: the choice may have changed."""
    for name in ("codex", "gemini"):
        (tmp_path / "bin" / name).rename(tmp_path / name)
    assert "installed" not in _typed(clinvk, "hello")
    (tmp_path / "codex").rename(tmp_path / "bin" / "codex")
    assert f"{SAID})" in _typed(clinvk, "hello")


def test_a_chat_says_it_too(clinvk: Command) -> None:
    """Above the agent's own screen."""
    child = pexpect.spawn(
        str(clinvk.program),
        ["chat"],
        env=clinvk.home.env,
        cwd=str(clinvk.home.project),
        dimensions=(24, 100),
        encoding="utf-8",
        timeout=60,
    )
    child.expect_exact("using Claude Code")
    child.sendline("")
    child.expect(pexpect.EOF)
    child.close()
    assert SAID not in _typed(clinvk, "hello")
