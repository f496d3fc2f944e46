"""Lists the files and folders in the home with their modes and owners."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from clinvk.errors import StoreError
from clinvk.store.files import reason
from clinvk.store.home import Home


class HomeEntry(Struct, frozen=True, kw_only=True):
    """A file or folder in the home, with its `lstat` result."""

    path: Path
    found: os.stat_result

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder (not a link to one)."""
        return stat.S_ISDIR(self.found.st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.found.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.found.st_mode)


def our_folders(home: Home) -> tuple[Path, ...]:
    """The folders inside the home that only clinvk uses."""
    return (home.sessions, home.transcripts, home.locks, home.cache)


def find_entry(path: Path) -> HomeEntry | None:
    """The file or folder at `path`; None if it does not exist or cannot be accessed."""
    try:
        return HomeEntry(path=path, found=path.lstat())
    except OSError:
        return None


def iter_folder(folder: Path) -> Iterator[HomeEntry]:
    """The entries of `folder`; none if it is missing, a link or a file. Raises `StoreError`."""
    entry = find_entry(folder)
    if entry is None or not entry.is_folder:
        return
    try:
        with os.scandir(folder) as listing:
            for one in listing:
                with suppress(FileNotFoundError):  # deleted since it was listed
                    found = one.stat(follow_symlinks=False)
                    yield HomeEntry(path=Path(one.path), found=found)
    except OSError as error:
        raise StoreError(f"cannot read `{folder}`: {reason(error)}") from error


def close_to_others(path: Path) -> None:
    """Remove all permissions of group and others on `path`. Raises `OSError`, also for a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        os.fchmod(descriptor, mode & 0o700)
    finally:
        os.close(descriptor)
