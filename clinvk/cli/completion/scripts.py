"""The script for each shell, generated from the commands."""

from collections.abc import Callable, Mapping

from clinvk.cli.completion import Shell
from clinvk.cli.completion.bash import render_bash
from clinvk.cli.completion.fish import render_fish
from clinvk.cli.completion.tree import IMPLICIT, Command, read_tree
from clinvk.cli.completion.zsh import render_zsh

_RENDERERS: Mapping[Shell, Callable[[Command, str], str]] = {
    Shell.BASH: render_bash,
    Shell.ZSH: render_zsh,
    Shell.FISH: render_fish,
}

FILES: Mapping[str, Shell] = {
    "clinvk.bash": Shell.BASH,
    "_clinvk": Shell.ZSH,
    "clinvk.fish": Shell.FISH,
}
"""The file names that the shells expect."""


def script(shell: Shell) -> str:
    """The completion script for the shell."""
    return _RENDERERS[shell](read_tree(), IMPLICIT)
