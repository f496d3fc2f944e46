"""One update of a record at a time: read, change, write, with nothing in between.

A session's own lock is held for a whole turn; this one for a few milliseconds, also by that turn.
It is an OS lock on the record's file itself: there is no further file that could be left behind,
and it is over when the new record takes the file's place.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clinvk.errors import SessionBusyError
from clinvk.store.files import open_regular

LONGEST_S = 10.0
"""An update takes milliseconds; whoever takes so long was stopped in the middle of one."""

_PAUSE_S = 0.005


@contextmanager
def changing(record: Path, sleep: Callable[[float], None]) -> Iterator[None]:
    """Keep others from updating `record` meanwhile; one that is not there needs no keeping.

    Raises `SessionBusyError` after `LONGEST_S`. Where files cannot be locked (some network file
    systems) it does not keep anybody: then the last update wins.
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
            pass  # replaced or deleted since it was opened: look again
        except OSError:
            os.close(descriptor)
            return None
        os.close(descriptor)
    raise SessionBusyError(
        f"another process is changing the record `{record}`", hint="try again in a moment"
    )
