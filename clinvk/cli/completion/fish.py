"""The script for fish: one `complete` line per option, with the place where it applies."""

from collections.abc import Iterator

from clinvk.cli.completion.tree import IMPLICIT, Command, Option, Source, Value

_SCRIPT = r"""# fish completion for clinvk
# Written by `python -m tools.generate`; `clinvk completion fish` prints it.

# Sets __clinvk_path to the command at the cursor, and __clinvk_at to the position of the cursor
# among the words of that command.
function __clinvk_look
    set -l words (commandline -opc)
    test "$__clinvk_words" = "$words" && return
    set -g __clinvk_words $words
    set -g __clinvk_path
    set -g __clinvk_at 1
    set -e words[1]
    while set -q words[1]
        __clinvk_below "$__clinvk_path $words[1]" || break
        set -g __clinvk_path (string trim -- "$__clinvk_path $words[1]")
        set -e words[1]
    end
    set -q words[1] && test -z "$__clinvk_path" && set -g __clinvk_path @implicit@
    set -l valued (__clinvk_valued)
    set -l choosing (__clinvk_choosing)
    set -l pending 0
    set -l ended 0
    for word in $words
        if test $pending = 1
            set pending 0
        else if test $ended = 1 || not string match -qr -- '^-.' $word
            set -g __clinvk_at (math $__clinvk_at + 1)
        else if test "$word" = --
            set ended 1
        else if contains -- $word $valued
            set pending 1
        else if contains -- $word $choosing
            set -g __clinvk_at (math $__clinvk_at + 1)
            set choosing
        end
    end
end

# Whether the cursor is in the command $argv[1], at one of its words from $argv[2] to $argv[3].
function __clinvk_is
    __clinvk_look
    test "$__clinvk_path" = "$argv[1]" || return 1
    set -q argv[2] || return 0
    test $__clinvk_at -ge $argv[2] || return 1
    set -q argv[3] && test $__clinvk_at -gt $argv[3] && return 1
    return 0
end

function __clinvk_below
    contains -- (string trim -- $argv[1]) @commands@
end

# Whether no command starts with that.
function __clinvk_is_no_command
    test -n "$argv[1]" && not string match -q -- "$argv[1]*" @tops@
end

# The options of the command at the cursor that take a value.
function __clinvk_valued
    switch "$__clinvk_path"
@valued@
    end
end

# Its options that choose a session in place of a word.
function __clinvk_choosing
    switch "$__clinvk_path"
@choosing@
    end
end

# Prints the candidates of the kind $argv[1] from clinvk, with their titles.
function __clinvk_candidates
    set -l typed (commandline -ct | string replace -r -- '^-(-[^=]*=|.*)' '')
    set typed (string replace -r '^["\']' '' -- "$typed" | string replace -ra '\\\\(.)' '$1')
    command -q clinvk && command clinvk completion --candidates $argv[1] "$typed" 2>/dev/null
end

complete -c clinvk -e
complete -c clinvk -f
@completions@
"""


def render(tree: Command) -> str:
    """The script for these commands."""
    commands = [*tree.walk()]
    valued = {
        command.path: [name for option in command.options if option.value for name in option.names]
        for command in commands
    }
    parts = {
        "implicit": IMPLICIT,
        "commands": " ".join(_quoted(" ".join(one.path)) for one in commands if one.path),
        "tops": " ".join(command.path[0] for command in tree.commands),
        "valued": _cases(valued),
        "choosing": _cases({command.path: [*command.choosing] for command in commands}),
        "completions": "\n".join(line for command in commands for line in _completions(command)),
    }
    script = _SCRIPT
    for name, text in parts.items():
        script = script.replace(f"@{name}@", text)
    return script


def _cases(words: dict[tuple[str, ...], list[str]]) -> str:
    return "\n".join(
        f"        case {_quoted(' '.join(path))}\n            printf '%s\\n' {' '.join(names)}"
        for path, names in words.items()
        if names
    )


def _completions(command: Command) -> Iterator[str]:
    path = _quoted(" ".join(command.path))
    yield f"\n# clinvk {' '.join(command.path)}".rstrip()
    for below in command.commands:
        yield _line(f"__clinvk_is {path} 1 1", "-a", below.path[-1], "-d", _quoted(below.line))
    for option in command.options:
        yield _line(f"__clinvk_is {path}", *_option(option))
    if command.commands:
        # At the root, a word that is not a command starts a prompt, which can name a file.
        if not command.path:
            yield _line(
                f"__clinvk_is {path} 1 1; and __clinvk_is_no_command (commandline -ct)", "-F"
            )
        return
    for place, word in enumerate(command.words, 1):
        until = "" if word.repeated else f" {place}"
        if takes := [*_takes(word)]:
            yield _line(f"__clinvk_is {path} {place}{until}", *takes)


def _option(option: Option) -> Iterator[str]:
    for name in option.names:
        yield f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
    if option.value:
        yield "-r" if option.value.source is Source.FILES else "-x"
        yield from _takes(option.value)
    yield f"-d {_quoted(option.line)}"


def _takes(value: Value) -> Iterator[str]:
    match value.source:
        case Source.CHOICES:
            yield f"-a {_quoted(' '.join(value.choices))}"
        case Source.FOLDERS:
            yield "-a '(__fish_complete_directories)'"
        case Source.FILES:
            yield "-F"
        case Source.NOTHING:
            return
        case asked:
            # -k: the most recent first, as they come.
            yield f"-k -a '(__clinvk_candidates {asked})'"


def _line(condition: str, *words: str) -> str:
    return " ".join(("complete -c clinvk -n", _quoted(condition), *words))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
