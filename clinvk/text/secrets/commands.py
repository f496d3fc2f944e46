"""Secrets on command lines, and in the small files that commands read."""

import re
from collections.abc import Iterator

from clinvk.text.secrets.names import Kind
from clinvk.text.secrets.spans import Span, Text
from clinvk.text.secrets.values import Sign, Value, is_secret, looks_drawn, read_value

_USER = (
    r"(?<=\s)(?:-[a-zA-Z]{0,4}u[ ]?|--(?:proxy-)?user[ =]|-U[ ]?|--auth[ =]|-a[ ])"
    r"[\"']?[^\s:\"'%]{1,80}[:%]"
)
_FLAGS = {
    "mysql mysqldump mysqladmin mysqlimport mariadb mariadb-dump mycli 7z unzip zip rar unrar": (
        r"(?<=\s)-[pP](?![ ])"
    ),
    "curl http https xh wget httpie ab smbclient rpcclient influx siege": _USER,
    "sshpass docker podman helm skopeo buildah crane oras nerdctl az mongo mongosh mongodump"
    " mongorestore unzip zip heroku cf oc argocd svn vsql clickhouse-client nmcli rclone twine": (
        r"(?<=\s)-[pP](?:[ ]|(?=[\"']))"
    ),
    "sqlcmd bcp osql isql": r"(?<=\s)-P[ ]?",
    "redis-cli": r"(?<=\s)-a[ ]",
    "openssl": r"(?<=\s)(?:-[kK][ ]|-pass(?:in|out)?[ ]pass:)",
    "ldapsearch ldapadd ldapmodify ldappasswd ldapwhoami": r"(?<=\s)-w[ ]?",
    "ssh-keygen": r"(?<=\s)-[NP][ ]",
    "keytool jarsigner apksigner": r"(?<=\s)-(?:store|key|srcstore|deststore)pass[ ]",
    "net cmdkey": r"(?<=\s)(?:\\\\[\w.$\\-]{1,100}[ ]|/pass:)",
    "htpasswd": r"(?<=\s)-[a-zA-Z]{0,4}b[a-zA-Z]{0,4}[ ]\S{1,100}[ ][\w.@-]{1,60}[ ]",
}
"""What stands before a secret in the arguments of commands."""

_OF: dict[str, list[re.Pattern[str]]] = {}
for _commands, _flag in _FLAGS.items():
    for _command in _commands.split():
        _OF.setdefault(_command, []).append(re.compile(_flag))
_COMMAND = re.compile(rf"(?<![\w.-])({'|'.join(sorted(_OF, key=len, reverse=True))})(?=[ ])")
_JOINED = frozenset(["7z", "unzip", "zip", "rar", "unrar"])
_OPENED = re.compile(r"([\"'])[^\"']*$")
_PORTS = re.compile(r"(?:[\d.]{7,15}:)?\d{2,5}(?::\d{2,5}){0,2}(?:/\w+)?")

_STDIN = re.compile(
    r"\|[ ]?(?:[^\n|]{0,100}(?:--(?:password|token|passphrase)[\w-]{0,20}(?:stdin|fd[ =]0)"
    r"|--with-token)|sudo[ ](?:-[a-zA-Z]+[ ]){0,3}-S|(?:sudo[ ])?(?:chpasswd|passwd[ ]--stdin)"
    r"|cryptsetup|kinit)"
)
_ECHO = re.compile(
    r"(?:echo|printf)(?:[ ]-[neE]{1,3}){0,2}[ ](?:[\"']%s(?:\\n)?[\"'][ ])?([\"']?)(.{3,400})"
)
_LOGIN = re.compile(r"[\w.-]{1,40}:")
_HERE = re.compile(r"(?:sudo[ ]-S|--with-token|stdin)[^\n<]{0,100}<<<[ ]?[\"']?([^\s\"']{3,200})")
_NETRC = re.compile(r"\blogin\s{1,20}\S{1,100}\s{1,20}password\s{1,20}(\S{3,200})")
_PGPASS = re.compile(
    r"(?m)^[ \t>]{0,8}[\w.*-]{1,80}:(?:\d{1,5}|\*):[\w*-]{1,60}:[\w*.-]{1,60}:(\S{3,200})$"
)
_CRYPT = re.compile(
    r"(?<![\w$])\$(?:2[abxy]\$\d\d\$[./A-Za-z0-9]{53}"
    r"|(?:[156y]|apr1|argon2id?|scrypt)\$[^\s$:]{1,60}\$[./A-Za-z0-9$+=,]{20,160})"
)


