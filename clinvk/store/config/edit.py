"""Changing the configuration file: one change at a time, checked before it is written.

Only the file's text goes through here; what a change is, `config_text` knows. A file that is a
symbolic link (a folder of dotfiles) is changed where it lies, and stays a link.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from clinvk.errors import ConfigError, SessionBusyError
from clinvk.model.events import Json
from clinvk.store.config.file import check_config, read_config
from clinvk.store.config.text import TooUnusualError, with_key, without_key
from clinvk.store.files import ensure_private_dir, write_private
from clinvk.store.home import Home
from clinvk.store.locks.lock import Claim, acquire

WAIT_S = 10.0
"""How long one change waits for another, which takes milliseconds."""

_BY_HAND = "`clinvk config edit` opens the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """The person's configuration, for changes. `backends` are the names there are."""

    home: Home
    backends: Collection[str]
    claim: Claim

    def set(self, key: str, value: Json) -> None:
        """Set a key to a checked value; creates the file, 0600.

        Raises `ConfigError` if the file is invalid (and would stay so) or too unusual to be changed
        in place, `StoreError` if it cannot be written, `SessionBusyError` if somebody else changes
        it for very long. The file is untouched then.
        """
        self._change(key, lambda text: with_key(text, key, value))

    def unset(self, key: str) -> bool:
        """Take a key out of the file, whether it is a known one or not; false if it is not there.

        Raises as `set` does.
        """
        return self._change(key, lambda text: without_key(text, key))

    def create(self, text: str) -> bool:
        """Write a first file, 0600; false if there is one already. Raises as `set` does."""
        return self._change("", lambda old: text if not old else None)

    def _change(self, key: str, change: Callable[[str], str | None]) -> bool:
        home = self.home
        ensure_private_dir(home.root, may_be_link=True)
        try:
            lock = acquire(home.config_lock, replace(self.claim, wait_s=WAIT_S))
        except SessionBusyError as error:
            raise SessionBusyError(
                f"`{home.config_file}` is being changed by another process", hint="try again"
            ) from error
        with lock:
            old = _text(home.config_file)
            try:
                new = change(old)
            except TooUnusualError as error:
                raise ConfigError(
                    f"`{key}` cannot be changed in place in `{home.config_file}`: {error}",
                    hint=_BY_HAND,
                ) from error
            if new is None:
                return False
            self._check(old, new)
            # A link to nowhere is followed too: its target is then created.
            write_private(Path(os.path.realpath(home.config_file)), new.encode())
        return True

    def _check(self, old: str, new: str) -> None:
        """Whatever else is wrong is told with the lines of the file as it is."""
        origin = str(self.home.config_file)
        try:
            check_config(new.encode(), origin, self.backends)
        except ConfigError as error:
            check_config(old.encode(), origin, self.backends)
            raise ConfigError(error.message, hint=error.hint) from error


def _text(path: Path) -> str:
    said = read_config(path, must_exist=False) or b""
    try:
        return said.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"`{path}` is not UTF-8", hint=_BY_HAND) from error
