"""An agent that is too old for clinvk, with stand-ins for its program; these run without Node."""

import json
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from bed.bare import bare_command
from bed.command import Command

OLD, GOOD = "0.42.0", "0.171.0"
MESSAGE = "Codex 0.42.0 is too old: clinvk needs "
UPDATE = "update it: npm install -g @openai/codex"
THREAD = "0199a213-81a0-7800-8aa1-bbab2a035a53"
_PROGRAM = f"""#!/bin/sh
echo "$1" >> "$HOME/started"
if [ "$1" = --version ]; then echo "codex-cli $(cat "$HOME/version")"; exit; fi
cat > /dev/null
echo '{{"type": "thread.started", "thread_id": "{THREAD}"}}'
echo '{{"type": "item.completed", "item": {{"type": "agent_message", "text": "Done."}}}}'
echo '{{"type": "turn.completed", "usage": {{"input_tokens": 2, "output_tokens": 1}}}}'
"""

Install = Callable[[str, str], Path]


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk`, with a folder for stand-ins on its PATH."""
    command = bare_command(tmp_path)
    (tmp_path / "bin").mkdir()
    command.home.env["PATH"] = f"{tmp_path}/bin:/usr/bin:/bin"
    return command


@pytest.fixture
def install(clinvk: Command, tmp_path: Path) -> Install:
    """Install a stand-in for codex as `how` says; it prints that it has this version."""

    def put(how: str, version: str) -> Path:
        (clinvk.home.home / "version").write_text(version)
        program = tmp_path / "bin" / "codex"
        program.unlink(missing_ok=True)
        if how == "a file":
            target = program
        elif how == "npm":
            package = tmp_path / "lib" / "node_modules" / "@openai" / "codex"
            (package / "bin").mkdir(parents=True, exist_ok=True)
            told = {"version": version, "bin": {"codex": "./bin/codex.js"}}
            (package / "package.json").write_text(json.dumps(told))
            target = package / "bin" / "codex.js"
        else:
            target = tmp_path / "versions" / version
            target.parent.mkdir(exist_ok=True)
        fresh = tmp_path / "fresh"
        fresh.write_text(_PROGRAM)
        fresh.chmod(0o700)
        fresh.rename(target)
        if target != program:
            program.symlink_to(target)
        return target

    return put


def _started(clinvk: Command) -> list[str]:
    """The first argument of each start of the stand-in since the last call."""
    log = clinvk.home.home / "started"
    started = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return started


@pytest.mark.parametrize("how", ["npm", "named by its version"])
def test_an_old_agent_is_refused_before_it_has_the_prompt(
    clinvk: Command, install: Install, how: str
) -> None:
    """Exit 5 with the command that updates it; nothing is recorded."""
    install(how, OLD)
    refused = clinvk("-b", "codex", "hello")
    assert refused.exit_code == 5
    assert MESSAGE in refused.stderr
    assert UPDATE in refused.stderr
    assert _started(clinvk) == ["--version"]
    error = clinvk("-b", "codex", "-o", "json", "hello").json()["error"]
    assert (error["code"], error["hint"]) == ("backend_too_old", UPDATE)
    assert clinvk("sessions", "list", "--json").json() == []


@pytest.mark.parametrize("how", ["npm", "named by its version", "a file"])
def test_a_turn_never_asks_an_agent_that_is_new_enough_for_its_version(
    clinvk: Command, install: Install, how: str
) -> None:
    """To start it for that would take as long as many an answer."""
    install(how, GOOD)
    assert clinvk("-b", "codex", "hello").stdout == "Done.\n"
    assert _started(clinvk) == ["exec"]


def test_what_an_agent_said_in_the_list_is_remembered_until_it_is_updated(
    clinvk: Command, install: Install
) -> None:
    """Of a single file, nothing but its own words tells the version."""
    clinvk("-b", "demo", "hello")  # there is a home to remember it in
    install("a file", OLD)
    assert clinvk("-b", "codex", "hello").exit_code == 0
    assert "too old" in clinvk("backends").stdout
    assert clinvk("-b", "codex", "hello").exit_code == 5
    _started(clinvk)
    install("a file", GOOD)
    assert clinvk("-b", "codex", "hello").exit_code == 0
    assert _started(clinvk) == ["exec"]


def test_a_program_whose_file_did_not_change_is_believed_what_it_says_now(
    clinvk: Command, install: Install
) -> None:
    """A wrapper starts another program, which may have been updated since."""
    clinvk("-b", "demo", "hello")
    install("a file", OLD)
    clinvk("backends")
    _started(clinvk)
    (clinvk.home.home / "version").write_text(GOOD)
    for started in (["--version", "exec"], ["exec"]):
        assert clinvk("-b", "codex", "hello").exit_code == 0
        assert _started(clinvk) == started


@pytest.mark.parametrize(("how", "again"), [("npm", []), ("a file", ["--version"])])
def test_the_list_asks_only_what_may_have_changed(
    clinvk: Command, install: Install, how: str, again: list[str]
) -> None:
    """The file of a package that has answered is not started again; any other may be a wrapper."""
    clinvk("-b", "demo", "hello")
    install(how, GOOD)
    for started in (["--version"], again):
        [codex] = [one for one in clinvk("backends", "--json").json() if one["name"] == "codex"]
        assert (codex["version"], _started(clinvk)) == (GOOD, started)
    install(how, "0.172.0")
    assert "0.172.0" in clinvk("backends").stdout
    assert _started(clinvk) == ["--version"]
    clinvk("doctor")
    assert _started(clinvk) == ["--version"]


def test_a_chat_with_an_old_agent_is_refused_too(clinvk: Command, install: Install) -> None:
    """Before its screen opens."""
    install("npm", OLD)
    shown, status = pexpect.run(
        f"{clinvk.program} chat -b codex",
        env=clinvk.home.env,
        cwd=str(clinvk.home.project),
        withexitstatus=True,
        timeout=60,
    )
    assert status == 5
    assert MESSAGE in shown.decode()
    assert _started(clinvk) == ["--version"]


@pytest.mark.parametrize("version", ["nightly", "", "main (a1b2c3)"])
def test_a_version_that_means_nothing_is_let_through(
    clinvk: Command, install: Install, version: str
) -> None:
    """Somebody who builds an agent knows what they do."""
    install("npm", version)
    assert clinvk("-b", "codex", "hello").exit_code == 0


def test_doctor_finds_it(clinvk: Command, install: Install) -> None:
    """As a problem, for it is what a prompt would use."""
    install("npm", OLD)
    found = {one["code"]: one for one in clinvk("doctor", "--json").json()["findings"]}
    assert found["backend_too_old"]["severity"] == "problem"
    assert found["backend_too_old"]["remedy"] == UPDATE
    assert "backend_version_untested" not in found
