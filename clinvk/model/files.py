"""The files that turns changed: whose word it is, how their paths are said, and several as one."""

import os.path
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Change(StrEnum):
    """What became of a file."""

    CREATED = "created"
    MODIFIED = "modified"
    DELETED = "deleted"


class FileSource(StrEnum):
    """Who says so: the agent, or clinvk, which compared the git work tree before and after."""

    REPORTED = "reported"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """A file that a turn changed.

    In what is recorded and published the path is absolute; only an agent's own event has it as the
    agent said it. What the agent reported is `REPORTED` also if it was observed as well.
    """

    path: str
    change: Change
    source: FileSource = FileSource.REPORTED


def file_to_json(file: FileReport) -> dict[str, str]:
    """A changed file as it is published and recorded."""
    return {"path": file.path, "change": file.change.value, "source": file.source.value}


def absolute_path(path: str, cwd: str) -> str:
    """The path as it is from anywhere, by its letters alone."""
    return os.path.normpath(os.path.join(cwd, path))  # noqa: PTH118  pure, and names need not be UTF-8


def shown_path(path: str, cwd: str) -> str:
    """The path for a person who stands in `cwd`: relative to it if it is below."""
    return path.removeprefix(f"{cwd.rstrip('/')}/") or path


def merged_files(
    reported: Iterable[FileReport], observed: Mapping[str, Change], cwd: str
) -> tuple[FileReport, ...]:
    """Each file once, the agent's in their order and then what else was observed.

    What was seen on disk is believed over what the agent made of it.
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
    """Each file once, with what became of it over all turns: created stays so when modified."""
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
