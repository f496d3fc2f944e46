"""A command line that fails, as it works: ours for the options of other tools, text behind `--`.

Only loaded for an error.
"""

import re
from collections.abc import Sequence
from typing import Any

from typer import Exit
from typer.exceptions import TyperException

from clinvk.cli.failures import told_by
from clinvk.cli.implicit import below, command_of, first_words, with_command
from clinvk.cli.other_tools import AS_INPUT, OPTIONS, TO_RESUME, Foreign
from clinvk.cli.spelling import TextLikeOptionError, typed, with_dashes
from clinvk.cli.streams import Streams
from clinvk.errors import ClinvkError

_PROMPTS = ("run", "resume", "chat")
_NAME = re.compile(r"(?=.*\d)[A-Za-z0-9]{4,}|(?=.*\d)[A-Za-z]+[-_#][A-Za-z0-9_#-]+")
_NO_STREAMS = Streams(stdin=None, stdout=None, stderr=None)


def way_out(argv: Sequence[str], error: Exception) -> str | None:
    """A hint with the command line as it works; None if it is not known what was meant."""
    if works := mended(argv, error):
        return f"`clinvk {typed(works)}`"
    path, words = _path(error), list(argv)
    option = _option(error)
    at, value = _place(words, option)
    if at is not None and option in ("--output", "-O"):
        file = value or next(iter(words[at + 1 : at + 2]), "FILE")
        words = _replaced(words, at, value, Foreign(takes=True))
        return f"redirect the output: `clinvk {typed(words)} > {typed([file])}`"
    if at is not None and option in AS_INPUT and path in _PROMPTS:
        file = value or next(iter(words[at + 1 : at + 2]), "FILE")
        words = _replaced(words, at, value, Foreign(takes=True))
        words += [] if first_words(words) else ["-"]
        return f"pipe it in: `clinvk {typed(words)} < {typed([file])}`"
    if path in ("run", "resume") and at is not None and _words_of_prompt(words[:at], path):
        return f"see `clinvk {path} --help`\nas text: `clinvk {typed(_with_text_last(words))}`"
    bare = first_words(words)
    guessed = "id you mean" in told_by(error)
    as_sentence = len(bare) > 2 and bare[1] not in below(bare[0]) and not guessed
    if path not in ("", "run") and (as_sentence or (bare and words[0].startswith("-"))):
        return f"see `clinvk {path} --help`\n{as_prompt(words)}"
    return None


def _words_of_prompt(words: Sequence[str], path: str) -> bool:
    """Whether there are words of a prompt among them: neither the command nor a session."""
    bare = first_words(words)
    return len(bare) > (bare[:1] == [path]) + (path == "resume")


def as_prompt(words: Sequence[str]) -> str:
    """How to send the words to an agent; options that do not exist are words too."""
    run = ["run", *words]
    if fault_of(run) is not None:
        run = ["run", "--", *words]
    return f"to send it as a prompt: `clinvk {typed(run)}`"


def mended(argv: Sequence[str], error: Exception | None) -> list[str] | None:
    """The words that work, with ours for each unknown option; None if there are none."""
    words: list[str] | None = list(argv)
    for _ in range(len(argv) + 1):
        if words is None or error is None:
            break
        words = _mended_once(words, error)
        error = None if words is None else fault_of(words)
    return words if error is None else None


def fault_of(words: Sequence[str]) -> Exception | None:
    """What is wrong with a command line, as far as it can be seen without running it."""
    from clinvk.cli.app import COMMANDS

    try:
        path, command, rest = _resolved(with_command(words, COMMANDS, _NO_STREAMS))
        if "--help" not in rest:
            command.make_context(path, rest)
    except (TyperException, ClinvkError) as error:
        return error
    except Exit:
        return None
    return None


