"""What a person meets without any agent: the demo, bad input, and a home that is no good.

These run without Node. Each mistake gives one clear sentence with the way out, the published exit
code, and no traceback; nothing is lost.
"""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from pwd import getpwuid

import pexpect
import pytest

from bed.bare import bare_command
from bed.command import Command, kill_group
from bed.published import check_home, check_result, check_stream


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


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
        (["-c", "-s", "x", "hi"], 2, "`--continue` cannot be used with `--session`"),
        (["--ephemeral", "-c", "hi"], 2, "`--ephemeral` saves no session"),
        (["-c", "--title", "x", "hi"], 2, "`--title` is for a new session"),
        (["-c", "-t", "x", "hi"], 2, "`--tag` is for a new session"),
        (["-b", "demo", "-w", "~nosuchuser/x", "hi"], 2, "`--workdir`: unknown user in"),
        (["sessions", "list", "--dir", "~nosuchuser"], 2, "`--dir`: unknown user in"),
        (["--ephemeral", "-s", "x", "hi"], 2, "`--ephemeral` saves no session"),
        (["-b", "demo", "--timeout", "10x", "hi"], 2, "`--timeout`: `10x` is not a duration"),
        (["-b", "demo", "--timeout", "0s", "hi"], 2, "must be more than zero"),
        (["-b", "demo", "--timeout", "-5s", "hi"], 2, "`--timeout`"),
        (["-b", "demo", "--idle-timeout", "5", "hi"], 2, "needs a unit"),
        (["-b", "demo", "--max-turns", "0", "hi"], 2, "`--max-turns`"),
        (["-b", "demo", "--access", "wide", "hi"], 2, "`--access`"),
        (["-b", "demo", "--image", "none.png", "hi"], 2, "/project/none.png` does not exist"),
        (["-b", "demo", "--image", "", "hi"], 2, "`--image` is empty"),
        (["-b", "demo", "--image", "/dev/null", "hi"], 2, "`/dev/null` is not a file"),
        (["-b", "demo", "--image", "/etc/passwd", "hi"], 2, "is no picture that models accept"),
        (["-b", "demo", "--schema", "none.json", "hi"], 2, "/project/none.json` does not exist"),
        (["-b", "demo", "--schema", "/etc/passwd", "hi"], 2, "`/etc/passwd` is not JSON"),
        (["-b", "demo", "--add-dir", "none", "hi"], 2, "/project/none` does not exist"),
        (["-b", "demo", "--add-dir", "/etc/passwd", "hi"], 2, "is not a directory"),
        (["-b", "demo", "--add-dir", "~nosuchuser", "hi"], 2, "`--add-dir`: unknown user in"),
        (["-b", "demo", "--add-dir", "/etc", "hi"], 5, "cannot do this: it has no such option"),
        (["-b", "demo", "--effort", "high", "hi"], 5, "cannot do this: it does not think"),
        (["-b", "demo", "--effort", "huge", "hi"], 2, "`--effort`"),
        (["-b", "demo", "-o", "xml", "hi"], 2, "`--output-format`"),
        (["-b", "demo", "--bogus", "hi"], 2, "there is no option `--bogus`"),
        (["-b", "demo", "-s", "", "hi"], 2, "a session's name"),
        (["-b", "demo", "-s", "a b", "hi"], 2, "a session's name"),
        (["-b", "demo", "-s", "-x", "hi"], 2, "a session's name"),
        (["-b", "demo", "-s", "x" * 65, "hi"], 2, "a session's name"),
        (["-b", "demo", "--title", " ", "hi"], 2, "the title is empty"),
        (["-b", "demo", "-t", "", "hi"], 2, "`--tag` is empty"),
        (["-b", "demo", "--config", "/no/such.yaml", "hi"], 3, "there is no configuration file"),
        (["sesions"], 2, "did you mean `sessions`?"),
        (["-b", "demo", "fix", "tests", "-t", "5", "please"], 2, "stands between the words"),
        (["-c", "hi"], 4, "there is no session"),
        (["resume"], 2, "no session was named"),
        (["resume", "--last", "hi"], 4, "there is no session"),
        (["resume", "abcd", "hi"], 4, "there is no session `abcd`"),
        (["resume", "../x", "hi"], 4, "there is no session `../x`"),
        (["sessions", "show", "abcd"], 4, "there is no session `abcd`"),
        (["sessions", "list", "--status", "foo"], 2, "`--status`"),
        (["sessions", "list", "--backend", "foo"], 2, "there is no backend `foo`"),
        (["sessions", "list", "-n", "-1"], 2, "`--limit`"),
        (["sessions", "name", "x", "my", "work"], 2, "a name is one word"),
        (["sessions", "nope"], 2, "there is no command `nope`"),
    ],
)
def test_a_wrong_use_is_one_sentence_with_a_hint(
    clinvk: Command, words: list[str], exit_code: int, sentence: str
) -> None:
    """`error:` and `hint:` on stderr, empty stdout, the documented exit code, nothing written."""
    ran = clinvk(*words)
    assert ran.exit_code == exit_code, ran.stderr
    assert ran.stderr.startswith("error: ")
    assert sentence in ran.stderr.splitlines()[0]
    assert "\nhint: " in ran.stderr or exit_code == 3
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    assert "Usage:" not in ran.stderr


