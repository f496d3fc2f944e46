"""Shell completion: commands and options are in generated scripts, sessions are looked up.

A script has every command, option and choice, so that completing one starts no process. Sessions,
names, tags, models, backends and keys come from `clinvk completion --candidates`, which does not
load Typer. No other command loads this package.
"""

from enum import StrEnum
from importlib import import_module


class Shell(StrEnum):
    """The supported shells."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def script(shell: Shell) -> str:
    """The completion script for the shell, generated from the commands."""
    from clinvk.cli.completion.tree import read_tree

    text: str = import_module(f"clinvk.cli.completion.{shell}").render(read_tree())
    return text
