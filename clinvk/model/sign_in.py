"""What shows that somebody has signed in with an agent; a backend says it, others look."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Any one of these is enough: a variable that is set, a file that is there.

    None of them proves nothing: agents also keep their keys in a keyring or have them from another
    program. `needed` is false for an agent that asks for no account.
    """

    variables: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    needed: bool = True
