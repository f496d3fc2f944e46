"""The registry: which backends there are, found by their files, imported when asked for.

A backend is one file in this folder whose name does not begin with `_`; the file's name is the
backend's, and it defines one class `Agent`.
"""

from functools import cache
from importlib import import_module
from pathlib import Path

from clinvk.backends._base import Backend
from clinvk.errors import BackendUnknownError


@cache
def names() -> tuple[str, ...]:
    """Every backend's name, in alphabetical order; imports none of them."""
    # Not `pkgutil`: its import takes 3 ms of a run's 90.
    files = Path(__file__).parent.glob("[!_]*.py")
    return tuple(sorted(file.stem for file in files))


@cache
def get(name: str) -> Backend:
    """The backend of that name; `BackendUnknownError` if there is none."""
    if name not in names():
        raise BackendUnknownError(
            f"there is no backend `{name}`", hint=f"one of: {', '.join(names())}"
        )
    backend: Backend = import_module(f"clinvk.backends.{name}").Agent()
    type(backend).name = name
    return backend
