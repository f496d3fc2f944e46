"""The APIs that the mock model speaks; a new one is a module and a line in this table."""

from bed.dialects._base import Ask, BrokenStreamError, Dialect, Json, Reply
from bed.dialects.anthropic import Anthropic
from bed.dialects.chat_completions import ChatCompletions
from bed.dialects.gemini import Gemini
from bed.dialects.responses import Responses

DIALECTS: tuple[Dialect, ...] = (Anthropic(), Responses(), ChatCompletions(), Gemini())

__all__ = ["DIALECTS", "Ask", "BrokenStreamError", "Dialect", "Json", "Reply"]
