"""Removes home paths and what looks like a secret from text that will be shared.

This is best effort: it knows the usual forms of secrets, not every form, so read a text before you
share it. Each pattern starts at the beginning of a word and matches runs of one character class
possessively, so hostile text takes linear time.
"""

import re
from typing import Any

MARK = "[redacted]"

_START = r"(?<![A-Za-z0-9_-])"
_KEY = re.compile(
    # The body ends where the closing line starts; without one it is cut at a maximum length.
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]|-(?!----)){0,20000}+(?:-----END [A-Z0-9 ]{0,60}-----)?"
)
_TOKENS = re.compile(
    rf"{_START}(?:"
    r"sk-[A-Za-z0-9_-]{16,}+"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}+"
    r"|gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_[A-Za-z0-9_]{20,}+|glpat-[A-Za-z0-9_-]{16,}+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}+|xapp-[A-Za-z0-9-]{10,}+"
    r"|AIza[A-Za-z0-9_-]{30,}+|ya29\.[A-Za-z0-9_-]{20,}+"
    r"|npm_[A-Za-z0-9]{30,}+|hf_[A-Za-z0-9]{30,}+|pypi-[A-Za-z0-9_-]{50,}+"
    r"|eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{2,}+\.[A-Za-z0-9_-]*+"
    r")"
)
_QUOTE = r"\\{0,3}[\"'`]"
_BEARER = re.compile(
    rf"(?i)({_START}(?:proxy-)?authorization(?:{_QUOTE})?\s{{0,4}}[:=]\s{{0,4}}(?:{_QUOTE})?"
    r"(?:(?:bearer|basic|token)\s{1,4})?|(?<![A-Za-z0-9])bearer\s{1,4}(?=\S{16}))"
    r"([^\s\"'`\\,;<>\[\]{}]{6,}+)"
)
_ASSIGNED = re.compile(
    r"(?i)((?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    rf"|credentials?)(?:{_QUOTE})?\s{{0,4}}[:=]\s{{0,4}})"
    r"(\\{0,3}\"[^\"\\\n]{4,400}+|\\{0,3}'[^'\\\n]{4,400}+|[^\s\"'`\\,;:=()<>\[\]{}$*&|]{6,}+(?![(\[]))"
)
_IN_ADDRESS = re.compile(r"(://[^\s:/@\"'<>]{0,64}:)([^\s/@\"'<>]{3,128}+)(?=@)")
_SECRET_NAME = re.compile(
    r"(?i).{0,60}(?:password|passwd|passphrase|secret|token|api_?key|access_?key"
    r"|private_?key|authorization)"
)
_NO_SECRETS = frozenset({"string", "number", "boolean", "undefined", "required", "optional"})


class Redaction:
    """Replaces secrets by a mark, and the home folder (an absolute path) by `~`."""

    def __init__(self, home: str) -> None:
        # `/home/ann` must not match in `/home/anna`.
        words = rf"(?<![\w.~-]){re.escape(home.rstrip('/'))}(?![\w.-])"
        self._home = re.compile(words) if len(home.rstrip("/")) > 1 else None

    def text(self, text: str) -> str:
        """The redacted text."""
        if self._home is not None:
            text = self._home.sub("~", text)
        text = _KEY.sub(MARK, text)
        text = _TOKENS.sub(_token, text)
        text = _BEARER.sub(_value, text)
        text = _ASSIGNED.sub(_value, text)
        return _IN_ADDRESS.sub(_value, text)

    def home_paths(self, text: str) -> int:
        """How often the home folder occurs in a text."""
        return len(self._home.findall(text)) if self._home is not None else 0

    def value(self, value: Any) -> Any:  # noqa: ANN401  any JSON value
        """A JSON value with all texts redacted. A text under a name like `password` is replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self._named(key, item) for key, item in value.items()}
        return value

    def _named(self, name: str, value: Any) -> Any:  # noqa: ANN401  as above
        if isinstance(value, str) and value.strip() and _SECRET_NAME.fullmatch(name):
            return MARK
        return self.value(value)


def _token(match: re.Match[str]) -> str:
    """A real key contains digits; a text without digits is a name that only starts like one."""
    return MARK if any(map(str.isdigit, match[0])) else match[0]


def _value(match: re.Match[str]) -> str:
    said = match[2]
    bare = said.lstrip("\\\"'")
    if bare.startswith(MARK) or bare.lower() in _NO_SECRETS:
        return match[0]
    return f"{match[1]}{said[: len(said) - len(bare)]}{MARK}"
