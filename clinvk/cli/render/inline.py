"""The inline part of Markdown: emphasis, code, links, escapes; for text that arrives in pieces.

Plain words are passed on at once. From a mark that may open something (`*`, a backtick, `[`) the
text is held until the mark is closed, for at most `HELD` characters; an unclosed mark is text.
Nothing is lost: what is not understood is shown as it was written. HTML is text too.
"""

import re
import unicodedata
from collections.abc import Callable

from clinvk.cli.paint import BOLD, CYAN, ITALIC, STRUCK, UNDERLINE, Codes
from clinvk.text.sanitize import safe_line

HELD = 400
"""Characters that wait for the end of a mark: a link to a long address, a bold sentence."""

_LONGEST = 20 * HELD
"""Characters of code or of an address, where the whole text is there."""

_PLAIN = re.compile(r"[^\\`*_~\[\]!<&\n ]+")
_RUN = re.compile(r"`+|\*+|_+|~+|[ \n]+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ENTITY_BEGINS = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{0,7}|[A-Za-z][A-Za-z0-9]{0,31})?")
_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.+-]+@[\w.-]+)>")
_AUTOLINK_BEGINS = re.compile(r"<(?:[A-Za-z][^\s<>]*)?")
_TARGET = re.compile(
    r"\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)"
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_EMPHASIS = {"*": (ITALIC, BOLD), "_": (ITALIC, BOLD), "~": (STRUCK, STRUCK)}


class _Part:
    """A part of the text that is held: words, or a mark that may open something."""

    def __init__(
        self, text: str, codes: Codes = (), *, mark: str = "", closes: bool = False
    ) -> None:
        self.text = text
        self.codes = codes
        self.mark = mark
        """What it may open: a character of emphasis, or `[`; empty for words."""
        self.length = len(text)
        self.closes = closes


class Inline:
    """Passes text with its styles to `show`; `codes` are the styles of all of it."""

    def __init__(self, show: Callable[[str, Codes], None], codes: Codes = ()) -> None:
        self._show = show
        self._codes = codes
        self._buffer = ""
        self._before = "\n"
        """The last character that was understood."""
        self._held: list[_Part] = []
        self._size = 0

    def feed(self, text: str) -> None:
        """The next piece; a line end in it is a space. What is at its end may wait for the next."""
        self._buffer += text
        self._parse(final=False)

    def end(self) -> None:
        """The end of the text: what is still open is text."""
        self._parse(final=True)
        self._buffer = ""
        self._release()

    def _parse(self, *, final: bool) -> None:
        at, buffer = 0, self._buffer
        while at < len(buffer):
            if plain := _PLAIN.match(buffer, at):
                end = plain.end()
                self._text(plain[0])
            else:
                impatient = final or len(buffer) - at > HELD
                found = self._special(buffer, at, final=impatient)
                if found is None:
                    break
                end = found
            self._before = buffer[end - 1]
            at = end
            if self._held and self._size > HELD:
                self._release()
        self._buffer = buffer[at:]

    def _special(self, buffer: str, at: int, *, final: bool) -> int | None:
        """Where the construct at `at` ends; None if the next piece decides that."""
        if found := _RUN.match(buffer, at):
            end = found.end()
            return (
                None
                if end == len(buffer) and not final
                else self._run(buffer, at, end, final=final)
            )
        return {
            "\\": self._escape,
            "&": self._entity,
            "<": self._autolink,
            "]": self._close_bracket,
            "[": self._open_bracket,
            "!": self._open_bracket,
        }[buffer[at]](buffer, at, final=final)

    def _run(self, buffer: str, at: int, end: int, *, final: bool) -> int | None:
        """A run of spaces, of backticks, or of marks of emphasis."""
        if buffer[at] == "`":
            return self._code(buffer, at, end, final=final)
        if not buffer[at].isspace():
            self._delimiters(buffer[at:end], buffer[end : end + 1])
        elif end < len(buffer):  # else it is at the end of the text
            self._text("\n" if "  \n" in buffer[at:end] else " ")
        return end

    def _code(self, buffer: str, at: int, end: int, *, final: bool) -> int | None:
        marks = buffer[at:end]
        closing = re.compile(rf"(?<!`){marks}(?!`)").search(buffer, end, end + _LONGEST)
        if closing is None or (closing.end() == len(buffer) and not final):
            if not final:
                return None
            if closing is None:
                self._text(marks)
                return end
        code = buffer[end : closing.start()].replace("\n", " ")
        if code.strip() and code[0] == code[-1] == " ":
            code = code[1:-1]
        self._text(code, (CYAN,))
        return closing.end()

    def _escape(self, buffer: str, at: int, *, final: bool) -> int | None:
        following = buffer[at + 1 : at + 2]
        if (not following or (at + 2 == len(buffer) and following == "\n")) and not final:
            return None
        if (following == "\n" and at + 2 < len(buffer)) or _ESCAPED.match(buffer, at):
            self._text(following)
            return at + 2
        self._text("\\")
        return at + 1

    def _entity(self, buffer: str, at: int, *, final: bool) -> int | None:
        if found := _ENTITY.match(buffer, at):
            # It may stand for a character that controls a terminal.
            decoded = _unescaped(found[0])
            self._text(" " if decoded.isspace() else safe_line(decoded))
            return found.end()
        begun = _ENTITY_BEGINS.match(buffer, at)
        if not final and begun and begun.end() == len(buffer):
            return None
        self._text("&")
        return at + 1

    def _autolink(self, buffer: str, at: int, *, final: bool) -> int | None:
        if found := _AUTOLINK.match(buffer, at):
            self._text(found[1], (UNDERLINE,))
            return found.end()
        begun = _AUTOLINK_BEGINS.match(buffer, at)
        if not final and begun and begun.end() == len(buffer):
            return None
        self._text("<")
        return at + 1

    def _open_bracket(self, buffer: str, at: int, *, final: bool) -> int | None:
        picture = buffer[at] == "!"
        if picture and at + 1 == len(buffer) and not final:
            return None
        if picture and buffer[at + 1 : at + 2] != "[":
            self._text("!")
            return at + 1
        self._hold(_Part("![" if picture else "[", mark="["))
        return at + 1 + picture

    def _close_bracket(self, buffer: str, at: int, *, final: bool) -> int | None:
        """The text of a link or a picture, and its address in brackets behind it."""
        at += 1
        opening = next(
            (at for at in reversed(range(len(self._held))) if self._held[at].mark == "["), None
        )
        if opening is None:
            self._text("]")
            return at
        if at == len(buffer) and not final:
            return None
        target = _TARGET.match(buffer, at, at + _LONGEST)
        if target is None and not final and buffer[at] == "(":
            # Also an address may have brackets.
            inside = buffer[at : at + _LONGEST]
            if inside.count("(") > inside.count(")"):
                return None
        self._to_text(opening)
        if target is None:
            self._text("]")
        else:
            del self._held[opening]
            self._address(target, "".join(one.text for one in self._held[opening:]))
        self._settle()
        return at if target is None else target.end()

    def _address(self, target: re.Match[str], shown: str) -> None:
        escaped = _ESCAPED.sub(r"\1", target[1] or target[2] or "")
        address = safe_line(_unescaped(escaped))
        if address and address != shown:
            looks = ((" (" if shown else "(", ()), (address, (UNDERLINE,)), (")", ()))
            self._held += [_Part(text, codes) for text, codes in looks]

    def _delimiters(self, run: str, after: str) -> None:
        """Emphasis by the rules of CommonMark."""
        char, count = run[0], len(run)
        opens, closes = _flanks(char, self._before, after or "\n")
        if char == "~" and count != 2:
            opens = closes = False
        while closes and count and (place := self._opener(char, len(run), both=opens)) is not None:
            self._to_text(place + 1)
            opener = self._held[place]
            used = 2 if len(opener.text) >= 2 and count >= 2 else 1
            for part in self._held[place + 1 :]:
                part.codes = (_EMPHASIS[char][used - 1], *part.codes)
            opener.text = opener.text[used:]
            count -= used
            if not opener.text:
                del self._held[place]
        if count and opens:
            self._hold(_Part(char * count, mark=char, closes=closes))
        elif count:
            self._text(char * count)
        self._settle()

    def _opener(self, char: str, length: int, *, both: bool) -> int | None:
        """The mark that a run of this length closes."""
        for place in reversed(range(len(self._held))):
            mark = self._held[place]
            if mark.mark == char:
                odd = (both or mark.closes) and (mark.length + length) % 3 == 0
                if not (odd and (mark.length % 3 or length % 3)):
                    return place
        return None

    def _text(self, text: str, codes: Codes = ()) -> None:
        if self._held:
            self._held.append(_Part(text, codes))
            self._size += len(text)
        elif text:
            self._show(text, (*self._codes, *codes))

    def _hold(self, mark: _Part) -> None:
        self._held.append(mark)
        self._size += 1

    def _to_text(self, start: int) -> None:
        """The marks from there on are text, since they were not closed."""
        for part in self._held[start:]:
            part.mark = ""

    def _settle(self) -> None:
        """Show what is held if nothing in it is open."""
        if not any(part.mark for part in self._held):
            self._release()

    def _release(self) -> None:
        held, self._held, self._size = self._held, [], 0
        for part in held:
            self._text(part.text, part.codes)


def _flanks(char: str, before: str, after: str) -> tuple[bool, bool]:
    """Whether a run of marks between these characters can open, and can close."""
    opens = not after.isspace() and (not _is_sign(after) or before.isspace() or _is_sign(before))
    closes = not before.isspace() and (not _is_sign(before) or after.isspace() or _is_sign(after))
    if char != "_":
        return opens, closes
    return opens and (not closes or _is_sign(before)), closes and (not opens or _is_sign(after))


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    from html import unescape  # a large table, rarely needed

    return unescape(text)


def _is_sign(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
