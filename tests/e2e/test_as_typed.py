"""Commands as people type them, with the installed `clinvk`: what runs, and what does not.

`tests/unit/cli/test_as_typed.py` has the whole table of refusals; here sessions are counted.
"""

import json
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` with one session, and the demo agent as its backend."""
    command = bare_command(tmp_path)
    command("config", "set", "default_backend", "demo")
    assert command("-s", "pr-842", "hello").exit_code == 0
    return command


def _turns(clinvk: Command) -> list[int]:
    """The number of turns of each session."""
    return [one["turns"] for one in clinvk("sessions", "list", "--json").json()]


@pytest.mark.parametrize(
    ("words", "turns"),
    [
        (["-o", "json", "resume", "pr-842", "hi"], [2]),
        (["--json", "resume", "pr-842", "hi"], [2]),
        (["resume", "-o", "json", "pr-842", "hi"], [2]),
        (["resume", "pr-842", "hi", "--json"], [2]),
        (["-ojson", "-q", "-c", "hi"], [2]),
        (["-o=json", "--session=pr-842", "hi"], [2]),
        (["--output-format=json", "run", "-c", "hi"], [2]),
        (["run", "-o", "json", "resume", "pr-842", "hi"], [1, 1]),
        (["run", "history", "--json"], [1, 1]),
    ],
    ids=str,
)
def test_options_may_stand_anywhere(clinvk: Command, words: list[str], turns: list[int]) -> None:
    """The first word that is no option decides, so a session is continued and none is started."""
    ran = clinvk(*words)
    assert ran.exit_code == 0, ran.stderr
    assert ran.json()["status"] == "active"
    assert _turns(clinvk) == turns


@pytest.mark.parametrize(
    "words",
    [
        ["-b", "demo", "sessions", "list", "--json"],
        ["--config", "own.yaml", "-o=json", "sessions", "list"],
        ["--json", "-n", "1", "sessions", "--here", "list"],
        ["-o", "json", "sessions", "search", "hello", "-nothing"],
    ],
    ids=str,
)
def test_a_command_behind_options_runs(clinvk: Command, tmp_path: Path, words: list[str]) -> None:
    """Nothing is sent to an agent."""
    file = tmp_path / "own.yaml"
    file.write_text("default_backend: demo\n")
    ran = clinvk(*[str(file) if word == "own.yaml" else word for word in words])
    assert ran.exit_code == 0, ran.stderr
    assert [one["name"] for one in json.loads(ran.stdout)] == ["pr-842"]
    assert _turns(clinvk) == [1]


@pytest.mark.parametrize(
    "words",
    [
        ["history"],
        ["login"],
        ["show", "last"],
        ["exec", "fix it"],
        ["--resume", "pr-842", "go on"],
        ["-p", "hi"],
        ["chat", "hello"],
        ["-5 degrees"],
        ["-m is wrong", "please"],
        ["-c", ""],
    ],
    ids=str,
)
def test_a_refused_line_starts_nothing(clinvk: Command, words: list[str]) -> None:
    """It costs nothing, and is answered on stderr."""
    ran = clinvk(*words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "hint: " in ran.stderr
    assert _turns(clinvk) == [1]


def test_a_failed_turn_names_its_own_session(clinvk: Command) -> None:
    """Not `-c`, which may mean another one by then; the answer to `--json` names it too."""
    ran = clinvk("-s", "slow", "--timeout", "1s", "/sleep 30")
    assert ran.exit_code == 6
    own = clinvk("sessions", "show", "slow", "--json").json()
    assert f'hint: continue with `clinvk resume {own["id"]} "…"`' in ran.stderr
    assert own["turn_list"][0]["error"]["hint"].startswith(
        f'continue with `clinvk resume {own["id"]} "…"`'
    )
    unkept = clinvk("--ephemeral", "--timeout", "1s", "--json", "/sleep 30").json()
    assert unkept["error"]["hint"] == "raise `--timeout`"
