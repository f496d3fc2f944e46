"""A command line without a command: `clinvk "fix it"` is `clinvk run "fix it"`."""

import shlex
from collections.abc import Collection, Sequence

from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

_OF_THE_TABLE = frozenset({"--help", "-h", "--version", "-V"})


def with_command(argv: Sequence[str], commands: Collection[str], streams: Streams) -> list[str]:
    """Return the words with their command in front.

    A bare `clinvk` on a terminal stays empty (it shows the help); piped stdin is a prompt. Words
    that look like a command are refused: a prompt costs money, and the agent may change files.
    `help` and `help COMMAND` show the help.
    """
    words = list(argv)
    if any("\0" in word for word in words):  # no shell passes them, and no path contains them
        raise UsageError("an argument contains a NUL character", hint="leave it out")
    if not words:
        return [] if streams.stdin_is_tty or streams.stdin is None else ["run"]
    if words[0] == "help" and (len(words) == 1 or (len(words) == 2 and words[1] in commands)):
        return [*words[1:], "--help"]
    if words[0] in commands or words[0] in _OF_THE_TABLE:
        return words
    _refuse_lookalike(words, commands)
    return ["run", *words]


def _refuse_lookalike(words: list[str], commands: Collection[str]) -> None:
    from clinvk.cli.lookalike import command_behind_options, command_meant, option_meant

    if words[0].startswith("-"):
        if meant := option_meant(words, _OF_THE_TABLE):
            raise UsageError(
                f"there is no option `{words[0]}`; did you mean `{meant}`?",
                hint="see `clinvk --help`",
            )
        if command := command_behind_options(words, commands):
            raise UsageError(
                f"`{command}` is a command, and must come before its options",
                hint=_as_prompt(words),
            )
    elif meant := command_meant(words, commands):
        raise UsageError(
            f"there is no command `{words[0]}`; did you mean `{meant}`?", hint=_as_prompt(words)
        )


def _as_prompt(words: list[str]) -> str:
    return f"to send it as a prompt: `clinvk run {shlex.join(words)}`"
