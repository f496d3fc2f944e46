"""Writing so that a file is whole or as it was, private, and on the disk when we say so."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from clinvk.errors import StoreError

FILE_MODE = 0o600
FOLDER_MODE = 0o700

CHUNK = 1024 * 1024

Place = Callable[[Path, Path], object]
"""Renames the first to the second, which it replaces. Raises `OSError`."""

_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})
"""What a file system answers that cannot sync a folder; the rename has taken place by then."""


def ensure_private_dir(path: Path, *, may_be_link: bool = False) -> None:
    """Make sure that `path` is a folder; whatever is created is 0700, whatever the umask.

    A folder of ours that is there and open to others is closed to them if it is ours to close. With
    `may_be_link` the folder is the person's choice (the home): it may be a symlink, and if it is
    there it is left as it is, because it may well be shared with other programs. Raises
    `StoreError`.
    """
    try:
        _create(path)
        if not may_be_link:
            refuse_link(path)
        found = path.stat() if may_be_link else path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise StoreError(f"cannot use `{path}`: it is not a folder")
        if not may_be_link and found.st_mode & 0o077 and found.st_uid == os.geteuid():
            path.chmod(FOLDER_MODE)
    except OSError as error:
        raise StoreError(f"cannot create `{path}`: {reason(error)}") from error


def refuse_link(path: Path) -> None:
    """Raise `StoreError` for a folder of ours that is a symlink: it is not ours where it leads."""
    if os.path.islink(path):
        raise StoreError(
            f"cannot use `{path}`: it is a symbolic link",
            hint="put a folder in its place, or move the whole home with CLINVK_HOME",
        )


def write_private(
    path: Path, data: bytes, *, staging: Path | None = None, place: Place = Path.replace
) -> None:
    """Replace `path` by `data`, 0600: afterwards it is on the disk, or the old file is untouched.

    A symlink at `path` is replaced, never followed. Raises `StoreError`; the temporary file is gone
    then, too. It is written in `staging`, a folder of the same file system, so that the folder of
    `path` changes in one step; without it beside `path`. `place` renames it to `path`.
    """
    temporary = (staging or path.parent) / f".{path.name}.{os.urandom(6).hex()}.tmp"
    try:
        try:
            _write_new(temporary, data)
            place(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write `{path}`: {reason(error)}") from error


def open_private(path: Path, flags: int) -> int:
    """Open a file of ours for writing, creating it 0600; returns the descriptor.

    Never follows a symlink, never waits (a fifo), and refuses all but regular files with `OSError`.
    A file that has a second name (a hard link, such as `cp -al` makes for a backup) is first
    replaced by a copy, so that nothing is written under the other one.
    """
    flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, FILE_MODE)
    try:
        found = require_regular(descriptor)
        if found.st_nlink > 1:
            _copy_in_place(path)
            os.close(descriptor)
            descriptor = os.open(path, flags, FILE_MODE)
            found = require_regular(descriptor)
        if stat.S_IMODE(found.st_mode) != FILE_MODE and found.st_uid == os.geteuid():
            os.fchmod(descriptor, FILE_MODE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def open_regular(path: Path | str) -> int:
    """Open a file of ours for reading; refuses symlinks, fifos and folders with `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        require_regular(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def require_regular(descriptor: int) -> os.stat_result:
    """What is open, provided that it is a regular file; `OSError` if not."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return found


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`; a disk that fills up on the way is an `OSError`."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def copy_content(source: Path, copy: Path) -> None:
    """Write what `source` has to the new file `copy`, onto the disk. Raises `OSError`."""
    reading = open_regular(source)
    try:
        writing = open_private(copy, os.O_WRONLY | os.O_EXCL)
        try:
            while chunk := os.read(reading, CHUNK):
                write_all(writing, chunk)
            os.fsync(writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def sync_folder(folder: Path) -> None:
    """Put the names in `folder` on the disk, where the file system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise


def reason(error: OSError) -> str:
    """Why the system refused, in its own words, for the end of one of our sentences."""
    if error.errno == errno.ELOOP:
        return "it is a symbolic link"
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]


def _create(path: Path) -> None:
    """Create `path` and what is missing above it."""
    try:
        _create_one(path)
    except FileNotFoundError:
        if os.path.isdir(path.parent):  # `/proc` says so of whatever one would create in it
            raise
        _create(path.parent)
        _create_one(path)  # not again from the start: the parent may be a link to nowhere


def _create_one(path: Path) -> None:
    try:
        path.mkdir(FOLDER_MODE)
    except FileExistsError:
        return
    path.chmod(FOLDER_MODE)


def _copy_in_place(path: Path) -> None:
    """Let `path` be a file of its own, with the same content."""
    temporary = path.parent / f".{path.name}.{os.urandom(6).hex()}.tmp"
    try:
        copy_content(path, temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _write_new(path: Path, data: bytes) -> None:
    descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
