"""Changes files of a session and updates the index in one step.

Other writers of the index wait from the check of the folder until it is stamped, 0.1 ms later. Slow
work, such as syncing the new file to the disk, is done before.
"""

from collections.abc import Callable, Sequence

from clinvk.store.home import Home
from clinvk.store.index.database import IndexBrokenError, IndexUnusableError, opened, writing
from clinvk.store.index.file_signature import stamp
from clinvk.store.index.rows import written_entry
from clinvk.store.index.sync import is_noted, note, note_behind, take


def change_and_update(
    home: Home, session_id: str, folders: Sequence[str], act: Callable[[], object]
) -> None:
    """Call `act` and update the index, see `index.change`."""
    outcome = _Outcome(act)
    try:
        with opened(home) as database, writing(database):
            known = [name for name in folders if is_noted(database, home, (name,))]
            outcome.call()
            for name in known:
                note(database, name, stamp(home.root / name))
            take(database, session_id, written_entry(home, session_id))
    except (IndexBrokenError, IndexUnusableError):
        if not outcome.is_known:
            outcome.call()
            # Another process may be noting at this moment that the index matches the folder.
            note_behind(home)
    outcome.raise_error()


class _Outcome:
    """An action that is called once, and its result."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.is_known = False
        self._act = act
        self._error: Exception | None = None

    def call(self) -> None:
        """Call the action and keep its error."""
        self.is_known = True
        try:
            self._act()
        except Exception as error:  # noqa: BLE001  raised to the caller later, unchanged
            self._error = error

    def raise_error(self) -> None:
        """Raise the error of the action, if any."""
        if self._error is not None:
            raise self._error
