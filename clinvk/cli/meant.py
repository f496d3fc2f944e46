"""What was probably meant by words that are no command of ours.

A prompt costs money and can change files, so words that look like a command are never sent. Each
refusal has the command that does what was meant, and the way to send the words as they are.
"""

import re
from collections.abc import Collection, Sequence

from msgspec import Struct

from clinvk.cli.implicit import below, first_words, is_known
from clinvk.cli.mended import as_prompt, fault_of, mended, names_session
from clinvk.cli.other_tools import BELOW, WORDS, Word
from clinvk.cli.spelling import typed
from clinvk.errors import UsageError
from clinvk.services.agents.catalog import built_in

_CUTOFF = 0.75
_CONTINUES = ("--continue", "--session", "--editor")
"""With these and their letters, a single word is a prompt: `clinvk -c continue`."""

_VERBS = (
    *("add", "remove", "rm", "get", "set", "list", "login", "logout"),
    *("create", "install", "uninstall", "enable", "disable", "migrate"),
)
_ARGUMENTS = frozenset((*_VERBS, "ls", "show", "status", "last", "latest", "all"))
"""Words that follow a command of another tool (`mcp add`, `show last`), and begin no sentence."""

_ELLIPSIS = ("…",)
_LONG = 5
"""A shorter word is like too many others."""

_ID = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{4,12}")
_LAST = frozenset(("last", "latest"))
_NEEDS = {
    **dict.fromkeys(("close", "archive", "unarchive", "delete", "export", "files"), ("ID",)),
    **dict.fromkeys(("tag", "untag"), ("ID", "TAG")),
    "rename": ("ID", "TITLE"),
    "name": ("ID", "NAME"),
    "move": ("ID", "DIR"),
    "import": ("FILE",),
}


class RefusedWordsError(UsageError):
    """Words were not sent as a prompt; `of_run`: what was meant is a run."""

    def __init__(self, message: str, *, hint: str, of_run: bool) -> None:
        super().__init__(message, hint=hint)
        self.of_run = of_run


class _Meant(Struct, frozen=True):
    """Our command for the first words; `used` is how many of them it replaces."""

    ours: str
    needs: tuple[str, ...] = ()
    why: str = ""
    note: str = ""
    used: int = 1


def refuse_meant(words: list[str], at: int, commands: Collection[str]) -> None:
    """Raise `RefusedWordsError` if the word at that place was probably meant as a command."""
    options = [word for word in words[:at] if word.startswith("-")]
    bare = [words[at], *first_words(words[at + 1 :])]
    meant = None if any(map(_continues, options)) else _command_meant(bare, commands)
    if meant is None or not all(map(is_known, options)):
        return
    second = words.index(bare[1], at + 1) if meant.used > 1 else at
    rest = [word for place, word in enumerate(words) if place not in (at, second)]
    raise RefusedWordsError(
        _no_command(words[at], meant.ours, meant.why),
        hint=f"`clinvk {_working(meant, rest)}`{meant.note}\n{as_prompt(words)}",
        of_run=meant.ours.split()[0] in ("run", "resume", "-b", "-c", "-m"),
    )


def refuse_subcommand(table: str, args: Sequence[str]) -> None:
    """Raise `UsageError` if the first argument is what other tools call one of our commands."""
    word = BELOW.get(table, {}).get(args[0])
    if word is not None:
        raise UsageError(
            _no_command(args[0], f"clinvk {word.ours}", word.why),
            hint=f"`clinvk {_working(_of_word(word), args[1:])}`{word.note}",
        )


def refuse_misspelled(option: str, known: Collection[str]) -> None:
    """Raise `UsageError` if a long option is probably one of the known."""
    if option.startswith("--") and option != "--" and (meant := _closest(option, known)):
        raise UsageError(
            f"there is no option `{option}`; did you mean `{meant}`?", hint="see `clinvk --help`"
        )


def _continues(option: str) -> bool:
    name = option.partition("=")[0]
    if name.startswith("--"):
        return name in _CONTINUES
    return name.startswith("-") and any(letter in name for letter in "cse")


def _command_meant(bare: Sequence[str], commands: Collection[str]) -> _Meant | None:
    """The command that the words probably mean; None if they look like a prompt."""
    first = bare[0].lower()
    if not _is_plain(first) and first not in WORDS:
        return _session(bare)
    return (
        _named(first, bare[1:])
        or _listed(first, bare[1:], commands)
        or _of_other_tool(first, bare[1:])
        or _misspelled(first, bare[1:], commands)
        or _of_sessions(first, bare[1:])
        or _near_other_tool(first, bare[1:])
    )


def _session(bare: Sequence[str]) -> _Meant | None:
    """`7f3a "go on"`, `@last hi`, and a name such as `pr-842` alone."""
    alone = len(bare) == 1 and names_session(bare[0])
    if alone or bare[0] == "@last" or _ID.fullmatch(bare[0]) is not None:
        return _Meant(f"resume {bare[0]}", _ELLIPSIS)
    return None


