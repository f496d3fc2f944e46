"""A command line without a command: `clinvk "fix it"` is `clinvk run "fix it"`."""

from collections.abc import Collection, Sequence

from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

_OF_THE_TABLE = frozenset({"--help", "-h", "--version"})


def with_command(argv: Sequence[str], commands: Collection[str], streams: Streams) -> list[str]:
    """The words with their command in front.

    A bare `clinvk` on a terminal stays as it is (it shows the help); piped stdin is a prompt. A
    single bare word that looks like a command is refused rather than sent. `help` and `help
    COMMAND` are the help.
    """
    words = list(argv)
    if not words:
        return [] if streams.stdin_is_tty or streams.stdin is None else ["run"]
    if words[0] == "help" and (len(words) == 1 or (len(words) == 2 and words[1] in commands)):
        return [*words[1:], "--help"]
    if words[0] in commands or words[0] in _OF_THE_TABLE:
        return words
    _refuse_lookalike(words, commands)
    return ["run", *words]


def _refuse_lookalike(words: list[str], commands: Collection[str]) -> None:
    bare = [word for word in words if not word.startswith("-")]
    if len(words) != 1 or not bare or " " in bare[0] or not bare[0].isascii():
        return
    from difflib import get_close_matches

    close = get_close_matches(bare[0].lower(), commands, n=1, cutoff=0.75)
    if close:
        raise UsageError(
            f"there is no command `{bare[0]}`; did you mean `{close[0]}`?",
            hint=f"to send it as a prompt: `clinvk run {bare[0]}`",
        )
