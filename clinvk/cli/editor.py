"""`-e`: the prompt written in the person's own editor."""

import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

from clinvk.cli.context import Cli
from clinvk.errors import UsageError
from clinvk.process.foreground import run_foreground


def edit_prompt(text: str, cli: Cli) -> str:
    """What the editor left; `UsageError` if there is no editor or it failed."""
    environ = cli.world.environ
    editor = environ.get("VISUAL") or environ.get("EDITOR")
    if not editor:
        raise UsageError("there is no editor", hint="set `EDITOR`, or pipe the prompt in")
    with TemporaryDirectory(prefix="clinvk-") as folder:
        file = Path(folder) / "PROMPT.md"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as draft:
            draft.write(text)
        code = run_foreground((*shlex.split(editor), str(file)), environ=environ, cwd=None)
        if code != 0:
            raise UsageError(f"the editor `{editor}` ended with {code}: nothing was sent")
        return file.read_text(encoding="utf-8", errors="surrogateescape").strip()