def test_without_an_agent_each_line_of_the_hint_can_be_copied(clinvk: Command) -> None:
    """A command per agent, that an account is needed, and what works without any."""
    hint = clinvk("hi").stderr.partition("hint: ")[2]
    first, *installs, last = (line.strip() for line in hint.splitlines())
    assert "each needs an account" in first
    assert all(line.startswith(("npm install -g ", "uv tool install ")) for line in installs)
    assert all("  # " in line and "(" not in line for line in installs)
    assert '`clinvk -b demo "hello"`' in last
    assert "clinvk -b demo" in clinvk("--help").stdout
    remedy = clinvk("doctor").stdout.partition("remedy: ")[2].splitlines()
    assert remedy[1].strip().startswith("npm install -g ")


def test_a_terminal_that_cannot_show_a_list_is_not_called_none(clinvk: Command) -> None:
    """`TERM=dumb`: the sentence says why, and the sessions fit its columns."""
    clinvk("-b", "demo", "a prompt with a title that is longer than the narrow terminal is wide")
    child = pexpect.spawn(
        str(clinvk.program),
        ["resume"],
        env={**clinvk.home.env, "TERM": "dumb"},
        cwd=clinvk.home.project,
        dimensions=(24, 60),
        encoding="utf-8",
        timeout=30,
    )
    child.expect(pexpect.EOF)
    shown = child.before
    assert "this terminal (TERM=dumb) cannot show the list" in " ".join(shown.split())
    assert all(len(line) <= 60 for line in shown.splitlines())
    child.close()
    assert child.exitstatus == 2


def test_an_error_is_json_if_json_was_requested(clinvk: Command) -> None:
    """The object of a failure is the object of a success, with an error in it."""
    for words in (["-o", "json", "-b", "nope", "hi"], ["-ojson", "--timeout", "10x", "hi"]):
        ran = clinvk(*words)
        result = ran.json()
        check_result(result)
        assert result["exit_status"] == ran.exit_code
        assert result["error"]["message"]
        assert ran.stderr.startswith(f"error: {result['error']['message']}\n")
        assert clinvk("-q", *words).stderr == ""
    lines = clinvk("--output-format=stream-json", "-b", "nope", "hi").json_lines()
    check_stream(lines)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"id": "x"}', "\0\0", "\udcff"])
