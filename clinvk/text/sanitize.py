"""Makes text from an agent harmless for a terminal.

An agent may quote a hostile web page or file: escape sequences move the cursor, set the title or
write the clipboard; direction overrides and invisible characters make a command look like another
one. Each pattern is a run of disjoint character classes, so hostile input takes linear time. Only
text that is shown is changed, never what is piped or recorded.

The patterns are text, which `re` compiles at their first use and keeps: compiling them takes 4 ms,
and most commands show only plain text.
"""

import re
import unicodedata

from clinvk.text.plain import is_plain

# A string sequence (OSC, DCS, APC, PM, SOS) ends at its terminator or at the end of the line: one
# without a terminator must not hide the rest of an answer.
_SEQUENCES = (
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\r\n]*(?:\x07|\x9c|\x1b\\)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
_INVISIBLE = (
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls but tab and line ends
    "\xad\u061c\u180b-\u180f\u200b\u200c\u200e\u200f"  # soft hyphen, zero width, direction marks
    "\u202a-\u202e\u2060-\u206f"  # direction embeddings, overrides and isolates, joiners
    "\ufe00-\ufe0d\ufeff\ufff9-\ufffb"  # variants of text, byte order mark, annotations
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # controls of shorthand and musical notation
    "\U000e0000-\U000e0fff"  # tags and further variants: text that nobody sees
    "]"
)
_INVISIBLE_IN_JSON = (
    "[\x7f-\x9f\xad\u061c\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SURROGATE = "[\ud800-\udfff]"
_LINE_END = "\r\n|[\r\x85\u2028\u2029]"
_EMOJI = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_KEEP_STYLE = f"(?<=[{_EMOJI}])[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)"
_KEEP_JOIN = f"(?:(?<=[{_EMOJI}])|(?<=[{_EMOJI}]\ufe0f))\u200d(?=[{_EMOJI}])"
_JOINERS = f"({_KEEP_STYLE}|{_KEEP_JOIN})|[\u200d\ufe0e\ufe0f]"
_BEGINS = "[\x1b\x90\x98\x9b\x9d-\x9f]"
"""What a sequence begins with."""
_JOINING = f"[{_EMOJI}\u200d\ufe0e\ufe0f\r]+$"
"""Characters at the end of a piece that may be one with the next: emoji, and `\\r\\n`."""
_SPACES = "[\t\n ]+"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""The categories of characters that show nothing, or nothing that is the same everywhere."""
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f"
"""Others that show nothing."""


def safe_text(text: str) -> str:
    """The text without anything that controls a terminal or misleads a reader; lines and tabs stay.

    Bytes that were not UTF-8 become `\ufffd`. Applying it twice gives the same result.
    """
    if is_plain(text):
        return text
    text = re.sub(_INVISIBLE, "", re.sub(_SEQUENCES, "", text))
    text = re.sub(_SURROGATE, "\ufffd", re.sub(_LINE_END, "\n", text))
    return re.sub(_JOINERS, lambda match: match[1] or "", text)


def safe_line(text: str) -> str:
    """The same on one line: white space becomes single spaces, and none at the start or end."""
    return re.sub(_SPACES, " ", safe_text(text)).strip(" ")


def marked_line(text: str) -> str:
    """The text on one line with a mark for each character that could hide or mislead.

    For what a person decides about: nothing is left out. Controls are marked as in `cat -v`
    (`^[`), other invisible characters as in `less` (`<U+202E>`); a tab becomes spaces.
    """
    text = text.expandtabs(4)
    if is_plain(text) and "\n" not in text:
        return text
    return "".join(map(_marked, text))


def _marked(char: str) -> str:
    if " " <= char <= "~":
        return char
    if char < " " or char == "\x7f":
        return f"^{chr(ord(char) ^ 0x40)}"
    hidden = unicodedata.category(char) in _HIDDEN or char in _BLANK
    return f"<U+{ord(char):04X}>" if hidden else char


def escaped_json(text: str) -> str:
    """The same JSON, with invisible characters and terminal controls as escapes.

    JSON already escapes the controls below a space. The others can only occur inside strings, where
    an escape means the same character.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(_INVISIBLE_IN_JSON, _escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


class SafeStream:
    """`safe_text` for text that arrives in pieces: all that a further piece cannot change.

    With `whole_lines` only complete lines: no sequence and no grapheme crosses a line end. Else
    also the beginning of a line, up to the first sequence in it, and without characters at its end
    that the next one may join.
    """

    def __init__(self, *, whole_lines: bool = True) -> None:
        self._pieces: list[str] = []
        self._whole_lines = whole_lines
        self._waits = False
        """Whether the rest has a sequence, which may only end with its line."""

    def feed(self, piece: str) -> str:
        """The text that is complete with this piece, made safe; empty if none is."""
        end = piece.rfind("\n") + 1
        lines = ""
        if end:
            lines = safe_text("".join((*self._pieces, piece[:end])))
            piece, self._pieces, self._waits = piece[end:], [], False
        if not self._whole_lines and not self._waits:
            piece = "".join((*self._pieces, piece))
            known = _known(piece)
            lines += safe_text(piece[:known])
            piece, self._pieces = piece[known:], []
            self._waits = bool(piece) and re.search(_BEGINS, piece) is not None
        if piece:
            self._pieces.append(piece)
        return lines

    def flush(self) -> str:
        """The rest, made safe. The stream is empty afterwards."""
        rest = "".join(self._pieces)
        self._pieces, self._waits = [], False
        return safe_text(rest)


def _known(text: str) -> int:
    """How many characters of an incomplete line the rest of the line cannot change."""
    if text.isascii() and is_plain(text):
        return len(text)
    if begun := re.search(_BEGINS, text):
        text = text[: begun.start()]
    joining = re.search(_JOINING, text)
    return joining.start() if joining else len(text)
