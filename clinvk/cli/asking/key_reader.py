"""Turns the bytes that a terminal sends into keys: a character, or a name such as `left`."""

import codecs
import re

_NAMES = {
    "\r": "enter",
    "\n": "enter",
    "\x1b": "escape",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x01": "home",
    "\x02": "left",
    "\x04": "delete",
    "\x05": "end",
    "\x06": "right",
    "\x0b": "cut-end",
    "\x15": "cut-start",
    "\x17": "cut-word",
}
_SEQUENCES = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "F": "end",
    "H": "home",
    "1~": "home",
    "3~": "delete",
    "4~": "end",
    "5~": "pageup",
    "6~": "pagedown",
    "7~": "home",
    "8~": "end",
}
_SEQUENCE = re.compile(r"\x1b(?:\[([0-9;?<]*[ -/]*[@-~])|O(.)|([^\[O]))", re.DOTALL)
_INCOMPLETE = re.compile(r"\x1b(?:\[[0-9;?<]*[ -/]*|O)?")

UNKNOWN = "unknown"
"""A key without a name here; Alt and a character is one, so that it is not that character."""


class KeyReader:
    """Decodes what arrives in pieces; an incomplete character or sequence waits for its rest."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._rest = ""

    @property
    def waits(self) -> bool:
        """Whether Esc was pressed, or a key whose sequence is incomplete."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete."""
        text, self._rest = self._rest + self._decoder.decode(data), ""
        keys: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                keys.append(_key(text[at]))
                at += 1
            elif found := _SEQUENCE.match(text, at):
                keys.append(_SEQUENCES.get(found[1] or found[2] or "", UNKNOWN))
                at = found.end()
            elif _INCOMPLETE.fullmatch(text, at):
                self._rest = text[at:]
                break
            else:
                at += 1
        return keys

    def flush(self) -> list[str]:
        """What waits as keys: nothing more arrives in time."""
        rest, self._rest = self._rest, ""
        return ["escape"] if rest == "\x1b" else [UNKNOWN] if rest else []


def _key(char: str) -> str:
    return _NAMES.get(char) or (char if char.isprintable() else UNKNOWN)
