"""Notices at once that a child has exited, even if another process keeps its pipes open."""

import os
from subprocess import Popen

_TICK_S = 0.05


class ExitWatch:
    """Watches for the child's exit with a pidfd, or with a timer if there is none."""

    def __init__(self, process: Popen[bytes]) -> None:
        self._process = process
        self.exited = False
        self._fd = -1
        open_pidfd = getattr(os, "pidfd_open", None)  # Linux only, and a sandbox may forbid it
        if open_pidfd is not None:
            try:
                self._fd = open_pidfd(process.pid)
            except OSError:
                self._fd = -1

    def fileno(self) -> int:
        """A descriptor that becomes readable when the child exits; -1 if there is none."""
        return self._fd

    def patience(self, wait_s: float | None) -> float | None:
        """The maximum time to wait before the next `poll`."""
        if self._fd >= 0:
            return wait_s
        return _TICK_S if wait_s is None else min(wait_s, _TICK_S)

    def poll(self) -> bool:
        """Whether the child has exited; then its exit code is known."""
        self.exited = self.exited or self._process.poll() is not None
        return self.exited

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
