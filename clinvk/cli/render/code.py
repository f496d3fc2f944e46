"""Colours for code that arrives line by line: each line is examined once.

The state of most lexers is kept from line to line, so a string of several lines is one. If a lexer
fails, the code has no colours.
"""

from collections.abc import Iterable
from contextlib import suppress

from pygments.lexer import ExtendedRegexLexer, Lexer, LexerContext, RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

from clinvk.cli.paint import BOLD, CYAN, DIM, GREEN, MAGENTA, RED, UNDERLINE, Codes

_LONGEST = 2_000
"""Characters of a line with colours."""

_DEEPEST = 200
_LOOKS: dict[_TokenType, Codes] = {
    Comment: (DIM,),
    Keyword: (MAGENTA,),
    Name.Function: (BOLD,),
    Name.Class: (BOLD, UNDERLINE),
    Name.Decorator: (CYAN,),
    Name.Builtin: (CYAN,),
    Name.Tag: (MAGENTA,),
    String: (GREEN,),
    Number: (CYAN,),
    Generic.Deleted: (RED,),
    Generic.Inserted: (GREEN,),
    Generic.Heading: (BOLD,),
    Generic.Subheading: (CYAN,),
}


class CodeLines:
    """The lines of one piece of code in the language that its fence names."""

    def __init__(self, language: str) -> None:
        self._lexer: Lexer | None = None
        with suppress(ClassNotFound):
            self._lexer = get_lexer_by_name(language)
        self._stack = ["root"]

    def line(self, text: str) -> list[tuple[str, Codes]]:
        """The line in pieces, each with its look."""
        if self._lexer is None or len(text) > _LONGEST:
            return [(text, ())]
        try:
            tokens = self._tokens(self._lexer, text)
            shown = [(value.rstrip("\n"), _look(kind)) for _, kind, value in tokens]
        except Exception:  # noqa: BLE001  third-party lexers on untrusted text
            self._lexer = None
            return [(text, ())]
        # A lexer's own calls may skip or repeat characters: then the line is shown as it is.
        return shown if "".join(value for value, _ in shown) == text else [(text, ())]

    def _tokens(self, lexer: Lexer, text: str) -> Iterable[tuple[int, _TokenType, str]]:
        if not isinstance(lexer, RegexLexer):
            yield from lexer.get_tokens_unprocessed(f"{text}\n")
            return
        context = LexerContext(f"{text}\n", 0, stack=self._stack)
        yield from ExtendedRegexLexer.get_tokens_unprocessed(lexer, context=context)
        self._stack = context.stack[:_DEEPEST]


def _look(kind: _TokenType) -> Codes:
    while kind.parent is not None:
        if (look := _LOOKS.get(kind)) is not None:
            return look
        kind = kind.parent
    return ()
