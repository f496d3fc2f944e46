"""An answer that is lost on its way says so: our own output on a full disk, and a line too long."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command

FULL = "error: the output cannot be written: no space left on device"
AGENT = """#!{python}
import sys
sys.stdin.read()
print('{{"id": "c-1", "answer": "' + "x" * {size} + '"}}')
"""
CONFIG = """
backends:
  toy:
    declared:
      program: {program}
      start: [go]
      output:
        format: {format}
        {places}
"""


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home with one session, of the demo agent."""
    command = bare_command(tmp_path)
    assert command("-b", "demo", "-s", "nm", "hello").exit_code == 0
    return command


def into_full(clinvk: Command, words: str) -> tuple[int, list[str]]:
    """The exit code and the lines on stderr where stdout has no room."""
    ran = subprocess.run(
        ["sh", "-c", f"exec {clinvk.program} {words} >/dev/full"],
        env=clinvk.home.env,
        cwd=clinvk.home.project,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stderr.splitlines()


@pytest.mark.parametrize(
    "words",
    [
        "-b demo hello",
        "-b demo -q hello",
        "-b demo -o json hello",
        "-b demo -o stream-json hello",
        "-b demo --dry-run hello",
        "-b demo --dry-run -o json hello",
        "-c -o json hello",
        "resume nm -o stream-json hello",
        "sessions list",
        "sessions list --json",
        "sessions show nm --json",
        "sessions show nm --answer",
        "sessions search hello --json",
        "sessions files nm --json",
        "sessions export nm",
        "config show --json",
        "config get run.timeout",
        "backends --json",
        "backends test demo --json",
        "doctor --json",
        "completion bash",
        "--help",
        "--version",
    ],
)
def test_output_on_a_full_disk_is_an_error_on_stderr(clinvk: Command, words: str) -> None:
    """In every format: JSON cannot be written either, and an exit code does not explain it."""
    exit_code, said = into_full(clinvk, words)
    assert (exit_code, said[-1]) == (1, FULL)


def test_a_turn_that_failed_says_that_even_without_room_for_its_report(clinvk: Command) -> None:
    """The caller decides by the exit code: it is the turn's own."""
    assert into_full(clinvk, "-b demo -o json '/fail rate_limited'") == (
        8,
        ["error: failed because the prompt said so", "hint: wait, then try again"],
    )


@pytest.mark.parametrize("form", ["jsonl", "json", "text"])
def test_an_answer_in_a_line_that_is_too_long_is_reported(
    clinvk: Command, tmp_path: Path, form: str
) -> None:
    """The start of plain text is an answer with a warning; cut JSON has no answer."""
    agent = tmp_path / "toy"
    agent.write_text(AGENT.format(python=sys.executable, size=12_000_000))
    agent.chmod(0o700)
    places = "" if form == "text" else "text: answer"
    config = CONFIG.format(program=agent, format=form, places=places)
    (clinvk.home.clinvk_home / "config.yaml").write_text(config)
    ran = clinvk("-b", "toy", "-o", "json", "hello")
    said = json.loads(ran.stdout)
    cut = "a line of the agent's output is longer than 10 MiB and was cut"
    short = "the answer has more than 4,000,000 characters; the report has only its start"
    assert sorted(said["warnings"]) == ([cut, short] if form == "text" else [cut])
    if form == "text":
        assert (ran.exit_code, said["error"]) == (0, None)
        return
    assert ran.exit_code == 1
    assert said["error"]["code"] == "output_too_long"
    assert said["error"]["retryable"] is False
    assert "10 MiB" in said["error"]["message"]
    plain = clinvk("-b", "toy", "-q", "hello")
    assert (plain.exit_code, plain.stdout) == (1, "")
    assert "longer than 10 MiB and was cut" in plain.stderr
