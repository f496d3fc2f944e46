"""Secrets that stand after their name, in the forms of programs, files and sentences."""

import re
from collections.abc import Iterator

from clinvk.text.secrets.names import Kind, Name, kind_of, names
from clinvk.text.secrets.spans import Span, Text
from clinvk.text.secrets.values import (
    Sign,
    Value,
    is_secret,
    looks_drawn,
    nothing_else,
    read_value,
    whole_end,
)

_CLOSE = r"(?:\\{0,7}[\"'`]|\*{1,2}|_{1,2}(?![A-Za-z0-9])|\]){0,4}"
_ASSIGN = re.compile(
    _CLOSE + r"[ \t]{0,8}(?:\([^()\n]{0,30}\)[ \t]?)?"
    r"(:=|\|\|=|\?\?=|=>|->|→|⇒|==(?=>)|=(?![=~])|\?:|:(?![:/])|：|＝)"
    r"(?:\*{1,2}|_{1,2})?[ \t]{0,40}"
)
_TYPED = re.compile(
    r"&?(?:'\w+ )?[A-Za-z][\w.\[\]<>?|, ]{0,40}?[ ]?=[ \t]*(?=[brufL]{0,2}[\"'`]|[\w.]{1,60}\()"
)
_BLOCK = re.compile(r"[|>][+-]?\d?[ \t]*\n([ \t]+)")
_BELOW = re.compile(
    r"[ \t>]*(?:\\n|\n)[ \t>]*(?:\n[ \t>]*)?(?:[`~]{3}\w{0,10}\n[ \t>]*)?(?=[^\s]{6})"
)
_ELEMENT = re.compile(
    r"\"?(?:[ ][^<>\n]{0,80})?>\s{0,40}(?:</key>\s{0,40})?(?:<(?:value|string)>)?"
    r"(?:<!\[CDATA\[)?([^<\s][^<\n]{1,400}?)\s{0,40}(?:\]\]>)?</"
)
_PAIR = re.compile(
    _CLOSE
    + r"(?:[ \t]*(?:[,;]|\{[^{}\"']{0,120}?)?\s{0,40}\\{0,3}[\"']?(?:value|val|content|default)"
    r"\\{0,3}[\"']?[ \t]*[:=][ \t]*|[ ]--(?:value|body)[ =])",
    re.IGNORECASE,
)
_CALL = re.compile(r"\(\s{0,8}(?=[brufL@]{0,2}\\{0,3}[\"'`])")
_NEXT = re.compile(r"(\\{0,3}[\"'`])?[ \t]*,\s{0,40}(?=[bruf]?\\{0,3}[\"'`])")
_COMPARED = re.compile(
    r"(?:_hash|_verify)?(?:\[?[\"']\])?[ ]?(?:[!=]={1,2}|\.equals\(|<<<)[ ]?(?=[bruf]?[\"'`])"
)
_DEFAULT = re.compile(
    r"(?:new[ ][A-Za-z]\w{0,40}\(|[\w.:]{1,60}(?:env|environ\.get)\([\"'][\w]{1,60}[\"'],[ ]?"
    r"|[\w.]{1,60}\((?:[^()\n\"']{0,60}[ ,])?default=)(?=[\"'])"
)
_CHANGED = re.compile(r"[ ](?:[^\W\d_]{1,20}[ ]){0,3}from[ ](\S{4,80})[ ]to[ ](\S{4,80})")
_FILLED = re.compile(
    r"(?:[ ][^\W\d_]{1,20}){1,5}[ ]?(?:[:：]|[ ](?:is|ist|est|es|è|é)(?=[ :])|[ ]\((?=\S)|[ ]"
    r"(?=[\"'`]))[ ]?"
)
_WORDS = re.compile(r"[a-z]{3,12}(?:[ ][a-z]{3,12}){2,23}(?=[\"'`]?[ \t]*(?:\n|$))")
_CELL = re.compile(r"[`*_ \t]{0,8}\|[ \t]{0,40}")
_SAID = re.compile(
    r"(?:'s|’s|\*{1,2}|[`\"'_])?(?:[ \t]{1,8}|(?=\n))(?:(?:for|of|from|für|de|del|pour)"
    r"[ ][^\s:=]{1,40}[ ](?:[^\s:=]{1,40}[ ])?)?"
    r"(?:(?:is|was|to|as|are|be|being|will be|is now|is set to|was set to|set to|now|ist|lautet"
    r"|war|auf"
    r"|es|est|é|è|är|er|jest|to jest|=|—|–|-)(?!\w)(?:[:]|[ ]called|[ ]still|[ ]now)?[ \t]*)?"
    r"(?:\n[ \t>]*(?:[`~]{3}\w{0,10}\n)?)?",
    re.IGNORECASE,
)
_CJK = re.compile(r"[ \t]*(?:是|为|為|は|が|を|는|은|이|：|:|=|＝)?[ \t]*")
_PAREN = re.compile(r"[\"'`*]{0,2}[ \t]?\((?:(?:was|is|now|=|:)[ ]?)?(?=[\"'`*\w])")
_LITERAL = re.compile(r"[\"'`]([^\s\"'`]{8,200})(?=[\"'`])")
_OPTION = re.compile(r"[\"'`]?(?:[ \t]{1,8}|[\"'],[ \t]*(?=[\"']))(?!-)")
_COMMAND_GOES_ON = re.compile(r"[ \t]*(?:$|\n|-|\||\\|[<>&;`\"'])")
_AFTER_USER = re.compile(r"[\w.@-]{1,60}[\"'`]?[ \t]*[/:][ \t]*")
_NEAR = 120
_SETTERS = ("set", "with", "use", "add", "put", "change", "update", "reset")