def _resolved(args: list[str]) -> tuple[str, Any, list[str]]:
    """The path of the command, the command, and its own words."""
    from clinvk.cli.app import app

    if not args or args[0].startswith("-"):
        return "clinvk", app, args
    command = command_of(args[0])
    if args[1:] and args[1] in getattr(command, "commands", ()):
        return f"clinvk {args[0]} {args[1]}", command.load(args[1]), args[2:]
    return f"clinvk {args[0]}", command, args[1:]


def _mended_once(words: list[str], fault: Exception) -> list[str] | None:
    path, option = _path(fault), _option(fault)
    if "unexpected extra argument" in str(fault):
        return _elsewhere(words, path)
    if path == "chat" and option in ("-c", "--continue"):
        return _without(words, "chat")
    if isinstance(fault, TextLikeOptionError) or (
        option and any(word.startswith(option) and len(word.split()) > 1 for word in words)
    ):
        return _with_text_last(words)
    at, value = _place(words, option)
    if at is None:
        return None
    if path in ("run", "chat") and option in TO_RESUME:
        return _to_resume(words, at, value, TO_RESUME[option])
    known = OPTIONS.get("prompt" if path in _PROMPTS else path, {})
    foreign = known.get(option) or OPTIONS[""].get(option)
    return None if foreign is None else _replaced(words, at, value, foreign)


def _elsewhere(words: list[str], path: str) -> list[str] | None:
    """The command that takes the words which this one does not take."""
    if path == "chat":
        rest = _without(words, "chat")
        bare = first_words(rest)
        return ["resume", *rest] if len(bare) == 1 and names_session(bare[0]) else rest
    if path == "sessions list":
        rest = [*_without(_without(words, "sessions"), "list")]
        bare = first_words(rest)
        if len(bare) == 1 and bare[0].isdecimal():
            return ["sessions", "list", *_without(rest, bare[0]), "-n", bare[0]]
        return ["sessions", "search", *rest]
    return None


def _without(words: Sequence[str], word: str) -> list[str]:
    """The words without the first that is this one."""
    at = words.index(word)
    return [*words[:at], *words[at + 1 :]]


def _path(fault: Exception) -> str:
    """The command in which the fault is, without `clinvk`."""
    context = getattr(fault, "ctx", None)
    return str(context.command_path).removeprefix("clinvk").strip() if context else ""


def _option(fault: Exception) -> str:
    """The option that does not exist, "" if the fault is another one."""
    return str(getattr(fault, "option_name", None) or "")


def _with_text_last(words: list[str]) -> list[str]:
    """The words with everything that is no option after `--`."""
    from clinvk.cli.app import COMMANDS

    args = with_command(words, COMMANDS, _NO_STREAMS)
    path, command, rest = _resolved(args)
    named = path.split()[1:] if args != ["run", *words] else []
    return [*named, *with_dashes(rest, command.params)]


def _place(words: Sequence[str], option: str) -> tuple[int | None, str | None]:
    """Where the option is, and the value that is joined to it by `=`."""
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if option and name == option:
            return at, value if equals else None
    return None, None


def _replaced(words: list[str], at: int, value: str | None, foreign: Foreign) -> list[str]:
    """The words with ours in place of the option, and of its value unless that is kept."""
    after = words[at + 1 :]
    if foreign.takes and value is None and after:
        value, *after = after
    kept = [value] if foreign.keeps and value is not None else []
    return [*words[:at], *foreign.ours, *kept, *after]


def _to_resume(words: list[str], at: int, value: str | None, ours: str) -> list[str]:
    """`--resume ID "go on"` as `resume ID "go on"`; without a session the last one."""
    rest = [word for word in words[:at] if word not in ("run", "chat")]
    after = words[at + 1 :]
    if value is None and not ours and after[:1] and not after[0].startswith("-"):
        if len(after[0].split()) > 1:
            ours = "--last"
        else:
            value, *after = after
    chosen = value if value is not None else ours
    return ["resume", *([chosen] if chosen else []), *rest, *after]


def names_session(word: str) -> bool:
    """Whether it looks like an id, the start of an id, a name with a number, or `@last`."""
    return word == "@last" or _NAME.fullmatch(word) is not None
