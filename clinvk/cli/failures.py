"""The output format of an error, and Typer's messages in our own wording."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clinvk.cli.render import Form
    from clinvk.services.world import World

_FORMS: "Mapping[str, Form]" = {"text": "text", "json": "json", "stream-json": "stream-json"}
_SWITCHES = frozenset("cqvei")
"""The short options without a value, which can precede the `o` in `-qojson`."""

RUNS = ("run", "resume")
"""The commands that print the report of a run; the setting `output.format` is only for them."""


def asked_form(argv: Sequence[str], world: "World", *, of_run: bool) -> "Form":
    """The format, from the words alone (they may be invalid), else from the settings."""
    return said_form(argv) or (_configured(world) if of_run else "text")


def said_form(argv: Sequence[str]) -> "Form | None":
    """The format that the words ask for."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    form: Form | None = None
    for word, following in zip(words, [*words, ""][1:], strict=True):
        form = _FORMS.get(_format_in(word, following), form)
    return form


def is_quiet(argv: Sequence[str]) -> bool:
    """Whether the words ask for less on stderr (`-q`)."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    return any(
        word == "--quiet" or ("q" in word and word[:1] == "-" and _SWITCHES.issuperset(word[1:]))
        for word in words
    )


def _format_in(word: str, following: str) -> str:
    """The format that a word and the next one give, "" if none."""
    if word == "--json":
        return "json"
    name, equals, glued = word.partition("=")
    if name == "--output-format":
        return glued if equals else following
    head, short, value = word.partition("o")
    if short and head[:1] == "-" and _SWITCHES.issuperset(head[1:]):
        return value.removeprefix("=") or following
    return ""


def _configured(world: "World") -> "Form":
    form = world.environ.get("CLINVK_OUTPUT_FORMAT", "").strip()
    if not form:
        from clinvk.services.config.settings import effective_settings

        try:
            form = str(effective_settings(world).get("output.format"))
        except Exception:  # noqa: BLE001  invalid settings may be the error that is reported
            return "text"
    return _FORMS.get(form, "text")


_WORDINGS = (
    (r"is not a valid int(?:eger)?(?: range)?", "is not a whole number"),
    (r"(-?\d+) is not in the range x>=(\d+)", r"`\1` is less than \2"),
    (r"^no such option: (\S+)", r"there is no option `\1`"),
    (r"^no such command ", "there is no command "),
    (r"(?i) \(possible options: ([^)]*)\)$", r"; did you mean \1?"),
    (r"(?i)\. did you mean ", "; did you mean "),
    (r"^got unexpected extra argument\(s\) \((.*)\)$", r"too many words: `\1`"),
    (r"(?i)(missing argument `[^`]*`)\. choose from: ", r"\1: one of "),
)
_MEANT = r"(?<=did you mean )--[^?]*"


def told_by(error: Exception) -> str:
    """The message of one of Typer's errors."""
    format_message = getattr(error, "format_message", None)
    return str(format_message() if format_message else error)


def in_our_words(complaint: str) -> str:
    """The message as one lower-case sentence without a full stop, with backticks as quotes."""
    message = " ".join(complaint.strip().rstrip(".").replace("'", "`").split())
    message = message[:1].lower() + message[1:]
    for theirs, ours in _WORDINGS:
        message = re.sub(theirs, ours, message)
    message = re.sub(_MEANT, lambda names: _quoted(names[0]), message)
    return message or "the command line is invalid"


def _quoted(names: str) -> str:
    return " or ".join(f"`{name}`" for name in names.split(", "))
