"""The registry of backends: it finds them by their folders, and imports them on demand.

A backend is a folder next to this file with a `backend.py` that defines one class `Agent`; the name
of the folder is the name of the backend. Other packages may offer more (`plugins`), and a
configuration may declare some (`declared`), which are known only after it was read.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from clinvk.agents.base import Backend
from clinvk.errors import BackendUnknownError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_DECLARED = "declared"
"""The folder for declared backends, which is not a backend itself."""


@cache
def built_in() -> tuple[str, ...]:
    """The backends that are part of clinvk, in alphabetical order; imports none of them."""
    # Not `pkgutil`: its import takes 3 ms of a run's 70.
    folders = Path(__file__).parent.iterdir()
    found = {folder.name for folder in folders if os.path.isfile(folder / "backend.py")}
    return tuple(sorted(found - {_DECLARED}))


def names() -> tuple[str, ...]:
    """The names of all backends, those of other packages last; imports none of them."""
    return (*built_in(), *_usable_plugins())


@cache
def get(name: str) -> Backend:
    """The backend with that name; `BackendUnknownError` if it is missing or cannot be loaded."""
    if name in built_in():
        backend: Backend = import_module(f"clinvk.agents.{name}.backend").Agent()
        type(backend).name = name
        return backend
    if entry := _usable_plugins().get(name):
        from clinvk.agents.plugins import load

        return load(entry)
    if len(packages := _offering_packages(name)) > 1:
        raise BackendUnknownError(
            f"the packages {' and '.join(packages)} both offer a backend `{name}`: neither is used",
            hint="uninstall one of them",
        )
    from clinvk.model.names import nearest

    raise BackendUnknownError(f"there is no backend `{name}`", hint=nearest(name, names()))


def unused_plugins() -> tuple[str, ...]:
    """Why backends of other packages are not used, one sentence each."""
    return tuple(
        f"the package {package} offers a backend `{name}`, {_why_not(name)}"
        for name in _plugin_entries()
        if name not in _usable_plugins()
        for package in _offering_packages(name)
    )


def _why_not(name: str) -> str:
    if name in built_in():
        return "but clinvk has its own"
    if len(_offering_packages(name)) > 1:
        return "and so does another package: neither is used"
    return "which is not a valid name"


def _offering_packages(name: str) -> list[str]:
    """The packages that offer a backend with that name."""
    from clinvk.agents.plugins import package_of

    return [f"`{package_of(entry)}`" for entry in _plugin_entries().get(name, ())]


def _usable_plugins() -> "Mapping[str, EntryPoint]":
    from clinvk.model.declared import BACKEND_NAME

    return {
        name: entries[0]
        for name, entries in _plugin_entries().items()
        if BACKEND_NAME.fullmatch(name) and name not in built_in() and len(entries) == 1
    }


@cache
def _plugin_entries() -> "Mapping[str, Sequence[EntryPoint]]":
    from clinvk.agents.plugins import plugin_entry_points

    return plugin_entry_points(sys.path)
