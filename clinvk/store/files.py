"""Writes files atomically, privately (0600), and synced to the disk."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from clinvk.errors import StoreError

FILE_MODE = 0o600
FOLDER_MODE = 0o700

CHUNK = 1024 * 1024

Place = Callable[[Path, Path], object]
"""Renames the first path to the second, replacing it. Raises `OSError`."""

_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})
"""The errors of file systems that cannot sync a folder; the rename has happened by then."""


def ensure_private_dir(path: Path, *, may_be_link: bool = False) -> None:
    """Make sure that `path` is a folder; new folders get mode 0700, regardless of the umask.

    An existing folder that other users can access becomes 0700 if this user owns it. With
    `may_be_link` the user chose the folder (the home): it may be a symlink, and an existing one is
    not changed, because other programs may share it. Raises `StoreError`.
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
    """Raise `StoreError` for a folder that is a symlink: its target may not belong to clinvk."""
    if os.path.islink(path):
        raise StoreError(
            f"cannot use `{path}`: it is a symbolic link",
            hint="replace it with a folder, or move the whole home with CLINVK_HOME",
        )


def write_private(
    path: Path, data: bytes, *, staging: Path | None = None, place: Place = Path.replace
) -> None:
    """Replace the file `path` by `data`, 0600 and synced to the disk.

    A symlink at `path` is replaced, never followed. Raises `StoreError`; then the old file is
    unchanged and the temporary file is deleted. The temporary file is in `staging`, a folder on the
    same file system, so that the folder of `path` changes only once; by default it is next to
    `path`. `place` renames it to `path`.
    """
    try:
        with temporary_file(path, staging or path.parent) as temporary:
            _write_new(temporary, data)
            place(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write `{path}`: {reason(error)}") from error


def sync_files(paths: Sequence[Path]) -> None:
    """Sync the content of all these files to the disk. Raises `OSError`."""
    # One wait for all; file by file, each would wait for the disk's journal by itself.
    if paths and all(map(_sync_file_system, {path.parent for path in paths})):
        return
    for path in paths:
        with regular_file(path) as descriptor:
            os.fsync(descriptor)


def _sync_file_system(folder: Path) -> bool:
    """Whether all that was written to the folder's file system is on the disk now.

    `syncfs` of Linux waits for the writing, and from 5.8 on reports its errors. False if there is
    none, or it failed.
    """
    import ctypes  # takes 3 ms, and only many files at once need it

    sync = getattr(ctypes.CDLL(None), "syncfs", None)
    if sync is None:
        return False
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return bool(sync(descriptor) == 0)
        finally:
            os.close(descriptor)
    return False


@contextmanager
def temporary_file(path: Path, folder: Path) -> Iterator[Path]:
    """The path of a temporary file in `folder` for `path`; it is deleted if it is still there."""
    temporary = folder / f".{path.name}.{os.urandom(6).hex()}.tmp"
    try:
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink()


def open_private(path: Path, flags: int) -> int:
    """Open a file for writing, creating it 0600; returns the descriptor.

    Never follows a symlink, never blocks (on a fifo), and raises `OSError` for anything but a
    regular file. A file with a second hard link (as `cp -al` makes for a backup) is first replaced
    by a copy, so that the other file does not change.
    """
    flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, FILE_MODE)
    try:
        found = _stat_regular(descriptor)
        if found.st_nlink > 1:
            _copy_in_place(path)
            os.close(descriptor)
            descriptor = os.open(path, flags, FILE_MODE)
            found = _stat_regular(descriptor)
        if stat.S_IMODE(found.st_mode) != FILE_MODE and found.st_uid == os.geteuid():
            os.fchmod(descriptor, FILE_MODE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def open_regular(path: Path | str) -> int:
    """Open a file for reading; raises `OSError` for symlinks, fifos and folders."""
    return require_regular(
        os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    )


@contextmanager
def regular_file(path: Path | str) -> Iterator[int]:
    """The descriptor of a file that is open for reading; raises like `open_regular`."""
    descriptor = open_regular(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def stored_file(path: Path) -> Iterator[int]:
    """Like `regular_file`, but raises `FileNotFoundError`, and `StoreError` for other errors."""
    try:
        with regular_file(path) as descriptor:
            yield descriptor
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"cannot read `{path}`: {reason(error)}") from error


def require_regular(descriptor: int) -> int:
    """The descriptor of a regular file; anything else is closed, and `OSError` is raised."""
    try:
        _stat_regular(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _stat_regular(descriptor: int) -> os.stat_result:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return found


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`. Raises `OSError`, for example if the disk is full."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def copy_content(source: Path, copy: Path) -> None:
    """Copy the content of `source` to the new file `copy` and sync it. Raises `OSError`."""
    with regular_file(source) as reading:
        writing = open_private(copy, os.O_WRONLY | os.O_EXCL)
        try:
            while chunk := os.read(reading, CHUNK):
                write_all(writing, chunk)
            os.fsync(writing)
        finally:
            os.close(writing)


def sync_folder(folder: Path) -> None:
    """Sync the entries of `folder` to the disk, if the file system supports it."""
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
    """The system's message for an error, to use at the end of a sentence."""
    if error.errno == errno.ELOOP:
        return "it is a symbolic link"
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]


def _create(path: Path) -> None:
    """Create `path` and its missing parents."""
    try:
        _create_one(path)
    except FileNotFoundError:
        if os.path.isdir(path.parent):  # `/proc` reports this for anything created in it
            raise
        _create(path.parent)
        _create_one(path)  # no recursion: the parent may be a dangling link


def _create_one(path: Path) -> None:
    try:
        path.mkdir(FOLDER_MODE)
    except FileExistsError:
        return
    path.chmod(FOLDER_MODE)


def _copy_in_place(path: Path) -> None:
    """Replace `path` by a copy, so that it has no other hard link."""
    with temporary_file(path, path.parent) as temporary:
        copy_content(path, temporary)
        temporary.replace(path)


def _write_new(path: Path, data: bytes) -> None:
    descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
