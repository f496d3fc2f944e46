"""`clinvk completion`."""

from typing import Annotated

from clinvk.cli.command import Argument, Json, command
from clinvk.cli.completion import Shell, script
from clinvk.cli.context import Cli


@command()
def completion(
    cli: Cli,
    shell: Annotated[Shell, Argument(metavar="SHELL", help="bash, zsh or fish.")],
    *,
    as_json: Json = False,
) -> None:
    """Print the completion script for a shell.

    To complete commands, options, sessions and backends in every new shell:

    \b
      bash   clinvk completion bash > ~/.local/share/bash-completion/completions/clinvk
      zsh    clinvk completion zsh > "${fpath[1]}/_clinvk"
      fish   clinvk completion fish > ~/.config/fish/completions/clinvk.fish

    \b
    Only in this shell:

    \b
      bash   source <(clinvk completion bash)
      zsh    source <(clinvk completion zsh)
      fish   clinvk completion fish | source
    """  # noqa: D301  `\\b` is Typer's own mark
    if as_json:
        from clinvk.text.json_codec import json_page

        cli.streams.out_json(json_page({"shell": shell.value, "script": script(shell)}).decode())
    else:
        cli.streams.out_utf8(script(shell))
