"""Reads a shell's command line for rules: the commands it certainly runs, and those it may run.

It is no shell. What cannot be read for certain counts as nothing certain, and as anything possible.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

_SEPARATORS = frozenset({"&&", "||", ";", "|", "|&", "&"})
_PARTS = re.compile(r"[;&|\n()`{}]|\$\(")
_UNCERTAIN = re.compile(r"[`\n\r<>(){}]|\$[({'\"]")
r"""Characters with which a command can run or write more than its words show.

In `$'\''`, bash ends the quotation at another place than `shlex`.
"""

_BEFORE = re.compile(r"\w+\+?=|\d*(?:&>|[<>])[<>|&]*(?P<target>.*)", re.DOTALL)
"""A word before the program: an assignment or a redirection."""

_SHELLS = frozenset({"ash", "bash", "busybox", "dash", "eval", "fish", "ksh", "sh", "zsh"})
_RUNNERS = _SHELLS | frozenset(
    {"!", "builtin", "command", "coproc", "do", "doas", "elif", "else", "env", "exec", "find", "if"}
    | {"ionice", "nice", "nohup", "parallel", "script", "setsid", "ssh", "stdbuf", "su", "sudo"}
    | {"then", "time", "timeout", "toybox", "until", "watch", "while", "xargs"}
)
"""Programs and words of the shell that run the command in their arguments."""

_OPTIONS = 8
"""Words that may stand between a program and its subcommand: `git -C folder push`."""

_LONGEST, _MOST_WORDS, _DEEPEST = 50_000, 64, 3
"""Limits for what is read: `shlex` takes quadratic time, and each word after a runner may begin a
command.
"""


def certain_commands(command: str) -> list[str]:
    """The commands of a line, with their words one space apart; none if that is not certain.

    A word with a space in it is quoted.
    """
    return [
        " ".join(shlex.quote(word) if word.split() != [word] else word for word in words)
        for words in _certain_words(command)
    ]


def may_run(command: str, pattern: str) -> bool:
    """Whether the line may run a command that matches; upper and lower case are the same.

    Looked for in each part of the line, behind programs that run others (`sudo`, `xargs`), after a
    program's options, and in the scripts for a shell. True if the line is too complicated for that.
    """
    return _may_run(command.casefold(), pattern.casefold(), 0)


def _may_run(command: str, pattern: str, depth: int) -> bool:
    if depth > _DEEPEST or len(command) > _LONGEST:
        return True
    certain = _certain_words(command)
    if any("$" in _name(words[0]) for words in certain):
        return True  # only the shell knows which program that is
    raw = [command, *_PARTS.split(command)]
    parts = [*certain, *map(_words, raw[1:])]
    if any(fnmatchcase(" ".join(part.split()), pattern) for part in raw if part.strip()):
        return True
    if any(_matches(words, pattern) for words in parts):
        return True
    programs = {_name(word) for words in parts for word in words[:_MOST_WORDS]}
    if programs.isdisjoint(_SHELLS | {"env", "su", "ssh"}):
        return False
    scripts = {word for words in parts for word in words if word.split() != [word] and word.strip()}
    return any(_may_run(script, pattern, depth + 1) for script in scripts - {command})


def _matches(words: Sequence[str], pattern: str) -> bool:
    """Whether a command of these words, or one that it runs, matches."""
    start = _program_at(words)
    if start == len(words):
        return False
    if any(fnmatchcase(text, pattern) for text in _readings(words[start:])):
        return True
    if _name(words[start]) not in _RUNNERS:
        return False
    if len(words) - start > _MOST_WORDS:
        return True
    tails = (words[at + _program_at(words[at:]) :] for at in range(start + 1, len(words)))
    # A runner may add words: `xargs rm`.
    return any(
        fnmatchcase(more, pattern)
        for tail in tails
        for text in _readings(tail)
        for more in (text, f"{text} ")
    )


def _readings(words: Sequence[str]) -> Iterator[str]:
    """The command without the program's folder, and also without the options at its start."""
    if not words:
        return
    name = _name(words[0])
    yield " ".join([name, *words[1:]])
    if len(words) > 2 and words[1].startswith("-"):
        for at in range(2, min(len(words), _OPTIONS + 2)):
            yield " ".join([name, *words[at:]])


def _program_at(words: Sequence[str]) -> int:
    """The number of words before the program."""
    at = 0
    while at < len(words) and (found := _BEFORE.match(words[at])):
        at += 2 if found["target"] == "" else 1
    return min(at, len(words))


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def _words(part: str) -> list[str]:
    """The words of a part of a line, which may have been cut inside quotation marks."""
    part = re.sub(r"\$(?=['\"])", "", part)
    try:
        return shlex.split(part)
    except ValueError:
        return re.sub(r"['\"\\]", "", part).split()


def _certain_words(command: str) -> list[list[str]]:
    """The words of each command of a line; none if that is not certain."""
    if len(command) > _LONGEST or _UNCERTAIN.search(command):
        return []
    lexer = shlex.shlex(command, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    lexer.commenters = ""
    parts: list[list[str]] = [[]]
    try:
        for word in lexer:
            if word in _SEPARATORS:
                parts.append([])
            elif set(word) <= set("&|;"):
                return []
            else:
                parts[-1].append(word)
    except ValueError:
        return []
    return [words for words in parts if words]
