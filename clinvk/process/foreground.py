"""A child that takes over the terminal until it ends: an editor, an agent's own screen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen

from clinvk.errors import BackendStartError


def run_foreground(argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path | None) -> int:
    """The child's exit code, negative for a signal; `BackendStartError` if it cannot be started.

    Terminal and streams are inherited. Ctrl-C is the child's: it reaches both of us, and ours is
    set aside until the child has ended.
    """
    try:
        child = Popen(list(argv), env=dict(environ), cwd=cwd)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BackendStartError(f"cannot start `{argv[0]}`: {reason}") from error
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue
