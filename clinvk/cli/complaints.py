"""Typer's complaints about a command line, in our own words: theirs are those of a programmer."""

import re

_WORDINGS = (
    (re.compile(r"is not a valid int(?:eger)?(?: range)?"), "is not a whole number"),
    (re.compile(r"(-?\d+) is not in the range x>=(\d+)"), r"`\1` is less than \2"),
    (re.compile(r"^no such option: (\S+)"), r"there is no option `\1`"),
    (re.compile(r"^no such command "), "there is no command "),
    (re.compile(r" \(possible options: ([^)]*)\)$", re.IGNORECASE), r"; did you mean \1?"),
    (re.compile(r"\. did you mean ", re.IGNORECASE), "; did you mean "),
    (re.compile(r"^got unexpected extra argument\(s\) \((.*)\)$"), r"too many words: `\1`"),
    (re.compile(r"(missing argument `[^`]*`)\. choose from: ", re.IGNORECASE), r"\1: one of "),
)
_MEANT = re.compile(r"(?<=did you mean )--[^?]*")


def in_our_words(complaint: str) -> str:
    """One lower-case sentence without a full stop, what is quoted in backticks."""
    message = " ".join(complaint.strip().rstrip(".").replace("'", "`").split())
    message = message[:1].lower() + message[1:]
    for theirs, ours in _WORDINGS:
        message = theirs.sub(ours, message)
    message = _MEANT.sub(lambda names: _quoted(names[0]), message)
    return message or "the command line is off"


def _quoted(names: str) -> str:
    return " or ".join(f"`{name}`" for name in names.split(", "))
