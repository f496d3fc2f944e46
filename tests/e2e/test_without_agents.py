"""What a person meets without any agent: the demo, bad input, and a home that is no good.

These run without Node. Each mistake gives one clear sentence with the way out, the published exit
code, and no traceback; nothing is lost.
"""

import json
import os
import stat
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from bed.command import Command
from bed.published import check_home, check_result, check_stream


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    env = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "CLINVK_DEMO_DELAY_MS": "0",
    }
    bare = SimpleNamespace(home=home, project=project, env=env, clinvk_home=home / ".clinvk")
    return Command(bare)


def test_the_demo_says_what_it_is_and_remembers(clinvk: Command) -> None:
    """The first thing a newcomer sees is true, and the second turn knows the first."""
    first = clinvk("-b", "demo", "hello")
    assert "demo agent: a small program without a model" in first.stdout
    assert "“hello”" in clinvk("-c", "and now?").stdout
    check_home(clinvk.home.clinvk_home)


def test_json_and_events_are_as_published(clinvk: Command) -> None:
    """The demo keeps the contract of every backend."""
    check_result(clinvk("-b", "demo", "-o", "json", "hello").json())
    check_stream(clinvk("-b", "demo", "-o", "stream-json", "hello").json_lines())


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (["-b", "nope", "hi"], 5, "there is no backend `nope`"),
        (["hi"], 5, "no coding agent is installed"),
        (["-b", "demo", "-m", "nope", "hi"], 5, "there is no model"),
        (["-b", "demo", "-w", "/no/such/dir", "hi"], 2, "`/no/such/dir` does not exist"),
        (["-b", "demo", "-w", "/etc/passwd", "hi"], 2, "is not a directory"),
        (["-b", "demo", "-w", "", "hi"], 2, "`--workdir` is empty"),
        (["-b", "demo", ""], 2, "the prompt is empty"),
        (["-b", "demo", " \n\t "], 2, "the prompt is empty"),
        (["-b", "demo"], 2, "the prompt is empty"),
        (["-c", "-s", "x", "hi"], 2, "`--continue` and `--session` name two sessions"),
        (["--ephemeral", "-c", "hi"], 2, "`--ephemeral` keeps no session"),
        (["--ephemeral", "-s", "x", "hi"], 2, "`--ephemeral` keeps no session"),
        (["-b", "demo", "--timeout", "10x", "hi"], 2, "`--timeout`: `10x` is not a duration"),
        (["-b", "demo", "--timeout", "0s", "hi"], 2, "must be more than zero"),
        (["-b", "demo", "--timeout", "-5s", "hi"], 2, "`--timeout`"),
        (["-b", "demo", "--idle-timeout", "5", "hi"], 2, "needs a unit"),
        (["-b", "demo", "--max-turns", "0", "hi"], 2, "`--max-turns`"),
        (["-b", "demo", "--access", "wide", "hi"], 2, "`--access`"),
        (["-b", "demo", "-o", "xml", "hi"], 2, "`--output-format`"),
        (["-b", "demo", "--bogus", "hi"], 2, "no such option: --bogus"),
        (["-b", "demo", "-s", "", "hi"], 2, "a session's name"),
        (["-b", "demo", "-s", "a b", "hi"], 2, "a session's name"),
        (["-b", "demo", "-s", "-x", "hi"], 2, "a session's name"),
        (["-b", "demo", "-s", "x" * 65, "hi"], 2, "a session's name"),
        (["-b", "demo", "--title", " ", "hi"], 2, "`--title` is empty"),
        (["-b", "demo", "-t", "", "hi"], 2, "`--tag` is empty"),
        (["-b", "demo", "--config", "/no/such.yaml", "hi"], 3, "there is no configuration file"),
        (["sesions"], 2, "did you mean `sessions`?"),
        (["-c", "hi"], 4, "there is no session"),
        (["resume"], 2, "which session?"),
        (["resume", "--last", "hi"], 4, "there is no session"),
        (["resume", "abcd", "hi"], 4, "there is no session `abcd`"),
        (["resume", "../x", "hi"], 4, "there is no session `../x`"),
        (["sessions", "show", "abcd"], 4, "there is no session `abcd`"),
        (["sessions", "list", "--status", "foo"], 2, "`--status`"),
        (["sessions", "list", "--backend", "foo"], 2, "there is no backend `foo`"),
        (["sessions", "list", "-n", "0"], 2, "`--limit`"),
        (["sessions", "nope"], 2, "no such command `nope`"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_way_out(
    clinvk: Command, words: list[str], exit_code: int, sentence: str
) -> None:
    """`error:` and `hint:` on stderr, stdout empty, the published exit code, nothing written."""
    ran = clinvk(*words)
    assert ran.exit_code == exit_code, ran.stderr
    assert ran.stderr.startswith("error: ")
    assert sentence in ran.stderr.splitlines()[0]
    assert "\nhint: " in ran.stderr or exit_code == 3
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert "Usage:" not in ran.stderr


def test_a_mistake_is_told_as_json_where_json_is_asked_for(clinvk: Command) -> None:
    """The object of a failure is the object of a success, with an error in it."""
    for words in (["-o", "json", "-b", "nope", "hi"], ["-ojson", "--timeout", "10x", "hi"]):
        ran = clinvk(*words)
        result = ran.json()
        check_result(result)
        assert result["exit_status"] == ran.exit_code
        assert result["error"]["message"]
        assert ran.stderr == ""
    lines = clinvk("--output-format=stream-json", "-b", "nope", "hi").json_lines()
    check_stream(lines)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"id": "x"}', "\0\0", "\udcff"])
