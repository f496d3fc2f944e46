"""The home: whether it exists, is writable, has space, and is private."""

import os
import stat
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from clinvk.errors import StoreError
from clinvk.model.finding import CloseToOthers, Finding
from clinvk.services.doctor.findings import Report, command, problem, warning
from clinvk.services.doctor.survey import Survey, nearest_existing
from clinvk.store.home import HOME_VARIABLE, Home
from clinvk.store.home_entries import HomeEntry, find_entry, iter_folder, our_folders

LOW_BYTES = 100 * 1024 * 1024
"""Less than this is low: a record needs 1 kB, but a full disk also stops the agents."""

_OTHERS = 0o077
_WRITERS = 0o022


def check_home(survey: Survey, *, low_bytes: int = LOW_BYTES) -> Report:
    """Check the folder itself, then our files in it."""
    home = survey.world.home
    there = home.root.is_dir()
    findings = [*_relative(survey), *_usable(home), *_space(home.root, low_bytes)]
    if there:
        findings += [*_root_mode(home.root), *_links(home), *_entries(home)]
    return str(home.root) if there else f"{home.root} (nothing recorded yet)", findings


def _relative(survey: Survey) -> Iterator[Finding]:
    root = survey.world.home.root
    if not root.is_absolute():
        yield warning(
            "home_relative",
            "the home is a relative path, so each directory has its own",
            where=HOME_VARIABLE,
            command=f"export {command(f'{HOME_VARIABLE}={survey.world.cwd / root}')}",
        )


def _usable(home: Home) -> Iterator[Finding]:
    """Whether it is writable, or, if it does not exist, whether it can be created."""
    if home.root.is_symlink() and not home.root.exists():
        target = home.root.parent / os.readlink(home.root)  # noqa: PTH115  as it is written there
        yield problem(
            "home_link_broken",
            f"the home is a link to `{target}`, which does not exist",
            where=str(home.root),
            command=command("mkdir", "-p", target),
        )
        return
    top = nearest_existing(home.root.absolute())
    if not top.is_dir():
        yield problem(
            "home_not_a_folder",
            "the path of the home is not a folder",
            where=str(top),
            command=command("mv", top, f"{top}.old"),
        )
        return
    folders = (home.root, *our_folders(home)) if home.root.is_dir() else (top,)
    effective = os.access in os.supports_effective_ids
    for folder in folders:
        access = os.R_OK | os.W_OK | os.X_OK
        if folder.is_dir() and not os.access(folder, access, effective_ids=effective):
            yield problem(
                "home_not_writable",
                "no session can be recorded: this folder is not writable",
                where=str(folder),
                remedy=f"make it writable, or move the home with `{HOME_VARIABLE}`",
                command=command("chmod", "u+rwx", folder)
                if folder.stat().st_uid == os.geteuid()
                else None,
            )


def _space(root: Path, low_bytes: int) -> Iterator[Finding]:
    top = nearest_existing(root.absolute())
    found = os.statvfs(top)
    free = found.f_bavail * found.f_frsize
    if free < low_bytes:
        yield warning(
            "space_low",
            f"only {free >> 20} MiB are free on the disk",
            where=str(top),
            remedy="free some space; remove old sessions with",
            command=command("clinvk", "sessions", "clean", "--older-than", "30d"),
        )


def _root_mode(root: Path) -> Iterator[Finding]:
    """The home may be shared on purpose, so others may read it, but not write to it."""
    found = root.stat()
    if found.st_mode & _WRITERS:
        yield problem(
            "home_open",
            f"other users can write here (mode {stat.S_IMODE(found.st_mode):o})",
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
        kind = ("not_a_folder", "this is not a folder")
        if entry.is_link:
            kind = ("folder_is_link", "this is a symbolic link, so it is not used")
        yield problem(
            *kind,
            where=str(folder),
            remedy=f"replace it with the folder, or move the whole home with `{HOME_VARIABLE}`",
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
            yield problem(
                "folder_unreadable",
                error.message,
                where=str(folder),
                command=command("chmod", "u+rwx", folder),
            )
    config = find_entry(home.config_file)
    if config is not None and config.is_file:
        yield from _modes([config])


def _modes(entries: list[HomeEntry]) -> Iterator[Finding]:
    ours = os.geteuid()
    mine = [one for one in entries if one.found.st_uid == ours]
    open_ones = [one.path for one in mine if one.found.st_mode & _OTHERS]
    if open_ones:
        yield problem(
            "open_to_others",
            _counted(open_ones, "is", "are") + " open to others",
            where=str(open_ones[0]),
            command=_on_all("chmod", "go=", open_ones),
            repair=CloseToOthers(paths=tuple(open_ones)),
        )
    uid_of = attrgetter("found.st_uid")
    foreign = sorted((one for one in entries if uid_of(one) != ours), key=uid_of)
    for uid, group in groupby(foreign, key=uid_of):
        yield _owner([one.path for one in group], uid)


def _owner(paths: list[Path], uid: int) -> Finding:
    ours = os.geteuid()
    line = _on_all("chown", str(ours), paths)
    return problem(
        "not_ours",
        f"{_counted(paths, 'belongs', 'belong')} to user {uid}, and you are {ours}",
        where=str(paths[0]),
        command=line if ours == 0 else f"sudo {line}",
    )


def _counted(paths: list[Path], one: str, many: str) -> str:
    return f"it {one}" if len(paths) == 1 else f"this and {len(paths) - 1:,} more {many}"


def _on_all(program: str, change: str, paths: list[Path]) -> str:
    if len(paths) == 1:
        return command(program, change, paths[0])
    return command(program, "-R", change, paths[0].parent)
