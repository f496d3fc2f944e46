"""Editing a line, key by key."""

import pytest

from clinvk.cli.asking.line_editor import LONGEST, LineEditor


def typed(start: str, *keys: str) -> LineEditor:
    """The editor with that text after these keys."""
    editor = LineEditor(start)
    for key in keys:
        editor.press(key)
    return editor


@pytest.mark.parametrize(
    ("start", "keys", "text"),
    [
        ("", "abc", "abc"),
        ("abc", ("backspace", "d"), "abd"),
        ("abc", ("home", "delete"), "bc"),
        ("abc", ("left", "left", "x"), "axbc"),
        ("abc", ("home", "left", "backspace", "right", "x"), "axbc"),
        ("abc", ("end", "right", "delete", "x"), "abcx"),
        ("one two  ", ("cut-word",), "one "),
        ("one two", ("left", "cut-start"), "o"),
        ("one two", ("home", "right", "cut-end"), "o"),
        ("e", ("\u0301", "backspace"), ""),
        ("a👨\u200d👩\u200d👧b", ("left", "backspace"), "ab"),
        ("a\nb", ("backspace",), "a\n"),
        ("a", ("up", "escape", "unknown", "pagedown"), "a"),
    ],
    ids=repr,
)
def test_the_keys_change_the_text(start: str, keys: tuple[str, ...], text: str) -> None:
    """A character with all that modifies it is one."""
    assert typed(start, *keys).text == text


def test_the_part_around_the_cursor_is_shown() -> None:
    """In less than the columns, with marks for what cannot be seen."""
    editor = LineEditor("0123456789" * 3)
    shown, column = editor.shown(11)
    assert (shown, column) == ("123456789", 9)
    editor.press("home")
    assert editor.shown(11) == ("012345678", 0)
    assert LineEditor("a\nb\x1b").shown(20) == ("a↵b^[", 5)
    assert LineEditor("写写写").shown(6) == ("写写", 4)


def test_the_text_has_an_end() -> None:
    """A paste of a whole file does not slow down each further key."""
    editor = LineEditor("x" * (LONGEST - 1))
    editor.press("y")
    editor.press("z")
    assert editor.text.endswith("xy")
