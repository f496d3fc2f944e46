"""What is done for the index while an agent is at work, and nobody waits for us.

In a thread that pauses more than it works: with 10 000 sessions it is through after a second, and
takes a tenth of one. A turn that is over sooner ends it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from clinvk.store.sessions import SessionStore

AFTER_S = 0.5
"""The first moments belong to the agent's start; a turn that is shorter is left alone."""

PAUSE_S = 0.02
"""Ten times what a step takes."""

_PARTING_S = 0.1


@contextmanager
def upkeep(store: SessionStore) -> Iterator[None]:
    """Look over the index while the block runs, if that takes long enough."""
    over = Event()

    def work() -> None:
        if not over.wait(AFTER_S):
            store.look_over(lambda: not over.wait(PAUSE_S))

    thread = Thread(target=work, daemon=True, name="clinvk-upkeep")
    with suppress(RuntimeError):  # no thread to be had: it is no more than one look less
        thread.start()
    try:
        yield
    finally:
        over.set()
        if thread.ident is not None:
            thread.join(_PARTING_S)
