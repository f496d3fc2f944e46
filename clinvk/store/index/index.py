"""The index: finds the sessions that match a selection without opening all of them.

It is built from records and transcripts only, and can be missing, out of date, damaged, read-only,
of another version or locked by another process at any time. Then all files are read instead,
without a message. Three things keep its answers right:

- before each query it is updated from the files (`index.refresh` describes how, what it costs, and
  the one edit by another program that it does not see);
- the answer is read from the files; if they differ from the index, it is corrected and queried
  again;
- a change of a file through the store updates the index in the same step. If the process dies in
  between, the folder's signature differs from the noted one, and the next use finds the change;
- many changes at once (`many_changes`) mark the index as behind first, and update it once.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from clinvk.store.home import Home
from clinvk.store.index.file_signature import ABSENT, folder_signature
from clinvk.store.sessions.selection import Query, Selected, Selection, WordKind


def select(home: Home, query: Query, *, thorough: bool = False) -> Selected | None:
    """The sessions that the query selects; None if the index cannot be used. Never raises.

    `thorough` also finds records that another program overwrote in place.
    """
    if _is_empty(home):
        return None
    from clinvk.store.index.answer import answer

    return answer(home, query, thorough=thorough)


def count(home: Home, selection: Selection) -> int | None:
    """How many sessions match; None if the index cannot be used. Never raises."""
    if _is_empty(home):
        return None
    from clinvk.store.index.answer import count

    return count(home, selection)


def words(home: Home, kind: WordKind, beginning: str, most: int) -> list[str] | None:
    """The words of this kind that begin so, of all sessions, each once.

    Sorted, and at most `most`; None if the index cannot be used. Never raises.
    """
    if _is_empty(home):
        return None
    from clinvk.store.index.answer import words

    return words(home, kind, beginning, most)


def _is_empty(home: Home) -> bool:
    """Whether there are no sessions, or their folders cannot be read."""
    try:
        return all(
            folder_signature(folder) == ABSENT for folder in (home.sessions, home.transcripts)
        )
    except OSError:
        return True


def change(home: Home, session_id: str, folders: Sequence[str], act: Callable[[], object]) -> None:
    """Call `act`, which changes the session's files in these folders, and update the index.

    Raises only what `act` raises. An index that cannot be updated now finds the change later.
    """
    change_all(home, (session_id,), folders, act)


def change_all(
    home: Home, ids: Sequence[str], folders: Sequence[str], act: Callable[[], object]
) -> None:
    """Like `change`, for the files of several sessions: other uses of the index wait for `act`."""
    if not os.path.lexists(home.index):
        act()
        return
    from clinvk.store.index.refresh import change_and_update

    change_and_update(home, ids, folders, act)


@contextmanager
def many_changes(home: Home) -> Iterator[Callable[[], None]]:
    """Update the index once, after the block, for all changes in it.

    Call the result before each change: until the end, all uses of the index by any process compare
    it with all files. If this process dies in between, the next use does it. Never raises itself.
    """

    def mark() -> None:
        if os.path.lexists(home.index):
            from clinvk.store.index.refresh import mark_as_behind

            mark_as_behind(home)

    try:
        yield mark
    finally:
        if os.path.lexists(home.index):
            from clinvk.store.index.refresh import catch_up

            catch_up(home)
