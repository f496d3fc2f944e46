"""Computes the git object ids of files in a work tree.

git itself would run the filters of the repository's configuration.
"""

import os
import stat
from collections.abc import Callable, Iterable, Mapping

from clinvk.services.files.worktree import OnDisk

LARGEST_READ = 8 * 1024 * 1024
"""A larger file is compared only by its stamp."""

MOST_READ = 64 * 1024 * 1024
"""Maximum number of bytes read in total; further files are compared only by their stamp."""


def on_disk(
    root: bytes,
    paths: Iterable[bytes],
    *,
    algorithm: str,
    left: Callable[[], float],
    known: Mapping[bytes, OnDisk | None],
) -> dict[bytes, OnDisk | None]:
    """The current state of each path below `root`; None if the file does not exist.

    A file with the same stamp as in `known` is not read again. Symlinks are not followed, and only
    regular files are opened. Raises `TimeoutError` when no time is `left`.
    """
    found: dict[bytes, OnDisk | None] = {}
    room = MOST_READ
    for path in paths:
        if left() <= 0:
            raise TimeoutError
        full = os.path.join(root, path)  # noqa: PTH118  names are bytes, and there may be many
        try:
            held = os.lstat(full)
        except OSError:
            held = None
        if held is None or stat.S_ISDIR(held.st_mode):
            found[path] = None
            continue
        stamp = (held.st_size, held.st_mtime_ns, held.st_ctime_ns, held.st_ino)
        before = known.get(path)
        if before is not None and before.stamp == stamp:
            found[path] = before
            continue
        oid = None
        if held.st_size <= min(LARGEST_READ, room):
            content = _content(full, held)
            room -= held.st_size
            oid = None if content is None else _oid(content, algorithm)
        found[path] = OnDisk(mode=_git_mode(held.st_mode), oid=oid, stamp=stamp)
    return found


def _content(path: bytes, held: os.stat_result) -> bytes | None:
    try:
        if stat.S_ISLNK(held.st_mode):
            return os.readlink(path)  # noqa: PTH115  as above
        if not stat.S_ISREG(held.st_mode):
            return None
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return file.read(LARGEST_READ + 1) if regular else None
    except OSError:
        return None


def _oid(content: bytes, algorithm: str) -> str:
    from hashlib import new  # takes 2 ms, and only a work tree with changes needs it

    digest = new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def _git_mode(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "120000"
    if not stat.S_ISREG(mode):
        return "other"
    return "100755" if mode & stat.S_IXUSR else "100644"
