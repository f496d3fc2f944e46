"""Finds out from a file's bytes whether it may contain a text, before it is parsed."""

import json
import os
from pathlib import Path

from clinvk.store.files import open_regular


def may_mention(path: Path, text: str) -> bool:
    """False if the JSON in the file cannot contain `text`; True if it may, or is unreadable."""
    needle = json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "backslashreplace")
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return needle in file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True