def test_a_damaged_record_does_not_hide_the_others(clinvk: Command, content: str) -> None:
    """It is listed as damaged with its path, left as it is, and the healthy ones work.

    As long as it may be the newest of all, `-c` says so and continues no other.
    """
    healthy = clinvk("-b", "demo", "-o", "json", "one").json()["session_id"]
    damaged = clinvk.home.clinvk_home / "sessions" / "0123456789ab.json"
    damaged.write_bytes(content.encode(errors="surrogateescape"))
    ran = clinvk("sessions", "list")
    assert ran.exit_code == 0
    assert "damaged" in ran.stdout
    assert str(damaged) in ran.stdout
    assert clinvk("resume", healthy, "two").exit_code == 0
    os.utime(damaged)
    refused = clinvk("-c", "three")
    assert (refused.exit_code, str(damaged) in refused.stderr) == (4, True)
    os.utime(damaged, (0, 0))
    assert clinvk("-c", "three").exit_code == 0
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
    quiet = clinvk("-b", "demo", "-q", "hello", env={"CLINVK_HOME": home})
    assert quiet.stderr.startswith("warning: this run is not recorded: ")
    assert quiet.stderr.count("\n") == 1
    named = clinvk("-b", "demo", "-s", "mine", "-o", "json", "hello", env={"CLINVK_HOME": home})
    error = named.json()["error"]
    assert (named.exit_code, error["code"]) == (4, "sessions_unusable")
    assert error["message"].startswith("session `mine` cannot be saved: ")
    assert "`clinvk doctor`" in error["hint"]


@pytest.mark.parametrize(
    ("words", "exit_code"), [("-b demo -c hi", 4), ("sessions list", 0), ("sessions search x", 1)]
)
def test_a_home_that_cannot_be_read_is_not_taken_for_an_empty_one(
    clinvk: Command, words: str, exit_code: int
) -> None:
    """A mistyped `CLINVK_HOME` looks like lost sessions, and no agent has failed."""
    ran = clinvk(*words.split(), env={"CLINVK_HOME": "/proc/nowhere"})
    assert "`CLINVK_HOME` is `/proc/nowhere`, which does not exist (yet)" in ran.stderr
    assert ran.exit_code == exit_code
    ran = clinvk(*words.split(), env={"CLINVK_HOME": "/dev/null/x"})
    assert "error: cannot read `/dev/null/x/sessions`: not a directory" in ran.stderr
    assert ran.exit_code == 4


def test_where_nothing_can_be_locked_a_name_is_refused(clinvk: Command, tmp_path: Path) -> None:
    """A file system without locks: a session of that name would be begun again at each run."""
    (tmp_path / "sitecustomize.py").write_text(
        "import errno, fcntl, os\n"
        "def flock(*_): raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))\n"
        "fcntl.flock = flock\n"
    )
    env = {"PYTHONPATH": str(tmp_path)}
    plain = clinvk("-b", "demo", "-q", "hello", env=env)
    assert (plain.exit_code, "“hello”" in plain.stdout) == (0, True)
    assert "not recorded: " in plain.stderr
    ran = clinvk("-b", "demo", "-s", "mine", "hello", env=env)
    assert (ran.exit_code, ran.stdout) == (4, "")
    assert ran.stderr.startswith("error: session `mine` cannot be saved: cannot lock")
    assert "no locks available" in ran.stderr
    assert "hint: " in ran.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it may not")
def test_a_read_only_home_costs_the_record_not_the_prompt(clinvk: Command) -> None:
    """As above, with a folder of mode 0500."""
    clinvk.home.clinvk_home.mkdir(mode=0o500)
    ran = clinvk("-b", "demo", "hello")
    assert (ran.exit_code, ran.stderr.count("warning: ")) == (0, 1)


def test_an_unreadable_directory_is_wrong_usage(clinvk: Command, tmp_path: Path) -> None:
    """A workdir without permission is exit 2, not a crash of the agent."""
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


