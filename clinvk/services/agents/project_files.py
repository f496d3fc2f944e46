"""Finds programs that a repository's files can make an agent run."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from clinvk.agents.base import Backend
from clinvk.agents.kit.jsonc import parse_settings
from clinvk.errors import BackendUnsupportedError
from clinvk.model.agent_facts import ProjectFile
from clinvk.services.files.repositories import (
    bounds_of,
    repository_of,
    repository_root,
    work_trees,
)
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import read_text

_ESCAPED = r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|\r?\n[ \t]*)"
"""A character written as a number, or a line end after a backslash."""


def programs_of_project(backend: Backend, directory: Path, world: World) -> dict[Path, ProjectFile]:
    """The files at or above `directory` that can name programs for the agent, each once.

    Inside a repository, folders above it do not count; outside of one, all parents count except the
    user's home.
    """
    found: dict[Path, ProjectFile] = {}
    for one in backend.project_files:
        for folder in _folders(directory, world.user_home):
            for file in folder.glob(one.pattern):
                if _says(file, one.says):
                    found.setdefault(file, one)
    return found


def refuse_programs_of_project(
    backend: Backend, directory: Path, world: World, texts: Mapping[str, str]
) -> None:
    """Raise `BackendUnsupportedError` if the agent would run such a program in read-only turns.

    `texts` are those of the turn's request.
    """
    if not any(one.always for one in backend.project_files):
        return
    trusted = backend.trusted_folders(texts)
    if trusted is not None and not _is_below(directory, trusted, world):
        return
    named = programs_of_project(backend, directory, world)
    if running := [file for file, one in named.items() if one.always]:
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        raise BackendUnsupportedError(
            f"backend `{backend.name}` cannot be read-only here: it runs programs that the"
            f" repository names in `{running[0]}`{more}",
            hint="choose another backend with `-b`, or another `--access` if you trust the"
            " repository",
        )


def _is_below(directory: Path, folders: Iterable[str], world: World) -> bool:
    """Whether it, or another work tree of its repository, is in one of the folders."""
    repository = repository_of(directory.resolve(), bounds_of(world.user_home, world.environ))
    trees = work_trees(repository) if repository else ()
    real = [Path(one).resolve() for one in folders]
    return any(each.is_relative_to(one) for each in (directory.resolve(), *trees) for one in real)


def _folders(directory: Path, user_home: Path) -> Iterator[Path]:
    root = repository_root(directory)
    for folder in (directory, *directory.parents):
        if folder != user_home or folder == root:
            yield folder
        if folder == root:
            return


def _says(file: Path, words: str) -> bool:
    """Whether the pattern matches in the file; True for files that cannot be read or parsed."""
    if not words:
        return True
    text = read_text(file)
    if text is None:
        return file.is_file()
    if file.suffix in (".json", ".jsonc") and text.strip() and parse_settings(text) is None:
        return True
    return any(re.search(words, one) for one in (text, _unescaped(text)))


def _unescaped(text: str) -> str:
    """The text with the numeric escapes of JSON, TOML and YAML replaced."""

    def character(found: "re.Match[str]") -> str:
        digits = found[1] or found[2] or found[3]
        return chr(int(digits, 16)) if digits and int(digits, 16) <= sys.maxunicode else ""

    return re.sub(_ESCAPED, character, text)
