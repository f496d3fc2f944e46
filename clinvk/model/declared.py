"""Backends that do not come with clinvk: their names, and what their templates may hold."""

import re
from collections.abc import Iterable

PLACEHOLDERS = (
    "prompt",
    "prompt_file",
    "conversation",
    "model",
    "system_prompt",
    "system_prompt_file",
    "max_turns",
    "cwd",
    "home",
)
"""What stands in braces in a template; those that end in `_file` become a private file's path."""

OPTIONS = "{options}"
"""The argument that makes room for what was asked with options; without it they come first."""

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
"""Anything that looks like one, known or not."""

BACKEND_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""What a backend may be called: it becomes a part of keys, variables and file names."""


def unknown_placeholder(argument: str) -> str | None:
    """The first placeholder of an argument that is none."""
    if argument == OPTIONS:
        return None
    found = PLACEHOLDER.findall(argument)
    return next((name for name in found if name not in PLACEHOLDERS), None)


def mentions(name: str, arguments: Iterable[str]) -> bool:
    """Whether the placeholder stands in any of the arguments."""
    return any(f"{{{name}}}" in argument for argument in arguments)
