"""Plain text: Latin, Greek, Cyrillic, and the dashes, quotes and arrows that go with them.

Most text is plain, and a search that finds something in every session handles a lot of it. Each
character of it takes one column, may be cut from the next, is folded by itself and is harmless to a
terminal. What else there is takes tables, and ten times as long.
"""

import re

PLAIN = (
    "\t\n -~\xa1-\xac\xae-\u02ff\u0391-\u03a1\u03a3-\u0482\u048a-\u052f\u2010-\u2027\u2190-\u21ff"
)
"""The characters, as in a class of a regular expression."""

_PLAIN = re.compile(f"[{PLAIN}]*")


def is_plain(text: str) -> bool:
    """Whether all of the text is plain; some that is not told so might be, too."""
    return _PLAIN.fullmatch(text) is not None
