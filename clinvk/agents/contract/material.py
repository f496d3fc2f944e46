"""The input of the checks: requests, ends of a child, and lines that are not events."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinvk.agents.base import Capability
from clinvk.model.access import Access
from clinvk.model.request import TurnRequest

PROMPT = "a prompt with --options, 'quotes' and {braces}"
CONVERSATION = "123e4567-e89b-12d3-a456-426614174000"

ENDS: Sequence[tuple[int | None, str]] = ((0, ""), (1, "error: boom"), (-9, ""), (None, ""))
"""How a child ends: well, badly, killed, and stopped by clinvk."""

JUNK: Sequence[str] = (
    "",
    "   ",
    "no json at all",
    '{"type": "cut off',
    "null",
    "[]",
    "42",
    '"text"',
    "\x00\x00",
    "\ufffd\u2028",
    "{}",
    '{"type": null}',
    '{"type": ["system"]}',
    '{"type": "an_event_that_no_version_has"}',
    "[" * 100_000,
    '{"a": ' * 100_000,
)

PREFIXES: Sequence[str] = ("\x1b]0;a title\x07", "\ufeff", "Welcome! ", "\0\0", "data: ")
"""Text before an event on its line: what other programs print without a line end."""

REQUESTED: Mapping[Capability, Mapping[str, Any]] = {
    Capability.MODEL: {"model": "a-model"},
    Capability.SYSTEM_PROMPT: {"system_prompt": "Be kind."},
    Capability.MAX_TURNS: {"max_turns": 3},
    Capability.EPHEMERAL: {"ephemeral": True},
    Capability.READ_ONLY: {"access": Access.READ_ONLY},
    Capability.EDIT: {"access": Access.EDIT},
    Capability.FULL: {"access": Access.FULL},
}
"""The request that needs each capability."""


def ask(**asked: Any) -> TurnRequest:  # noqa: ANN401  the fields of a request
    """A request for a turn."""
    fields: dict[str, Any] = {"prompt": PROMPT, "cwd": Path("/project"), **asked}
    return TurnRequest(**fields)
