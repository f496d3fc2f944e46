"""The prompt: the words, stdin, an editor, or the words with stdin below them."""

import os
import stat
from typing import TextIO

from clinvk.cli.context import Cli
from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

SAY_SO_AFTER_S = 3.0


def read_prompt(cli: Cli, words: tuple[str, ...], *, editor: bool) -> str:
    """The prompt; `UsageError` when there is none.

    Piped stdin is the prompt where there are no words (or only `-`), and stands below them in a
    `<stdin>` block where there are.
    """
    streams = cli.streams
    from_stdin = words == ("-",)
    text = "" if from_stdin else " ".join(words)
    if editor:
        from clinvk.cli.editor import edit_prompt

        text = edit_prompt(text, cli)
    elif from_stdin or (not text and _is_piped(streams)):
        text = _read(streams)
    elif _is_piped(streams) and (piped := _read(streams)).strip():
        text = f"{text}\n\n<stdin>\n{piped.rstrip()}\n</stdin>"
    if not text.strip():
        raise UsageError(
            "the prompt is empty", hint='say something: `clinvk "your prompt"`, or pipe it in'
        )
    return text


def _is_piped(streams: Streams) -> bool:
    """Whether stdin holds something for us: a pipe, a file, a socket.

    A device (`/dev/null`) and a closed stdin do not.
    """
    if streams.stdin is None or streams.stdin_is_tty:
        return False
    try:
        mode = os.fstat(streams.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return not hasattr(streams.stdin, "fileno") or streams.stdin.readable()
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _read(streams: Streams) -> str:
    """All of stdin; a pipe that stays silent is waited for, and that is said."""
    stdin = streams.stdin
    if stdin is not None and not _ready(stdin):
        streams.talk("waiting for the end of stdin; add `< /dev/null` if there is nothing to read")
    return streams.read_stdin()


def _ready(stdin: TextIO) -> bool:
    import select

    try:
        return bool(select.select([stdin.fileno()], [], [], SAY_SO_AFTER_S)[0])
    except (OSError, ValueError):
        return True
