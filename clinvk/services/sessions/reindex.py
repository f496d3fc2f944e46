"""The index on demand: compared with the files, or made anew from them."""

from clinvk.store.home import Home
from clinvk.store.index.diff import Drift, check, rebuild

__all__ = ["Drift", "reindex"]


def reindex(home: Home, *, only_check: bool) -> Drift:
    """How far the index was from the files, which are all read. Raises `StoreError`.

    It is made anew, unless it is only to be checked: then nothing is written.
    """
    return check(home) if only_check else rebuild(home)