def _named(first: str, others: Sequence[str]) -> _Meant | None:
    """An agent in place of the command: `NAME "fix it"`."""
    if len(others) > 1 or first not in built_in():
        return None
    return _Meant(f"-b {first}", _ELLIPSIS)


def _listed(first: str, others: Sequence[str], commands: Collection[str]) -> _Meant | None:
    """`list sessions`, `show config`, `list models`."""
    if first not in ("list", "show", "ls") or len(others) != 1:
        return None
    second = others[0].lower()
    if second in WORDS and second not in _LAST and WORDS[second].ours != "run":
        return _of_word(WORDS[second], used=2)
    ours = {"sessions": "sessions list", "config": "config show"}.get(second, second)
    return _Meant(ours, used=2) if second in commands else None


def _of_other_tool(first: str, others: Sequence[str]) -> _Meant | None:
    word = WORDS.get(first)
    if word is None or not (_are_arguments(others, word) or _sets(first, others)):
        return None
    if word.ours == "-c" and others and names_session(others[0]):
        word = WORDS["attach"]
    return _of_word(word)


def _near_other_tool(first: str, others: Sequence[str]) -> _Meant | None:
    """`hisotry`, alone."""
    if others or len(first) < _LONG:
        return None
    close = _closest(first, [one for one in WORDS if len(one) >= _LONG and one.isalpha()])
    return _of_word(WORDS[close]) if close else None


def _misspelled(first: str, others: Sequence[str], commands: Collection[str]) -> _Meant | None:
    second = others[0] if others else ""
    if second and not (_is_plain(second) or names_session(second)):
        return None
    close = _closest(first, commands)
    if close == "run" and len(others) == 1:
        return _Meant(close, _ELLIPSIS)
    ours = close and _with_second(close, second)
    return _Meant(ours, used=len(ours.split())) if ours else None


def _of_sessions(first: str, others: Sequence[str]) -> _Meant | None:
    """`delete 7f3a` and `delete NAME`, which are below `sessions`."""
    takes = len(_NEEDS.get(first, ())) or int(first == "show")
    if not (0 < len(others) <= takes or _are_arguments(others)):
        return None
    if first not in below("sessions"):  # loads the command, which a prompt does not need
        return None
    return _Meant(f"sessions {first}", _NEEDS.get(first, ()))


def _of_word(word: Word, used: int = 1) -> _Meant:
    return _Meant(word.ours, word.needs, word.why, word.note, used)


def _no_command(word: str, ours: str, why: str) -> str:
    told = f": {why}" if why else f"; did you mean `{ours}`?"
    return f"there is no command `{word}`{told}"


def _are_arguments(others: Sequence[str], word: Word | None = None) -> bool:
    """Whether the words look like those that follow a command, and not like the rest of a prompt.

    One argument of any kind is one of them if `word` takes a sentence (`exec "fix it"`), and any
    word after a verb if it has commands of its own in other tools (`mcp add files`).
    """
    if word is not None and word.sentence and len(others) == 1:
        return True
    if others and names_session(others[0]):
        return len(others) == 1 or (len(others) == 2 and not others[0].isdecimal())
    if len(others) == 2 and others[0] in _VERBS:
        return word is not None and bool(word.note)
    known = _ARGUMENTS.union(built_in()) if others else _ARGUMENTS
    return len(others) <= 2 and all(one.lower() in known or one.isdecimal() for one in others)


def _sets(first: str, others: Sequence[str]) -> bool:
    """Whether it is `set run.timeout 2h` or the like."""
    key = others[0] if others else ""
    return first in ("set", "get", "unset") and len(others) <= 2 and bool(set(key) & {".", "_"})


def _with_second(command: str, word: str) -> str | None:
    """The command with its second word, if that can be a subcommand or an argument of it."""
    if not word:
        return command
    if command == "resume":
        return command if names_session(word) else None
    found = word if word in below(command) else _closest(word.lower(), below(command))
    return f"{command} {found}" if found else None


def _working(meant: _Meant, rest: Sequence[str]) -> str:
    """The command with the other words if it works with them, else with what it needs."""
    ours = meant.ours.split()
    rest = ["@last" if word in _LAST and ours[-1] != "search" else word for word in rest]
    tries = [[*ours, *rest], [*ours, *meant.needs, *rest], [*ours, *meant.needs]]
    if meant.note:  # it does something else than was meant, so the other words do not matter
        tries = tries[2:]
    elif not first_words(rest):  # `run` needs no prompt if it is piped in
        tries = tries[1:]
    for words in tries:
        fault = fault_of(words)
        if works := words if fault is None else mended(words, fault):
            return typed(works)
    return typed([*ours, *meant.needs])


def _closest(word: str, names: Collection[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, names, n=1, cutoff=_CUTOFF)), None)


def _is_plain(word: str) -> bool:
    """Whether it can be the name of a command: one short ASCII word."""
    return word.isascii() and word.isalpha() and len(word) <= 12
