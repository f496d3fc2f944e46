"""What a value is: a secret, or a reference to one, a placeholder, a type, code, a path."""

import re
from enum import IntEnum
from typing import NamedTuple

from clinvk.text.secrets.names import Kind
from clinvk.text.secrets.spans import MARK


class Sign(IntEnum):
    """How sure what stands around a value makes that it is one."""

    MENTIONED = 0
    """A sentence: only what looks like nothing else is a secret."""
    ASSIGNED = 1
    """`name: value`, as in a program, where a word is code or a type."""
    GIVEN = 2
    """An option, an address, a variable of the shell: a word is a secret too."""


class Value(NamedTuple):
    """A value in a text, without its quotes."""

    start: int
    end: int
    text: str
    quoted: bool


LONGEST = 400
"""So much of a value is looked at."""

_OPEN = re.compile(
    r"(?:\*{1,2}|_{1,2}(?=[\"'`]))?(?:(?<!\w)[fbruFBRU@]{1,2}(?=[\"']))?"
    r"(\"\"\"|'''|\\{0,7}[\"'`]|[«“„‘「])?[ ]?"
)
_CLOSING = {"«": "»", "“": "”", "„": "“", "‘": "’", "「": "」"}
_BARE = re.compile(r"[^\s\"'`<>]{1,400}+")
_BARE_ASCII = re.compile(r"[!#-&(-;=?-_a-~]{1,400}+")
_NEXT_PAIR = re.compile(r"[;&,](?=[A-Za-z_][\w. -]{0,40}=)|;(?!\S)|\\[nrt](?![\w])|\|(?!\S)")
_REST = re.compile(r"[^\s\"'`<>]*+")
_TRAILING = ".,;:*_|"

