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
