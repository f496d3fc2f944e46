"""Runs clinvk as it is, and ends it, its agent or both at one step of what it does.

    python stepped.py HOME STEP WHOM LOG [ARGUMENTS OF CLINVK...]

A step is whatever changes something: every write, rename, sync, lock, mode and deletion below HOME,
every statement to the index, every start of a process. Each is numbered from 1 and named in LOG
before it takes place (`12 rename sessions`); at STEP the SIGKILL comes, and 0 lets it run to its
end. A write is two steps: before it, and when half of it is on disk. WHOM is `clinvk`, `agent` or
`both`.

clinvk itself knows nothing of it: the steps are seen through Python's audit events, and, where
there are none, through the functions of `os` and `sqlite3` that it calls.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

CHANGING = {
    "os.mkdir": 0, "os.chmod": 0, "os.rename": 0, "os.remove": 0, "os.rmdir": 0, "os.link": 1,
    "os.utime": 0, "os.truncate": 0, "fcntl.flock": 0,
}  # fmt: skip
"""Audit events, and which of their arguments is the path or the descriptor."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_WRITE, _FSYNC = os.write, os.fsync
_CONNECT = sqlite3.connect
_BEGIN = subprocess.Popen.__init__


class Steps:
    """Counts the steps, and ends what is to be ended at one of them."""

    def __init__(self, home: str, last: int, whom: str, log: str) -> None:
        self.home = home
        self.last = last
        self.whom = whom
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.number = 0
        self.agent = 0
        self.looking = False

    def reached(self, name: str) -> bool:
        """Whether this step is the one; if so, and nothing is to be half done first, it ends."""
        self.number += 1
        _WRITE(self.log, f"{self.number} {name}\n".encode())
        return self.number == self.last

    def step(self, name: str) -> None:
        """Before something is done."""
        if self.reached(name):
            self.end()

    def end(self) -> None:
        """Kill whom it is about, and nobody else."""
        if self.whom != "clinvk" and self.agent:
            with suppress(ProcessLookupError):
                os.kill(self.agent, signal.SIGKILL)
        if self.whom != "agent":
            os.kill(os.getpid(), signal.SIGKILL)

    def place(self, what: Any) -> str | None:
        """The folder of the home that a path or descriptor lies in; None outside it."""
        if isinstance(what, int):
            try:
                what = Path(f"/proc/self/fd/{what}").readlink()
            except OSError:
                return None
        path = Path.cwd() / os.fsdecode(what)
        if not path.is_relative_to(self.home):
            return None
        below = path.relative_to(self.home).parts
        if path.suffix == ".tmp":
            return f"{below[0] if len(below) > 1 else 'the home'} (temporary)"
        return below[0] if below else "the home"

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """The hook of Python's audit events."""
        if self.looking or (event not in CHANGING and event != "open"):
            return
        self.looking = True
        try:
            path = args[CHANGING.get(event, 0)]
            if event == "open" and not (isinstance(args[2], int) and args[2] & _WRITING):
                return
            place = None if isinstance(path, int) and event == "open" else self.place(path)
            if place is not None:
                self.step(f"{event.removeprefix('os.').removeprefix('fcntl.')} {place}")
        finally:
            self.looking = False

    def statement(self, sql: str) -> None:
        """Every statement to the index, but for those that only read."""
        verb = sql.split(None, 1)[0].upper()
        if verb not in ("SELECT", "PRAGMA", "--"):
            self.step(f"{verb} index")

    def write(self, descriptor: int, data: Any) -> int:
        """In place of `os.write`."""
        place = self.place(descriptor)
        if place is None:
            return _WRITE(descriptor, data)
        self.step(f"write {place}")
        if self.reached(f"half written {place}"):
            half = memoryview(data)[: len(data) // 2]
            _WRITE(descriptor, half)
            self.end()
            return len(half)
        return _WRITE(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """In place of `os.fsync`."""
        place = self.place(descriptor)
        if place is not None:
            self.step(f"sync {place}")
        _FSYNC(descriptor)

    def connect(self, *args: Any, **settings: Any) -> sqlite3.Connection:
        """In place of `sqlite3.connect`."""
        database = _CONNECT(*args, **settings)
        database.set_trace_callback(self.statement)
        return database

    def begin(self, child: Any, argv: Any, *args: Any, **settings: Any) -> None:
        """In place of the start of a process."""
        is_agent = bool(settings.get("start_new_session"))
        what = "agent" if is_agent else Path(os.fsdecode(argv[0])).name
        self.step(f"start {what}")
        _BEGIN(child, argv, *args, **settings)
        if is_agent and not self.agent:
            self.agent = child.pid
        self.step(f"started {what}")


def main() -> None:
    """Run it."""
    home, last, whom, log, *args = sys.argv[1:]
    steps = Steps(home, int(last), whom, log)
    os.write, os.fsync, sqlite3.connect = steps.write, steps.fsync, steps.connect
    # A function, so that it is given the child that begins.
    subprocess.Popen.__init__ = lambda *args, **settings: steps.begin(*args, **settings)  # noqa: PLW0108
    sys.addaudithook(steps.audit)
    sys.argv = ["clinvk", *args]
    from clinvk.__main__ import main as clinvk

    clinvk()


if __name__ == "__main__":
    main()
