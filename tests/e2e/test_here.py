"""What "here" is for `-c` and `--here`, with real git repositories. These run without Node."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command, Ran


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home of its own; the demo agent needs nothing else."""
    return bare_command(tmp_path)


def _git(*words: str | Path, cwd: Path) -> None:
    said = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *said, *words], cwd=cwd, check=True, capture_output=True)


def _repository(root: Path) -> Path:
    root.mkdir(parents=True)
    _git("init", "-q", cwd=root)
    _git("commit", "-q", "--allow-empty", "-m", "first", cwd=root)
    return root


def _begun(clinvk: Command, cwd: Path) -> str:
    cwd.mkdir(exist_ok=True)
    told: dict[str, Any] = clinvk("-b", "demo", "-o", "json", "one", cwd=cwd).json()
    return str(told["session_id"])


def _continued(clinvk: Command, cwd: Path, *words: str) -> tuple[str, Ran]:
    cwd.mkdir(exist_ok=True)
    ran = clinvk(*(words or ("-c",)), "-o", "json", "on", cwd=cwd)
    assert ran.exit_code == 0, ran.stderr
    return str(ran.json()["session_id"]), ran


def _listed(clinvk: Command, cwd: Path, *words: str) -> set[str]:
    listed = clinvk("sessions", "list", *(words or ("--here",)), "--json", cwd=cwd).json()
    return {one["id"] for one in listed}


def test_in_the_persons_home_a_project_below_it_is_elsewhere(clinvk: Command) -> None:
    """Also where the home is a repository: continued, said with its directory, and not listed."""
    home = clinvk.home.home
    project = _begun(clinvk, home / "project")
    for stood_in in (home, Path("/"), home / "other"):
        found, ran = _continued(clinvk, stood_in)
        assert found == project
        assert ran.json()["warnings"] == [
            f"continuing session {project} of another directory: {home / 'project'}"
        ]
        assert _listed(clinvk, stood_in) == set()
        planned = clinvk("-c", "--dry-run", "on", cwd=stood_in)
        assert f"continuing session {project} of another directory" in planned.stderr
        none = clinvk("resume", "--last", "--here", "on", cwd=stood_in)
        assert none.exit_code == 4
    _git("init", "-q", cwd=home)
    assert _listed(clinvk, home) == set()
    assert _continued(clinvk, home)[1].json()["warnings"]
    assert _listed(clinvk, home / "project") == {project}
    assert _listed(clinvk, home, "--dir", ".") == {project}
    own = _begun(clinvk, home)
    assert _continued(clinvk, home)[0] == own


def test_work_trees_of_a_repository_are_one_here(clinvk: Command, tmp_path: Path) -> None:
    """A session of another work tree is continued, which is said: its files are others."""
    main = _repository(tmp_path / "main")
    linked = tmp_path / "linked"
    _git("worktree", "add", "-q", linked, cwd=main)
    (linked / "src").mkdir()
    first = _begun(clinvk, main)
    far = _begun(clinvk, tmp_path / "far")
    for stood_in in (linked, linked / "src"):
        found, ran = _continued(clinvk, stood_in)
        assert (found, ran.json()["cwd"]) == (first, str(main))
        assert ran.json()["warnings"] == [
            f"continuing session {first} of another directory: {main}"
        ]
    own = _begun(clinvk, linked / "src")
    found, ran = _continued(clinvk, linked)
    assert (found, ran.json()["warnings"]) == (own, [])
    for stood_in in (main, linked):
        assert _listed(clinvk, stood_in) == {first, own}
    assert far not in _listed(clinvk, main)


def test_a_submodule_is_not_here_in_the_repository_around_it(
    clinvk: Command, tmp_path: Path
) -> None:
    """And the other way round; a work tree that was removed by hand is no obstacle."""
    library = _repository(tmp_path / "library")
    outer = _repository(tmp_path / "outer")
    _git("submodule", "--quiet", "add", library, "inner", cwd=outer)
    inside, around = _begun(clinvk, outer / "inner"), _begun(clinvk, outer)
    assert _listed(clinvk, outer) == {around}
    assert _listed(clinvk, outer / "inner") == {inside}
    assert _continued(clinvk, outer / "inner")[0] == inside
    gone = tmp_path / "gone"
    _git("worktree", "add", "-q", gone, cwd=outer)
    (gone / ".git").unlink()
    gone.rmdir()
    assert _listed(clinvk, outer) == {around}


def test_work_trees_of_a_bare_repository_are_one_here(clinvk: Command, tmp_path: Path) -> None:
    """A clone with `--bare` and a folder for each branch."""
    origin = _repository(tmp_path / "origin")
    _git("clone", "-q", "--bare", origin, tmp_path / "bare", cwd=tmp_path)
    for name in ("one", "two"):
        _git("worktree", "add", "-q", "-b", name, tmp_path / name, cwd=tmp_path / "bare")
    first = _begun(clinvk, tmp_path / "one")
    assert _continued(clinvk, tmp_path / "two")[0] == first
    assert _listed(clinvk, tmp_path / "bare") == {first}
    assert _listed(clinvk, origin) == set()


def test_a_path_through_a_link_is_the_directory_behind_it(clinvk: Command, tmp_path: Path) -> None:
    """What is said of "here" is the same by both paths."""
    real, link = tmp_path / "real", tmp_path / "link"
    mine = _begun(clinvk, real)
    link.symlink_to(real)
    found, ran = _continued(clinvk, link)
    assert (found, ran.json()["warnings"]) == (mine, [])
    assert _listed(clinvk, link) == {mine}


@pytest.mark.parametrize("way", ["name", "id", "prefix", "last", "at-last"])
def test_continuing_a_session_of_another_directory_names_it(
    clinvk: Command, tmp_path: Path, way: str
) -> None:
    """For `-s NAME`, `resume` and `-c`; in the session's own directory there is no message."""
    project = clinvk.home.project
    begun = clinvk("-b", "demo", "-s", "mine", "-o", "json", "one").json()["session_id"]
    words = {
        "name": ["-s", "mine"],
        "id": ["resume", begun],
        "prefix": ["resume", begun[:6]],
        "last": ["resume", "--last"],
        "at-last": ["resume", "@last"],
    }[way]
    told = f"continuing session {begun} of another directory: {project}"
    there = clinvk(*words, "on", cwd=tmp_path)
    assert f"warning: {told}\n" in there.stderr
    assert _continued(clinvk, tmp_path, *words)[1].json()["warnings"] == [told]
    assert _continued(clinvk, project, *words)[1].json()["warnings"] == []
    assert _continued(clinvk, tmp_path, *words, "-w", str(tmp_path))[1].json()["warnings"] == []
    assert told not in clinvk(*words, "-q", "on", cwd=tmp_path).stderr


def test_a_deleted_current_directory_differs_from_the_sessions(
    clinvk: Command, tmp_path: Path
) -> None:
    """In a deleted directory, the message says where the turn runs."""
    begun = _begun(clinvk, tmp_path / "real")
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "{gone}" && rmdir "{gone}" && exec "{clinvk.program}" -c on'
    ran = subprocess.run(
        ["/bin/sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=clinvk.home.env,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"continuing session {begun} of another directory" in ran.stderr
