"""Runs a short program and captures its output, with limits of time and size."""

import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

from msgspec import Struct

from clinvk.process.environment import environment_in

_CHUNK = 256 * 1024
_MOST = 32 * 1024 * 1024


class Captured(Struct, frozen=True, kw_only=True):
    """The output and exit code of a program; `code` is negative for a signal."""

    code: int
    stdout: bytes
    stderr: bytes


def capture(
    argv: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    timeout_s: float,
    most: int = _MOST,
) -> Captured:
    """Run the program to its end, without stdin and without a terminal.

    `environ` is its whole environment except `PWD`. Raises `OSError` if it cannot be started or
    prints more than `most` bytes, and `TimeoutError` after `timeout_s`; then its process group is
    killed. May be called from any thread.
    """
    until = time.monotonic() + timeout_s
    with Popen(
        argv,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        bufsize=0,
        cwd=cwd,
        env=environment_in(cwd, environ),
        # Ctrl-C at the terminal is meant for the agent's turn, not for this program.
        start_new_session=True,
    ) as child:
        try:
            stdout, stderr = _read(child, until, most)
            code = child.wait(timeout=max(until - time.monotonic(), 0.0))
        except BaseException as error:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            if isinstance(error, TimeoutExpired):
                raise TimeoutError(f"it took longer than {timeout_s:.1f} s") from error
            raise
    return Captured(code=code, stdout=stdout, stderr=stderr)


def _read(child: "Popen[bytes]", until: float, most: int) -> tuple[bytes, bytes]:
    pipes = {pipe.fileno(): bytearray() for pipe in (child.stdout, child.stderr) if pipe}
    outputs = list(pipes.values())
    poll = select.poll()
    for descriptor in pipes:
        poll.register(descriptor, select.POLLIN)
    while pipes:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutExpired(child.args, 0.0)
        for descriptor, _ in poll.poll(left * 1000 + 1):
            data = os.read(descriptor, _CHUNK)
            pipes[descriptor] += data
            if not data:
                poll.unregister(descriptor)
                del pipes[descriptor]
        if sum(map(len, outputs)) > most:
            raise OSError(f"it printed more than {most >> 20} MiB")
    return bytes(outputs[0]), bytes(outputs[1])
