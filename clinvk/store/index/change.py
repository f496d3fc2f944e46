"""Changing the files of a session and telling the index, so that it stays right about the folder.

Other writers are kept away from the first look at the folder to the stamp on it, 0.1 ms later; what
takes long, such as bringing the new file to the disk, is done before.
"""

from collections.abc import Callable, Sequence

from clinvk.store.home import Home
from clinvk.store.index.database import IndexBrokenError, IndexUnusableError, opened, writing
from clinvk.store.index.file_signature import stamp
from clinvk.store.index.rows import written_entry
from clinvk.store.index.sync import is_noted, note, say_behind, take


def tell(home: Home, session_id: str, folders: Sequence[str], act: Callable[[], object]) -> None:
    """Do `act` and tell the index, as `index.change` promises."""
    outcome = _Outcome(act)
    try:
        with opened(home) as database, writing(database):
            known = [name for name in folders if is_noted(database, home, (name,))]
            outcome.come()
            for name in known:
                note(database, name, stamp(home.root / name))
            take(database, session_id, written_entry(home, session_id))
    except (IndexBrokenError, IndexUnusableError):
        if not outcome.is_known:
            outcome.come()
            # Another process may be telling the index at this moment that it knows the folder.
            say_behind(home)
    outcome.give()


class _Outcome:
    """An act that is done once, and what came of it."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.is_known = False
        self._act = act
        self._error: Exception | None = None

    def come(self) -> None:
        """Act."""
        self.is_known = True
        try:
            self._act()
        except Exception as error:  # noqa: BLE001  given to the caller as it is
            self._error = error

    def give(self) -> None:
        """Raise what the act raised."""
        if self._error is not None:
            raise self._error
