"""Backends of other packages: what they offer under the entry-point group `clinvk.backends`.

`importlib.metadata` costs 16 ms, so it is loaded only if a package on the path offers something,
which the packages' own `entry_points.txt` say.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinvk.backends._base import Backend
from clinvk.errors import BackendUnknownError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "clinvk.backends"


def offered(path: Sequence[str]) -> "Mapping[str, EntryPoint]":
    """What the packages on `path` offer, by name; of two of one name the first is taken."""
    if not any(_offers_some(Path(folder)) for folder in path if folder):
        return {}
    from importlib.metadata import distributions

    found: dict[str, EntryPoint] = {}
    for package in distributions(path=list(path)):
        for entry in package.entry_points.select(group=GROUP):
            found.setdefault(entry.name, entry)
    return dict(sorted(found.items()))


def load(entry: "EntryPoint") -> Backend:
    """The backend that an entry point names: a class like those here.

    Raises `BackendUnknownError`, whatever is wrong with it: it is somebody else's code.
    """
    package = entry.dist.name if entry.dist is not None else entry.module
    try:
        backend = _backend_of(entry.load(), entry.value)
        type(backend).name = entry.name
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BackendUnknownError(
            f"backend `{entry.name}` of the package `{package}` cannot be loaded: {reason}",
            hint=f"update or uninstall `{package}`",
        ) from error
    return backend


def _backend_of(agent: object, where: str) -> Backend:
    if not (isinstance(agent, type) and issubclass(agent, Backend)):
        raise TypeError(f"`{where}` is no backend class")
    return agent()


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
