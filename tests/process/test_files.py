"""What a turn changes on disk, watched with the real git."""

import os
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.model.events import Change
from clinvk.services.agents.programs import which
from clinvk.services.files import observe as files
from clinvk.services.files.observe import FileWatch, Observed, watch_files
from clinvk.services.world import World
from clinvk.store.home import Home

CREATED, MODIFIED, DELETED = Change.CREATED, Change.MODIFIED, Change.DELETED

pytestmark = pytest.mark.skipif(
    which("git", os.environ) is None, reason="git is not installed on this machine"
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with the real clock and git, and a home without any configuration."""
    return World(
        home=Home(tmp_path / "home" / ".clinvk"),
        environ={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")},
        cwd=tmp_path,
        user_home=tmp_path / "home",
        python="python",
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=time.sleep,
        new_id=lambda: "0123456789ab",
        new_uuid=lambda: "",
        pid=1,
        hostname="here",
    )


class Tree:
    """A work tree with one commit, and what is done to it."""

    def __init__(self, root: Path, world: World) -> None:
        self.root = root
        self.world = world

    def git(self, *words: str) -> str:
        """Run git in it."""
        named = ("-c", "user.name=n", "-c", "user.email=n@example.com")
        ran = subprocess.run(
            ["git", *named, *words],
            cwd=self.root,
            env=dict(self.world.environ),
            check=True,
            capture_output=True,
            text=True,
        )
        return ran.stdout

    def write(self, name: str | bytes, text: str | bytes = "") -> Path:
        """Write a file, and what folders it needs."""
        path = self.root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")

    def watch(self, cwd: Path | None = None) -> FileWatch:
        """Begin, and wait for the first look."""
        watch = watch_files(cwd or self.root, self.world, began_at=time.time())
        assert watch is not None
        watch.wait(30)
        return watch

    def seen(self, watch: FileWatch) -> Mapping[str, Change]:
        """What has changed, by paths relative to the root."""
        found = watch.compare()
        assert found.error is None
        return {os.path.relpath(path, self.root): how for path, how in found.changes.items()}


@pytest.fixture
def tree(tmp_path: Path, world: World) -> Tree:
    """Three files in a commit."""
    tree = Tree(tmp_path / "tree", world)
    tree.root.mkdir()
    tree.git("init", "-q", "-b", "main")
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        tree.write(name, f"{name}\n")
    tree.commit()
    time.sleep(0.02)  # the file system's clock ticks every few milliseconds
    return tree


def test_shell_edits_creations_and_deletions_are_seen(tree: Tree) -> None:
    """Whoever did it and by whatever means; what was not touched is not in it."""
    watch = tree.watch(tree.root / "sub")
    tree.write("a.txt", "other\n")
    (tree.root / "b.txt").unlink()
    tree.write("new/deep/d.txt", "new\n")
    assert tree.seen(watch) == {"a.txt": MODIFIED, "b.txt": DELETED, "new/deep/d.txt": CREATED}


def test_a_dirty_file_counts_only_if_it_changed_again(tree: Tree) -> None:
    """The user's own work is not the agent's."""
    tree.write("a.txt", "mine\n")
    tree.write("mine.txt", "mine\n")
    (tree.root / "b.txt").unlink()
    time.sleep(0.02)
    watch = tree.watch()
    assert tree.seen(watch) == {}
    watch = tree.watch()
    tree.write("mine.txt", "and the agent's\n")
    tree.write("a.txt", "mine\n")
    tree.git("checkout", "-q", "--", "b.txt")
    assert tree.seen(watch) == {"mine.txt": MODIFIED, "b.txt": CREATED}


def test_what_the_agent_commits_is_seen_and_what_it_commits_for_the_person_is_not(
    tree: Tree,
) -> None:
    """A commit moves the line that `dirty` is drawn from."""
    tree.write("a.txt", "mine\n")
    time.sleep(0.02)
    watch = tree.watch()
    tree.write("b.txt", "the agent's\n")
    tree.write("d.txt", "the agent's\n")
    tree.git("rm", "-q", "sub/c.txt")
    tree.commit()
    assert tree.seen(watch) == {"b.txt": MODIFIED, "d.txt": CREATED, "sub/c.txt": DELETED}


def test_the_first_commit_of_a_repository_is_no_change(tmp_path: Path, world: World) -> None:
    """There may be no commit before the turn, or after it."""
    tree = Tree(tmp_path / "fresh", world)
    tree.root.mkdir()
    tree.git("init", "-q")
    tree.write("mine.txt", "mine\n")
    time.sleep(0.02)
    watch = tree.watch()
    tree.write("new.txt", "new\n")
    tree.commit()
    assert tree.seen(watch) == {"new.txt": CREATED}


def test_renames_modes_links_and_strange_names(tree: Tree) -> None:
    """A rename is two changes; a file's name need not be text, nor its content."""
    tree.write("bin", bytes(range(256)))
    tree.commit()
    time.sleep(0.02)
    watch = tree.watch()
    (tree.root / "a.txt").rename(tree.root / "z.txt")
    (tree.root / "b.txt").chmod(0o755)
    tree.write("bin", bytes(range(255)))
    tree.write(b"caf\xe9", "x")
    tree.write("line\nend \"quoted\" -> 'x'", "x")
    (tree.root / "link").symlink_to("/etc/passwd")
    os.mkfifo(tree.root / "pipe")
    assert tree.seen(watch) == {
        "a.txt": DELETED,
        "z.txt": CREATED,
        "b.txt": MODIFIED,
        "bin": MODIFIED,
        "caf\udce9": CREATED,
        "line\nend \"quoted\" -> 'x'": CREATED,
        "link": CREATED,
    }


def test_a_huge_file_is_compared_without_being_read(tree: Tree) -> None:
    """Its size and times tell."""
    with tree.write("huge").open("r+b") as huge:
        huge.truncate(3 << 30)
    time.sleep(0.02)
    watch = tree.watch()
    assert tree.seen(watch) == {}
    with (tree.root / "huge").open("r+b") as huge:
        huge.write(b"x")
    assert tree.seen(watch) == {"huge": MODIFIED}


def test_a_file_replaced_by_a_folder_is_gone(tree: Tree) -> None:
    """And what is in the folder is new."""
    watch = tree.watch()
    (tree.root / "a.txt").unlink()
    tree.write("a.txt/inner", "x")
    assert tree.seen(watch) == {"a.txt": DELETED, "a.txt/inner": CREATED}


def test_ignored_files_are_not_compared(tree: Tree) -> None:
    """Nobody asks about build output."""
    tree.write(".gitignore", "build/\n")
    tree.commit()
    watch = tree.watch()
    tree.write("build/out", "x")
    assert tree.seen(watch) == {}


def test_hidden_untracked_files_are_not_searched(tree: Tree) -> None:
    """As in a home directory under git."""
    tree.git("config", "status.showUntrackedFiles", "no")
    watch = tree.watch()
    tree.write("new", "x")
    tree.write("a.txt", "x")
    assert tree.seen(watch) == {"a.txt": MODIFIED}


def test_changes_before_the_first_snapshot_still_count(tree: Tree, world: World) -> None:
    """The file system's clock shows them, however quick the agent is."""
    began_at = time.time()
    time.sleep(0.02)
    tree.write("a.txt", "quick\n")
    tree.write("new.txt", "quick\n")
    (tree.root / "sub/c.txt").unlink()
    watch = watch_files(tree.root, world, began_at=began_at)
    assert watch is not None
    assert tree.seen(watch) == {"a.txt": MODIFIED, "new.txt": CREATED, "sub/c.txt": DELETED}


def test_outside_of_a_work_tree_nothing_is_watched(tmp_path: Path, tree: Tree) -> None:
    """Nor without git."""
    assert watch_files(tmp_path, tree.world, began_at=0.0) is None
    without = replace(tree.world, environ={"PATH": str(tmp_path)})
    assert watch_files(tree.root, without, began_at=0.0) is None


TRAPS = {
    "fsmonitor": "[core]\n fsmonitor = {trap}\n",
    "hooks": "[core]\n hooksPath = {hooks}\n",
    "clean filter": '[filter "f"]\n clean = {trap}\n smudge = {trap}\n required = true\n',
    "process filter": '[filter "f"]\n process = {trap}\n required = true\n',
    "odd filter": '[filter "a.b-C"]\n clean = {trap}\n',
    "external diff": "[diff]\n external = {trap}\n[core]\n pager = {trap}\n editor = {trap}\n",
    "ssh": "[core]\n sshCommand = {trap}\n[extensions]\n partialClone = origin\n",
    "alias": "[alias]\n status = !{trap}\n config = !{trap}\n",
}


SPRUNG_BY_STATUS = {"fsmonitor", "hooks", "clean filter", "process filter", "odd filter"}
"""Those that a plain `git status` walks into, so that the test knows that they work."""


@pytest.mark.parametrize("name", TRAPS)
def test_a_repositorys_configuration_runs_no_program(tree: Tree, tmp_path: Path, name: str) -> None:
    """An agent may write that configuration, and we run outside of its sandbox."""
    trap = TRAPS[name]
    hooks, sprung = tmp_path / "hooks", tmp_path / "sprung"
    hooks.mkdir()
    program = hooks / "post-index-change"
    program.write_text(f"#!/bin/sh\ntouch {sprung}\ncat\n")
    program.chmod(0o700)
    tree.write(".gitattributes", "* filter=f\n*.txt filter=a.b-C\n* diff=f\n")
    tree.commit()
    with (tree.root / ".git/config").open("a") as config:
        config.write(trap.format(trap=program, hooks=hooks))
    time.sleep(0.02)
    watch = tree.watch()
    (tree.root / "a.txt").touch()
    tree.write("b.txt", "b.TXT\n")
    found = watch.compare()
    assert not sprung.exists()
    assert found.error is None
    assert MODIFIED in found.changes.values()
    (tree.root / "a.txt").touch()
    subprocess.run(["git", "status"], cwd=tree.root, check=False, capture_output=True)
    assert sprung.exists() is (name in SPRUNG_BY_STATUS)


def test_a_filter_that_cannot_be_switched_off_stops_the_looking(tree: Tree) -> None:
    """Its name would end the option that names it."""
    with (tree.root / ".git/config").open("a") as config:
        config.write('[filter "a=b"]\n clean = touch sprung\n')
    tree.write(".gitattributes", "* filter=a=b\n")
    tree.write("a.txt", "b.TXT\n")
    assert "unusual name" in str(tree.watch().compare().error)
    assert not (tree.root / "sprung").exists()


def test_a_work_tree_that_is_configured_elsewhere_is_not_looked_at(
    tree: Tree, tmp_path: Path
) -> None:
    """A repository cannot point us at another folder."""
    tree.git("config", "core.worktree", str(tmp_path))
    assert "elsewhere" in str(tree.watch().compare().error)


def test_variables_of_another_git_do_not_mislead(tree: Tree, tmp_path: Path) -> None:
    """As in a hook, where `GIT_DIR` and `GIT_INDEX_FILE` are those of the commit being made."""
    said = {"GIT_DIR": str(tmp_path / "no"), "GIT_INDEX_FILE": "no", "GIT_WORK_TREE": "/"}
    tree.world = replace(tree.world, environ={**tree.world.environ, **said})
    watch = tree.watch()
    tree.write("a.txt", "x")
    assert tree.seen(watch) == {"a.txt": MODIFIED}


def test_nothing_of_the_repository_is_written(tree: Tree) -> None:
    """Not even its index."""

    def held() -> dict[Path, int]:
        return {path: path.lstat().st_mtime_ns for path in (tree.root / ".git").rglob("*")}

    (tree.root / "a.txt").touch()
    before = held()
    watch = tree.watch()
    tree.write("b.txt", "x")
    tree.seen(watch)
    assert held() == before


def fake_git(folder: Path, script: str) -> str:
    """A PATH with a git that does this."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("exec sleep 60", "took too long"),
        ("echo 'fatal: detected dubious ownership' >&2; exit 128", "detected dubious ownership"),
        ("exit 3", "git ended with 3"),
        ("printf '1 x\\0'", "git's output is invalid"),
        ("exec yes", "more than 32 MiB"),
    ],
    ids=["hangs", "refuses", "fails", "babbles", "floods"],
)
def test_a_hanging_git_is_a_warning_and_costs_little(
    tree: Tree, tmp_path: Path, script: str, trouble: str
) -> None:
    """The end of the turn is delayed by at most the limit, and nothing is guessed."""
    path = fake_git(tmp_path / "bin", script)
    tree.world = replace(tree.world, environ={**tree.world.environ, "PATH": path})
    watch = watch_files(tree.root, tree.world, began_at=time.time())
    assert watch is not None
    started = time.monotonic()
    found = watch.compare()
    assert time.monotonic() - started < 4 * files.LIMIT_S
    assert found.changes == {}
    assert trouble in str(found.error)


def test_too_many_files_to_compare_are_reported(tree: Tree) -> None:
    """As with a folder of packages that is not ignored."""
    watch = tree.watch()
    folder = tree.root / "many"
    folder.mkdir()
    for number in range(files.MOST_FILES + 1):
        (folder / str(number)).touch()
    found = watch.compare()
    assert found == Observed(
        changes={},
        error="what changed on disk is not known:"
        f" more than {files.MOST_FILES:,} files differ from the last commit",
    )
