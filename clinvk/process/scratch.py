"""Private temporary files for a child, which exist exactly as long as the child.

A killed run cannot delete them. So this process locks the folder, and the child holds the lock too,
through the same open file. A free lock shows that both have ended, in any container of this
machine, and the folder can be deleted. A folder that is not clearly clinvk's is kept.

Folders with a user's draft or with the sessions of a trial are locked in the same way. An abandoned
one is only found here, never deleted.
"""

import fcntl
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from clinvk.errors import BackendStartError
from clinvk.model.request import FOLDER

_PREFIX = "clinvk-run-"
_NAME = re.compile(rf"{_PREFIX}[a-z0-9_]{{8}}")
_DRAFT = "PROMPT.md"
_HELD = re.compile(r"clinvk-(trial-)?[a-z0-9_]{8}")
_PRIVATE = 0o700
_YOUNG_S = 60.0
"""A folder is created shortly before it is locked, so younger ones are not checked."""


class ScratchFiles:
    """The files (0600) of an invocation in their own folder (0700).

    Without files no folder is created. The child must inherit the descriptors `keep_open`.
    """

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.keep_open: tuple[int, ...] = ()
        self._folder: Path | None = None
        self._paths: dict[str, Path] = {}
        if not files:
            return
        import tempfile  # takes 5 ms, and most invocations have no files

        try:
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self.keep_open = (_locked(self._folder),)
            for key, content in files.items():
                self._paths[key] = self._folder / key
                _write_private(self._paths[key], content)
        except OSError as error:
            self.remove()
            reason = (error.strerror or str(error)).lower()
            raise BackendStartError(
                f"the agent's temporary files cannot be written: {reason}",
                hint="set `TMPDIR` to another folder for them",
            ) from error

    def fill_in(self, argv: tuple[str, ...]) -> list[str]:
        """The argv with every `{key}` replaced by its file's path, and `{FOLDER}` by theirs."""
        return [self._filled(token) for token in argv]

    def fill_in_env(self, env: Mapping[str, str]) -> dict[str, str]:
        """The variables with every `{key}` in their values replaced by its file's path."""
        return {name: self._filled(value) for name, value in env.items()}

    def _filled(self, text: str) -> str:
        if self._folder is not None:
            text = text.replace(f"{{{FOLDER}}}", str(self._folder))
        for key, path in self._paths.items():
            text = text.replace(f"{{{key}}}", str(path))
        return text

    def remove(self) -> None:
        """Delete folder and files; a second call does nothing."""
        if self._folder is not None:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        for descriptor in self.keep_open:
            os.close(descriptor)
        self.keep_open = ()


class HeldFolder(Struct, frozen=True):
    """A private, locked folder; a child that uses it must inherit `keep_open`."""

    path: Path
    keep_open: tuple[int, ...]

    @property
    def draft(self) -> Path:
        """The file for a prompt."""
        return self.path / _DRAFT


def draft_folder() -> AbstractContextManager[HeldFolder]:
    """A folder for a prompt while it is edited; deleted at the end. Raises `OSError`."""
    return _held_folder("clinvk-")


def trial_folder() -> AbstractContextManager[HeldFolder]:
    """A folder for a trial of an agent; deleted at the end. Raises `OSError`."""
    return _held_folder("clinvk-trial-")


@contextmanager
def _held_folder(prefix: str) -> Iterator[HeldFolder]:
    import shutil
    import tempfile

    path = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        descriptor = _locked(path)
        try:
            yield HeldFolder(path, (descriptor,))
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _locked(folder: Path) -> int:
    """A descriptor with a lock. On file systems without locks, the folder is never deleted."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def iter_abandoned(*, now_s: float) -> Iterator[tuple[Path, bool]]:
    """The folders of drafts and trials whose clinvk was killed; True for a draft.

    Never raises. They are not locked, and only the user may delete them.
    """
    for path, name in _iter_left(_HELD, now_s):
        draft = name[1] is None
        if not draft or _has_draft(path):
            yield path, draft


def _has_draft(folder: Path) -> bool:
    """Whether it has a draft, or an editor's backup of one."""
    try:
        return any(one.name.removeprefix(".").startswith(_DRAFT) for one in folder.iterdir())
    except OSError:
        return False


def iter_left(*, now_s: float) -> Iterator[Path]:
    """The scratch folders of runs that have ended, at `now_s` (seconds since 1970). Never raises.

    It searches the folder in which this process creates its own.
    """
    return (path for path, _ in _iter_left(_NAME, now_s))


def _iter_left(names: re.Pattern[str], now_s: float) -> Iterator[tuple[Path, re.Match[str]]]:
    import tempfile

    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            name = names.fullmatch(entry.name)
            if name is not None and _is_left(Path(entry.path), now_s):
                yield Path(entry.path), name


def remove_left(path: Path, *, now_s: float) -> bool:
    """Delete such a folder if it is still unused; returns whether it is gone. Never raises."""
    if _NAME.fullmatch(path.name) and _is_left(path, now_s):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    return not os.path.lexists(path)


def sweep_left(*, now_s: float) -> int:
    """Delete all of them; returns their number."""
    return sum(remove_left(path, now_s=now_s) for path in list(iter_left(now_s=now_s)))


def _is_left(path: Path, now_s: float) -> bool:
    """Whether it is a folder of clinvk that no run holds any more."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        ours = found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == _PRIVATE
        if not ours or found.st_mtime > now_s - _YOUNG_S:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # a run holds it, or it cannot be locked
        return False
    finally:
        os.close(descriptor)
    return True


def _write_private(path: Path, content: str | bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        # A lone surrogate must not stop the run, and agents refuse a file that is not UTF-8.
        file.write(
            content if isinstance(content, bytes) else content.encode("utf-8", errors="replace")
        )
