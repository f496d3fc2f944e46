"""Which command the words mean: the first word that is no option decides.

`clinvk -o json sessions list` is `clinvk sessions list -o json`. Without a command, the words are a
prompt: `clinvk "fix it"` is `clinvk run "fix it"`. Nothing after `--` is a command.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import islice, takewhile
from typing import Any

from clinvk.cli.failures import RUNS, said_form
from clinvk.cli.spelling import all_options, apart, is_text, takes_next, typed, valued_options
from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

_HELP, _VERSION = ("--help", "-h"), ("--version", "-V")


def with_command(argv: Sequence[str], commands: Collection[str], streams: Streams) -> list[str]:
    """Return the words with their command in front, and the options behind it.

    A bare `clinvk` on a terminal stays empty (it shows the help); piped stdin is a prompt. Words
    that look like a command are refused: a prompt costs money, and the agent may change files.
    `help` and `help COMMAND` show the help.
    """
    words = list(argv)
    if any("\0" in word for word in words):  # no shell passes them, and no path contains them
        raise UsageError("an argument contains a NUL character", hint="leave it out")
    if not words:
        return [] if streams.stdin_is_tty or streams.stdin is None else ["run"]
    at = _first_word(words)
    before = words[:at]
    if any(word in _VERSION for word in before):
        return ["--version", *(["--json"] if said_form(before) == "json" else [])]
    if at is None:
        return _of_options(words)
    word, rest = words[at], words[at + 1 :]
    if word == "help" and _is_path(rest, commands):
        return [*rest, "--help"]
    if word in commands:
        args = _with_options_behind(word, before, rest)
        if word in RUNS:
            _refuse_inner_options(word, args[1:])
        return args
    from clinvk.cli.meant import refuse_meant

    refuse_meant(words, at, commands)
    _refuse_inner_options("", words)
    return ["run", *words]


def _of_options(words: list[str]) -> list[str]:
    """The words without a command or a prompt, or with a prompt after `--`."""
    if words[0] in _HELP:
        return ["--help"]
    if len(words) == 1:
        from clinvk.cli.meant import refuse_misspelled

        refuse_misspelled(words[0], (*_HELP, *_VERSION))
    return ["run", *words]


def _with_options_behind(command: str, before: list[str], rest: list[str]) -> list[str]:
    """The command, its subcommand if it has any, then the options and the other words."""
    if not before and not (rest and rest[0].startswith("-")):
        return [command, *rest]
    if subcommands := below(command):
        at = _first_word(rest)
        if at is not None and rest[at] in subcommands:
            return [command, rest[at], *_apart(before), *_apart(rest[:at]), *rest[at + 1 :]]
    return [command, *_apart(before), *rest]


def _refuse_inner_options(command: str, args: list[str]) -> None:
    """Raise `UsageError` for an option between the words of a prompt.

    "what does git -c do" would continue the last session, with another prompt. The first word after
    `resume` names the session, unless an option does.
    """
    places = [*_bare(args)]
    if command == "resume" and _CHOOSE.isdisjoint(args):
        places = places[1:]
    if len(places) < 2:
        return
    first, last = places[0], places[-1]
    inner = [at for at in range(first, last) if at not in places]
    if not inner or not all(is_known(word) for word in args[:last] if _is_option(word)):
        return  # an unknown option is an error of its own
    prompt, others = args[first : last + 1], [command, *args[:first], *args[last + 1 :]]
    apart = [args[at] for at in inner]
    words = [args[at] for at in places]
    raise UsageError(
        f"`{args[inner[0]]}` stands between the words of the prompt",
        hint=f"to send it: `clinvk {typed([*others[not command :], ' '.join(prompt)])}`\n"
        f"as an option: `clinvk {typed([*others[not command :], *apart, *words])}`",
    )


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-" and not is_text(word)


_CHOOSE = frozenset(("--last", "-i", "--interactive"))


def first_words(words: Sequence[str]) -> list[str]:
    """The words before `--` that are neither options nor their values."""
    return [words[at] for at in _bare(words)]


def _first_word(words: Sequence[str]) -> int | None:
    """The place of the first word that is no option, None if there is none before `--`."""
    return next(_bare(words), None)


def _bare(words: Sequence[str]) -> Iterator[int]:
    rest = iter(enumerate(takewhile(lambda word: word != "--", words)))
    for at, word in rest:
        # Text that starts with a dash is refused where it is parsed.
        if not word.startswith("-") or word == "-" or is_text(word):
            yield at
        elif takes_next(word, _valued(word)):
            next(rest, None)


def _valued(option: str) -> Collection[str]:
    """The options with a value: those of a prompt, and of all commands if it is none of them."""
    if option in _HELP or option in _VERSION:  # the help loads no command
        return ()
    run = command_of("run")
    valued = valued_options(run.params)
    known = all_options(run.params)
    return valued if known.issuperset(_names(option, valued)) else _every_option()[0]


def is_known(option: str) -> bool:
    """Whether a command of ours has the option."""
    run = command_of("run")
    if all_options(run.params).issuperset(_names(option, valued_options(run.params))):
        return True
    valued, known = _every_option()
    return known.union(_HELP, _VERSION).issuperset(_names(option, valued))


def _names(option: str, valued: Collection[str]) -> Iterator[str]:
    """The name of a long option, or those of the letters that stand together."""
    if option.startswith("--"):
        yield option.partition("=")[0]
    else:
        yield from _letters(option, valued)


def _letters(option: str, valued: Collection[str]) -> Iterator[str]:
    """The options that stand together, up to the first with a value."""
    for letter in option[1:]:
        yield f"-{letter}"
        if f"-{letter}" in valued:
            return


@cache
def _every_option() -> tuple[frozenset[str], frozenset[str]]:
    """The options of all commands: those with a value, and all."""
    from clinvk.cli.app import app

    params = [one.params for one in _every(app)]
    nothing: frozenset[str] = frozenset()
    return nothing.union(*map(valued_options, params)), nothing.union(*map(all_options, params))


def _every(table: Any) -> Iterator[Any]:  # noqa: ANN401  Typer's classes have no public names
    yield table
    for name in getattr(table, "commands", ()):
        yield from _every(table.load(name))


def command_of(name: str) -> Any:  # noqa: ANN401  as above
    """The command of that name."""
    from clinvk.cli.app import app

    return app.load(name)


def below(command: str) -> Collection[str]:
    """The subcommands of a command."""
    if command == "completion":
        return ("bash", "zsh", "fish")
    return tuple(getattr(command_of(command), "commands", ()))


def _is_path(words: Sequence[str], commands: Collection[str]) -> bool:
    """Whether the words name a command, or nothing: else `help` is a word of a prompt."""
    if not words or (len(words) == 1 and words[0] in commands):
        return True
    return len(words) == 2 and words[0] in commands and words[1] in below(words[0])


def _apart(options: Sequence[str]) -> Iterator[str]:
    """The options with each value as a word, because a search excludes words such as `-bug`."""
    rest = iter(options)
    for word in rest:
        valued = _valued(word)
        yield from apart(word, valued)
        if takes_next(word, valued):
            yield from islice(rest, 1)
