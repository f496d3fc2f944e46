"""Parses JSON with comments and trailing commas, which some agents accept as settings."""

import re
from collections.abc import Mapping

from clinvk.agents.kit.jsonl import parse_object
from clinvk.model.events import Json

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)


def parse_settings(text: str) -> Mapping[str, Json] | None:
    """The object in the text, None if it is anything else. Never raises."""
    plain = _COMMENT.sub(lambda found: found[1] or " ", text)
    return parse_object(_LAST_COMMA.sub(lambda found: found[1] or "", plain))
