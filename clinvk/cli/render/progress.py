"""The progress of long work: a transient line on a terminal, after a second.

It never appears on a pipe or with `-q`. A signal stops the work between two items, a second one at
once, and the last line then says what was done.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import FrameType
from typing import Self

from clinvk.cli.render.spinner import Spinner
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus, StoppedBySignal
from clinvk.process.signals import HANDLED, handlers

AFTER_S = 1.0
"""Shorter work shows nothing."""


class ShownProgress(AbstractContextManager["ShownProgress"]):
    """A `model.progress.Progress` that is shown inside its block.

    `words` are the label (`deleting sessions`), and what is said after the numbers if the work is
    stopped (`sessions deleted`).
    """

    def __init__(
        self,
        streams: Streams,
        clock: Callable[[], float],
        words: tuple[str, str],
        *,
        quiet: bool = False,
        after_s: float = AFTER_S,
    ) -> None:
        self._streams = streams
        self._spinner = Spinner(streams, clock)
        self._doing, self._done = words
        self._spinner.label = self._doing
        self._quiet, self._after_s = quiet, after_s
        self._at: tuple[int, int | None] | None = None
        self._stopped: BaseException | None = None
        self._signals = ExitStack()

    def __enter__(self) -> Self:
        if not self._quiet:
            self._spinner.start(after_s=self._after_s)
        return self

    def __call__(self, done: int, total: int | None) -> None:
        """Show it. Raises `KeyboardInterrupt` or `StoppedBySignal` once a signal has arrived."""
        if self._at is None:
            # Only from the first item on: before it, and after the last one, nothing is half done.
            self._signals.enter_context(handlers(dict.fromkeys(HANDLED, self._stop)))
        self._at = done, total
        self._spinner.label = f"{self._doing}: {_counted(done, total)}"
        if done == total:
            self._signals.close()
        elif self._stopped is not None:
            raise self._stopped

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._signals.close()
        self._spinner.stop()
        if isinstance(error, KeyboardInterrupt | StoppedBySignal) and self._at is not None:
            self._streams.err(f"interrupted: {_counted(*self._at)} {self._done}")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Stop after this item; at once at the second signal."""
        del frame
        again = self._stopped is not None
        self._stopped = (
            KeyboardInterrupt() if number == HANDLED[0] else StoppedBySignal(ExitStatus.TERMINATED)
        )
        if again:
            raise self._stopped
        self._spinner.label += ", stopping after this one"


def _counted(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"
