"""Whether an agent still has a conversation, looked up in the agent's own files."""

import os
from pathlib import Path

from clinvk.model.conversation import ConversationFiles


def conversation_exists(files: ConversationFiles | None) -> bool | None:
    """Whether the agent has the conversation; None where its files do not tell.

    They do not tell if there is no such folder, or if nothing was found and a part of the folder
    cannot be read: "gone" is said only of what was looked at in full.
    """
    if files is None:
        return None
    try:
        if not files.root.is_dir():
            return None
        if next(files.root.glob(files.pattern), None) is not None:
            return True
    except OSError:
        return None
    return False if _wholly_readable(files.root) else None


def _wholly_readable(root: Path) -> bool:
    """Whether every folder below `root` could be looked into; `glob` passes over those silently."""
    unreadable: list[OSError] = []
    for _ in os.walk(root, onerror=unreadable.append):
        if unreadable:
            break
    return not unreadable
