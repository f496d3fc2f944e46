"""The private temporary files that a child needs, there exactly as long as the child."""

import os
from collections.abc import Mapping
from pathlib import Path

from clinvk.errors import BackendStartError


class ScratchFiles:
    """Files of an invocation in a folder of their own (0700, the files 0600).

    Without files there is no folder either.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._folder: Path | None = None
        self._paths: dict[str, Path] = {}
        if not files:
            return
        import tempfile  # 5 ms, and most invocations have no files

        try:
            self._folder = Path(tempfile.mkdtemp(prefix="clinvk-"))
            for key, content in files.items():
                self._paths[key] = self._folder / key
                _write_private(self._paths[key], content)
        except OSError as error:
            self.remove()
            reason = (error.strerror or str(error)).lower()
            raise BackendStartError(
                f"the agent's temporary files cannot be written: {reason}",
                hint="`TMPDIR` names another folder for them",
            ) from error

    def fill_in(self, argv: tuple[str, ...]) -> list[str]:
        """The argv with every `{key}` replaced by its file's path."""
        return [self._filled(token) for token in argv]

    def fill_in_env(self, env: Mapping[str, str]) -> dict[str, str]:
        """The variables with every `{key}` in their values replaced likewise."""
        return {name: self._filled(value) for name, value in env.items()}

    def _filled(self, text: str) -> str:
        for key, path in self._paths.items():
            text = text.replace(f"{{{key}}}", str(path))
        return text

    def remove(self) -> None:
        """Take folder and files away; a second time does nothing."""
        if self._folder is not None:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _write_private(path: Path, content: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        # A lone surrogate must not stop the run, and agents refuse a file that is not UTF-8.
        file.write(content.encode("utf-8", errors="replace"))
