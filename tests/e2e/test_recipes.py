"""The recipes of `recipes.md` and the crontab of `cron.md`, run as cron, git, and a CI job do."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from bed.command import Command
from bed.kept import keep
from e2e.docs_session import DOCS, blocks, home_of_a_reader

WAIT_S = 60.0


def _recipe(name: str, page: str = "recipes.md") -> str:
    (block,) = [one for one in blocks(DOCS / page) if one.said("recipe") == name]
    return block.body


@pytest.fixture
def reader() -> Iterator[Command]:
    """`clinvk` with the demo agent as default, in a git repository."""
    with home_of_a_reader() as clinvk:
        yield clinvk


def run(
    *argv: str | Path,
    cwd: Path,
    env: Mapping[str, str],
    stdin: str = "",
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end."""
    return subprocess.run(
        argv,
        cwd=cwd,
        env=dict(env),
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=WAIT_S,
        check=False,
    )


def program(file: Path, text: str) -> Path:
    """A file that can be run."""
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


# cron


def test_the_lines_of_the_crontab_run_as_cron_runs_them(reader: Command) -> None:
    """From the home, by /bin/sh, with the crontab's PATH and nothing of a login."""
    home = reader.home.home
    text = _recipe("crontab", "cron.md").replace("/home/you", str(home))
    set_in_it = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    jobs = re.findall(r"^(?!#)(?:\S+ +){5}(.*)$", text, re.MULTILINE)
    assert len(jobs) == 2
    env = {"HOME": str(home), "LOGNAME": "you", "SHELL": "/bin/sh", **set_in_it}
    words = [f"{name}={value}" for name, value in env.items()]
    for job in (*jobs, jobs[0]):
        assert "%" not in job  # cron would end the command there
        ran = run("env", "-i", *words, "/bin/sh", "-c", job, cwd=home, env={})
        assert (ran.returncode, ran.stderr) == (0, ""), ran
    answers = (reader.home.project / "triage.md").read_text()
    assert "This is turn 1 of" in answers
    assert "This is turn 2 of" in answers
    assert reader("sessions", "show", "triage", "--json").json()["access"] == "read-only"


def test_cron_deletes_what_is_old(reader: Command) -> None:
    """The last line of the crontab; the others stay."""
    keep(reader, 1, days=31)
    recent = keep(reader, 2, days=29)
    job = re.search(r"clinvk sessions clean.*", _recipe("crontab", "cron.md"))
    assert job
    ran = run("/bin/sh", "-c", job[0], cwd=Path("/"), env=reader.home.env)
    assert ran.returncode == 0, ran
    assert reader("sessions", "list", "-q").stdout.split() == [recent]


# A CI job


def review(clinvk: Command, backend: str, change: str) -> tuple[int, str, str]:
    """The last step of the job on a change: its exit code, its log, and the summary."""
    home, env = clinvk.home, dict(clinvk.home.env)
    job = yaml.safe_load(_recipe("ci"))["jobs"]["review"]
    summary = home.home / "summary.md"
    summary.touch()
    set_in_it = {"CLINVK_BACKEND": backend, "BASE": "main"}
    assert set_in_it.keys() <= job["env"].keys()
    env |= {
        **set_in_it,
        "PATH": f"{clinvk.program.parent}:{env['PATH']}",
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(home.home),
    }
    git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    assert (
        run(*git, "checkout", "-q", "-B", "change", "main", cwd=home.project, env=env).returncode
        == 0
    )
    (home.project / "change.txt").write_text(change)
    for words in (["add", "-A"], ["commit", "-q", "-m", "Change"]):
        assert run(*git, *words, cwd=home.project, env=env).returncode == 0
    step = program(home.home / "step.sh", job["steps"][-1]["run"])
    ran = run("bash", "-e", step, cwd=home.project, env=env)
    return ran.returncode, ran.stdout + ran.stderr, summary.read_text()


def test_the_ci_job_writes_a_review(reader: Command) -> None:
    """The diff reaches the agent, nothing is kept, and the summary has the answer."""
    status, printed, summary = review(reader, "demo", "a new line\n")
    assert (status, printed) == (0, "")
    assert "+a new line" in summary
    assert reader("sessions", "list", "--json").json() == []


def test_the_ci_job_fails_with_the_error(reader: Command) -> None:
    """An agent that is not installed is no reason to pass."""
    status, printed, summary = review(reader, "claude", "a new line\n")
    assert (status, summary) == (1, "")
    assert "not installed" in printed


