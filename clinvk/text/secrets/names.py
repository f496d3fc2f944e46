"""Which names are those of secrets: `SMTP_PASS`, `accessToken`, `Kennwort`; not `token_type`."""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from clinvk.text.secrets.spans import Text


class Kind(Enum):
    """What a name promises of its value."""

    PASSWORD = auto()
    """A person's word, which may look like any other."""
    TOKEN = auto()
    """A drawn text, which looks like no word."""


class Name(NamedTuple):
    """A name of a secret in a text, from `start` to `end`."""

    start: int
    end: int
    text: str
    kind: Kind


_PASSWORDS = (
    "password|passwort|passwd|passphrase|passcode|pwd|pass|kennwort|mot de passe|motdepasse"
    "|contrasena|clave|senha|palavra-passe|wachtwoord|adgangskode|passord|salasana|heslo|parola"
    "|sifre|kata sandi"
)
_PASSWORDS_ELSEWHERE = (
    "contraseña|lösenord|hasło|jelszó|parolă|şifre|пароль|пароля|лозинка|κωδικός|密码|密碼|口令"
    "|パスワード|비밀번호|암호|كلمة المرور|كلمة السر|סיסמה|รหัสผ่าน"
    "|mật khẩu|पासवर्ड"
)
_ANCHOR = re.compile(
    rf"{_PASSWORDS}|secret|token|credential|creds?|key|auth|mnemonic|seed phrase|(?:recovery"
    rf"|backup) code|geheimnis|jeton"
    r"|(?:pat|pw|psk|pin|jwt|otp|bindpw|rootpw)(?![a-z])"
)
_ANCHOR_ELSEWHERE = re.compile(rf"{_PASSWORDS_ELSEWHERE}|密钥|令牌|schlüssel|ключ|токен")
_IDENTIFIER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_TAIL = re.compile(r"[A-Za-z0-9_]{0,40}(?:[.-](?=[A-Za-z0-9])[A-Za-z0-9_]{1,40}){0,4}")
_SEGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+")
_FIRST = re.compile(r"(?<!\w)([A-Za-z]{2,12})[ ]$")
_LONGEST = 80
_CJK = "\u2e80"

_TRAILERS = {
    "value", "val", "prod", "production", "dev", "staging", "test", "live", "old", "new",
    "current", "default", "base", "b", "plain", "raw", "main", "primary", "secondary", "backup",
    "here", "secure", "hash",
}  # fmt: skip
"""What may follow the word that says what the value is."""

_PASSWORD_WORDS = {
    *re.split("[|]", _PASSWORDS + "|" + _PASSWORDS_ELSEWHERE),
    "passe", "sandi", "khẩu", "المرور", "السر", "pw", "pswd", "passwords", "psk", "pin", "bindpw",
    "rootpw", "mnemonic", "phrase",
}  # fmt: skip
_PASSWORD_ENDS = ("password", "passwd", "passphrase", "passwort", "pwd", "pass")
_NO_PASSWORDS = {
    "compass", "bypass", "trespass", "surpass", "encompass", "overpass", "underpass",
}  # fmt: skip
_TOKEN_WORDS = {
    "jwt", "otp", "secret", "token", "credential", "credentials", "creds", "cred", "apikey",
    "geheimnis",
    "jeton", "токен", "密钥", "令牌",
}  # fmt: skip
_TOKEN_ENDS = ("secret", "token", "apikey", "accesskey", "secretkey", "privatekey")
_KEY_WORDS = {
    "key", "schlüssel", "ключ",
}  # fmt: skip
_KEYS_OF = {
    "api", "access", "secret", "private", "signing", "sign", "encryption", "encrypt",
    "encryptionkey", "master", "account", "app", "application", "subscription", "unseal",
    "service", "role", "auth", "shared", "deploy", "license", "storage", "hmac", "session",
    "cookie", "jwt", "aes", "webhook", "admin", "consumer", "developer", "integration", "write",
    "ingest", "data", "recovery", "presharedkey", "preshared", "psk",
}  # fmt: skip
_NO_KEYS_OF = {
    "public", "foreign", "primary", "cache", "sort", "partition", "index",
}  # fmt: skip


def names(text: Text) -> Iterator[Name]:
    """The names of secrets in the text, in order."""
    anchors = [found.span() for found in _ANCHOR.finditer(text.low)]
    if not text.said.isascii():
        elsewhere = (found.span() for found in _ANCHOR_ELSEWHERE.finditer(text.low))
        anchors = sorted((*anchors, *elsewhere))
    done = 0
    for start, end in anchors:
        if start >= done:
            start, done = _whole(text.said, start, end, done)  # noqa: PLW2901  it grows
            whole = text.said[start:done]
            if done - start <= 2 * _LONGEST and (kind := kind_of(whole)) is not None:
                yield Name(start, done, whole, kind)


def _whole(text: str, start: int, end: int, earliest: int) -> tuple[int, int]:
    """The identifier that a word of its stands for, from and to."""
    if text[start] > _CJK:
        return start, end
    before = text[max(earliest, start - _LONGEST) : start]
    start -= len(before) - len(before.rstrip(_IDENTIFIER))
    tail = _TAIL.match(text, end)
    end = tail.end() if tail else end
    while text[start] in ".-":
        start += 1
    # In `API key` the first word says of what.
    first = _FIRST.search(text, max(earliest, start - 14), start)
    if first is not None and first[1].lower() in _KEYS_OF and " " not in text[start:end]:
        start = first.start(1)
    return start, end


def kind_of(name: str) -> Kind | None:
    """The kind of secret that has this name; None for a name of something else."""
    parts = _SEGMENT if name.isascii() else _WORD
    words = [word.lower() for word in parts.findall(name)]
    while len(words) > 1 and (words[-1] in _TRAILERS or words[-1].isdigit()):
        words.pop()
    if not words:
        return None
    last, others = words[-1], words[:-1]
    if last in _PASSWORD_WORDS or (last.endswith(_PASSWORD_ENDS) and last not in _NO_PASSWORDS):
        return Kind.PASSWORD
    token = last in _TOKEN_WORDS or last.endswith(_TOKEN_ENDS)
    token = token or (last in {"auth", "pat"} and (bool(others) or name.startswith("_")))
    if last in _KEY_WORDS:
        token = not _KEYS_OF.isdisjoint(others) and _NO_KEYS_OF.isdisjoint(others)
    token = (
        token
        or last in {"密钥", "令牌"}
        or (last == "code" and not {"recovery", "backup", "auth"}.isdisjoint(others))
    )
    return Kind.TOKEN if token else None
