"""What an agent inherits of git's variables, as values: no git is run."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from clinvk.services.turns.git_variables import GitVariables, git_variables, tame_git

HOOK = {
    "GIT_DIR": ".git",
    "GIT_WORK_TREE": ".",
    "GIT_INDEX_FILE": ".git/next-index.lock",
    "GIT_PREFIX": "",
    "GIT_OBJECT_DIRECTORY": ".git/objects/incoming",
    "GIT_AUTHOR_NAME": "somebody",
}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A repository with a directory in it, beside another repository."""
    for name in ("here/src", "here/.git", "other/src", "other/.git"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path / "here"


def test_an_agent_in_the_same_directory_keeps_them(here: Path) -> None:
    """A hook that has an agent write its commit message works on that commit's index."""
    assert git_variables(HOOK, here, here) == GitVariables({}, ())


@pytest.mark.parametrize("there", ["other", "other/src", "."])
def test_an_agent_elsewhere_is_given_none(here: Path, there: str) -> None:
    """Another repository, a directory of it, and one in no repository."""
    said = git_variables(HOOK, here, here.parent / there)
    assert said.set == {}
    assert set(said.unset) == set(HOOK) - {"GIT_AUTHOR_NAME"}


def test_an_agent_in_a_linked_worktree_is_given_none(here: Path) -> None:
    """It has an index and a HEAD of its own, though the repository is the same."""
    linked = here.parent / "linked"
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {here}/.git/worktrees/linked\n")
    assert set(git_variables(HOOK, here, linked).unset) == set(HOOK) - {"GIT_AUTHOR_NAME"}
    of_linked = {"GIT_DIR": f"{here}/.git/worktrees/linked", "GIT_INDEX_FILE": "/an/index"}
    assert git_variables(of_linked, linked, linked) == GitVariables({}, ())
    assert set(git_variables(of_linked, linked, here).unset) == set(of_linked)


def test_an_agent_in_another_directory_of_the_work_tree_keeps_the_index(here: Path) -> None:
    """With `GIT_DIR` it would take its own directory for the top of the work tree."""
    said = git_variables(HOOK, here, here / "src")
    assert said.unset == ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX")
    assert said.set == {
        "GIT_INDEX_FILE": f"{here}/.git/next-index.lock",
        "GIT_OBJECT_DIRECTORY": f"{here}/.git/objects/incoming",
    }


@pytest.mark.parametrize(
    ("said", "first"),
    [({}, 0), ({"GIT_CONFIG_COUNT": "2"}, 2), ({"GIT_CONFIG_COUNT": "two"}, 0)],
)
def test_settings_for_git_stand_after_the_persons(
    tmp_path: Path, said: Mapping[str, str], first: int
) -> None:
    """A number that is none git refuses by itself."""
    tame = tame_git(said, tmp_path)
    count = int(tame["GIT_CONFIG_COUNT"])
    keys = [tame[f"GIT_CONFIG_KEY_{number}"] for number in range(first, count)]
    assert keys[:2] == ["core.fsmonitor", "core.hooksPath"]
    assert len(tame) == 2 + 2 * len(keys)


def test_a_git_directory_of_another_repository_makes_all_of_them_foreign(here: Path) -> None:
    """Half of them would have a commit take the other repository's index."""
    other = here.parent / "other/.git"
    variables = {"GIT_DIR": str(other), "GIT_INDEX_FILE": f"{other}/index.lock"}
    said = git_variables(variables, here, here / "src")
    assert (said.set, set(said.unset)) == ({}, set(variables))


def test_the_settings_of_a_git_command_stay_where_it_was_given(here: Path) -> None:
    """What `git -c` says is for the repository that it works in."""
    variables = {"GIT_CONFIG_PARAMETERS": "'core.hooksPath'='/x'"}
    assert git_variables(variables, here, here.parent / "other").unset == (*variables,)
    assert git_variables(variables, here, here).unset == ()


@pytest.mark.parametrize(
    "variables",
    [
        {"GIT_INDEX_FILE": "{other}/.git/index.lock", "GIT_PREFIX": ""},
        {"GIT_INDEX_FILE": "{other}/.git/worktrees/one/index"},
        {"GIT_DIR": "{other}/.git", "GIT_INDEX_FILE": ".git/index"},
        {"GIT_DIR": "."},
        {"GIT_WORK_TREE": "{other}", "GIT_DIR": "{other}/.git"},
        {"GIT_OBJECT_DIRECTORY": "{other}/.git/objects/incoming"},
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("where", [".", "src"])
def test_a_hook_that_changed_its_directory_loses_its_variables(
    here: Path, variables: Mapping[str, str], where: str
) -> None:
    """`cd ../here && clinvk …` in a hook of the other repository, whose index it names."""
    other = here.parent / "other"
    for directory in (other / ".git", other / ".git/worktrees/one", here / ".git"):
        directory.mkdir(exist_ok=True, parents=True)
        (directory / "HEAD").touch()
    said = {name: value.format(other=other) for name, value in variables.items()}
    given = git_variables(said, here, here / where)
    assert (given.set, set(given.unset)) == ({}, set(said))


def test_variables_of_a_directory_that_is_no_repository_stay(here: Path) -> None:
    """Some keep the history of their home in a git directory elsewhere, and name it."""
    home = here.parent
    said = {"GIT_DIR": str(here / ".git")}
    assert git_variables(said, home, home) == GitVariables({}, ())


def test_an_index_of_the_persons_own_stays(here: Path, tmp_path: Path) -> None:
    """A commit may be put together beside the real one."""
    said = {"GIT_INDEX_FILE": str(tmp_path / "scratch/index")}
    assert git_variables(said, here, here) == GitVariables({}, ())