@pytest.mark.parametrize("claude", ["claude"])
def test_the_ci_job_only_warns_when_the_service_is_busy(clinvk: Command) -> None:
    """With the real agent: a refusal for now does not fail the job, another one does."""
    home = clinvk.home
    for words in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "Begin"]):
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        assert run("git", *who, *words, cwd=home.project, env=home.env).returncode == 0
    status, _, summary = review(clinvk, "claude", "[[say:Looks good.]]\n")
    assert (status, summary) == (0, "Looks good.\n")
    status, printed, _ = review(clinvk, "claude", "[[error:429]]\n")
    assert (status, printed.startswith("::warning::no review: ")) == (0, True), printed
    status, printed, _ = review(clinvk, "claude", "[[error:401]]\n")
    assert (status, bool(printed.strip())) == (1, True)


# A commit-message hook


def commit(reader: Command, *words: str, **env: str) -> str:
    """Commit a change in the project; the message that git recorded."""
    project = reader.home.project
    env = {**reader.home.env, "GIT_EDITOR": "true", **env}
    (project / "cart.py").write_text(f"{os.urandom(8).hex()}\n")
    assert run("git", "add", "cart.py", cwd=project, env=env).returncode == 0
    ran = run("git", "commit", "-q", *words, cwd=project, env=env)
    assert ran.returncode == 0, ran
    return run("git", "log", "-1", "--format=%B", cwd=project, env=env).stdout.strip()


def test_the_hook_suggests_a_message(reader: Command) -> None:
    """What the agent made of the staged change; git's own help below it is not part of it."""
    program(reader.home.project / ".git/hooks/prepare-commit-msg", _recipe("hook"))
    message = commit(reader)
    assert "Write the commit message" in message
    assert "diff --git" in message
    assert "# Please enter" not in message
    assert reader("sessions", "list", "--json").json() == []


def test_the_hook_keeps_a_message_and_never_stops_a_commit(reader: Command) -> None:
    """One that was given is left alone, and without an agent the person writes it."""
    program(reader.home.project / ".git/hooks/prepare-commit-msg", _recipe("hook"))
    assert commit(reader, "-m", "My own") == "My own"
    mine = "sh -c 'echo Typed > \"$1\"' -"
    assert commit(reader, CLINVK_BACKEND="claude", GIT_EDITOR=mine) == "Typed"


# A loop


def loop(reader: Command, tests: str) -> "subprocess.CompletedProcess[str]":
    """Run the loop in a project with these tests."""
    (reader.home.project / "Makefile").write_text(f"test:\n\t@{tests}\n")
    script = program(reader.home.home / "loop", _recipe("loop"))
    return run(script, cwd=reader.home.project, env=reader.home.env)


def test_the_loop_ends_when_the_tests_pass(reader: Command) -> None:
    """The agent gets what the tests print: here what the demo agent has to do."""
    ran = loop(reader, "test -e b || { test -e a && echo /write b 1 || echo /write a 1; false; }")
    assert ran.returncode == 0, ran
    (session,) = reader("sessions", "list", "--json").json()
    assert (session["name"], session["turns"]) == ("fix-tests", 2)


def test_the_loop_gives_up(reader: Command) -> None:
    """After five rounds, and at once if the agent fails."""
    assert loop(reader, "false").returncode == 1
    (session,) = reader("sessions", "list", "--json").json()
    assert session["turns"] == 5
    assert loop(reader, "echo /fail rate_limited; false").returncode == 8


# A bot


def test_the_bot_answers_in_its_thread(reader: Command) -> None:
    """Each thread has its own memory; an error is an answer too, and the next message is heard."""
    bot = program(reader.home.home / "bot.py", _recipe("bot"))
    messages = [
        {"thread": "A-1", "text": "the build is red"},
        {"thread": "B-2", "text": "-c\nwhat is a tax?"},
        {"thread": "A-1", "text": "/fail rate_limited"},
        {"thread": "A-1", "text": "and now?"},
    ]
    lines = "".join(f"{json.dumps(one)}\n" for one in messages)
    ran = run(sys.executable, bot, cwd=reader.home.project, env=reader.home.env, stdin=lines)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    first, other, failed, last = map(json.loads, ran.stdout.splitlines())
    assert [one["thread"] for one in (first, other, failed, last)] == ["A-1", "B-2", "A-1", "A-1"]
    assert "turn 1 of our" in first["text"]
    assert "turn 1 of our" in other["text"]
    assert (failed["text"][:7], failed["retry"]) == ("Sorry: ", True)
    assert "“the build is red”" in last["text"]
    assert "tax" not in last["text"]