def assigned(text: Text) -> Iterator[Span]:
    """The values after names of secrets."""
    done = 0
    for name in names(text):
        if name.start < done:
            continue
        for start, end in _values(text.said, name):
            whole = whole_end(text.said, start, end)
            yield start, whole
            done = max(done, whole)


def _values(text: str, name: Name) -> Iterator[Span]:
    if (changed := _CHANGED.match(text, name.end)) is not None:
        for number in (1, 2):
            if is_secret(changed[number].strip("`'\"*.,"), name.kind, Sign.MENTIONED):
                yield changed.span(number)
        return
    for form in (_element, _assigned, _pair, _cell, _call, _option, _said, _filled):
        if (span := form(text, name)) is not None:
            yield span
            return
    yield from _near(text, name)


def _span(
    value: Value | None, kind: Kind, sign: Sign, *, quoted: bool | None = None
) -> Span | None:
    if value is None:
        return None
    quoted = value.quoted if quoted is None else quoted
    if not is_secret(value.text, kind, sign, quoted=quoted):
        return None
    return value.start, value.end


def _assigned(text: str, name: Name) -> Span | None:
    """`password = …`, `password: …`, `**Password:** …`, and what stands below such a line."""
    found = _ASSIGN.match(text, name.end)
    if found is None or _is_label(text, name, found.end()):
        return None
    at, by = found.end(), found[1]
    if (block := _BLOCK.match(text, at)) is not None:
        return _line(text, block.end(), name)
    if text[at : at + 1] in ("", "\n") or text[at : at + 2] == "\\n":
        below = _BELOW.match(text, at)
        value = read_value(text, below.end()) if below else None
        return _span(value, name.kind, Sign.MENTIONED, quoted=False)
    if by == ":" and (typed := _TYPED.match(text, at)) is not None:
        at = typed.end()
    if _is_phrase(name) and (words := _WORDS.match(text, at)):
        return words.span()
    if (default := _DEFAULT.match(text, at)) is not None:
        return _drawn(text, default.end(), name)
    return _on_the_right(text, name, by, at)


def _on_the_right(text: str, name: Name, by: str, at: int) -> Span | None:
    value = read_value(text, at)
    if value is None or _is_expression(text, name, value):
        return None
    sign = Sign.ASSIGNED
    if not value.quoted and by == "=" and _is_given(text, name, at):
        sign = Sign.GIVEN
    elif not value.quoted and by != "=" and _is_line(text, name, value):
        sign = Sign.GIVEN if name.kind is Kind.PASSWORD and value.text.islower() else sign
    span = _span(value, name.kind, sign)
    if span is None and name.text.lower().startswith(("cred", "login")):
        user = _AFTER_USER.match(text, value.start)
        return _span(read_value(text, user.end()), name.kind, Sign.MENTIONED) if user else None
    return span


def _line(text: str, at: int, name: Name) -> Span | None:
    """The line of a block of YAML."""
    end = text.find("\n", at)
    said = text[at : len(text) if end < 0 else end].rstrip()
    return (at, at + len(said)) if is_secret(said, name.kind, Sign.GIVEN) else None


def _is_label(text: str, name: Name, at: int) -> bool:
    """Whether it is `"Password:"`, a quoted text that ends with the colon."""
    quote = text[max(name.start - 1, 0)]
    closed = name.start and quote in "\"'" and text[at : at + 1] == quote
    return bool(closed) and text[name.end : name.end + 1] != quote


def _is_expression(text: str, name: Name, value: Value) -> bool:
    """Whether it is a command's output, the shell's message, or the name of a variable."""
    if value.quoted:
        return text[value.start - 1] == "`" and " " in value.text
    if value.text.startswith("?") and text[name.start - 2 : name.start] == "${":
        return True
    named = kind_of(value.text) is not None and not any(map(str.isdigit, value.text))
    return named or value.text.lower() == name.text.lower()


def _is_given(text: str, name: Name, at: int) -> bool:
    """Whether it is `NAME=value` of a shell, an option, or a part of an address or a DSN."""
    before = text[name.start - 1 : name.start]
    tight = text[at - 1 : at] == "="
    return tight and (before in ("-", "?", "&", ";") or name.text.isupper())


