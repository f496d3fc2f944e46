"""What shows that the user has signed in with an agent; a backend declares it."""

from pathlib import Path

from msgspec import Struct


class SignIn(Struct, frozen=True, kw_only=True):
    """Any one of these is enough: a variable that is set, or a file that exists.

    Without any of them the user may still be signed in: agents also store keys in a keyring or
    receive them from another program. `needed` is False for an agent that needs no account.
    """

    variables: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    needed: bool = True
