"""Parses JSON with comments and trailing commas, which some agents accept as settings."""

import re
from collections.abc import Mapping

from clinvk.agents.kit.jsonl import parse_object
from clinvk.model.events import Json

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = rf"(?s)({_STRING})|//[^\n]*|/\*.*?\*/"
_LAST_COMMA = rf"(?s)({_STRING})|,(?=\s*[}}\]])"


def parse_settings(text: str) -> Mapping[str, Json] | None:
    """The object in the text, None if it is anything else. Never raises."""
    plain = re.sub(_COMMENT, lambda found: found[1] or " ", text)
    return parse_object(re.sub(_LAST_COMMA, lambda found: found[1] or "", plain))
