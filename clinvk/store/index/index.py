"""The index: which sessions are meant, found without opening all of them.

It is made of nothing but records and transcripts, and may be missing, out of date, damaged,
read-only, another version's or another process's at any moment: then the files are read as if there
were none, and nobody is told. Three things keep its answers right:

- before it is asked it is brought up to the files (`index_sync` says how, at what cost, and which
  one edit by another program it does not see);
- what it answers with is read from the files themselves, and where it believed something else, it
  is corrected and asked again;
- whoever changes a file through the store tells it, as one step with the change. If the process
  dies in between, the folder's mark is not the one noted, and the next use finds the difference.
"""

import os
from collections.abc import Callable, Sequence

from clinvk.store.home import Home
from clinvk.store.index.file_signature import ABSENT, folder_mark
from clinvk.store.sessions.selection import Order, Selected, Selection


def select(  # noqa: PLR0913  one argument a part of the question
    home: Home,
    selection: Selection,
    *,
    order: Order = Order.LAST,
    limit: int | None = None,
    first: int = 0,
    thorough: bool = False,
) -> Selected | None:
    """The sessions meant, filtered first, then limited; None if the index cannot be asked.

    They are counted from `first` on.
    `thorough` also finds what another program overwrote in place. Raises nothing.
    """
    if _is_empty(home):
        return None
    from clinvk.store.index.answer import Question, answer

    return answer(
        Question(
            home=home,
            selection=selection,
            order=order,
            limit=limit,
            first=first,
            thorough=thorough,
        )
    )


def count(home: Home, selection: Selection) -> int | None:
    """How many sessions are meant; None if the index cannot be asked. Raises nothing."""
    if _is_empty(home):
        return None
    from clinvk.store.index.answer import count

    return count(home, selection)


def _is_empty(home: Home) -> bool:
    """Whether there is nothing to be asked about, also because it cannot be looked at."""
    try:
        return all(folder_mark(folder) == ABSENT for folder in (home.sessions, home.transcripts))
    except OSError:
        return True


def change(home: Home, session_id: str, folders: Sequence[str], act: Callable[[], object]) -> None:
    """Do `act`, which changes that session's files in those folders, and tell the index of it.

    Raises what `act` raises, and nothing of its own: an index that cannot be told finds out.
    """
    if not os.path.lexists(home.index):
        act()
        return
    from clinvk.store.index.change import tell

    tell(home, session_id, folders, act)
