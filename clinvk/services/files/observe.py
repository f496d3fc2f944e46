"""Finds what a turn changed on disk, by comparing the git work tree before and after it.

This includes what an agent changes through a shell. The first snapshot is taken in a thread while
the agent starts, so it costs almost no time: an agent needs 70 ms and more before it reads its
prompt, a snapshot of a small repository 10 ms. The prompt waits for it for at most `HEAD_START_S`.
A file that was changed between the start and the snapshot has a later `ctime`, which programs
cannot set. It is left out of the snapshot, and compared with the commit.
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
"""Time limit of each of the two snapshots; the second one is added to the end of the turn."""

MOST_FILES = 5_000
"""If more files than this differ from the last commit, nothing is compared."""


class Observed(Struct, frozen=True, kw_only=True):
    """What changed, by absolute path; `error` is why that is not known, else None."""

    changes: Mapping[str, Change]
    error: str | None = None


def watch_files(cwd: Path, world: World, *, began_at: float) -> "FileWatch | None":
    """Start to watch the work tree that contains `cwd`; None if there is none, or without git.

    `began_at` (seconds since 1970) is a time before the agent was started.
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
    """A work tree with a snapshot before the turn and one after it."""

    def __init__(
        self, repository: Repository, *, began_at: float, clock: Callable[[], float]
    ) -> None:
        self._repository = repository
        self._began_ns = int(began_at * 1e9)
        self._clock = clock
        self._before: Snapshot | None = None
        self._error = "the first snapshot took too long"
        # A daemon, because clinvk must exit even if git hangs in the kernel.
        self._thread = Thread(target=self._look_before, daemon=True, name="clinvk-files")
        try:
            self._thread.start()
        except RuntimeError as error:  # no thread available
            self._error = str(error)

    def wait(self, timeout_s: float = HEAD_START_S) -> None:
        """Wait for the first snapshot, at most `timeout_s` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def compare(self) -> Observed:
        """What has changed since the start; takes at most `LIMIT_S` and never raises."""
        left = self._limit()
        self.wait(left())
        before = self._before
        if before is None:
            return _unknown(self._error)
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
        except (GitError, TimeoutError) as error:
            self._error = str(error) or self._error

    def _limit(self) -> Left:
        until = self._clock() + LIMIT_S
        return lambda: until - self._clock()

    def _without_late(self, before: Snapshot) -> Snapshot:
        """The snapshot without files that were changed since the start of the turn.

        A missing file counts as deleted since then if its folder was changed since then.
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
    return Observed(changes={}, error=f"what changed on disk is not known: {why}")


def _look(repository: Repository, left: Left, *, known: Snapshot | None = None) -> Snapshot:
    """A snapshot of the work tree, including the files in `known`."""
    status = repository.status(left)
    earlier = known.on_disk if known else {}
    paths = {**dict.fromkeys(status.in_head), **dict.fromkeys(earlier)}
    if len(paths) > MOST_FILES:
        raise GitError(f"more than {MOST_FILES:,} files differ from the last commit")
    algorithm = "sha256" if len(status.head or "") == 64 else "sha1"
    root = os.fsencode(repository.root)
    held = on_disk(root, paths, algorithm=algorithm, left=left, known=earlier)
    return Snapshot(status=status, on_disk=held)
