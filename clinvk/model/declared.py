"""Declared backends: their names, and the placeholders of their templates."""

import re
from collections.abc import Iterable

from msgspec import Struct

PLACEHOLDERS = (
    "prompt",
    "prompt_file",
    "conversation",
    "model",
    "system_prompt",
    "system_prompt_file",
    "max_turns",
    "image",
    "schema",
    "schema_file",
    "add_dir",
    "effort",
    "cwd",
    "home",
)
"""The names in braces in a template; those with `_file` become the path of a private file."""

OPTIONS = "{options}"
"""The argument that is replaced by the options' arguments; without it they come first."""

SPEAKS_WITHIN = "60s"
"""How long an agent may take to answer in its protocol, if its declaration does not say."""

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
"""Anything that looks like a placeholder, known or not."""

BACKEND_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""A valid name of a backend; it becomes part of keys, variables and file names."""


def unknown_placeholder(argument: str) -> str | None:
    """The first unknown placeholder in an argument."""
    if argument == OPTIONS:
        return None
    found = PLACEHOLDER.findall(argument)
    return next((name for name in found if name not in PLACEHOLDERS), None)


def mentions(name: str, arguments: Iterable[str]) -> bool:
    """Whether any of the arguments contains the placeholder."""
    return any(f"{{{name}}}" in argument for argument in arguments)


class Example(Struct, frozen=True, kw_only=True):
    """A declaration that comes with clinvk; `text` is a whole configuration with nothing else.

    `tested` is the agent with the version that it was tried with, None for one made from the
    agent's documentation alone. `differs` is what it does unlike other agents. `install` is the
    command that installs the agent.
    """

    name: str
    title: str
    install: str | None
    tested: str | None
    differs: str | None
    text: str
