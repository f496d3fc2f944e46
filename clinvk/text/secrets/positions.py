"""Secrets without a name of their own: arguments of a call, cells below a heading, logins."""

import re
from collections.abc import Iterator

from clinvk.text.secrets.names import Kind, kind_of
from clinvk.text.secrets.spans import Span, Text
from clinvk.text.secrets.values import Sign, is_secret, looks_drawn

_LITERAL = r"(?:[\"']([^\"'\n]{3,200})[\"'])"
_CALLS = (
    re.compile(
        r"(?:log_?in|sign_?in|authenticate|connect|auth|credentials?|create_?user"
        r"|add_?user)\(\s{0,20}"
        rf"(?:[\w.=]{{0,30}}[\"'][^\"'\n]{{0,80}}[\"'],\s{{0,20}}){{1,3}}{_LITERAL}"
    ),
    re.compile(
        r"\b(?:auth|userpass)[ ]?=[ ]?\(\s{0,20}"
        rf"(?:[\"'][^\"'\n]{{0,80}}[\"']|\w{{1,40}}),\s{{0,20}}{_LITERAL}"
    ),
    re.compile(
        rf"(?:\bfernet|hmac\.new|createhmac|createcipheriv|aes\.new)\("
        rf"(?:[\"'][\w-]{{1,20}}[\"'], ?)?b?{_LITERAL}"
    ),
    re.compile(rf"\bidentified\s(?:with\s\S{{1,40}}\s)?by\s(?:password\s)?{_LITERAL}"),
    re.compile(rf"convertto-securestring\s(?:-string\s)?{_LITERAL}"),
    re.compile(rf"\bjwt\.(?:encode|decode|sign|verify)\([^\"'\n]{{0,80}}{_LITERAL}"),
    re.compile(r"[\"']auth[\"']\s{0,4}:\s{0,4}[\"']([a-z0-9+/=]{12,400})[\"']"),
)
_LOGIN = re.compile(
    r"\b(?:log(?:ged)?[ -]?in|sign[ -]?in|creds|credentials|account|zugangsdaten|identifiants"
    r"|credenciales)\b(?:[ ]?:)?[^\n/:]{1,60}+[:/][ ]?"
    r"[`*\"']{0,3}([^\s`*\"'/]{6,80})"
)
_KEY_ALONE = re.compile(
    r"(?<![\w.-])keys?[\"'`]?(?:[ ](?:for|to|of|is|that|we)(?:[ ][a-z]{1,20}){1,4})?[ ]?(?:[:=]"
    r"|is)[ ]{0,4}[\"'`*]{0,3}"
    r"(?=[a-z0-9+/=_-]{0,60}[0-9])([a-z0-9+/=_-]{24,400}+)"
)
_RULE = re.compile(r"(?m)^[ \t>]{0,8}\|?[ ]?:?-{3,}[-:|+ ]{0,400}$")
_HEX_OR_NAME = re.compile(r"[0-9a-f-]+|[a-z0-9]+(?:[_/-][a-z0-9]+)+", re.IGNORECASE)


def in_positions(given: Text) -> Iterator[Span]:
    """The secrets that only their place shows, if they look like nothing else."""
    text, low = given
    for pattern in (*_CALLS, _LOGIN):
        for found in pattern.finditer(low):
            if looks_drawn(text[found.start(1) : found.end(1)]):
                yield found.span(1)
    for found in _KEY_ALONE.finditer(low):
        said = text[found.start(1) : found.end(1)]
        if looks_drawn(said) and not _HEX_OR_NAME.fullmatch(said) and not said.islower():
            yield found.span(1)
    if "|" in text:
        yield from _columns(text)


def _columns(text: str) -> Iterator[Span]:
    """The cells below a heading that is a secret's name."""
    done = 0
    for rule in _RULE.finditer(text):
        if rule.start() <= done:
            continue
        line = text.rfind("\n", max(0, rule.start() - 401), rule.start() - 1) + 1
        heads = _cells(text[line : rule.start() - 1], line)
        wanted = [at for at, (_, _, said) in enumerate(heads) if kind_of(said) is not None]
        if len(heads) < 2 or not wanted:
            continue
        done = rule.end()
        while done < len(text):
            end = text.find("\n", done + 1)
            end = len(text) if end < 0 else end
            cells = _cells(text[done + 1 : end], done + 1)
            if len(cells) < 2:
                break
            done = end
            for start, stop, said in (cells[at] for at in wanted if at < len(cells)):
                if is_secret(said, Kind.PASSWORD, Sign.MENTIONED):
                    yield start, stop


def _cells(line: str, at: int) -> list[tuple[int, int, str]]:
    """The cells of a row, without their spaces and marks."""
    cells = []
    for cell in line.split("|"):
        said = cell.strip(" \t`*_>")
        start = at + (cell.find(said) if said else 0)
        cells.append((start, start + len(said), said))
        at += len(cell) + 1
    return cells