def test_a_record_under_another_sessions_id_is_damaged(clinvk: Command) -> None:
    """A copy is no second session: it is shown with its path, and the first one goes on alone."""
    own = clinvk("-b", "demo", "-s", "mine", "-o", "json", "one").json()["session_id"]
    folder = clinvk.home.clinvk_home / "sessions"
    copy = folder / "0123456789ab.json"
    copy.write_bytes((folder / f"{own}.json").read_bytes())
    before = copy.read_bytes()
    healthy, damaged = clinvk("sessions", "list", "--json").json()
    assert (healthy["id"], damaged["status"], damaged["path"]) == (own, "damaged", str(copy))
    for command in ("show", "export", "close", "archive"):
        ran = clinvk("sessions", command, "0123456789ab")
        assert (ran.exit_code, str(copy) in ran.stderr) == (4, True)
    for words in (["-c"], ["-s", "mine"], ["resume", "@last"], ["resume", own]):
        assert clinvk(*words, "-o", "json", "on").json()["session_id"] == own
    clinvk("sessions", "clean", "--older-than", "1s")
    assert copy.read_bytes() == before
    assert not (clinvk.home.clinvk_home / "transcripts" / "0123456789ab.jsonl").exists()


def test_version_and_help(clinvk: Command) -> None:
    """`--version` is one line, `--help` is for a person in a hurry; both exit 0."""
    assert clinvk("--version").stdout.startswith("clinvk ")
    helped = clinvk("--help")
    assert helped.exit_code == 0
    assert 'clinvk -c "now add tests"' in helped.stdout
    for command in (["run"], ["resume"], ["sessions"], ["sessions", "list"], ["sessions", "show"]):
        assert clinvk(*command, "--help").exit_code == 0


@pytest.mark.parametrize(
    ("line", "exit_code"),
    [
        ("--version >&-", 0),
        ("-o json --timeout 10x hi >/dev/full", 2),
        ("-o json --timeout 10x hi >&-", 2),
        ("help", 0),
        ("-b demo -w relative hi", 2),
        ("-c hi", 4),
        ("-b demo hi", 2),
    ],
)
def test_an_unusual_environment_is_no_bug(
    clinvk: Command, tmp_path: Path, line: str, exit_code: int
) -> None:
    """A stdout that cannot be written, a deleted directory: at most one sentence."""
    (tmp_path / "gone").mkdir()
    script = f"cd {tmp_path}/gone && rmdir {tmp_path}/gone && PWD=. exec {clinvk.program} {line}"
    ran = _shell(clinvk, script)
    assert ran.returncode == exit_code, ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_editor_that_saves_no_file_is_an_error(clinvk: Command) -> None:
    """Exit 2: nothing was sent."""
    ran = clinvk("-b", "demo", "-e", env={"EDITOR": "rm -f"})
    assert (ran.exit_code, "saved no file: nothing was sent" in ran.stderr) == (2, True)


def test_ctrl_c_during_the_start_is_quiet(clinvk: Command, tmp_path: Path) -> None:
    """130 and not a word, also while the command line is still being imported."""
    (tmp_path / "typer.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)\n"
    )
    ran = clinvk("-b", "demo", "hi", env={"PYTHONPATH": str(tmp_path)})
    assert (ran.exit_code, ran.stdout, ran.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("option", "limits"),
    [("--timeout", ["--timeout", "1s"]), ("--idle-timeout", ["--idle-timeout", "1s"])],
)
def test_a_stdin_that_never_ends_is_not_waited_for_for_ever(
    clinvk: Command, option: str, limits: list[str]
) -> None:
    """The limits of the turn hold for its prompt: exit 6, and nothing is recorded."""
    with clinvk.popen("-b", "demo", "-o", "json", *limits, piped_stdin=True) as child:
        assert child.wait(20) == 6
        assert child.stdout is not None
        error = json.loads(child.stdout.read())["error"]
    assert (error["code"], error["retryable"]) == ("timeout", True)
    assert option in error["message"]
    assert clinvk("sessions", "list", "--json").json() == []


