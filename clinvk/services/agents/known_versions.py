"""The version of an installed agent, as far as it is known without starting its program.

Every turn looks here, so it takes 0.2 ms: a Node CLI needs 0.1 to 1.5 s to print its version. What
is known may be out of date (a wrapper stays the same when the program behind it changes), so an old
version is a reason to ask the program, and only its answer a reason to refuse it.
"""

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from clinvk.agents.base import Backend
from clinvk.errors import StoreError
from clinvk.model.versions import VersionMatch, match_version
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import read_text
from clinvk.store.files import ensure_private_dir, write_private
from clinvk.text.json_codec import json_page, parse_line

_NAMED_BY_VERSION = r"v?\d+(?:\.\d+)+(?:[-+][\w.+-]+)?"
_FOLDERS_ABOVE = 4
"""How far above the program a `package.json`, or a folder named by a version, is looked for.

The programs of npm packages are at most two folders deep, those of Homebrew one or two.
"""


def may_be_too_old(backend: Backend, program: str, world: World) -> bool:
    """Whether the installed version seems to be older than the oldest that the backend supports."""
    return backend.oldest_version is not None and is_too_old(
        known_version(program, world), backend.oldest_version
    )


def is_too_old(version: str | None, oldest: str) -> bool:
    """Whether `version` is older; an unknown one, or one that cannot be compared, is not."""
    return match_version(version, (oldest,)) is VersionMatch.OLDER


def known_version(program: str, world: World) -> str | None:
    """The version of the program at this absolute path, None if it is not known.

    It is what this file printed when it was last asked, else that of the npm package that offers
    it, else the name of the file or of a folder above it (`…/versions/2.1.332`).
    """
    real = os.path.realpath(program)
    return _remembered(world).get(_key(real)) or _of_package(real) or _of_path(real)


def confirmed_version(program: str, world: World) -> str | None:
    """The version of a program that need not be asked again, None if it has to be asked.

    That is the program of an npm package that has answered before, with the package's version, and
    is still the same file. Any other file may be a wrapper around a program that has changed.
    """
    real = os.path.realpath(program)
    version = _remembered(world).get(_key(real))
    return version if version is not None and version == _of_package(real) else None


def remember_versions(versions: Mapping[str, str], world: World) -> None:
    """Keep what programs (their paths) printed.

    A home that does not exist, or cannot be written, keeps nothing.
    """
    said = {_key(os.path.realpath(program)): version for program, version in versions.items()}
    known = _remembered(world)
    if not os.path.isdir(world.home.root) or said.items() <= known.items():
        return
    files = set(map(_file, said))
    kept = {key: version for key, version in known.items() if _file(key) not in files}
    with suppress(StoreError):
        ensure_private_dir(world.home.cache)
        write_private(world.home.versions, json_page({**kept, **said}))


def _of_package(real: str) -> str | None:
    """The version in the `package.json` of the package that offers this file as a program."""
    for folder in _above(real):
        package = _object(folder / "package.json")
        offered = package.get("bin")
        files = offered.values() if isinstance(offered, dict) else (offered,)
        version = package.get("version")
        if isinstance(version, str) and any(
            os.path.normpath(folder / file) == real for file in files if isinstance(file, str)
        ):
            return version
    return None


def _of_path(real: str) -> str | None:
    for place in (Path(real), *_above(real)):
        if re.fullmatch(_NAMED_BY_VERSION, place.name):
            return place.name.removeprefix("v")
    return None


def _above(real: str) -> Iterable[Path]:
    return list(Path(real).parents)[:_FOLDERS_ABOVE]


def _key(real: str) -> str:
    """The file as it is now: npm gives all files the same time, but not the same number."""
    try:
        seen = Path(real).stat()
    except OSError:
        return real
    return f"{real} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns} {seen.st_ino}"


def _file(key: str) -> str:
    return key.rsplit(" ", 4)[0]


def _remembered(world: World) -> Mapping[str, str]:
    said = _object(world.home.versions)
    return {key: version for key, version in said.items() if isinstance(version, str)}


def _object(file: Path) -> Mapping[str, object]:
    """The object in a JSON file; empty if there is none."""
    text = read_text(file) if os.path.isfile(file) else None
    try:
        said = parse_line(text.encode()) if text else None
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
