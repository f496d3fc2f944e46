"""What "here" means, by the files of git repositories as git lays them out."""

from pathlib import Path

import pytest

from clinvk.services.files.repositories import Bounds, bounds_of, repository_of, work_trees
from clinvk.services.sessions.places import Here
from clinvk.store.sessions.selection import Selection


def _repository(root: Path) -> Path:
    (root / ".git").mkdir(parents=True)
    return root


def _linked(main: Path, root: Path, *, shared: Path | None = None) -> Path:
    """A linked work tree as `git worktree add` makes it."""
    root.mkdir(parents=True)
    own = (shared or main / ".git") / "worktrees" / root.name
    own.mkdir(parents=True)
    (root / ".git").write_text(f"gitdir: {own}\n")
    (own / "commondir").write_text("../..\n")
    (own / "gitdir").write_text(f"{root / '.git'}\n")
    return root


def _submodule(around: Path, name: str) -> Path:
    root, own = around / name, around / ".git" / "modules" / name
    root.mkdir()
    own.mkdir(parents=True)
    (root / ".git").write_text(f"gitdir: ../.git/modules/{name}\n")
    (own / "config").write_text(f"[core]\n\tbare = false\n\tworktree = ../../../{name}\n")
    return root


def test_outside_of_a_repository_here_is_the_directory_alone(tmp_path: Path) -> None:
    """Neither what is in it nor what is around it."""
    here = Here(tmp_path / "a", Bounds())
    assert here.holds(str(tmp_path / "a"))
    assert not here.holds(str(tmp_path / "a" / "b"))
    assert not here.holds(str(tmp_path))
    assert here.narrowed(Selection()) == Selection(directory=str(tmp_path / "a"))


def test_a_directory_that_was_named_means_what_is_in_it_too(tmp_path: Path) -> None:
    """`--dir ~/work` lists the projects in it."""
    here = Here(tmp_path, Bounds(), below=True)
    assert here.holds(str(tmp_path / "a" / "b"))
    assert here.narrowed(Selection()) == Selection(within=(tmp_path,))


def test_all_work_trees_of_a_repository_are_here(tmp_path: Path) -> None:
    """From the main one and from a linked one, in any folder of theirs; the files differ."""
    main = _repository(tmp_path / "main")
    linked = _linked(main, tmp_path / "linked")
    for stood_in in (main, main / "src", linked, linked / "src"):
        here = Here(stood_in, Bounds())
        assert here.holds(str(main / "docs"))
        assert here.holds(str(linked / "docs"))
        assert here.shows(str(main)) == stood_in.is_relative_to(main)
        assert here.shows(str(linked)) == stood_in.is_relative_to(linked)
        assert set(here.narrowed(Selection()).within) == {main, linked}


def test_a_submodule_and_a_clone_within_a_repository_are_others(tmp_path: Path) -> None:
    """Each is a repository of its own; from within it the outer one is not here either."""
    outer = _repository(tmp_path / "outer")
    inner, clone = _submodule(outer, "inner"), _repository(outer / "vendor" / "clone")
    for other in (inner, clone):
        assert not Here(outer, Bounds()).holds(str(other))
        assert not Here(other, Bounds()).holds(str(outer))
    assert Here(outer, Bounds()).holds(str(outer / "vendor"))


def test_work_trees_of_a_submodule_are_here_in_each_other(tmp_path: Path) -> None:
    """Its main one is named in its configuration."""
    outer = _repository(tmp_path / "outer")
    inner = _submodule(outer, "inner")
    linked = _linked(inner, tmp_path / "linked", shared=outer / ".git" / "modules" / "inner")
    here = Here(linked, Bounds())
    assert here.holds(str(inner))
    assert not here.holds(str(outer))
    assert here.repository is not None
    assert set(work_trees(here.repository)) == {linked, inner}


