"""The files that turns changed: who reported them, their paths, and how reports are merged."""

import os.path
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Change(StrEnum):
    """What happened to a file."""

    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"


class FileSource(StrEnum):
    """Who reports it: the agent, or clinvk, which compares the git work tree before and after."""

    REPORTED = "reported"
    OBSERVED = "observed"


class FileReport(Struct, frozen=True, kw_only=True):
    """A file that a turn changed.

    The path is absolute in records and published JSON; only the agent's own event has the path as
    the agent gave it. A file that is both reported and observed is `REPORTED`.
    """

    path: str
    change: Change
    source: FileSource = FileSource.REPORTED


def file_to_json(file: FileReport) -> dict[str, str]:
    """A changed file in the form for published JSON and records."""
    return {"path": file.path, "change": file.change.value, "source": file.source.value}


def absolute_path(path: str, cwd: str) -> str:
    """The absolute path, computed without the file system."""
    return os.path.normpath(os.path.join(cwd, path))  # noqa: PTH118  pure, and names need not be UTF-8


def shown_path(path: str, cwd: str) -> str:
    """The path for display: relative to `cwd` if it is below it."""
    return path.removeprefix(f"{cwd.rstrip('/')}/") or path


def shown_paths(text: str, cwd: str) -> str:
    """The text with the paths in it for display: those below `cwd` are relative."""
    if not cwd.strip("/"):
        return text
    if text == cwd:
        return "."
    return re.sub(rf"(^|[\s`'\",(:]){re.escape(cwd.rstrip('/'))}/(?=[^\s/])", r"\1", text)


def merged_files(
    reported: Iterable[FileReport], observed: Mapping[str, Change], cwd: str
) -> tuple[FileReport, ...]:
    """Each file once: the agent's files in their order, then the other observed ones.

    For the kind of change, observation overrides the agent's report.
    """
    files: dict[str, FileReport] = {}
    for file in reported:
        path = absolute_path(file.path, cwd)
        files[path] = replace(file, path=path, change=observed.get(path, file.change))
    for path, change in observed.items():
        if path not in files:
            files[path] = FileReport(path=path, change=change, source=FileSource.OBSERVED)
    return tuple(files.values())


def over_turns(turns: Iterable[Iterable[FileReport]]) -> tuple[FileReport, ...]:
    """Each file once, with its change over all turns: created and then modified is created."""
    files: dict[str, FileReport] = {}
    for turn in turns:
        for file in turn:
            before = files.get(file.path)
            stays = (
                before is not None
                and before.change is Change.CREATED
                and file.change is Change.MODIFIED
            )
            files[file.path] = replace(file, change=Change.CREATED) if stays else file
    return tuple(files.values())
