"""Where an agent works: in the directory that clinvk says, seen by a file that it makes there.

The caller is a shell in another directory, with `PWD` and `OLDPWD` of its own, as every shell has.
"""

from pathlib import Path

import pytest

from bed.command import Command, Ran

AGENTS = [
    ("claude", "claude"),
    ("claude", "claude-next"),
    ("codex", "claude"),
    ("gemini", "claude"),
    ("grok", "claude"),
    ("opencode", "claude"),
    ("qwen", "claude"),
]
MADE = "made.txt"
WAYS = ["-w", "-c", "-s", "resume"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The directory that the shell stands in."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def _ask(clinvk: Command, shell_in: Path, *words: str | Path) -> Ran:
    """Run it as a shell in that directory does."""
    env = {"PWD": str(shell_in), "OLDPWD": str(shell_in.parent), "INIT_CWD": str(shell_in)}
    return clinvk(*words, "-o", "json", f"[[run:pwd > {MADE}]]", cwd=shell_in, env=env)


def _words(way: str, started: str, project: Path) -> list[str | Path]:
    return {
        "-w": ["-w", project],
        "-c": ["-c"],
        "-s": ["-s", "mine"],
        "resume": ["resume", started],
    }[way]


@pytest.mark.every_agent("resume")
@pytest.mark.parametrize(("backend", "claude"), AGENTS)
@pytest.mark.parametrize("way", WAYS)
def test_the_agent_works_where_clinvk_says(
    clinvk: Command, elsewhere: Path, backend: str, way: str
) -> None:
    """`-w DIR`, and `-c`, `-s` and `resume` of a session of another directory than the shell's."""
    project = clinvk.home.project
    started = ""
    if way != "-w":
        first = _ask(clinvk, project, "-b", backend, "-s", "mine", "--access", "full").json()
        assert (project / MADE).read_text().strip() == str(project)
        (project / MADE).unlink()
        started = first["session_id"]
    choice = ["-b", backend, "--access", "full"] if way == "-w" else []
    ran = _ask(clinvk, elsewhere, *choice, *_words(way, started, project))
    assert ran.exit_code == 0, ran.stderr
    assert ran.json()["cwd"] == str(project)
    assert not (elsewhere / MADE).exists()
    assert (project / MADE).read_text().strip() == str(project)


@pytest.mark.parametrize(("backend", "claude"), AGENTS)
def test_a_directory_behind_a_link_is_the_one_behind_it(
    clinvk: Command, tmp_path: Path, backend: str
) -> None:
    """Started through a symbolic link, continued through it, and from elsewhere: one directory."""
    link = tmp_path / "link"
    link.symlink_to(clinvk.home.project)
    first = _ask(clinvk, link, "-b", backend, "-s", "mine", "--access", "full")
    assert first.exit_code == 0, first.stderr
    for shell_in, words in ((link, ["-c"]), (tmp_path, ["-s", "mine"])):
        (clinvk.home.project / MADE).unlink()
        ran = _ask(clinvk, shell_in, *words)
        assert ran.exit_code == 0, ran.stderr
        assert ran.json()["turn"] > 1
        assert (clinvk.home.project / MADE).read_text().strip() == str(clinvk.home.project)
