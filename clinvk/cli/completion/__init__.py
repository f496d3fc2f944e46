"""What the shells complete: the commands and options in generated scripts, the sessions asked for.

A script holds every command, option and choice, so that completing one starts nothing. Sessions,
names, tags, backends and keys are asked for as they are typed: `clinvk completion --candidates`,
which goes past Typer. Nothing of this is loaded on any other path.
"""

from enum import StrEnum


class Shell(StrEnum):
    """A shell, as it is called."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
