"""What a repository can make an agent run, as far as the repository's own files show it."""

import re
from collections.abc import Iterator
from pathlib import Path

from clinvk.backends._base import Backend
from clinvk.errors import BackendUnsupportedError
from clinvk.model.project_file import ProjectFile
from clinvk.services.repositories import repository_root
from clinvk.services.world import World
from clinvk.store.conversations import read_text


def programs_of_project(backend: Backend, directory: Path, world: World) -> dict[Path, ProjectFile]:
    """The files at or above `directory` that can name programs for the agent, each once.

    Nothing above the repository counts; outside of one, all that is above does, but the person's
    own home.
    """
    found: dict[Path, ProjectFile] = {}
    for one in backend.project_files:
        for folder in _folders(directory, world.user_home):
            for file in folder.glob(one.pattern):
                if _says(file, one.says):
                    found.setdefault(file, one)
    return found


def refuse_programs_of_project(backend: Backend, directory: Path, world: World) -> None:
    """Raise `BackendUnsupportedError` for what the agent would run in a read-only turn too."""
    if not any(one.always for one in backend.project_files):
        return
    named = programs_of_project(backend, directory, world)
    if running := [file for file, one in named.items() if one.always]:
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        raise BackendUnsupportedError(
            f"backend `{backend.name}` cannot be kept to reading here: it runs what the repository"
            f" names in `{running[0]}`{more}",
            hint="choose another backend with `-b`, or another `--access` if you trust the"
            " repository",
        )


def _folders(directory: Path, user_home: Path) -> Iterator[Path]:
    root = repository_root(directory)
    for folder in (directory, *directory.parents):
        if folder != user_home or folder == root:
            yield folder
        if folder == root:
            return


def _says(file: Path, words: str) -> bool:
    return not words or re.search(words, read_text(file) or "") is not None
