"""Reads the corpus of secrets and look-alikes, and measures a redaction on it.

`python tests/bed/redact_corpus.py` prints what is found by kind, and each that is missed.
"""

import random
import re
import string
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from clinvk.text.redact import Redaction

CORPUS = Path(__file__).parent.parent / "unit" / "text" / "redact_corpus"

_PLACE = re.compile(r"\{([AhUdB])(\d+)\}")
_SECRET = re.compile("⟦(.*?)⟧", re.DOTALL)
_ALPHABETS = {
    "A": string.ascii_letters + string.digits,
    "h": "0123456789abcdef",
    "U": string.ascii_uppercase + string.digits,
    "d": string.digits,
    "B": string.ascii_letters + string.digits + "-_",
}
_ROUND = 4
"""A secret is found if not even so many of its characters are left together."""


class Form(NamedTuple):
    """A text, the secrets in it, and the kind of its form."""

    kind: str
    text: str
    secrets: tuple[str, ...]


class Measured(NamedTuple):
    """How many forms of each kind there are and were redacted, and those that came out wrong."""

    forms: Counter[str]
    redacted: Counter[str]
    wrong: list[tuple[Form, str]]

    @property
    def share(self) -> float:
        """The redacted of all."""
        return self.redacted.total() / self.forms.total()


def forms_in(file: Path) -> Iterator[Form]:
    """The forms of a file, each with the characters drawn that it names."""
    kind = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            kind = line[3:]
        elif line and not line.startswith("# "):
            text = _with_drawn(line).replace("⏎", "\n")
            yield Form(kind, _SECRET.sub(r"\1", text), tuple(_SECRET.findall(text)))


def found(file: Path, redaction: Redaction) -> Measured:
    """How many secrets are gone, to the last characters of each."""
    measured = Measured(Counter(), Counter(), [])
    for form in forms_in(file):
        measured.forms[form.kind] += 1
        redacted = redaction.text(form.text)
        if any(_is_left(secret, form, redacted) for secret in form.secrets):
            measured.wrong.append((form, redacted))
        else:
            measured.redacted[form.kind] += 1
    return measured


def hit(file: Path, redaction: Redaction) -> Measured:
    """How many texts without a secret are changed."""
    measured = Measured(Counter(), Counter(), [])
    for form in forms_in(file):
        measured.forms[form.kind] += 1
        redacted = redaction.text(form.text)
        if redacted != form.text:
            measured.redacted[form.kind] += 1
            measured.wrong.append((form, redacted))
    return measured


def _with_drawn(line: str) -> str:
    """The line with the characters that it names, the same each time."""
    drawn = random.Random(zlib.crc32(line.encode()))

    def characters(place: re.Match[str]) -> str:
        return "".join(drawn.choices(_ALPHABETS[place[1]], k=int(place[2])))

    return _PLACE.sub(characters, line)


def _is_left(secret: str, form: Form, redacted: str) -> bool:
    """Whether characters of it stand in the redacted text that do not stand around it too."""
    around = form.text.replace(secret, "\0")
    pieces = {secret[at : at + _ROUND] for at in range(max(len(secret) - _ROUND + 1, 1))}
    return any(piece in redacted and piece not in around for piece in pieces)


def _print(title: str, measured: Measured) -> None:
    lines = [f"{title}: {measured.redacted.total()} of {measured.forms.total()}"]
    for kind, count in measured.forms.items():
        lines.append(f"  {measured.redacted[kind]:4} of {count:4}  {kind}")
    for form, redacted in measured.wrong:
        lines += [f"    {form.text!r}", f"      -> {redacted!r}"]
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    shared = Redaction("/home/ann")
    for prefix in ("", "held_out_"):
        _print(f"{prefix}secrets found", found(CORPUS / f"{prefix}secrets.txt", shared))
        _print(f"{prefix}lookalikes hit", hit(CORPUS / f"{prefix}lookalikes.txt", shared))
