"""The registry: which backends there are, found by their files, imported when asked for.

A backend is one file in this folder whose name does not begin with `_`; the file's name is the
backend's, and it defines one class `Agent`. Other packages may offer more (`_plugins`), and a
configuration may declare some (`_declared`), which only whoever has read it knows.
"""

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from clinvk.backends._base import Backend
from clinvk.errors import BackendUnknownError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@cache
def built_in() -> tuple[str, ...]:
    """The backends that come with clinvk, in alphabetical order; imports none of them."""
    # Not `pkgutil`: its import takes 3 ms of a run's 90.
    files = Path(__file__).parent.glob("[!_]*.py")
    return tuple(sorted(file.stem for file in files))


def names() -> tuple[str, ...]:
    """Every backend's name, those of other packages last; imports none of them."""
    return (*built_in(), *_plugged())


@cache
def get(name: str) -> Backend:
    """The backend of that name; `BackendUnknownError` if there is none or it cannot be loaded."""
    if name in built_in():
        backend: Backend = import_module(f"clinvk.backends.{name}").Agent()
        type(backend).name = name
        return backend
    if entry := _plugged().get(name):
        from clinvk.backends._plugins import load

        return load(entry)
    if len(rivals := _rivals(name)) > 1:
        raise BackendUnknownError(
            f"the packages {' and '.join(rivals)} both offer a backend `{name}`: neither is taken",
            hint="uninstall one of them",
        )
    raise BackendUnknownError(f"there is no backend `{name}`", hint=f"one of: {', '.join(names())}")


def plugins_passed_by() -> tuple[str, ...]:
    """Why an offer of another package is not taken, a sentence each."""
    return tuple(
        f"the package {package} offers a backend `{name}`, {_why_not(name)}"
        for name in _offered()
        if name not in _plugged()
        for package in _rivals(name)
    )


def _why_not(name: str) -> str:
    if name in built_in():
        return "but clinvk has its own"
    return "and so does another: neither is taken" if len(_rivals(name)) > 1 else "which is no name"


def _rivals(name: str) -> list[str]:
    """The packages that offer a backend of that name."""
    from clinvk.backends._plugins import package_of

    return [f"`{package_of(entry)}`" for entry in _offered().get(name, ())]


def _plugged() -> "Mapping[str, EntryPoint]":
    from clinvk.model.declared import BACKEND_NAME

    return {
        name: entries[0]
        for name, entries in _offered().items()
        if BACKEND_NAME.fullmatch(name) and name not in built_in() and len(entries) == 1
    }


@cache
def _offered() -> "Mapping[str, Sequence[EntryPoint]]":
    from clinvk.backends._plugins import offered

    return offered(sys.path)