def test_a_damaged_record_does_not_hide_the_others(clinvk: Command, content: str) -> None:
    """It is listed as damaged with its path, left as it is, and the healthy ones work."""
    clinvk("-b", "demo", "one")
    damaged = clinvk.home.clinvk_home / "sessions" / "0123456789ab.json"
    damaged.write_bytes(content.encode(errors="surrogateescape"))
    ran = clinvk("sessions", "list")
    assert ran.exit_code == 0
    assert "damaged" in ran.stdout
    assert str(damaged) in ran.stdout
    assert clinvk("-c", "two").exit_code == 0
    shown = clinvk("sessions", "show", "0123456789ab")
    assert (shown.exit_code, str(damaged) in shown.stderr) == (4, True)
    assert damaged.read_bytes() == content.encode(errors="surrogateescape")


@pytest.mark.parametrize(
    "home", ["/proc/nowhere", "/dev/null/x", "file"], ids=["proc", "device", "a-file"]
)
def test_a_home_that_cannot_be_written_costs_the_record_not_the_prompt(
    clinvk: Command, tmp_path: Path, home: str
) -> None:
    """The prompt still runs, with one warning."""
    if home == "file":
        (tmp_path / "file").write_text("in the way")
        home = str(tmp_path / "file")
    ran = clinvk("-b", "demo", "hello", env={"CLINVK_HOME": home})
    assert ran.exit_code == 0, ran.stderr
    assert "“hello”" in ran.stdout
    assert ran.stderr.count("warning: ") == 1
    assert "not recorded" in ran.stderr
    result = clinvk("-b", "demo", "-o", "json", "hello", env={"CLINVK_HOME": home}).json()
    assert result["session_id"] is None
    assert len(result["warnings"]) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it may not")
def test_a_read_only_home_costs_the_record_not_the_prompt(clinvk: Command) -> None:
    """As above, with a folder of mode 0500."""
    clinvk.home.clinvk_home.mkdir(mode=0o500)
    ran = clinvk("-b", "demo", "hello")
    assert (ran.exit_code, ran.stderr.count("warning: ")) == (0, 1)


def test_an_unreadable_directory_is_said_to_be(clinvk: Command, tmp_path: Path) -> None:
    """A workdir without permission is wrong usage, not a crash of the agent."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    ran = clinvk("-b", "demo", "-w", closed, "hello")
    if os.geteuid() == 0:
        assert ran.exit_code == 0
    else:
        assert (ran.exit_code, "cannot be read" in ran.stderr) == (2, True)


def test_an_invalid_configuration_is_never_ignored(clinvk: Command) -> None:
    """Exit 3 with file, line, key and what was expected, before anything is started."""
    config = clinvk.home.clinvk_home / "config.yaml"
    config.parent.mkdir()
    config.write_text("run:\n  timeout: soon\n")
    ran = clinvk("-b", "demo", "hello")
    assert ran.exit_code == 3
    assert f"{config}:2: `run.timeout`: `soon` is not a duration" in ran.stderr


def test_a_working_directory_names_no_program(clinvk: Command) -> None:
    """Neither a config file nor a program of the directory stood in is ever used."""
    project = clinvk.home.project
    trap = project / "claude"
    trap.write_text("#!/bin/sh\ntouch trapped\n")
    trap.chmod(0o700)
    (project / "config.yaml").write_text(f"backends:\n  claude:\n    binary: {trap}\n")
    (project / "clinvk").mkdir()
    (project / "clinvk" / "__init__.py").write_text("raise SystemExit('shadowed')")
    ran = clinvk("hello", env={"PATH": f".::{clinvk.home.env['PATH']}"})
    assert ran.exit_code == 5
    assert clinvk("-b", "demo", "hello").exit_code == 0
    assert not (project / "trapped").exists()


def test_a_symbolic_link_among_the_records_is_not_followed(clinvk: Command, tmp_path: Path) -> None:
    """A link in the sessions folder is damaged, and what it points to is left alone."""
    clinvk("-b", "demo", "one")
    secret = tmp_path / "secret.json"
    secret.write_text('{"secret": true}')
    link = clinvk.home.clinvk_home / "sessions" / "0123456789ab.json"
    link.symlink_to(secret)
    ran = clinvk("sessions", "list", "--json")
    assert "secret" not in json.dumps([one for one in ran.json() if "title" in one])
    assert clinvk("-c", "two").exit_code == 0
    assert secret.read_text() == '{"secret": true}'


def test_version_and_help(clinvk: Command) -> None:
    """`--version` is one line, `--help` is for a person in a hurry; both exit 0."""
    assert clinvk("--version").stdout.startswith("clinvk ")
    helped = clinvk("--help")
    assert helped.exit_code == 0
    assert 'clinvk -c "now add tests"' in helped.stdout
    for command in (["run"], ["resume"], ["sessions"], ["sessions", "list"], ["sessions", "show"]):
        assert clinvk(*command, "--help").exit_code == 0


def test_what_is_written_is_private(clinvk: Command) -> None:
    """The demo's own store is private as well."""
    clinvk("-b", "demo", "hello")
    kept = list(clinvk.home.home.rglob("clinvk-demo*"))
    assert kept
    for file in (*kept, *(inner for one in kept for inner in one.rglob("*"))):
        assert stat.S_IMODE(file.stat().st_mode) in {0o600, 0o700}, file


def test_a_closed_stdout_or_stdin_is_no_crash(clinvk: Command) -> None:
    """`clinvk … <&-`, `>&-`, `2>&-`: quiet, and no traceback."""
    for closing in ("<&-", "2>&-", "<&- 2>&-"):
        ran = subprocess.run(
            ["sh", "-c", f"{clinvk.program} -b demo hello {closing}"],
            env=clinvk.home.env,
            cwd=clinvk.home.project,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 0, (closing, ran.stderr)
        assert "“hello”" in ran.stdout
