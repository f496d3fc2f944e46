"""Sets the directory variables in a child's environment to the child's own directory."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_ELSEWHERE = ("OLDPWD", "INIT_CWD")
"""Directories of the shell or of an outer `npm run`; they are wrong in another directory."""


def environment_in(cwd: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child that works in `cwd`; None is this process's own directory.

    `PWD` is set to it. Some programs use that variable instead of their real directory, and an
    agent edited files there. A shell sets `PWD`, but a program that starts a child in another
    directory passes on its own.
    """
    if cwd is None:
        return _environment_here(environ)
    changed = {name: value for name, value in environ.items() if name not in _ELSEWHERE}
    # The caller may give a relative path; the child needs an absolute one.
    changed["PWD"] = os.path.abspath(cwd)  # noqa: PTH100  `absolute` keeps `..`
    return changed


def _environment_here(environ: Mapping[str, str]) -> dict[str, str]:
    """Keep a correct `PWD` unchanged, because it may contain a symbolic link."""
    try:
        here = Path.cwd()
    except OSError:  # the directory does not exist
        return {name: value for name, value in environ.items() if name not in {"PWD", *_ELSEWHERE}}
    known = Path(environ.get("PWD", ""))
    with suppress(OSError):
        if known.is_absolute() and known.samefile(here):
            return dict(environ)
    return environment_in(here, environ)
