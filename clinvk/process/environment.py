"""A child's environment where it speaks of directories: it must agree with the child's own."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_ELSEWHERE = ("OLDPWD", "INIT_CWD")
"""Where the shell, or an `npm run` around us, was before: nothing that holds in another place."""


def environment_in(cwd: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child that works in `cwd`; None is this process's own directory.

    `PWD` names it. Some programs believe that variable rather than the directory that they were
    started in, and an agent was seen to edit files there. A shell sets it, but a program that
    starts a child in another directory passes its own on.
    """
    if cwd is None:
        return _environment_here(environ)
    changed = {name: value for name, value in environ.items() if name not in _ELSEWHERE}
    # Relative only where a caller names it so; the child sees it from there all the same.
    changed["PWD"] = os.path.abspath(cwd)  # noqa: PTH100  `absolute` keeps `..`
    return changed


def _environment_here(environ: Mapping[str, str]) -> dict[str, str]:
    """A `PWD` that is right stays as it was written: it may go through a symbolic link."""
    try:
        here = Path.cwd()
    except OSError:  # the directory is gone
        return {name: value for name, value in environ.items() if name not in {"PWD", *_ELSEWHERE}}
    said = Path(environ.get("PWD", ""))
    with suppress(OSError):
        if said.is_absolute() and said.samefile(here):
            return dict(environ)
    return environment_in(here, environ)
