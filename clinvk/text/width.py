"""How many terminal columns a text takes, and where it can be cut.

A small approximation of Unicode's grapheme clusters (UAX 29) that is right for CJK, combining
marks, flags, keycaps, skin tones and joined emoji. It needs no table of its own: Python's copy of
the character database has enough.
"""

import unicodedata
from collections.abc import Iterator

from clinvk.text.plain import is_plain

_ZWJ = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_ELLIPSIS = "…"


def graphemes(text: str) -> Iterator[str]:
    """The parts of the text that must not be cut: a character with everything that modifies it."""
    start = 0
    flags = 0
    for at in range(1, len(text) + 1):
        if at == len(text):
            yield text[start:]
            return
        before, here = text[at - 1], text[at]
        if _is_flag_letter(before) and _is_flag_letter(here):
            flags += 1
            if flags % 2:
                continue
        elif before == _ZWJ or _extends(here) or _is_jamo_pair(before, here):
            continue
        flags = 0
        yield text[start:at]
        start = at


def display_width(text: str) -> int:
    """The columns that a text without control characters takes."""
    if text.isascii() or is_plain(text):
        return len(text)
    return sum(_cluster_width(cluster) for cluster in graphemes(text))


def cut(text: str, columns: int) -> str:
    """The text in at most `columns`, ending in `…` if it was cut; never cuts a grapheme."""
    if display_width(text) <= columns:
        return text
    if columns < 1:
        return ""
    used = 0
    kept: list[str] = []
    for cluster in graphemes(text):
        used += _cluster_width(cluster)
        if used > columns - 1:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + _ELLIPSIS


def pad(text: str, columns: int) -> str:
    """The text padded with spaces to `columns`; a longer text is unchanged."""
    return text + " " * (columns - display_width(text))


def _cluster_width(cluster: str) -> int:
    if len(cluster) > 1 and (_EMOJI_STYLE in cluster or _is_flag_letter(cluster[1])):
        return 2
    return max(map(_char_width, cluster))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"} or _is_trailing_jamo(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _extends(char: str) -> bool:
    if char < "\u0300":
        return False
    return (
        char == _ZWJ
        or unicodedata.category(char) in {"Mn", "Me", "Mc"}
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_trailing_jamo(char: str) -> bool:
    return "\u1160" <= char <= "\u11ff"


def _is_jamo_pair(before: str, here: str) -> bool:
    return _is_trailing_jamo(here) and ("\u1100" <= before <= "\u11ff" or "가" <= before <= "힣")
