"""The directory of a turn, which must exist and be accessible."""

import os
import stat
from pathlib import Path

from clinvk.errors import SessionDirectoryError, UsageError
from clinvk.model.request import Pick, RunRequest
from clinvk.model.session import Session
from clinvk.store.files import reason


def turn_directory(request: RunRequest, session: Session) -> tuple[Path, str | None]:
    """The directory of the turn, and the new directory of the session if it changes.

    With `-c`, `--workdir` only selects the session; the turn runs in the session's directory.
    Otherwise the turn runs in `--workdir`. If the session's directory is missing, `--workdir` also
    replaces it in the session.
    """
    own = Path(session.cwd)
    problem = _problem_with(session.cwd)
    if request.workdir is not None and not (request.pick is Pick.CONTINUE and problem is None):
        named = working_directory(request.workdir)
        return named, None if problem is None else str(named)
    if problem is None:
        return own, None
    raise SessionDirectoryError(
        f"the directory of session `{session.id}` {problem}: `{own}`",
        hint="if it was moved, name the new one with `-w DIR`",
    )


def _problem_with(directory: str) -> str | None:
    """Why the directory cannot be used, as part of a sentence; None if it can."""
    if not os.path.isdir(directory):
        return "does not exist" if not os.path.lexists(directory) else "is not a directory"
    return None if os.access(directory, os.R_OK | os.X_OK) else "cannot be read"


def working_directory(directory: Path, *, named_with: str = "with `-w DIR`") -> Path:
    """The directory without symbolic links. Raises `UsageError` if it cannot be used."""
    resolved = Path(os.path.realpath(directory.expanduser()))
    try:
        mode = resolved.stat().st_mode
    except FileNotFoundError:
        raise UsageError(
            f"the directory `{directory}` does not exist", hint=f"name one {named_with}"
        ) from None
    except OSError as error:
        raise UsageError(
            f"the directory `{directory}` cannot be used: {reason(error)}",
            hint=f"name another {named_with}",
        ) from error
    if not stat.S_ISDIR(mode):
        raise UsageError(f"`{directory}` is not a directory", hint=f"name one {named_with}")
    if not os.access(resolved, os.R_OK | os.X_OK):
        raise UsageError(
            f"the directory `{directory}` cannot be read", hint="check its permissions"
        )
    return resolved
