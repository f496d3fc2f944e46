"""Caches a checked configuration, so that the next run does not check it again.

Parsing and checking a small file takes 85 ms, as long as the rest of a run's start. The result is
stored with everything that it depends on (the text itself, not its time or size), and used only if
all of that is equal, so it is never out of date. If the cache is deleted, damaged or read-only, the
file is checked again.
"""

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress

from clinvk.errors import StoreError
from clinvk.model.events import Json
from clinvk.store.files import ensure_private_dir, open_regular, write_private
from clinvk.store.home import Home

LARGEST = 1 << 16
"""Maximum size in bytes; comparing a longer text would cost more than it saves."""

_NAME = "config.json"

Checked = Mapping[str, Mapping[str, Json]]


def recall(home: Home, made_of: Mapping[str, Json]) -> Checked | None:
    """The cached result for exactly this input; None if there is none to trust. Never raises.

    It decides which program runs, so the file must belong to this user, and no other user may write
    to it.
    """
    try:
        folder = os.lstat(home.cache)
        if not stat.S_ISDIR(folder.st_mode) or not _is_only_ours(
            folder, stat.S_IWGRP | stat.S_IWOTH
        ):
            return None
        with os.fdopen(open_regular(home.cache / _NAME), "rb") as file:
            if not _is_only_ours(os.fstat(file.fileno()), 0o077):
                return None
            kept = json.loads(file.read(8 * LARGEST))
        if kept["made_of"] != made_of:
            return None
        checked: dict[str, dict[str, Json]] = kept["checked"]
        parts = [checked["file"], checked["environment"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return checked if all(isinstance(part, dict) for part in parts) else None


def remember(home: Home, made_of: Mapping[str, Json], checked: Checked) -> None:
    """Store the result for the next run, if the home exists. Never raises."""
    page = json.dumps({"made_of": made_of, "checked": checked}).encode()
    if len(page) > 4 * LARGEST or not os.path.isdir(home.root):
        return
    with suppress(StoreError):
        ensure_private_dir(home.cache)
        write_private(home.cache / _NAME, page)


def _is_only_ours(found: os.stat_result, forbidden: int) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & forbidden
