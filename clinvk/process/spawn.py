"""Starting a program in a session of its own, or saying in one sentence why that cannot be."""

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
    """The running program, its three standard streams pipes; `BackendStartError` says why not.

    It inherits the descriptors `keep_open`, and no others.
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
            # A group of its own can be stopped as a whole; a session of its own has no terminal,
            # so that Ctrl-C reaches clinvk alone and no agent waits for an answer from a tty.
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
            hint="name an existing directory with `-w`",
        )
    if isinstance(error, FileNotFoundError) and os.path.isfile(program):
        return BackendStartError(
            f"`{program}` cannot be started: the interpreter its first line names is missing",
            hint="install the agent again",
        )
    return BackendStartError(f"`{program}` cannot be started: {reason}")
