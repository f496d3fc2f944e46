"""How far long work has come: services say it, and the terminal shows it."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Called at the start with 0 and after each item: how many are done, and of how many (None: that is
not known yet). It may raise to stop the work: then every item counted is done, and none is half
done."""


def unwatched(done: int, total: int | None) -> None:
    """Show nothing."""
