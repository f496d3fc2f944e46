"""The directory that a turn runs in: it has to be there, and one that can be worked in."""

import os
import stat
from pathlib import Path

from clinvk.errors import SessionDirectoryError, UsageError
from clinvk.model.request import Pick, RunRequest
from clinvk.model.session import Session
from clinvk.store.files import reason


def turn_directory(request: RunRequest, session: Session) -> tuple[Path, str | None]:
    """Where the turn runs, and where the session lives from now on if it has moved.

    With `-c` a named directory says where to look for the session, and it runs in its own. Else it
    is for this turn; it becomes the session's only if that has lost its own.
    """
    own = Path(session.cwd)
    trouble = _why_not_there(session.cwd)
    if request.workdir is not None and not (request.pick is Pick.CONTINUE and trouble is None):
        named = working_directory(request.workdir)
        return named, None if trouble is None else str(named)
    if trouble is None:
        return own, None
    raise SessionDirectoryError(
        f"the directory of session `{session.id}` {trouble}: `{own}`",
        hint="if it has moved, say where with `-w DIR`",
    )


def _why_not_there(directory: str) -> str | None:
    """What became of a directory that cannot be worked in, None for one that can."""
    if not os.path.isdir(directory):
        return "is gone" if not os.path.lexists(directory) else "is no directory any more"
    return None if os.access(directory, os.R_OK | os.X_OK) else "cannot be read"


def working_directory(directory: Path) -> Path:
    """The directory as it is without links; `UsageError` unless it can be worked in."""
    resolved = Path(os.path.realpath(directory.expanduser()))
    try:
        mode = resolved.stat().st_mode
    except FileNotFoundError:
        raise UsageError(
            f"the directory `{directory}` does not exist", hint="name one with `-w DIR`"
        ) from None
    except OSError as error:
        raise UsageError(
            f"the directory `{directory}` cannot be used: {reason(error)}",
            hint="name another with `-w DIR`",
        ) from error
    if not stat.S_ISDIR(mode):
        raise UsageError(f"`{directory}` is not a directory", hint="name one with `-w DIR`")
    if not os.access(resolved, os.R_OK | os.X_OK):
        raise UsageError(
            f"the directory `{directory}` cannot be read", hint="check its permissions"
        )
    return resolved
