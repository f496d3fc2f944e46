"""What a turn changed on disk, seen by comparing the git work tree before and after it.

So that also what an agent does through a shell counts. The first look is taken while the agent
starts up, in a thread, and so costs a turn next to nothing: an agent takes 70 ms and more before it
reads its prompt, a look at a small repository 10. The prompt is held back for it for `HEAD_START_S`
at most. Whatever was touched after the start and before that look was done is told by its
`ctime`, which nobody can set: it counts as not looked at, and is compared with the commit.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread

from msgspec import Struct
from msgspec.structs import replace

from clinvk.model.events import Change
from clinvk.services.agents.programs import which
from clinvk.services.files.blobs import on_disk
from clinvk.services.files.git import GitError, Left, Repository
from clinvk.services.files.repositories import repository_root
from clinvk.services.files.worktree import OnDisk, Snapshot, changes_between
from clinvk.services.world import World

HEAD_START_S = 0.05
LIMIT_S = 2.0
"""What looking may take before the turn, and what it may add to its end."""

MOST_FILES = 5_000
"""With more files than this that differ from the last commit nothing is compared."""


class Observed(Struct, frozen=True, kw_only=True):
    """What changed, by absolute path; `trouble` is why that cannot be told, None if it can."""

    changes: Mapping[str, Change]
    trouble: str | None = None


def watch_files(cwd: Path, world: World, *, began_at: float) -> "FileWatch | None":
    """Begin to look at the work tree around `cwd`; None outside of one, or without git.

    `began_at` (seconds since 1970) is a moment before the agent was started.
    """
    root = repository_root(cwd)
    git = which("git", world.environ) if root else None
    if root is None or git is None:
        return None
    return FileWatch(
        Repository(root=root, git=git, environ=world.environ),
        began_at=began_at,
        clock=world.monotonic,
    )


class FileWatch:
    """A work tree that is looked at twice."""

    def __init__(
        self, repository: Repository, *, began_at: float, clock: Callable[[], float]
    ) -> None:
        self._repository = repository
        self._began_ns = int(began_at * 1e9)
        self._clock = clock
        self._before: Snapshot | None = None
        self._trouble = "the first look at it took too long"
        # A daemon: a git that hangs in the kernel must not keep clinvk from ending.
        self._thread = Thread(target=self._look_before, daemon=True, name="clinvk-files")
        try:
            self._thread.start()
        except RuntimeError as error:  # no thread to be had
            self._trouble = str(error)

    def wait(self, timeout_s: float = HEAD_START_S) -> None:
        """Wait for the first look, but no longer than `timeout_s`."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def compare(self) -> Observed:
        """What has changed since the beginning; takes `LIMIT_S` at most and never raises."""
        left = self._limit()
        self.wait(left())
        before = self._before
        if before is None:
            return _unknown(self._trouble)
        try:
            after = _look(self._repository, left, known=before)
            commits = self._repository.tree_changes(before.status.head, after.status.head, left)
        except (GitError, TimeoutError) as error:
            return _unknown(str(error) or "comparing the files took too long")
        root = os.fsencode(self._repository.root)
        changes = changes_between(before, after, commits)
        return Observed(
            changes={
                os.fsdecode(os.path.join(root, path)): how  # noqa: PTH118  names are bytes
                for path, how in changes.items()
            }
        )

    def _look_before(self) -> None:
        try:
            self._before = self._without_late(_look(self._repository, self._limit()))
        except GitError as error:
            self._trouble = str(error)
        except TimeoutError:
            pass

    def _limit(self) -> Left:
        until = self._clock() + LIMIT_S
        return lambda: until - self._clock()

    def _without_late(self, before: Snapshot) -> Snapshot:
        """Without the files that were touched before they were looked at.

        A file that is gone was taken away then if its folder was touched since.
        """

        def is_late(path: bytes, held: OnDisk | None) -> bool:
            if held is not None:
                return held.touched_ns >= self._began_ns
            folder = os.fsencode(self._repository.root) + b"/" + path.rpartition(b"/")[0]
            try:
                return os.lstat(folder).st_mtime_ns >= self._began_ns
            except OSError:
                return True

        early = {path: held for path, held in before.on_disk.items() if not is_late(path, held)}
        return replace(before, on_disk=early)


def _unknown(why: str) -> Observed:
    return Observed(changes={}, trouble=f"what changed on disk is not known: {why}")


def _look(repository: Repository, left: Left, *, known: Snapshot | None = None) -> Snapshot:
    """The work tree now, and as well what has become of the files in `known`."""
    status = repository.status(left)
    earlier = known.on_disk if known else {}
    paths = {**dict.fromkeys(status.in_head), **dict.fromkeys(earlier)}
    if len(paths) > MOST_FILES:
        raise GitError(f"more than {MOST_FILES:,} files differ from the last commit")
    algorithm = "sha256" if len(status.head or "") == 64 else "sha1"
    held = on_disk(
        str(repository.root), paths, algorithm=algorithm, left=left, known=earlier or None
    )
    return Snapshot(status=status, on_disk=held)
