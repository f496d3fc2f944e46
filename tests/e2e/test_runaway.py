"""An agent that calls clinvk, which starts an agent, which calls clinvk: it ends. Without Node."""

from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home in which the demo agent is a script that runs the prompt again through clinvk."""
    clinvk = bare_command(tmp_path)
    script = tmp_path / "agent"
    script.write_text(
        "#!/bin/sh\n"
        f'echo started >> "{tmp_path}/log"\n'
        f'{clinvk.program} -b demo again > "{tmp_path}/inner" 2>&1 < /dev/null\n'
        f'echo "ended with $?" >> "{tmp_path}/log"\n'
        """echo '{"type": "start", "session": "s", "model": "m"}'\n"""
        """echo '{"type": "done", "text": "ok"}'\n"""
    )
    script.chmod(0o700)
    clinvk.home.env["CLINVK_BACKENDS_DEMO_BINARY"] = str(script)
    return clinvk


def test_an_agent_that_calls_clinvk_without_end_is_stopped(clinvk: Command, tmp_path: Path) -> None:
    """Three runs inside one another; the fourth starts no agent, records nothing and exits 9."""
    assert clinvk("-b", "demo", "go").exit_code == 0
    log = (tmp_path / "log").read_text().splitlines()
    assert log == [*["started"] * 3, "ended with 9", "ended with 0", "ended with 0"]
    assert len(clinvk("sessions", "list", "--json").json()) == 3


def test_the_limit_is_a_setting(clinvk: Command, tmp_path: Path) -> None:
    """`run.max_depth` 1: no agent may start another one."""
    ran = clinvk("-b", "demo", "go", env={"CLINVK_RUN_MAX_DEPTH": "1"})
    assert ran.exit_code == 0
    assert (tmp_path / "log").read_text().splitlines() == ["started", "ended with 9"]


def test_a_run_that_is_nested_too_deeply_is_refused(clinvk: Command) -> None:
    """One sentence with a hint, as text and as JSON, also with `--dry-run` and `-c`."""
    inside = {"CLINVK_RUN": "a.b.c"}
    for words in (["go"], ["--dry-run", "go"], ["-s", "x", "go"], ["--ephemeral", "go"]):
        ran = clinvk("-b", "demo", *words, env=inside)
        assert (ran.exit_code, ran.stdout) == (9, "")
        assert ran.stderr.startswith("error: this run would be nested in 3 others: ")
        assert "\nhint: raise `run.max_depth`" in ran.stderr
    error = clinvk("-b", "demo", "-o", "json", "go", env=inside).json()["error"]
    assert (error["code"], error["retryable"]) == ("too_deep", False)
    assert clinvk("sessions", "list", "--json").json() == []
