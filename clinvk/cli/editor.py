"""The user's editor: for a prompt (`-e`) and for the configuration."""

import os
import shlex
import signal
from collections.abc import Sequence
from pathlib import Path

from clinvk.cli.context import Cli
from clinvk.cli.prompt_text import text_of
from clinvk.errors import ExitStatus, StoppedBySignal, UsageError
from clinvk.process.foreground import run_foreground
from clinvk.process.scratch import draft_folder

_ENDED_BY = (signal.SIGTERM, signal.SIGHUP)


def edit_prompt(text: str, cli: Cli) -> str:
    """The text from the editor. Raises `UsageError` without an editor, or if it saves no file."""
    editor = editor_of(cli, otherwise="pipe the prompt in")
    with draft_folder() as folder:
        file = folder.draft
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as draft:
            draft.write(text)
        open_editor(editor, file, cli, lost="nothing was sent", keep_open=folder.keep_open)
        try:
            return text_of(file.read_bytes(), "the draft").strip()
        except OSError as error:
            raise UsageError(
                f"the editor `{shlex.join(editor)}` saved no file: nothing was sent",
                hint="`EDITOR` must save the given file, and run until the file is closed",
            ) from error


def editor_of(cli: Cli, *, otherwise: str) -> tuple[str, ...]:
    """The command in `$VISUAL` or `$EDITOR`. Raises `UsageError` with the hint `otherwise`."""
    value = cli.world.environ.get("VISUAL") or cli.world.environ.get("EDITOR") or ""
    try:
        editor = tuple(shlex.split(value))
    except ValueError as error:
        raise UsageError(f"the editor `{value}` is not a valid command: {error}") from error
    if not editor:
        raise UsageError("there is no editor", hint=f"set `EDITOR`, or {otherwise}")
    return editor


def open_editor(
    editor: Sequence[str], file: Path, cli: Cli, *, lost: str, keep_open: tuple[int, ...] = ()
) -> None:
    """Run the editor until it exits. Raises `UsageError` with the text `lost` if it fails.

    The editor inherits the descriptors `keep_open`.
    Raises `StoppedBySignal` if a signal ended it or the terminal was closed: the user may not have
    finished the text.
    """
    end = run_foreground(
        (*editor, str(file)), environ=cli.world.environ, cwd=None, keep_open=keep_open
    )
    if end.stopped or -end.exit_code in _ENDED_BY:
        raise StoppedBySignal(ExitStatus.TERMINATED)
    if end.exit_code != 0:
        raise UsageError(
            f"the editor `{shlex.join(editor)}` ended with exit code {end.exit_code}: {lost}"
        )
