"""The home: whether it exists, is writable, has space, and is private."""

import os
import stat
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

from clinvk.errors import StoreError
from clinvk.model.finding import Area, Checked, CloseToOthers, Finding, Severity
from clinvk.services.doctor.shell import command
from clinvk.services.doctor.survey import Survey, nearest_existing
from clinvk.store.home import HOME_VARIABLE, Home
from clinvk.store.home_entries import HomeEntry, find_entry, iter_folder, our_folders

LOW_BYTES = 100 * 1024 * 1024
"""Less than this is low: a record needs 1 kB, but a full disk also stops the agents."""

_finding = partial(Finding, area=Area.HOME)
_OTHERS = 0o077
_WRITERS = 0o022


def check_home(survey: Survey, *, low_bytes: int = LOW_BYTES) -> Checked:
    """Check the folder itself, then our files in it."""
    home = survey.world.home
    there = home.root.is_dir()
    findings = [*_relative(survey), *_usable(home), *_space(home.root, low_bytes)]
    if there:
        findings += [*_root_mode(home.root), *_links(home), *_entries(home)]
    summary = str(home.root) if there else f"{home.root} (nothing recorded yet)"
    return Checked(area=Area.HOME, summary=summary, findings=tuple(findings))


def _relative(survey: Survey) -> Iterator[Finding]:
    root = survey.world.home.root
    if not root.is_absolute():
        yield _finding(
            severity=Severity.WARNING,
            code="home_relative",
            message="the home is a relative path, so each directory has its own",
            where=HOME_VARIABLE,
            command=f"export {command(f'{HOME_VARIABLE}={survey.world.cwd / root}')}",
        )


def _usable(home: Home) -> Iterator[Finding]:
    """Whether it is writable, or, if it does not exist, whether it can be created."""
    if home.root.is_symlink() and not home.root.exists():
        target = home.root.parent / os.readlink(home.root)  # noqa: PTH115  as it is written there
        yield _finding(
            severity=Severity.PROBLEM,
            code="home_link_broken",
            message=f"the home is a link to `{target}`, which does not exist",
            where=str(home.root),
            command=command("mkdir", "-p", target),
        )
        return
    top = nearest_existing(home.root.absolute())
    if not top.is_dir():
        yield _finding(
            severity=Severity.PROBLEM,
            code="home_not_a_folder",
            message="the path of the home is not a folder",
            where=str(top),
            command=command("mv", top, f"{top}.old"),
        )
        return
    folders = (home.root, *our_folders(home)) if home.root.is_dir() else (top,)
    for folder in folders:
        if folder.is_dir() and not _may_write(folder):
            yield _finding(
                severity=Severity.PROBLEM,
                code="home_not_writable",
                message="no session can be recorded: this folder is not writable",
                where=str(folder),
                remedy=f"make it writable, or move the home with `{HOME_VARIABLE}`",
                command=command("chmod", "u+rwx", folder) if _is_ours(folder) else None,
            )


def _may_write(folder: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=effective)


def _is_ours(path: Path) -> bool:
    return path.stat().st_uid == os.geteuid()


def _space(root: Path, low_bytes: int) -> Iterator[Finding]:
    top = nearest_existing(root.absolute())
    found = os.statvfs(top)
    free = found.f_bavail * found.f_frsize
    if free < low_bytes:
        yield _finding(
            severity=Severity.WARNING,
            code="space_low",
            message=f"only {free >> 20} MiB are free on the disk",
            where=str(top),
            remedy="free some space; remove old sessions with",
            command=command("clinvk", "sessions", "clean", "--older-than", "30d"),
        )


def _root_mode(root: Path) -> Iterator[Finding]:
    """The home may be shared on purpose, so others may read it, but not write to it."""
    found = root.stat()
    if found.st_mode & _WRITERS:
        yield _finding(
            severity=Severity.PROBLEM,
            code="home_open",
            message=f"other users can write here (mode {stat.S_IMODE(found.st_mode):o})",
            where=str(root),
            command=command("chmod", "go-w", root),
        )
    if found.st_uid != os.geteuid():
        yield _owner([root], found.st_uid)


def _links(home: Home) -> Iterator[Finding]:
    """A folder of ours that is a symbolic link is not used: it could lead anywhere."""
    for folder in our_folders(home):
        entry = find_entry(folder)
        if entry is None or entry.is_folder:
            continue
        target = Path(os.path.realpath(folder))
        back = entry.is_link and target.is_dir()
        move = f"{command('rm', folder)} && {command('mv', target, folder)}"
        yield _finding(
            severity=Severity.PROBLEM,
            code="folder_is_link" if entry.is_link else "not_a_folder",
            message="this is a symbolic link, so it is not used"
            if entry.is_link
            else "this is not a folder",
            where=str(folder),
            remedy=f"replace it by the folder, or move the whole home with `{HOME_VARIABLE}`",
            command=move if back else command("mv", folder, f"{folder}.old"),
        )


def _entries(home: Home) -> Iterator[Finding]:
    """Files and folders that other users can open, or that belong to another user."""
    for folder in our_folders(home):
        entry = find_entry(folder)
        if entry is None or not entry.is_folder:
            continue
        try:
            yield from _modes([entry])
            yield from _modes([one for one in iter_folder(folder) if not one.is_link])
        except StoreError as error:
            yield _finding(
                severity=Severity.PROBLEM,
                code="folder_unreadable",
                message=error.message,
                where=str(folder),
                command=command("chmod", "u+rwx", folder),
            )
    config = find_entry(home.config_file)
    if config is not None and config.is_file:
        yield from _modes([config])


def _modes(entries: list[HomeEntry]) -> Iterator[Finding]:
    open_ones = [one.path for one in entries if one.found.st_mode & _OTHERS and _mine(one)]
    if open_ones:
        yield _finding(
            severity=Severity.PROBLEM,
            code="open_to_others",
            message=_counted(open_ones, "is", "are") + " open to others",
            where=str(open_ones[0]),
            command=_on_all("chmod", "go=", open_ones),
            repair=CloseToOthers(paths=tuple(open_ones)),
        )
    foreign = sorted((one for one in entries if not _mine(one)), key=_uid)
    for uid, group in groupby(foreign, key=_uid):
        yield _owner([one.path for one in group], uid)


def _owner(paths: list[Path], uid: int) -> Finding:
    ours = os.geteuid()
    line = _on_all("chown", str(ours), paths)
    return _finding(
        severity=Severity.PROBLEM,
        code="not_ours",
        message=f"{_counted(paths, 'belongs', 'belong')} to user {uid}, and you are {ours}",
        where=str(paths[0]),
        command=line if ours == 0 else f"sudo {line}",
    )


def _counted(paths: list[Path], one: str, many: str) -> str:
    return f"it {one}" if len(paths) == 1 else f"this and {len(paths) - 1:,} more {many}"


def _on_all(program: str, change: str, paths: list[Path]) -> str:
    if len(paths) == 1:
        return command(program, change, paths[0])
    return command(program, "-R", change, paths[0].parent)


def _mine(entry: HomeEntry) -> bool:
    return entry.found.st_uid == os.geteuid()


def _uid(entry: HomeEntry) -> int:
    return entry.found.st_uid
