"""The script of each shell, from the commands as they are."""

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
"""The names that the shells look for."""


def script(shell: Shell) -> str:
    """The completion script of that shell."""
    return _RENDERERS[shell](read_tree(), IMPLICIT)
