"""How long a child may take, and how long it is given to end."""

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """How long a child may take, in seconds; None is for ever.

    `timeout_s` counts from the prompt, `idle_timeout_s` from the child's last output on stdout or
    stderr. `settle_s` is what it has to leave after its result or after closing stdout. The graces
    are what SIGINT and SIGTERM are given to work.
    """

    timeout_s: float | None
    idle_timeout_s: float | None
    settle_s: float = 5.0
    int_grace_s: float = 5.0
    term_grace_s: float = 3.0
