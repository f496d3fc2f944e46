"""Backends of other packages: what they offer under the entry-point group `clinvk.backends`.

`importlib.metadata` costs 16 ms, so it is loaded only if a package on the path offers something,
which the packages' own `entry_points.txt` say.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinvk.agents.base import Backend
from clinvk.errors import BackendUnknownError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "clinvk.backends"


def offered(path: Sequence[str]) -> "Mapping[str, Sequence[EntryPoint]]":
    """What the packages on `path` offer, by name; of a package that is there twice the first."""
    if not any(_offers_some(Path(folder)) for folder in path if folder):
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
    """The name of the package that offers it."""
    return entry.dist.name if entry.dist is not None else entry.module


def load(entry: "EntryPoint") -> Backend:
    """The backend that an entry point names: a class like those here.

    Raises `BackendUnknownError`, whatever is wrong with it: it is somebody else's code.
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
        raise TypeError(f"`{entry.value}` is no backend class")
    # A class of its own for each name: a package may offer one class under two.
    named: Backend = type(agent.__name__, (agent,), {"name": entry.name})()
    return named


def _offers_some(folder: Path) -> bool:
    return any(_mentions(file) for file in _entry_point_files(folder))


def _entry_point_files(folder: Path) -> Iterator[Path]:
    import os

    try:
        names = os.listdir(folder)  # noqa: PTH208  half the time of `iterdir`
    except OSError:
        return
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            yield folder / name / "entry_points.txt"


def _mentions(file: Path) -> bool:
    try:
        return f"[{GROUP}]".encode() in file.read_bytes()
    except OSError:
        return False
