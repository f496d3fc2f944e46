"""Changes the configuration file: one change at a time, checked before it is written.

This module handles the file; `config.text` changes its text. If the file is a symbolic link (to a
dotfiles folder), its target is changed and the link stays.
"""

import os
from collections.abc import Callable, Collection
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import ConfigError, SessionBusyError
from clinvk.model.events import Json
from clinvk.store.config.file import check_config, read_config
from clinvk.store.config.text import TooUnusualError, with_backend, with_key, without_key
from clinvk.store.files import ensure_private_dir, write_private
from clinvk.store.home import Home
from clinvk.store.locks import Claim, acquire

WAIT_S = 10.0
"""How long a change waits for another one, which takes milliseconds."""

_BY_HAND = "`clinvk config edit` opens the file"


class ConfigFile(Struct, frozen=True, kw_only=True):
    """The configuration at `path`, for changes. `backends` are the names of all backends."""

    home: Home
    path: Path
    backends: Collection[str]
    claim: Claim

    def set(self, key: str, value: Json) -> None:
        """Set a key to a checked value; creates the file, 0600.

        Raises `ConfigError` if the file is invalid (and stays invalid) or too unusual to change in
        place, `StoreError` if it cannot be written, `SessionBusyError` if another process holds its
        lock for `WAIT_S`. After an error the file is unchanged.
        """
        self._change(key, lambda text: with_key(text, key, value))

    def add_backend(self, name: str, example: str) -> None:
        """Add the one backend of another configuration, with its comments. Raises like `set`."""
        self._change(f"backends.{name}", lambda text: with_backend(text, example))

    def unset(self, key: str) -> bool:
        """Remove a key, known or unknown; returns False if the file does not have it.

        Raises like `set`.
        """
        return self._change(key, lambda text: without_key(text, key))

    def create(self, text: str) -> bool:
        """Create the file, 0600; returns False if it exists. Raises like `set`."""
        return self._change("", lambda old: text if not old else None)

    def _change(self, key: str, change: Callable[[str], str | None]) -> bool:
        home = self.home
        ensure_private_dir(home.root, may_be_link=True)
        try:
            lock = acquire(home.config_lock, replace(self.claim, wait_s=WAIT_S))
        except SessionBusyError as error:
            raise SessionBusyError(
                f"`{self.path}` is being changed by another process", hint="try again"
            ) from error
        with lock:
            old = _text(self.path)
            try:
                new = change(old)
            except TooUnusualError as error:
                raise ConfigError(
                    f"`{key}` cannot be changed in place in `{self.path}`: {error}",
                    hint=_BY_HAND,
                ) from error
            if new is None:
                return False
            self._check(old, new)
            # A dangling link is followed too: its target is then created.
            write_private(Path(os.path.realpath(self.path)), new.encode())
        return True

    def _check(self, old: str, new: str) -> None:
        """Check the new text. Errors that the old text has too are reported with its lines."""
        origin = str(self.path)
        try:
            check_config(new.encode(), origin, self.backends)
        except ConfigError as error:
            check_config(old.encode(), origin, self.backends)
            raise ConfigError(error.message, hint=error.hint) from error


def _text(path: Path) -> str:
    content = read_config(path, must_exist=False) or b""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"`{path}` is not UTF-8", hint=_BY_HAND) from error
