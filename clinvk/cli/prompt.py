"""The prompt: the words, stdin, an editor, or the words with stdin below them."""

import fcntl
import os
import stat

from clinvk.cli.context import Cli
from clinvk.cli.prompt_text import LONGEST, checked_text, text_of
from clinvk.cli.stdin import Patience, read_in_time, unreadable_stdin
from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

SAY_SO_AFTER_S = 3.0


def read_prompt(cli: Cli, words: tuple[str, ...], *, editor: bool, patience: Patience) -> str:
    """The prompt; `UsageError` when there is none, `StdinTimeoutError` past the `patience`.

    Piped stdin is the prompt where there are no words (or only `-`), and stands below them in a
    `<stdin>` block where there are. Both must be text, as `text_of` has it.
    """
    streams = cli.streams
    from_stdin = words == ("-",)
    text = "" if from_stdin else checked_text(" ".join(words), "the prompt")
    if editor:
        from clinvk.cli.editor import edit_prompt

        text = edit_prompt(text, cli)
    elif from_stdin or (not text and _is_piped(streams)):
        text = _read(cli, patience)
    elif _is_piped(streams) and (piped := _read(cli, patience)).strip():
        text = checked_text(f"{text}\n\n<stdin>\n{piped.rstrip()}\n</stdin>", "the prompt")
    if not text.strip():
        raise UsageError(
            "the prompt is empty", hint='say something: `clinvk "your prompt"`, or pipe it in'
        )
    return text


def _is_piped(streams: Streams) -> bool:
    """Whether stdin holds something for us: a pipe, a file, a socket.

    A device (`/dev/null`), a closed stdin and one that is open for writing only do not.
    """
    if streams.stdin is None or streams.stdin_is_tty:
        return False
    try:
        descriptor = streams.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    except (OSError, ValueError):
        return not hasattr(streams.stdin, "fileno") or streams.stdin.readable()
    if flags & os.O_ACCMODE == os.O_WRONLY:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _read(cli: Cli, patience: Patience) -> str:
    """All of stdin; a pipe that stays silent is waited for, and that is said.

    Raises `StoppedBySignal` for SIGTERM and SIGHUP: they end as they do once the agent runs.
    """
    from clinvk.process.signals import stopped_by_signals  # only where stdin is read

    streams, stdin = cli.streams, cli.streams.stdin
    if stdin is None or not hasattr(stdin, "buffer"):
        return checked_text(streams.read_stdin(LONGEST), "what came on stdin")
    say_so = "waiting for the end of stdin; add `< /dev/null` if there is nothing to read"
    with stopped_by_signals():
        try:
            data = read_in_time(
                stdin,
                patience,
                cli.world.monotonic,
                quiet_s=SAY_SO_AFTER_S,
                on_quiet=lambda: streams.err(say_so),
            )
        except OSError as error:
            raise unreadable_stdin(error) from error
    return text_of(data, "what came on stdin")
