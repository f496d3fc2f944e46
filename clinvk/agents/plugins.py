"""Backends from other packages, offered with the entry-point group `clinvk.backends`.

`importlib.metadata` costs 16 ms, so it is imported only if the `entry_points.txt` of a package on
the path contains that group.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinvk.agents.base import Backend
from clinvk.errors import BackendUnknownError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "clinvk.backends"


def plugin_entry_points(path: Sequence[str]) -> "Mapping[str, Sequence[EntryPoint]]":
    """The entry points of the packages on `path`, by name; the first of a duplicate package."""
    if not any(_has_plugins(Path(folder)) for folder in path if folder):
        return {}
    from importlib.metadata import distributions

    found: dict[str, list[EntryPoint]] = {}
    for package in distributions(path=list(path)):
        for entry in package.entry_points.select(group=GROUP):
            same_name = found.setdefault(entry.name, [])
            if package_of(entry) not in map(package_of, same_name):
                same_name.append(entry)
    return dict(sorted(found.items()))


def package_of(entry: "EntryPoint") -> str:
    """The name of the package that an entry point belongs to."""
    return entry.dist.name if entry.dist is not None else entry.module


def load(entry: "EntryPoint") -> Backend:
    """The backend that an entry point names: a subclass of `Backend`.

    Raises `BackendUnknownError` for any error in that code, which is not part of clinvk.
    """
    package = package_of(entry)
    try:
        backend = _backend_of(entry)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BackendUnknownError(
            f"backend `{entry.name}` of the package `{package}` cannot be loaded: {reason}",
            hint=f"update or uninstall `{package}`",
        ) from error
    return backend


def _backend_of(entry: "EntryPoint") -> Backend:
    agent = entry.load()
    if not (isinstance(agent, type) and issubclass(agent, Backend)):
        raise TypeError(f"`{entry.value}` is not a backend class")
    # A separate class for each name, because a package may offer one class under two names.
    named: Backend = type(agent.__name__, (agent,), {"name": entry.name})()
    return named


def _has_plugins(folder: Path) -> bool:
    return any(_has_group(file) for file in _entry_point_files(folder))


def _entry_point_files(folder: Path) -> Iterator[Path]:
    import os

    try:
        names = os.listdir(folder)  # noqa: PTH208  half the time of `iterdir`
    except OSError:
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            yield folder / name / "entry_points.txt"


def _has_group(file: Path) -> bool:
    try:
        return f"[{GROUP}]".encode() in file.read_bytes()
    except OSError:
        return False
