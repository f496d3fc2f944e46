"""What a repository can make an agent run, as far as the repository's own files show it."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from clinvk.agents.base import Backend
from clinvk.agents.kit.jsonc import parse_settings
from clinvk.errors import BackendUnsupportedError
from clinvk.model.project_file import ProjectFile
from clinvk.services.files.repositories import repository_root
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import read_text

_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|\r?\n[ \t]*)")
"""A character by its number, or a line that a backslash joins to the next."""


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
    """Whether the words are in the file; what cannot be read or parsed may say anything."""
    if not words:
        return True
    text = read_text(file)
    if text is None:
        return file.is_file()
    if file.suffix in (".json", ".jsonc") and text.strip() and parse_settings(text) is None:
        return True
    return any(re.search(words, one) for one in (text, _unescaped(text)))


def _unescaped(text: str) -> str:
    """The text with the characters that JSON, TOML and YAML can write as numbers."""
    return _ESCAPED.sub(lambda found: _character(found[1] or found[2] or found[3]), text)


def _character(digits: str | None) -> str:
    code = int(digits, 16) if digits else -1
    return chr(code) if 0 <= code <= sys.maxunicode else ""
