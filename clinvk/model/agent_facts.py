"""What a backend declares of its agent as data: the sign-in, the retention, the dangerous files."""

from pathlib import Path
from typing import NamedTuple

from msgspec import Struct


class SignIn(Struct, frozen=True, kw_only=True):
    """Any one of these is enough: a variable that is set, or a file that exists.

    Without any of them the user may still be signed in: agents also store keys in a keyring or
    receive them from another program. `needed` is False for an agent that needs no account.
    """

    variables: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    needed: bool = True


class Retention(Struct, frozen=True, kw_only=True):
    """The agent deletes a conversation `days` days after the last change of its file.

    `setting` describes briefly which setting makes it keep them longer.
    """

    days: float
    setting: str


class ProjectFile(NamedTuple):
    """A file of a repository that can make the agent run programs.

    `pattern` is a glob below the agent's directory, or below a parent in the repository.

    A file counts if the regular expression `says` matches in it. `always`: the agent runs it in a
    read-only turn too, because nothing prevents it.
    """

    pattern: str
    says: str = ""
    always: bool = False


ENV_FILE = ProjectFile(
    ".env",
    r"(?m)^\s*(export\s+)?(BASH_ENV|PROMPT_COMMAND|NODE_OPTIONS|NODE_PATH|PYTHONPATH|PYTHONSTARTUP"
    r"|PERL5OPT|RUBYOPT|PATH|LD_\w+|DYLD_\w+"
    r"|GIT_(SSH|SSH_COMMAND|EXEC_PATH|CONFIG\w*|EDITOR|PAGER|EXTERNAL_DIFF|ASKPASS))\s*=",
)
"""For an agent that reads a repository's `.env`: variables that can run code in other programs.

Most such files set none of these, and do not count.
"""
