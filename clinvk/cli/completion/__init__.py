"""Shell completion: commands and options are in generated scripts, sessions are looked up.

A script has every command, option and choice, so that completing one starts no process. Sessions,
names, tags, backends and keys come from `clinvk completion --candidates`, which does not load
Typer. No other command loads this package.
"""

from enum import StrEnum


class Shell(StrEnum):
    """The supported shells."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
