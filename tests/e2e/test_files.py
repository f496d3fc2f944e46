"""What turns changed on disk, through the installed command and with the demo agent."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.published import check_home, check_result
from clinvk.services.agents.programs import which

GIT = which("git", os.environ)
needs_git = pytest.mark.skipif(GIT is None, reason="git is not installed on this machine")


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


@pytest.fixture
def repository(clinvk: Command) -> Path:
    """The project as a git repository with one commit of two files."""
    project = Path(clinvk.home.project)
    (project / "a.txt").write_text("a\n")
    (project / "b.txt").write_text("b\n")
    named = ("-c", "user.name=n", "-c", "user.email=n@example.com")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *named, *words], cwd=project, env=clinvk.home.env, check=True)
    return project


def _while_it_works(clinvk: Command, prompt: str, change: Callable[[], None]) -> str:
    """The report of a turn during which `change` is called: as a shell of the agent's would."""
    child = clinvk.popen("-b", "demo", "--access", "edit", "-o", "json", prompt)
    clinvk.wait_until_recorded('"backend_session"')
    time.sleep(0.1)
    change()
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 0, stderr
    return stdout


@needs_git
def test_reported_and_observed_changes_are_distinguished(clinvk: Command, repository: Path) -> None:
    """Changes that the agent reports and changes by its shell, in the report and in the record."""

    def change() -> None:
        (repository / "a.txt").write_text("changed\n")
        (repository / "b.txt").unlink()

    stdout = _while_it_works(clinvk, "/write new.txt hello\n/sleep 1", change)
    result = json.loads(stdout)
    check_result(result)
    expected = [
        {"path": str(repository / "new.txt"), "change": "created", "source": "reported"},
        {"path": str(repository / "a.txt"), "change": "modified", "source": "observed"},
        {"path": str(repository / "b.txt"), "change": "deleted", "source": "observed"},
    ]
    assert result["files"] == expected
    assert result["warnings"] == []
    told = clinvk("sessions", "files", "@last", "--json").json()
    assert told == [{"turn": 1, **file} for file in expected]
    assert clinvk("sessions", "files", "@last").stdout == (
        "TURN  CHANGE              FILE\n"
        "1     created             new.txt\n"
        "1     modified, observed  a.txt\n"
        "1     deleted, observed   b.txt\n"
    )
    shown = clinvk("sessions", "show", "@last").stdout
    assert "Files Changed:     new.txt (created)\n" in shown
    assert "                   b.txt (deleted, observed)\n" in shown
    check_home(clinvk.home.clinvk_home)


@needs_git
def test_a_turn_that_changes_nothing_has_no_files(clinvk: Command, repository: Path) -> None:
    """What the person had changed before is not the turn's."""
    (repository / "a.txt").write_text("mine\n")
    (repository / "mine.txt").write_text("mine\n")
    time.sleep(0.02)
    assert clinvk("-b", "demo", "-o", "json", "hello").json()["files"] == []
    ran = clinvk("sessions", "files", "@last")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", "no file was changed\n")
    assert clinvk("sessions", "files", "@last", "--json").json() == []


def test_outside_of_git_the_agents_word_counts(clinvk: Command) -> None:
    """And nothing else can."""
    project = Path(clinvk.home.project)
    told = clinvk("-b", "demo", "--access", "edit", "-o", "json", "/write sub.txt x").json()
    path = str(project / "sub.txt")
    assert told["files"] == [{"path": path, "change": "created", "source": "reported"}]
    again = clinvk("-c", "--access", "edit", "-o", "json", "/write ./sub.txt y").json()
    assert again["files"] == [{"path": path, "change": "modified", "source": "reported"}]
    assert clinvk("sessions", "files", "@last", "--turn", "2").stdout.splitlines()[1:] == [
        "2     modified  sub.txt"
    ]


@needs_git
def test_an_error_of_git_is_a_warning_and_the_turn_continues(
    clinvk: Command, repository: Path
) -> None:
    """The changes that the agent reports are still recorded."""
    (repository / ".git" / "HEAD").write_text("nonsense\n")
    ran = clinvk("-b", "demo", "--access", "edit", "-o", "json", "/write x.txt y")
    result = ran.json()
    assert ran.exit_code == 0
    assert [file["source"] for file in result["files"]] == ["reported"]
    assert [warning[:34] for warning in result["warnings"]] == [
        "what changed on disk is not known:"
    ]


@needs_git
def test_an_ephemeral_run_is_watched_too(clinvk: Command, repository: Path) -> None:
    """Its report is all there is of it."""
    told = clinvk(
        "-b", "demo", "--ephemeral", "--access", "edit", "-o", "json", "/write a.txt y"
    ).json()
    path = str(repository / "a.txt")
    assert told["files"] == [{"path": path, "change": "modified", "source": "reported"}]


def test_sessions_are_found_by_changed_files(clinvk: Command) -> None:
    """A file, a folder, a relative path; a name with only the same ending is another file."""
    project = Path(clinvk.home.project)
    (project / "sub").mkdir()
    first = clinvk("-b", "demo", "--access", "edit", "-o", "json", "/write sub/a.txt x").json()[
        "session_id"
    ]
    clinvk("-b", "demo", "sub/a.txt is only spoken of")

    def touched(path: str | Path, cwd: Path | None = None) -> list[str]:
        ran = clinvk("sessions", "list", "--touched", path, "-q", cwd=cwd)
        assert ran.exit_code == 0, ran.stderr
        return ran.stdout.split()

    for path in ("sub/a.txt", "./sub/../sub/a.txt", "sub", ".", project / "sub" / "a.txt"):
        assert touched(path) == [first], path
    assert touched("a.txt", cwd=project / "sub") == [first]
    for path in ("a.txt", "sub/a.tx", "su", "../x", "-x", "\u202eevil", "x" * 10_000):
        assert touched(path) == [], path
    assert clinvk("sessions", "list", "--touched", "").exit_code == 2


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (["@last", "--turn", "0"], 2, "`--turn`"),
        (["@last", "--turn", "-1"], 2, "`--turn`"),
        (["@last", "--turn", "x"], 2, "`--turn`"),
        (["@last", "--turn", "2"], 4, "has no turn 2"),
        (["@last", "--turn", "9" * 30], 4, "has no turn"),
        (["../x"], 4, "there is no session"),
    ],
)
def test_a_mistake_is_one_sentence(
    clinvk: Command, words: list[str], exit_code: int, sentence: str
) -> None:
    """With the published exit code."""
    clinvk("-b", "demo", "hello")
    for command in ("files", "show"):
        ran = clinvk("sessions", command, *words)
        assert (ran.exit_code, ran.stdout) == (exit_code, ""), ran.stderr
        assert sentence in ran.stderr.splitlines()[0]


def test_files_needs_a_session_and_show_has_a_default(clinvk: Command) -> None:
    """`show` alone is the last session."""
    clinvk("-b", "demo", "hello")
    missing = clinvk("sessions", "files")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "missing argument" in missing.stderr.splitlines()[0]
    assert clinvk("sessions", "show").stdout == clinvk("sessions", "show", "@last").stdout