@pytest.mark.parametrize("way", ["--timeout", "SIGTERM"])
def test_a_reader_that_stalls_does_not_hold_up_the_end(clinvk: Command, way: str) -> None:
    """Nobody reads stdout: the timeout and a signal end the run all the same."""
    limits = ["--timeout", "1s"] if way == "--timeout" else []
    words = ["-b", "demo", *limits, "/long 400000\n/sleep 60"]
    with clinvk.popen(*words) as child:
        if way == "SIGTERM":
            clinvk.wait_until_recorded('"backend_session"')
            child.terminate()
        assert child.wait(20) == (6 if way == "--timeout" else 143)
    [session] = clinvk("sessions", "list", "--json").json()
    assert session["status"] != "running"


def test_a_turn_whose_reader_closed_the_pipe_is_no_success(clinvk: Command) -> None:
    """141, as for any program that SIGPIPE ends; a list piped to `head` succeeds."""
    cut = _shell(
        clinvk, f"{{ {clinvk.program} -b demo '/long 200000'; echo $? >&2; }} | head -c 20"
    )
    assert cut.stderr == "141\n"
    listed = _shell(clinvk, f"{{ {clinvk.program} sessions list; echo $? >&2; }} | head -c 1")
    assert listed.stderr == "0\n"


@pytest.mark.parametrize(
    "said", ["<https://e.com/%1B]52;c;cHduZWQ=%1B%5C>", "&#27;]52;c;eA==&#7; &#x9b;31m &#x202E;"]
)
def test_no_answer_drives_the_terminal(clinvk: Command, said: str) -> None:
    """What Markdown decodes reaches a terminal as text."""
    child = pexpect.spawn(
        str(clinvk.program),
        ["-b", "demo", f"/say {said}"],
        env={**clinvk.home.env, "TERM": "xterm"},
        cwd=str(clinvk.home.project),
        encoding="utf-8",
        timeout=20,
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "52;c;" in child.before
    assert not [bad for bad in ("\x1b]", "\x9b", "\u202e", "\x07") if bad in child.before]


def _shell(clinvk: Command, script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", script],
        env=clinvk.home.env,
        cwd=clinvk.home.project,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )


def test_what_is_written_is_private(clinvk: Command) -> None:
    """The demo's own store is private as well."""
    clinvk("-b", "demo", "hello")
    kept = list(clinvk.home.home.rglob("*"))
    assert [file for file in kept if file.parent.name == "demo"]
    for file in kept:
        assert stat.S_IMODE(file.stat().st_mode) in {0o600, 0o700}, file


def test_a_closed_stdout_or_stdin_is_no_crash(clinvk: Command) -> None:
    """`clinvk … <&-`, `>&-`, `2>&-`: quiet, and no traceback."""
    for closing in ("<&-", "2>&-", "<&- 2>&-", ">&-"):
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
        assert "“hello”" in ran.stdout or closing == ">&-"
        assert "Traceback" not in ran.stderr
    shown = clinvk("sessions", "list", "--json").json()
    assert [session["status"] for session in shown] == ["active"] * 4


def test_a_damaged_record_is_not_replaced_by_another_session(clinvk: Command) -> None:
    """Neither `-s NAME` nor `-c` continues elsewhere, or begins another session of that name."""
    clinvk("-b", "demo", "older")
    named = clinvk("-b", "demo", "-s", "mine", "-o", "json", "one").json()["session_id"]
    record = clinvk.home.clinvk_home / "sessions" / f"{named}.json"
    record.write_text("{")
    ran = clinvk("-s", "mine", "again")
    assert (ran.exit_code, str(record) in ran.stderr) == (4, True)
    ran = clinvk("-c", "-o", "json", "on")
    assert (ran.exit_code, ran.json()["error"]["code"]) == (4, "session_damaged")
    assert str(record) in ran.json()["error"]["message"]
    record.unlink()
    assert clinvk("-s", "mine", "-o", "json", "again").json()["session_id"] == named


def test_a_damaged_record_is_named_where_no_other_session_is_left(clinvk: Command) -> None:
    """`-c` and `--last` say what they cannot read, rather than that there is nothing."""
    only = clinvk("-b", "demo", "-o", "json", "one").json()["session_id"]
    record = clinvk.home.clinvk_home / "sessions" / f"{only}.json"
    record.write_text("{")
    for words in (["-c"], ["resume", "--last"]):
        ran = clinvk(*words, "on")
        assert (ran.exit_code, ran.stdout) == (4, "")
        assert f"the record `{record}` is damaged" in ran.stderr
        assert "`clinvk doctor --fix`" in ran.stderr
    assert record.read_text() == "{"
    record.write_bytes(b"")
    (clinvk.home.clinvk_home / "transcripts" / f"{only}.jsonl").unlink()
    assert f"the record `{record}` is damaged: it is empty" in clinvk("-c", "on").stderr


def test_a_named_run_needs_a_home(clinvk: Command) -> None:
    """Each prompt of `-s NAME` would be answered unrecorded for ever: exit 4, with a way out."""
    result = clinvk(
        "-b", "demo", "-s", "mine", "-o", "json", "hello", env={"CLINVK_HOME": "/proc/nowhere"}
    ).json()
    assert (result["exit_status"], result["session_id"]) == (4, None)
    assert result["error"]["hint"]


@pytest.mark.parametrize("directory", ["/no/such/dir", "/etc/passwd"])
@pytest.mark.parametrize("how", [["-c"], ["resume", "--last"], ["-s", "mine"]], ids=str)
def test_a_wrong_directory_is_wrong_usage_however_the_session_is_named(
    clinvk: Command, how: list[str], directory: str
) -> None:
    """Nothing runs in another place than the one that was asked for."""
    clinvk("-b", "demo", "-s", "mine", "one")
    assert clinvk(*how, "-w", directory, "two").exit_code == 2


def test_a_session_of_a_newer_clinvk_is_read_and_never_written(clinvk: Command) -> None:
    """Its record and its transcript stay to the byte as they are."""
    session = clinvk("-b", "demo", "-o", "json", "one").json()["session_id"]
    record = clinvk.home.clinvk_home / "sessions" / f"{session}.json"
    record.write_text(record.read_text().replace('"schema": 2', '"schema": 3'))
    transcript = clinvk.home.clinvk_home / "transcripts" / f"{session}.jsonl"
    before = record.read_bytes(), transcript.read_bytes()
    ran = clinvk("resume", session, "two")
    assert (ran.exit_code, "newer clinvk" in ran.stderr) == (4, True)
    assert (record.read_bytes(), transcript.read_bytes()) == before
    assert clinvk("sessions", "show", session).exit_code == 0


def test_a_run_holds_its_session_without_its_lock_file_too(clinvk: Command) -> None:
    """Whoever deletes `locks/` under a run does not let a second one in."""
    child = clinvk.popen("-b", "demo", "/silent 3")
    clinvk.wait_until_recorded('"backend_session"')
    shutil.rmtree(clinvk.home.clinvk_home / "locks")
    assert clinvk("resume", "--last", "second").exit_code == 75
    child.communicate(timeout=20)
    assert child.returncode == 0


def test_wider_access_is_reported_after_an_interrupted_first_turn(clinvk: Command) -> None:
    """The access chosen for a killed turn is still the session's."""
    child = clinvk.popen("-b", "demo", "--access", "read-only", "/silent 30")
    clinvk.wait_until_recorded('"backend_session"')
    kill_group(child)
    ran = clinvk("-c", "--access", "full", "on")
    assert "access is wider for this turn" in ran.stderr


def test_an_empty_home_variable_is_not_the_root_folder(clinvk: Command) -> None:
    """The person's home is that of their account: `/.clinvk` is nobody's."""
    said = clinvk("config", "path", env={"HOME": ""})
    home = Path(getpwuid(os.getuid()).pw_dir)
    assert said.stdout == f"{home / '.clinvk/config.yaml'}\n"
