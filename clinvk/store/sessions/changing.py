"""Allows one update of a record at a time: read, change, write.

The session's own lock is held for a whole turn, this one only for a few milliseconds, also by the
turn. It is a lock of the system on the record's file itself, so it needs no other file, and it ends
when the new record replaces the file.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clinvk.errors import SessionBusyError
from clinvk.store.files import open_regular

LONGEST_S = 10.0
"""An update takes milliseconds; a process that takes this long was stopped during one."""

_PAUSE_S = 0.005


@contextmanager
def changing(record: Path, sleep: Callable[[float], None]) -> Iterator[None]:
    """Lock `record` against other updates; a record that does not exist needs no lock.

    Raises `SessionBusyError` after `LONGEST_S`. On file systems without locks (some network file
    systems) it does nothing, and the last update wins.
    """
    descriptor = _take(record, sleep)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _take(record: Path, sleep: Callable[[float], None]) -> int | None:
    waited = 0.0
    while waited < LONGEST_S:
        try:
            descriptor = open_regular(record)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.lstat(record)):
                return descriptor
        except BlockingIOError:
            sleep(_PAUSE_S)
            waited += _PAUSE_S
        except FileNotFoundError:
            pass  # replaced or deleted since it was opened: try again
        except OSError:
            os.close(descriptor)
            return None
        os.close(descriptor)
    raise SessionBusyError(
        f"another process is changing the record `{record}`", hint="try again in a moment"
    )
