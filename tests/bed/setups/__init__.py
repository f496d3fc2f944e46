"""How each agent is set up in a home of the tests; a new one is a module and a line here."""

from collections.abc import Mapping

from bed.setups._base import Place, Setup
from bed.setups.claude import Claude
from bed.setups.codex import Codex
from bed.setups.gemini import Gemini
from bed.setups.opencode import Opencode
from bed.setups.qwen import Qwen

SETUPS: Mapping[str, Setup] = {
    "claude": Claude(),
    "codex": Codex(),
    "gemini": Gemini(),
    "opencode": Opencode(),
    "qwen": Qwen(),
}

__all__ = ["SETUPS", "Place", "Setup"]
