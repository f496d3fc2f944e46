"""The spinner: a transient line with the current activity and its duration.

It has its own thread, so no calls are needed while an agent works. The streams own the line on the
screen; the next output erases it first.
"""

import threading
from collections.abc import Callable

from clinvk.cli.paint import DIM
from clinvk.cli.streams import Streams
from clinvk.text.units import format_duration
from clinvk.text.width import cut

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_FRAMES = "|/-\\"
_PAUSE_S = 0.1


class Spinner:
    """Is shown between `start` and `stop`, except while paused."""

    def __init__(self, streams: Streams, clock: Callable[[], float]) -> None:
        self.label = ""
        self._streams = streams
        self._clock = clock
        self._frames = _FRAMES if streams.err_can_show(_FRAMES) else _ASCII_FRAMES
        self._began_at = 0.0
        self._drawn = 0
        self._paused = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, *, after_s: float = 0.0) -> None:
        """Show the spinner and start its clock, if the terminal can erase a line.

        It appears `after_s` seconds later.
        """
        if self._thread is not None or not self._streams.cursor:
            return
        self._began_at = self._clock()
        self._thread = threading.Thread(
            target=self._move, args=(after_s,), name="spinner", daemon=True
        )
        self._thread.start()

    def pause(self) -> None:
        """Hide the spinner until `resume`, while an incomplete line is on the screen."""
        self._paused.set()
        self._streams.erase()

    def resume(self) -> None:
        """Show the spinner again."""
        self._paused.clear()

    def stop(self) -> None:
        """Remove the spinner."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._streams.erase()

    def frame(self) -> str:
        """The current line; always shorter than the width of the terminal."""
        sign = self._frames[self._drawn % len(self._frames)]
        self._drawn += 1
        elapsed = f" · {elapsed_text(self._clock() - self._began_at)}"
        room = self._streams.columns() - len(elapsed) - 3
        return f"{sign} {cut(self.label, max(room, 1))}{elapsed}"

    def _move(self, after_s: float) -> None:
        self._stopped.wait(after_s)
        while not self._stopped.wait(_PAUSE_S):
            if not self._paused.is_set():
                self._streams.draw(self._streams.err_paint(self.frame(), DIM), unless=self._idle)

    def _idle(self) -> bool:
        return self._paused.is_set() or self._stopped.is_set()


def elapsed_text(seconds: float) -> str:
    """A duration in whole seconds: `12s`, `2m 5s`."""
    return f"{int(max(seconds, 0))}s" if seconds < 60 else format_duration(int(seconds))
