"""Reads the prompt: from the words, stdin, an editor, or the words with stdin appended."""

import fcntl
import os
import stat

from clinvk.cli.context import Cli
from clinvk.cli.prompt_text import LONGEST, checked_text, text_of
from clinvk.cli.spelling import typed
from clinvk.cli.stdin import ReadLimits, read_in_time, unreadable_stdin
from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

NOTICE_AFTER_S = 3.0


def read_prompt(cli: Cli, words: tuple[str, ...], *, editor: bool, limits: ReadLimits) -> str:
    """Return the prompt. Raises `UsageError` if it is empty, `StdinTimeoutError` past the `limits`.

    Without words (or with only `-`), piped stdin is the prompt; else it is appended to the words in
    a `<stdin>` block. Both must be text that `text_of` accepts.
    """
    streams = cli.streams
    from_stdin = words == ("-",)
    text = "" if from_stdin else checked_text(" ".join(words), "the prompt")
    if editor:
        from clinvk.cli.editor import edit_prompt

        text = edit_prompt(text, cli)
    elif from_stdin or (not text and _is_piped(streams)):
        text = _read(cli, limits)
    elif _is_piped(streams) and (piped := _read(cli, limits)).strip():
        text = checked_text(f"{text}\n\n<stdin>\n{piped.rstrip()}\n</stdin>", "the prompt")
    if not text.strip():
        asked = [word for word in cli.typed if word.strip() and word != "-"]
        raise UsageError(
            "the prompt is empty", hint=f"give one: `clinvk {typed([*asked, '…'])}`, or pipe it in"
        )
    return text


def _is_piped(streams: Streams) -> bool:
    """Whether stdin is input for us: a pipe, a file or a socket.

    A device (`/dev/null`), a closed stdin and one that is open for writing only are not.
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


def _read(cli: Cli, limits: ReadLimits) -> str:
    """Read all of stdin; after a while without input, a message says so.

    Raises `StoppedBySignal` for SIGTERM and SIGHUP, with the same exit status as during a run.
    """
    from clinvk.process.signals import stopped_by_signals  # only where stdin is read

    streams, stdin = cli.streams, cli.streams.stdin
    if stdin is None or not hasattr(stdin, "buffer"):
        return checked_text(streams.read_stdin(LONGEST), "the text on stdin")
    notice = "waiting for the end of stdin; add `< /dev/null` if there is nothing to read"
    with stopped_by_signals():
        try:
            data = read_in_time(
                stdin,
                limits,
                cli.world.monotonic,
                quiet_s=NOTICE_AFTER_S,
                on_quiet=lambda: streams.err(notice),
            )
        except OSError as error:
            raise unreadable_stdin(error) from error
    return text_of(data, "the text on stdin")
