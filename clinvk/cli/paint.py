"""How parts of a text look: the codes of styles and colours, and where they may be used.

Sixteen colours, so that the user's palette fits light and dark terminals; no backgrounds.
"""

import re

from msgspec import Struct

BOLD, DIM, ITALIC, UNDERLINE, STRUCK = "1", "2", "3", "4", "9"
RED, GREEN, YELLOW, MAGENTA, CYAN = "31", "32", "33", "35", "36"
_STYLES = frozenset({BOLD, DIM, ITALIC, UNDERLINE, STRUCK})

Codes = tuple[str, ...]
"""Styles and colours of one piece of text, in the order in which they apply."""


class Paint(Struct, frozen=True):
    """What a terminal can show: `NO_COLOR` leaves the styles, a dumb terminal has neither."""

    styled: bool
    color: bool

    def __call__(self, text: str, *codes: str) -> str:
        """The text with the codes that this terminal has."""
        if not (self.styled and text):
            return text
        used = ";".join(code for code in codes if self.color or code in _STYLES)
        return f"\x1b[{used}m{text}\x1b[0m" if used else text


_PAINTED = re.compile(r"\x1b\[[\d;]*m")


def unpainted(text: str) -> str:
    """The text without the codes: what takes columns on the screen."""
    return _PAINTED.sub("", text)