def _is_line(text: str, name: Name, value: Value) -> bool:
    """Whether name and value are a line of their own."""
    end = text[value.end : value.end + 1]
    start = text.rfind("\n", max(0, name.start - 40), name.start) + 1
    before = text[max(start, name.start - 40) : name.start]
    return end in ("", "\n") and not before.strip(" \t-+>")


def _element(text: str, name: Name) -> Span | None:
    """`<password>…</password>`, `<entry key="password">…</entry>`."""
    before = text[max(0, name.start - 60) : name.start]
    if not before.endswith(("<", ":", '"')) or "<" not in before:
        return None
    found = _ELEMENT.match(text, name.end)
    if found is None or not is_secret(found[1], name.kind, Sign.GIVEN, quoted=True):
        return None
    return found.span(1)


def _pair(text: str, name: Name) -> Span | None:
    found = _PAIR.match(text, name.end)
    return _span(read_value(text, found.end()), name.kind, Sign.ASSIGNED) if found else None


def _cell(text: str, name: Name) -> Span | None:
    found = _CELL.match(text, name.end)
    return _span(read_value(text, found.end()), name.kind, Sign.MENTIONED) if found else None


def _call(text: str, name: Name) -> Span | None:
    """`setPassword("…")`, `define('PASSWORD', '…')`, `password ("…")`, `password == "…"`."""
    if (found := _CALL.match(text, name.end)) is not None:
        value = read_value(text, found.end())
        called = name.text.lower().rpartition(".")[2]
        sets = called.startswith(_SETTERS) or called in ("password", "secret", "token")
        drawn = value is not None and looks_drawn(value.text)
        return _span(value, name.kind, Sign.ASSIGNED) if drawn or sets else None
    if (found := _NEXT.match(text, name.end)) is not None and name.start:
        before = text[name.start - 1]
        if before in "\"'`" if found[1] else before == ":":
            return _drawn(text, found.end(), name)
    if (found := _COMPARED.match(text, name.end)) is not None:
        return _drawn(text, found.end(), name)
    if (found := _PAREN.match(text, name.end)) is not None:
        return _span(read_value(text, found.end()), name.kind, Sign.MENTIONED)
    return None


def _drawn(text: str, at: int, name: Name) -> Span | None:
    value = read_value(text, at)
    drawn = value is not None and looks_drawn(value.text)
    return _span(value, name.kind, Sign.ASSIGNED) if drawn else None


def _option(text: str, name: Name) -> Span | None:
    """`--password VALUE`."""
    before = text[max(0, name.start - 3) : name.start]
    if not before.endswith("-") or not (
        before.lstrip("-") in ("", " ", "\n") or before[0] in " \"'`[(\n,"
    ):
        return None
    found = _OPTION.match(text, name.end)
    value = read_value(text, found.end()) if found else None
    word = value is not None and not value.quoted and value.text.isalpha() and value.text.islower()
    # A sentence that names the option goes on; a command ends or has another option.
    if value is None or (word and not _COMMAND_GOES_ON.match(text, value.end)):
        return None
    return _span(value, name.kind, Sign.GIVEN)


def _said(text: str, name: Name) -> Span | None:
    """`the password is VALUE`, `set API_KEY VALUE`."""
    pattern = _CJK if text[name.end - 1] > "\u2e80" else _SAID
    found = pattern.match(text, name.end)
    if found is None or (found.end() == name.end and pattern is _SAID):
        return None
    value = read_value(text, found.end())
    return _mentioned(value, name)


def _filled(text: str, name: Name) -> Span | None:
    """`the password for the server: VALUE`."""
    found = _FILLED.match(text, name.end)
    value = read_value(text, found.end()) if found else None
    if value is not None and value.quoted and _is_phrase(name) and _WORDS.match(value.text):
        return value.start, value.end
    return _mentioned(value, name)


def _mentioned(value: Value | None, name: Name) -> Span | None:
    if name.text.lower() == "pass" and value is not None and not any(map(str.isdigit, value.text)):
        return None  # a verb
    return _span(value, name.kind, Sign.MENTIONED)


def _is_phrase(name: Name) -> bool:
    return name.text.lower().endswith(("phrase", "mnemonic", "seed"))


def _near(text: str, name: Name) -> Iterator[Span]:
    """Literals on the same line that nobody would write but as a secret."""
    start = text.rfind("\n", max(0, name.start - _NEAR), name.start) + 1
    start = max(start, name.start - _NEAR)
    end = text.find("\n", name.end, name.end + _NEAR)
    end = name.end + _NEAR if end < 0 else end
    for found in _LITERAL.finditer(text, start, end):
        if nothing_else(found[1]) and is_secret(found[1], name.kind, Sign.MENTIONED, quoted=True):
            yield found.span(1)