def test_work_trees_of_a_bare_repository_are_here_in_each_other(tmp_path: Path) -> None:
    """Also from the bare repository itself, and from a folder that points to it."""
    bare = tmp_path / "project" / ".bare"
    bare.mkdir(parents=True)
    (bare / "HEAD").touch()
    (bare / "objects").mkdir()
    (bare / "refs").mkdir()
    (tmp_path / "project" / ".git").write_text("gitdir: ./.bare\n")
    one = _linked(bare, tmp_path / "project" / "one", shared=bare)
    two = _linked(bare, tmp_path / "two", shared=bare)
    for stood_in in (one, two, bare, tmp_path / "project"):
        here = Here(stood_in, Bounds())
        assert here.holds(str(one))
        assert here.holds(str(two))
        assert {one, two} <= set(here.narrowed(Selection()).within)


def test_a_repository_of_the_whole_home_does_not_count(tmp_path: Path) -> None:
    """Settings under git in `~` do not make everything in it one project."""
    home = _repository(tmp_path / "home")
    project = _repository(home / "project")
    bounds = bounds_of(home, {})
    assert repository_of(home / "notes", bounds) is None
    assert not Here(home, bounds).holds(str(home / "notes"))
    assert not Here(home, bounds).holds(str(project))
    assert Here(project / "src", bounds).holds(str(project))
    assert repository_of(tmp_path / "home" / "x", bounds_of(home / "x", {})) is None


def test_gits_ceilings_are_kept(tmp_path: Path) -> None:
    """The search does not go up into them; the directory itself is looked at all the same."""
    outer = _repository(tmp_path / "outer")
    bounds = bounds_of(tmp_path / "home", {"GIT_CEILING_DIRECTORIES": f":relative:{outer}"})
    assert repository_of(outer / "a" / "b", bounds) is None
    assert repository_of(outer, bounds) is not None


def test_a_deleted_directory_belongs_to_the_repository_of_its_path(tmp_path: Path) -> None:
    """A deleted folder of a repository is still part of it."""
    main = _repository(tmp_path / "main")
    assert Here(main, Bounds()).holds(str(main / "removed" / "deep"))


def test_letters_decide_where_the_file_system_says_so(tmp_path: Path) -> None:
    """`Project` and `project` are two directories here."""
    assert not Here(tmp_path / "Project", Bounds()).holds(str(tmp_path / "project"))


@pytest.mark.parametrize("text", ["", "gitdir: /nowhere\n", "gitdir: a\0b\n", "\xff\xfe"])
def test_a_git_file_that_makes_no_sense_is_a_repository_of_its_own(
    tmp_path: Path, text: str
) -> None:
    """As git, which stops there; nothing is raised."""
    main = _repository(tmp_path / "main")
    broken = main / "broken"
    broken.mkdir()
    (broken / ".git").write_text(text, "latin-1")
    assert Here(broken / "x", Bounds()).holds(str(broken))
    assert not Here(main, Bounds()).holds(str(broken))


def test_a_work_tree_of_the_newer_form_has_a_relative_path(tmp_path: Path) -> None:
    """`worktree.useRelativePaths` of git 2.48."""
    main = _repository(tmp_path / "main")
    linked = _linked(main, tmp_path / "linked")
    own = main / ".git" / "worktrees" / "linked"
    (linked / ".git").write_text("gitdir: ../main/.git/worktrees/linked\n")
    (own / "gitdir").write_text("../../../../linked/.git\n")
    here = Here(main, Bounds())
    assert here.holds(str(linked))
    assert linked in here.narrowed(Selection()).within


def test_more_work_trees_than_a_query_holds_are_told_apart_one_by_one(tmp_path: Path) -> None:
    """The answer is the same."""
    main = _repository(tmp_path / "main")
    for number in range(301):
        _linked(main, tmp_path / f"linked-{number}")
    here = Here(main, Bounds())
    assert here.narrowed(Selection()).within == ()
    assert here.holds(str(tmp_path / "linked-300"))
