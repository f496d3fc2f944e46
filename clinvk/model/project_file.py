"""Files of a repository that can name programs for an agent to run; a backend declares them."""

from typing import NamedTuple


class ProjectFile(NamedTuple):
    """`pattern` is a glob below the agent's directory, or below one above it in the repository.

    A file counts if `says`, a regular expression, is found in it. `always` is for what the agent
    runs in a read-only turn too, because nothing stops it.
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
"""Of an agent that reads a repository's `.env` for its own: variables with which others run code.

Most such files set nothing of the kind, and are not named.
"""
