"""What is called while a child runs."""

from collections.abc import Callable
from typing import NamedTuple

QUIET_S = 0.2


class Hooks(NamedTuple):
    """What a child's runner calls between two lines.

    `on_quiet` is called once when `QUIET_S` have passed since the last line: the time to write what
    was collected. `on_wake` is called whenever `wake_fd` is readable, and has to read it. `on_stop`
    is called once when the child is being stopped before its end.
    """

    on_quiet: Callable[[], None] = lambda: None
    wake_fd: int = -1
    on_wake: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None


NO_HOOKS = Hooks()
