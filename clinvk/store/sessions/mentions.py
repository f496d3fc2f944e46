"""Whether a file of ours may hold a text at all, told from its bytes, before it is parsed."""

import json
import os
from pathlib import Path

from clinvk.store.files import open_regular


def may_mention(path: Path, text: str) -> bool:
    """False if the JSON in the file cannot hold `text`; True if it may, or cannot be looked at."""
    needle = json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "backslashreplace")
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return needle in file.read()
    except FileNotFoundError:
        return False
    except OSError:
        return True
