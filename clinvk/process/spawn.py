"""Starts a program in its own session, or raises an error with the reason."""

import os
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE, Popen

from clinvk.errors import BackendStartError
from clinvk.model.request import Invocation
from clinvk.process.environment import environment_in


def spawn(
    invocation: Invocation,
    argv: list[str],
    environ: Mapping[str, str],
    keep_open: tuple[int, ...] = (),
) -> Popen[bytes]:
    """Start the program with pipes as its standard streams. Raises `BackendStartError`.

    It inherits only the descriptors `keep_open`.
    """
    env = {name: value for name, value in environ.items() if name not in invocation.env_unset}
    env.update(invocation.env)
    env = environment_in(invocation.cwd, env)
    try:
        return Popen(
            argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            bufsize=0,
            cwd=invocation.cwd,
            env=env,
            pass_fds=keep_open,
            # Its own group can be stopped as a whole. Its own session has no terminal, so Ctrl-C
            # reaches only clinvk, and the agent does not wait for input from a tty.
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _start_error(argv[0], invocation.cwd, error) from error


def _start_error(program: str, cwd: Path, error: OSError | ValueError) -> BackendStartError:
    if isinstance(error, ValueError):
        return BackendStartError(f"`{program}` cannot be started: {error}")
    reason = (error.strerror or str(error)).lower()
    if not os.path.isdir(cwd) or error.filename == str(cwd):
        return BackendStartError(
            f"`{program}` cannot be started in `{cwd}`: {reason}",
            hint="choose an existing directory with `-w`",
        )
    if isinstance(error, FileNotFoundError) and os.path.isfile(program):
        return BackendStartError(
            f"`{program}` cannot be started: the interpreter in its first line is missing",
            hint="install the agent again",
        )
    return BackendStartError(f"`{program}` cannot be started: {reason}")
