"""Files of a repository that can make an agent run programs; a backend declares them."""

from typing import NamedTuple


class ProjectFile(NamedTuple):
    """`pattern` is a glob below the agent's directory, or below a parent in the repository.

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