_WORDS = {
    "string", "str", "number", "int", "integer", "bool", "boolean", "bytes", "none", "null",
    "nil", "undefined", "true", "false", "required", "optional", "any", "object", "secretstr",
    "text", "password", "passwd", "pass", "pwd", "passphrase", "secret", "token", "key",
    "apikey", "changeme", "change-me", "change_me", "changeit", "placeholder", "example",
    "sample", "dummy", "redacted", "hidden", "removed", "masked", "omitted", "todo", "tbd",
    "fixme", "n/a", "empty", "missing", "unset", "unknown", "invalid", "expired", "valid", "yes",
    "no", "on", "off", "await", "new", "self", "this", "bearer", "basic", "username", "user",
    "admin", "root", "enter", "type", "value", "description", "name", "field", "default",
    "authorization", "input", "stdin", "ask", "prompt", "file", "env",
}  # fmt: skip
_PLACEHOLDER = re.compile(
    r"(?i)(?:your|insert|replace|enter|fill)[-_ ][a-z]{1,20}+(?:[-_ ][a-z]{1,20}+){0,8}[-_]?\d?"
    r"|(?:my|the|some|put|add|example|sample|dummy|fake|change)[-_][a-z]{1,20}+"
    r"(?:[-_][a-z]{1,20}+){0,8}"
    r"[-_]?\d?|your[a-z]{1,20}"
    r"|[x*•.#?_ -]{3,}+|[a-z]{0,8}[-_]?[x*•]{4,}+[-_x*•]*+|(.)\1{5,}+"
    r"|\[[^\]]*\]|<.*>?|\(.*|.*\*{4,}"
)
_REFERENCE = re.compile(
    r"\$\w+(?:[/}:-].*)?|\$\{.*|\$\(.*|\$\w+\[.*|%\w*%|%\(?\w*\)?s|\{\{[^}]*\}\}"
    r"|\{[\w.()\[\]!:]*\}|#\{.*"
    r"|@\w*\(.*|!\w+(?: .*)?|(?:env|file|vault|ssm|secretsmanager|keychain|kms|op|ref"
    r"|arn):[\w:/. -]+"
    r"|<%.*|/?(?:[\w.@+-]+/)+[\w.@+ -]*\.[a-z]{2,5}|/(?:[a-z_.-][\w.@+-]*/)+[\w.@+ -]*|\.{1,2}/.*"
    r"|~/.*"
    r"|[A-Za-z]:\\.*|/[a-z_.-]+|[a-z]+://[^\s@]*|&\w+;?|projects/.*|data:.*|ssh-\w+ .*|sha\d+[:-].*"
    r"|[{\[]"
)
_CODE = re.compile(
    r"[A-Za-z_$@][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+[;,()]*|[\w$.:>!?-]{1,100}+[(\[{].*"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\[.*"
)
_EXPRESSION = re.compile(r"\w[(\[]|=[\"']|\(\?|\][+*{]|\\[dwsb]|\[\^|=[({\[]")
_PATTERN = re.compile(r"\(\?[:=!<]|\][+*{]|\\[dws][+*{]|\[\^")
"""A call, an index, an argument, a regular expression."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z_-]*")
_PROSE = re.compile(
    r"(?i)\b(?:password|passwort|token|secret|key|your|enter|must|should|is|are|the|invalid"
    r"|required"
    r"|missing|this|please|forgot|confirm|new|not|for|with|of|to)\b"
)
_VERSION = re.compile(
    r"(?i)v?\d+(?:[.:/-]\d+)*[a-z%]{0,4}|\d+-\w+|[a-z]+-\d+-[a-z]+|(?:sha|md|utf|python|py|oauth"
    r"|http|https"
    r"|es|aes|base|ipv|rfc|iso|cp|win|node|tls|ssl|ed|rs|hs|step|line|page|turn|issue|pr|test"
    r"|argon|pbkdf|id"
    r"|user|token|key|password|pass|secret|log|x|arm|amd|int|uint|float|web|h|s|ec|part|case"
    r"|phase)[-_]?\d{1,5}"
)


def read_value(text: str, at: int) -> Value | None:
    """The value that stands at this place."""
    opened = _OPEN.match(text, at)
    if opened is None:
        return None
    start, quote = opened.end(), opened[1]
    if quote is not None:
        closing = _CLOSING.get(quote, quote)
        end = _end_of_quoted(text, start, closing)
        if end is not None:
            return Value(start, end, text[start:end].rstrip(" "), quoted=True)
        line = text.find("\n", start, start + LONGEST)
        end = line if line >= 0 else min(len(text), start + LONGEST)
        return Value(start, end, text[start:end], quoted=False) if end > start else None
    bare = (_BARE_ASCII if at and text[at - 1] > "\u2e80" else _BARE).match(text, start)
    if bare is None:
        return None
    end = bare.end()
    if (pair := _NEXT_PAIR.search(text, start + 1, end)) is not None:
        end = pair.start()
    said = text[start:end].rstrip(_TRAILING)
    for opening, closing in ("()", "[]", "{}"):
        while said.endswith(closing) and said.count(closing) > said.count(opening):
            said = said[:-1].rstrip(_TRAILING)
    return Value(start, start + len(said), said, quoted=False) if said else None


def whole_end(text: str, start: int, end: int) -> int:
    """Where a secret ends of which only the first part was looked at."""
    rest = _REST.match(text, end) if end - start >= LONGEST else None
    return rest.end() if rest else end


def _end_of_quoted(text: str, start: int, closing: str) -> int | None:
    """Where the quote closes: on this line, and for a triple quote anywhere near."""
    limit = min(len(text), start + LONGEST)
    if len(closing) < 3 and closing[0] != "\\":
        line = text.find("\n", start, limit)
        limit = limit if line < 0 else line
    at = start
    while (end := text.find(closing, at, limit)) >= 0:
        slashes = end - len(text[start:end].rstrip("\\")) - start
        doubled = closing == "'" and text[end + 1 : end + 2] == "'" and end > start
        if slashes % 2 == 0 and not doubled:
            return end
        at = end + (2 if doubled else 1)
    return None


def is_secret(said: str, kind: Kind, sign: Sign, *, quoted: bool = False) -> bool:
    """Whether a value after a name of this kind is a secret."""
    cut = said.endswith(("…", "..."))
    said = said.rstrip("….") if cut else said
    digits = any(map(str.isdigit, said))
    code = not quoted and sign is Sign.ASSIGNED and _CODE.fullmatch(said) and not looks_drawn(said)
    cut = cut and not digits and len(said) < 6
    if cut or code or _is_something_else(said, quoted=quoted):
        return False
    if sign is Sign.MENTIONED:
        word = quoted and kind is Kind.PASSWORD and len(said) >= 6 and said.isalpha()
        return word or looks_drawn(said)
    if quoted and " " in said:
        return _phrase(said, kind, digits=digits)
    if kind is Kind.TOKEN:
        return _token_like(said, digits=digits, sign=sign, quoted=quoted)
    if quoted or sign is Sign.GIVEN:
        return (digits or len(said) >= 4) and not re.fullmatch(r"[A-Z]+(?:_[A-Z]+)+", said)
    return not _NAME.fullmatch(said) or looks_drawn(said)


def _is_something_else(said: str, *, quoted: bool) -> bool:
    """Whether it is a word of programs, a reference, a placeholder or a pattern."""
    return (
        len(said) < 3
        or said.lower() in _WORDS
        or MARK in said
        or _REFERENCE.fullmatch(said) is not None
        or _PLACEHOLDER.fullmatch(said) is not None
        or (quoted and _PATTERN.search(said) is not None)
    )


def _phrase(said: str, kind: Kind, *, digits: bool) -> bool:
    prose, words = len(_PROSE.findall(said)), said.count(" ") + 1
    if kind is Kind.PASSWORD:
        return prose < 2 and words <= 8 and not said.endswith((".", ":", "?"))
    return digits and not prose and words <= 4


def _token_like(said: str, *, digits: bool, sign: Sign, quoted: bool) -> bool:
    if said.isdigit():
        return False
    if digits:
        return len(said) >= 6 or sign is Sign.GIVEN or quoted
    if re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*|[a-z]+(?:[._-][a-z]+)*", said):
        return said.isalpha() and len(said) >= 8 and (quoted or sign is Sign.GIVEN)
    return len(said) >= 16 or (quoted and len(said) >= 8)


def looks_drawn(said: str) -> bool:
    """Whether a text looks like no word, name, number or version."""
    if len(said) < 6 or _VERSION.fullmatch(said) or "abcdefg" in said.lower():
        return False
    digits = sum(map(str.isdigit, said))
    letters = sum(map(str.isalpha, said))
    if not digits:
        marks = sum(char in "!@#$%^&*+=~" for char in said)
        upper = sum(map(str.isupper, said))
        drawn = len(said) >= 16 and said.isalpha() and 0.25 * letters < upper < 0.75 * letters
        return drawn or (letters > 0 and marks > 1)
    if _REFERENCE.fullmatch(said) or said.count("/") > 1 or _EXPRESSION.search(said):
        return False
    return letters >= 2


def nothing_else(said: str) -> bool:
    """Whether a text mixes small letters, capitals and digits, as drawn texts do."""
    kinds = (str.isupper, str.islower, str.isdigit)
    mixed = all(any(map(kind, said)) for kind in kinds)
    long = len(said) >= 32 and sum(map(str.isdigit, said)) >= 6 and said.isalnum()
    return (mixed or long) and looks_drawn(said) and "." not in said
