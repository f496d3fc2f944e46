"""Removes homes and what looks like a secret from text that will be shared.

This is best effort: it knows the usual forms of secrets, not every form, so read a text before you
share it. `docs/redaction.md` says what is found and what is not.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import quote

from clinvk.text.secrets.addresses import in_addresses
from clinvk.text.secrets.assigned import assigned
from clinvk.text.secrets.commands import in_commands
from clinvk.text.secrets.names import Kind, kind_of
from clinvk.text.secrets.positions import in_positions
from clinvk.text.secrets.spans import MARK as MARK  # noqa: PLC0414  who reads a redacted text
from clinvk.text.secrets.spans import Text, merged
from clinvk.text.secrets.tokens import tokens

_OPTION = re.compile(r"(?:^|[\s\"'=,(`\[])--?[A-Za-z][A-Za-z-]{0,20}$")
"""What a path may follow without a space, as in `-I/home/ann/include`."""
_LONGEST_OPTION = 24


class Redaction:
    """Replaces secrets by a mark, and homes (absolute paths) by `~`.

    A home is also found as part of an address (`%2Fhome%2Fann`), with escaped slashes, and as the
    beginning of the folder name that agents make of a directory (`-home-ann-project`).
    """

    def __init__(self, *homes: str) -> None:
        paths = sorted({home.rstrip("/") for home in homes}, key=len, reverse=True)
        self._homes = tuple(chain.from_iterable(_forms(path) for path in paths if len(path) > 1))

    def text(self, text: str) -> str:
        """The redacted text."""
        text, _ = self._without_homes(text)
        parts: list[str] = []
        done = 0
        given = Text.of(text)
        found = (
            find(given) for find in (tokens, in_addresses, assigned, in_commands, in_positions)
        )
        for first, end in merged(chain.from_iterable(found)):
            start = first
            while text.startswith(MARK, start):
                start += len(MARK)
            if start >= end:
                continue
            parts += [text[done:start], MARK]
            done = end
        return "".join([*parts, text[done:]]) if parts else text

    def home_paths(self, text: str) -> int:
        """How often a home occurs in a text."""
        _, count = self._without_homes(text)
        return count

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
        kind = kind_of(name)
        if kind is not None and isinstance(value, str) and value.strip():
            return MARK
        if kind is Kind.PASSWORD and isinstance(value, int | float) and not isinstance(value, bool):
            return MARK
        return self.value(value)

    def _without_homes(self, text: str) -> tuple[str, int]:
        count = 0
        for form in self._homes:
            parts: list[str] = []
            done = 0
            for found in form.finditer(text):
                if _begins(text, found.start()):
                    parts += [text[done : found.start()], "~"]
                    done = found.end()
            count += len(parts) // 2
            text = "".join([*parts, text[done:]]) if parts else text
        return text, count


def _begins(text: str, start: int) -> bool:
    """Whether a path begins here, as in `-I/home/ann`; in `/mnt/home/ann` there is none."""
    before = text[start - 1 : start]
    if not (before.isalnum() or before in ("_", ".", "~", "-")):
        return True
    return text[start] in "/\\%" and bool(
        _OPTION.search(text[max(0, start - _LONGEST_OPTION) : start])
    )


def _forms(path: str) -> Iterator[re.Pattern[str]]:
    """The home as a path, in JSON and in an address, and as agents name a folder after it."""
    # `/home/ann` must not match in `/home/anna` or in `/home/ann.old`.
    end = r"(?![\w-]|\.\w)"
    for spelling in dict.fromkeys(
        (path, path.replace("/", "\\/"), quote(path), quote(path, safe=""))
    ):
        yield re.compile(re.escape(spelling) + end, re.IGNORECASE if "%" in spelling else 0)
    folder = re.sub("[^A-Za-z0-9]", "-", path)
    # A home like `/root` gives a name that is also an option, unless it is a folder's.
    yield re.compile(
        (r"(?<=/)" if folder.count("-") < 2 else "") + re.escape(folder) + r"(?![A-Za-z0-9_])"
    )
