"""Secrets in addresses and headers: before an `@`, in queries, cookies and authorizations."""

import re
from collections.abc import Iterator

from clinvk.text.secrets.names import Kind, kind_of
from clinvk.text.secrets.spans import Span, Text
from clinvk.text.secrets.values import Sign, is_secret, looks_drawn

_ADDRESS = re.compile(r"(?<=://)[^\s\"'`<>\\(),]{1,300}+")
_SIGNED_IN = re.compile(r"([^\s:/@]{0,80}):(.{1,200})", re.DOTALL)
_PORT = re.compile(r"^[\w.-]+:\d{1,5}$")
_THIN = re.compile(r"(?::thin:|\bsqlplus\s|\b(?:imp|exp)dp\s)\s?\w{1,40}/([^\s@\"']{3,80})(?=@)")

_QUOTE = r"\\{0,7}[\"'`]"
_AUTHORIZATION = re.compile(
    rf"authorization(?:{_QUOTE})?\]?\s{{0,4}}(?:[:=,]|=>)\s{{0,4}}(?:[bfru]?{_QUOTE})?"
    r"((?:bearer|basic|token|digest|apikey|api-key|bot|key|negotiate|ntlm|hmac|[a-z]{3,12}(?=\s{1,4}[a-z0-9_=+/.-]{20}))"
    r"\s{1,4})?([^\s\"'`\\,;<>\[\]]{3,4000}+)"
)
_BEARER = re.compile(r"(?<![a-z0-9])bearer\s{1,4}([a-z0-9_.~+/=-]{6,4000}+)")
_DIGEST = re.compile(r"\b(?:response|nonce|cnonce|signature)=\"?([0-9a-f]{16,128})")

_COOKIE = re.compile(
    r"(?:\b(set-)?cookie(?:[\"'])?\s{0,4}[:=,]\s{0,4}|(?<=\s)-b[ ]|--cookie[ =])"
    r"[\"']?(?=[\w.$-]{1,80}=)([^\n\"']{4,4000}+)"
)
_CRUMB = re.compile(r"([\w.$-]{1,80})=([^;\s]{6,4000}+)")
_ATTRIBUTES = {
    "path", "domain", "expires", "max-age", "samesite", "version", "comment", "lang", "locale",
    "theme",
}  # fmt: skip
_SESSIONS = re.compile(
    r"(?:sess(?:ion)?id|connect\.sid)[\"']?\s?=\s?[\"']?(?![a-z]+[^\w%.-])([a-z0-9%_.-]{16,400}+)"
)

_QUERY = re.compile(r"[?&#;]([\w.-]{1,60})=([^\s&#\"'`<>;)\]]{4,4000}+)")
_QUERY_NAMES = {
    "key", "code", "sig", "signature", "x-amz-signature", "x-goog-signature",
    "x-amz-security-token", "sid", "auth", "hash", "jwt", "ticket", "session", "sessionid",
    "session_id", "assertion", "id_token", "otp", "apikey", "hapikey", "authkey",
}  # fmt: skip
_CREDENTIAL = re.compile(r"X-(?:Amz|Goog)-(?:Signature|Security-Token)=([^\s&\"'`<>]{16,4000}+)")


def in_addresses(given: Text) -> Iterator[Span]:
    """The secrets in addresses and in the headers of requests."""
    text, low = given
    yield from _before_hosts(text)
    for found in _THIN.finditer(text):
        yield found.span(1)
    for found in _QUERY.finditer(text):
        name, said = found[1].lower(), found[2]
        kind = kind_of(found[1])
        if (kind is not None and is_secret(said, kind, Sign.GIVEN)) or (
            name in _QUERY_NAMES and len(said) >= 10 and looks_drawn(said)
        ):
            yield found.span(2)
    for pattern in (_CREDENTIAL, _DIGEST):
        for found in pattern.finditer(low):
            yield found.span(1)
    yield from _headers(text, low)


def _headers(text: str, low: str) -> Iterator[Span]:
    for found in _AUTHORIZATION.finditer(low):
        scheme, said = found[1], text[found.start(2) : found.end(2)]
        sign = Sign.GIVEN if scheme else Sign.MENTIONED
        if is_secret(said, Kind.TOKEN, sign, quoted=bool(scheme)):
            yield found.span(2)
    for found in _BEARER.finditer(low):
        said = text[found.start(1) : found.end(1)].rstrip(".")
        if looks_drawn(said) or (len(said) >= 16 and is_secret(said, Kind.TOKEN, Sign.GIVEN)):
            yield found.start(1), found.start(1) + len(said)
    for found in _COOKIE.finditer(low):
        for number, crumb in enumerate(_CRUMB.finditer(text, found.start(2), found.end(2))):
            wanted = crumb[1].lower() not in _ATTRIBUTES and not (found[1] and number)
            if wanted and looks_drawn(crumb[2]):
                yield crumb.span(2)
    for found in _SESSIONS.finditer(low):
        yield found.span(1)


def _before_hosts(text: str) -> Iterator[Span]:
    """`scheme://user:password@host`, also where the password has an `@` or a `/`."""
    for found in _ADDRESS.finditer(text):
        said = found[0]
        at = said.find("@")
        if at < 0:
            continue
        slash = said.find("/")
        if 0 <= slash < at and (_PORT.search(said[:slash]) or ":" not in said[:slash]):
            continue  # a path with an `@` in it
        slash = said.find("/", at)
        at = said.rfind("@", at, slash if slash >= 0 else len(said))
        start = found.start()
        if (login := _SIGNED_IN.fullmatch(said[:at])) is None:
            if len(said[:at]) >= 20 and looks_drawn(said[:at]):
                yield start, start + at
        elif login[2] not in ("pass", "pw") and is_secret(login[2], Kind.PASSWORD, Sign.GIVEN):
            yield start + login.start(2), start + login.end(2)
