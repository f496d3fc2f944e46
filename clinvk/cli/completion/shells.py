"""The shells that there is a script for."""

from enum import StrEnum


class Shell(StrEnum):
    """A shell, as it is called."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
