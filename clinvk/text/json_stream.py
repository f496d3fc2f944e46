"""Reads JSON of any size in pieces: neither the document nor one value has to fit into memory.

Small values are parsed by Python's own parser, wherever their line ends are. A large one, such as a
line with an answer of 10 MB (40 MB as text with one emoji), is read token by token.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NoReturn

from msgspec import Struct

from clinvk.text.json_codec import json_line

LARGE = 1 << 19
"""Characters. A longer value is not read as a whole."""

_SPACE = re.compile(r"[ \t\n\r]*")
_INNER = re.compile(r'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+')
"""The inside of a string up to its end, an error or the end of the text at hand."""

_HALF_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_LONGEST_ESCAPE = 6
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_DEEPEST = 500
"""As deep as Python's parser goes, about; what is nested deeper is no session."""

_AFTER = {"{": "}", "[": "]"}


class Token(Struct, frozen=True):
    """A part of a large value, in the form in which clinvk writes JSON.

    `mark` is one of `{}[]:,`, or `"` for each end of a string, whose content comes in parts
    (`text`); `value` is a whole value that is not large.
    """

    kind: Literal["mark", "text", "value"]
    text: str


class EndsTooSoonError(ValueError):
    """The document ends in the middle."""


class JsonStream:
    """A document in UTF-8, read from its start to its end; `blocks` are its bytes in order.

    Everything raises `ValueError` for what is not JSON, `EndsTooSoonError` if it is cut off,
    `UnicodeDecodeError` for what is not UTF-8, and `RecursionError`.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._lines = 1
        self._ended = False
        self._broken: UnicodeDecodeError | None = None
        self._parse = json.JSONDecoder(parse_constant=_no_number).raw_decode

    @property
    def line(self) -> int:
        """The number of the line that is being read."""
        return self._lines + self._text.count("\n", 0, self._at)

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, mark: str) -> bool:
        """Whether the next character is `mark`, which is then read."""
        found = self.peek() == mark
        self._at += found
        return found

    def expect(self, mark: str) -> None:
        """Read `mark`, or raise."""
        if not self.take(mark):
            self._fail(f"expecting `{mark}`", cut_off=self.peek() == "")

    def value(self) -> object:
        """The next value; `TOO_LARGE` if it is longer than `LARGE`: then read its `tokens`."""
        self.peek()
        while True:
            try:
                value, end = self._parse(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) - self._at > LARGE:
                    return TOO_LARGE
                rest = self._text[error.pos :]
                if not self._more():
                    self._fail(_lower(error.msg), cut_off=_is_cut_off(error.msg, rest))
                continue
            # A number may go on in the next block.
            if end < len(self._text) or isinstance(value, str | list | dict) or not self._more():
                self._at = end
                return value

    def name(self) -> str:
        """The name of the next field of an object, and the colon after it."""
        name = self.value() if self.peek() == '"' else None
        if not isinstance(name, str):
            self._fail("expecting a name in double quotes", cut_off=self.peek() == "")
        self.expect(":")
        return name

    def skip(self) -> None:
        """Read the next value and forget it."""
        if self.value() is TOO_LARGE:
            for _ in self.tokens():
                pass

    def tokens(self) -> Iterator[Token]:
        """The next value in parts, in order."""
        open_: list[str] = []
        while True:
            yield from self._value_tokens(open_)
            while open_ and self.take(open_[-1]):
                yield Token("mark", open_.pop())
            if not open_:
                return
            self.expect(",")
            yield Token("mark", ",")
            if open_[-1] == "}":
                yield from self._key_tokens()

    def _value_tokens(self, open_: list[str]) -> Iterator[Token]:
        """A value that is not large, or the start of a large one up to the end of its first."""
        while (value := self.value()) is TOO_LARGE:
            mark = self.peek()
            if mark == '"':
                yield from self._string_tokens()
                return
            if mark not in _AFTER:
                self._fail("a number that is too long", cut_off=False)
            self._at += 1
            if len(open_) == _DEEPEST:
                raise RecursionError
            yield Token("mark", mark)
            open_.append(_AFTER[mark])
            if mark == "{":
                yield from self._key_tokens()
        yield Token("value", _as_written(value))

    def _key_tokens(self) -> Iterator[Token]:
        if self.peek() != '"':
            self._fail("expecting a name in double quotes", cut_off=self.peek() == "")
        yield from self._string_tokens()
        self.expect(":")
        yield Token("mark", ":")

    def _string_tokens(self) -> Iterator[Token]:
        self.expect('"')
        yield Token("mark", '"')
        while True:
            found = _INNER.match(self._text, self._at)
            end = found.end() if found else self._at
            at_end = self._text[end : end + 1] == '"'
            content = self._text[self._at : end]
            if not at_end and (half := _HALF_PAIR.search(content)):
                content = content[: half.start()]
            self._at += len(content)
            if content:
                # What `json_line` does, without the quotes.
                text = json.dumps(json.loads(f'"{content}"'), ensure_ascii=False)[1:-1]
                yield Token("text", text)
            if at_end:
                self._at += 1
                yield Token("mark", '"')
                return
            rest = len(self._text) - self._at
            if rest > 2 * _LONGEST_ESCAPE:
                self._fail("invalid character or escape in a string", cut_off=False)
            if not self._more():
                self._fail("a string without an end", cut_off=True)

    def _more(self) -> bool:
        """Read another block; returns whether there was one."""
        if self._ended:
            return False
        self._lines += self._text.count("\n", 0, self._at)
        rest = [self._text[self._at :]]
        size = 0
        # A value that does not fit is tried again: each time with twice as much.
        while size <= len(rest[0]) and not self._ended:
            rest.append(self._next_block())
            size += len(rest[-1])
        self._text, self._at = "".join(rest), 0
        return size > 0

    def _next_block(self) -> str:
        if self._broken is not None:
            raise self._broken
        block = next(self._blocks, None)
        self._ended = block is None
        try:
            return self._decoder.decode(block or b"", self._ended)
        except UnicodeDecodeError as error:  # what comes before it counts
            self._broken = error
            return error.object[: error.start].decode()

    def _fail(self, why: str, *, cut_off: bool) -> NoReturn:
        if cut_off:
            raise EndsTooSoonError(f"it is cut off (line {self.line})")
        raise ValueError(f"it is not JSON: {why} (line {self.line})")


class _TooLarge:
    """The type of `TOO_LARGE`."""


TOO_LARGE = _TooLarge()


def written(tokens: Iterable[Token]) -> Iterator[bytes]:
    """The tokens as the bytes that `json_line` writes, without the line end."""
    for token in tokens:
        text = f"{token.text} " if token.kind == "mark" and token.text in ",:" else token.text
        yield text.encode("utf-8", "backslashreplace")


def _is_cut_off(error: str, rest: str) -> bool:
    """Whether the parser failed at the end of the document, and not before."""
    in_string = error.startswith("Invalid \\") and len(rest) < _LONGEST_ESCAPE
    return in_string or error.startswith("Unterminated") or not rest.strip("-truefalsn")


def _as_written(value: object) -> str:
    if isinstance(value, Mapping | str):
        return json_line(value).decode().removesuffix("\n")
    try:
        return _ENCODE(value)
    except ValueError:  # an endless number, which clinvk does not write
        return "null" if isinstance(value, float) else json_line({"": value}).decode()[5:-2]


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"`{word}` is not a valid JSON number")


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
