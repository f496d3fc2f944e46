"""The person's own editor: for a prompt (`-e`), and for the configuration."""

import os
import shlex
import signal
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from clinvk.cli.context import Cli
from clinvk.cli.prompt_text import text_of
from clinvk.errors import ExitStatus, StoppedBySignal, UsageError
from clinvk.process.foreground import run_foreground

_ENDED_BY = (signal.SIGTERM, signal.SIGHUP)


def edit_prompt(text: str, cli: Cli) -> str:
    """What the editor left; `UsageError` if there is no editor, it failed, or left no text."""
    editor = editor_of(cli, otherwise="pipe the prompt in")
    with TemporaryDirectory(prefix="clinvk-") as folder:
        file = Path(folder) / "PROMPT.md"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as draft:
            draft.write(text)
        open_editor(editor, file, cli, lost="nothing was sent")
        try:
            return text_of(file.read_bytes(), "the draft").strip()
        except OSError as error:
            raise UsageError(
                f"the editor `{shlex.join(editor)}` left no draft: nothing was sent",
                hint="`EDITOR` must save the file that it is given, and wait until it is closed",
            ) from error


def editor_of(cli: Cli, *, otherwise: str) -> tuple[str, ...]:
    """The command of `$VISUAL` or `$EDITOR`; `UsageError` with the other way out if it is none."""
    said = cli.world.environ.get("VISUAL") or cli.world.environ.get("EDITOR") or ""
    try:
        editor = tuple(shlex.split(said))
    except ValueError as error:
        raise UsageError(f"the editor `{said}` is no command: {error}") from error
    if not editor:
        raise UsageError("there is no editor", hint=f"set `EDITOR`, or {otherwise}")
    return editor


def open_editor(editor: Sequence[str], file: Path, cli: Cli, *, lost: str) -> None:
    """Wait until the editor is closed; `UsageError` that says what is `lost` if it failed.

    Raises `StoppedBySignal` if a signal ended it, or the terminal was closed: whatever it left is
    not what the person was done with.
    """
    end = run_foreground((*editor, str(file)), environ=cli.world.environ, cwd=None)
    if end.stopped or -end.exit_code in _ENDED_BY:
        raise StoppedBySignal(ExitStatus.TERMINATED)
    if end.exit_code != 0:
        raise UsageError(f"the editor `{shlex.join(editor)}` ended with {end.exit_code}: {lost}")
