"""Plain text: Latin, Greek and Cyrillic letters, and common dashes, quotes and arrows.

Most text is plain, and a search can handle a lot of it. Each plain character takes one column, can
be cut from the next, is folded by itself and is harmless to a terminal. All other text needs tables
and takes ten times as long.
"""

import re

PLAIN = (
    "\t\n -~\xa1-\xac\xae-\u02ff\u0391-\u03a1\u03a3-\u0482\u048a-\u052f\u2010-\u2027\u2190-\u21ff"
)
"""The plain characters, written as a character class of a regular expression."""

_PLAIN = re.compile(f"[{PLAIN}]*")


def is_plain(text: str) -> bool:
    """Whether all of the text is plain. False does not prove that it is not."""
    return _PLAIN.fullmatch(text) is not None