def in_commands(given: Text) -> Iterator[Span]:
    """The secrets of command lines, of `.netrc`, `.pgpass` and `/etc/shadow`."""
    text = given.said
    for end, commands in _command_lines(text):
        for command, at in commands.items():
            for flag in _OF[command]:
                yield from _arguments(text, command, flag, (at, end))
    yield from _piped(text)
    yield from _in_files(text)
    for found in _HERE.finditer(text):
        if is_secret(found[1], Kind.PASSWORD, Sign.GIVEN):
            yield found.span(1)


def _in_files(text: str) -> Iterator[Span]:
    for found in _NETRC.finditer(text):
        machine = "machine" in text[max(0, found.start() - 100) : found.start()]
        if is_secret(found[1], Kind.PASSWORD, Sign.GIVEN if machine else Sign.MENTIONED):
            yield found.span(1)
    for found in _PGPASS.finditer(text):
        if is_secret(found[1], Kind.PASSWORD, Sign.GIVEN):
            yield found.span(1)
    for found in _CRYPT.finditer(text):
        yield found.span()


def _command_lines(text: str) -> Iterator[tuple[int, dict[str, int]]]:
    """The end of each line with commands that take secrets, and where each command ends."""
    end, commands = -1, dict[str, int]()
    for found in _COMMAND.finditer(text):
        if found.start() >= end:
            if commands:
                yield end, commands
            end, commands = _end_of_command(text, found.end()), {}
        commands.setdefault(found[1], found.end())
    if commands:
        yield end, commands


def _end_of_command(text: str, at: int) -> int:
    """The end of a line that a backslash does not continue."""
    while (end := text.find("\n", at)) >= 0:
        if text[end - 1] != "\\":
            return end
        at = end + 1
    return len(text)


def _arguments(
    text: str, command: str, flag: re.Pattern[str], within: tuple[int, int]
) -> Iterator[Span]:
    for found in flag.finditer(text, *within):
        value = read_value(text, found.end())
        if value is None or value.start > within[1]:
            continue
        if (opened := _OPENED.search(found[0])) is not None:
            end = text.find(opened[1], value.start, within[1])
            value = Value(value.start, end, text[value.start : end], quoted=True)
        said = value.text
        joined = command in _JOINED or command.startswith(("my", "maria"))
        if joined and not value.quoted and not looks_drawn(said):
            continue  # `mysql -port`, `zip -path`
        if said.startswith("-") or _PORTS.fullmatch(said):
            continue
        if "/" in said and not looks_drawn(said):
            continue
        if is_secret(said, Kind.PASSWORD, Sign.GIVEN):
            yield value.start, value.end


def _piped(text: str) -> Iterator[Span]:
    """`echo SECRET | docker login --password-stdin`."""
    for found in _STDIN.finditer(text):
        pipe = found.start()
        line = max(0, pipe - 400, text.rfind("\n", max(0, pipe - 400), pipe) + 1)
        start = max(text.rfind("echo ", line, pipe), text.rfind("printf ", line, pipe))
        echo = _ECHO.match(text, max(start, 0), pipe) if start >= line else None
        if echo is None:
            continue
        said = echo[2].rstrip(" ")
        said = said.removesuffix(echo[1]) if echo[1] else said
        user = _LOGIN.match(said) if "chpasswd" in found[0] else None
        start = echo.start(2) + (user.end() if user else 0)
        end = echo.start(2) + len(said)
        if is_secret(text[start:end], Kind.PASSWORD, Sign.GIVEN, quoted=bool(echo[1])):
            yield start, end
