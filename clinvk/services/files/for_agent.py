"""Reads and writes files for an agent that leaves that to clinvk, after it was allowed to.

It happens as if the agent did it: in place, through links, with the user's rights and umask.
"""

import os

from clinvk.model.request import FileReply
from clinvk.store.files import require_regular

LARGEST = 8 * 1024 * 1024
"""Bytes of a file that is read: the whole of it goes to the agent in one message."""

_ANYONE = 0o666
_SAFELY = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""So that a pipe or a terminal cannot stop clinvk; only regular files are used."""


def reply_with_file(asked: FileReply) -> bytes:
    """Read or write the file, and make the reply; never raises."""
    try:
        return asked.done(_read(asked.path) if asked.text is None else _write(asked))
    except FileNotFoundError as error:
        return asked.failed(f"{asked.path}: {error.strerror}", True)
    except OSError as error:
        return asked.failed(f"{asked.path}: {error.strerror or error}", False)
    except ValueError as error:  # no UTF-8, or no possible name
        return asked.failed(f"{asked.path}: {error}", False)


def _read(path: str) -> str:
    with os.fdopen(require_regular(os.open(path, os.O_RDONLY | _SAFELY)), "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"it is larger than {LARGEST >> 20} MiB")
    return content.decode("utf-8")


def _write(asked: FileReply) -> str:
    text = asked.text or ""
    opened = os.open(asked.path, os.O_WRONLY | os.O_CREAT | _SAFELY, _ANYONE)
    with os.fdopen(require_regular(opened), "wb") as file:
        file.truncate()
        file.write(text.encode("utf-8", errors="replace"))
    return text
