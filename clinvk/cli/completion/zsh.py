"""The script for zsh: one function per command, with `_arguments`."""

from collections.abc import Iterator

from clinvk.cli.completion.tree import IMPLICIT, Command, Option, Source, Value

_SCRIPT = r"""#compdef clinvk
# zsh completion for clinvk
# Written by `python -m tools.generate`; `clinvk completion zsh` prints it.

# Shows the candidates of the kind $1 from clinvk with their titles, under the heading $2.
_clinvk_candidates() {
    local line value
    local -a found begun
    for line in ${(f)"$(command clinvk completion --candidates $1 "${(Q)PREFIX}" 2>/dev/null)"}; do
        value=${line%%$'\t'*}
        value=${value//\\/\\\\}
        value="${value//:/\\:}:${line#*$'\t'}"
        # `BACKEND:` goes on with an id.
        if [[ ${line%%$'\t'*} == *: ]]; then begun+=($value); else found+=($value); fi
    done
    (( $#found )) && _describe -V -t $1 $2 found
    (( $#begun )) && _describe -V -t $1 $2 begun -S ''
}

@functions@
if [[ $funcstack[1] == _clinvk ]]; then
    _clinvk "$@"
elif (( $+functions[compdef] )); then
    compdef _clinvk clinvk
else
    print -u2 'clinvk: completion needs compinit: run `autoload -Uz compinit && compinit` first'
fi
"""


def render(tree: Command) -> str:
    """The script for these commands."""
    functions = "\n".join(_function(command) for command in reversed([*tree.walk()]))
    return _SCRIPT.replace("@functions@", functions)


def _function(command: Command) -> str:
    body = _table(command) if command.commands else [*_arguments(command, "    ")]
    return "\n".join([f"{_name(command.path)}() {{", *body, "}", ""])


def _table(command: Command) -> list[str]:
    """The function of a table: completes its commands and options, or calls the named command.

    At the root, any other word is the start of a prompt.
    """
    title = " ".join(("clinvk", *command.path, "command"))
    words = "" if command.path else " || _files"
    otherwise = [] if command.path else [f"        *) {_name((IMPLICIT,))} ;;"]
    return [
        "    local -a commands=(",
        *(f"        {_quoted(_item(below))}" for below in command.commands),
        "    )",
        "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then",
        f"        _describe -V -t commands {_quoted(title)} commands{words}",
        "        return",
        "    fi",
        "    if (( CURRENT == 2 )); then",
        *_arguments(command, "        "),
        "        return",
        "    fi",
        "    case $words[2] in",
        *(
            f"        {below.path[-1]}) shift words; (( CURRENT-- )); {_name(below.path)} ;;"
            for below in command.commands
        ),
        *otherwise,
        "    esac",
    ]


def _arguments(command: Command, indent: str) -> Iterator[str]:
    specs = [spec for option in command.options for spec in _option(option, command.choosing)]
    specs += [_quoted(_word(place, word)) for place, word in enumerate(command.words, 1)]
    yield f"{indent}_arguments -s -S \\"
    yield from (f"{indent}    {spec} \\" for spec in specs[:-1])
    yield f"{indent}    {specs[-1]}"


def _option(option: Option, choosing: tuple[str, ...]) -> Iterator[str]:
    """One spec per name; it excludes the option's other names, `--help` excludes everything."""
    others = "- *" if "--help" in option.names else " ".join(option.names)
    if option.names[0] in choosing:
        others += " 1"
    before = "*" if option.repeatable else f"({others})"
    for name in option.names:
        glue = "" if option.value is None else "=" if name.startswith("--") else "+"
        value = _value(option.value) if option.value else ""
        yield _quoted(f"{before}{name}{glue}[{_escaped(option.line, '[]')}]{value}")


def _word(place: int, word: Value) -> str:
    return f"{'*' if word.repeated else place}{_value(word)}"


def _value(value: Value) -> str:
    return f":{_escaped(value.metavar, ':')}:{_action(value)}"


def _action(value: Value) -> str:
    match value.source:
        case Source.CHOICES:
            return f"({' '.join(value.choices)})"
        case Source.FOLDERS:
            return "_path_files -/"  # `_files -/` falls back on files
        case Source.FILES:
            return "_files"
        case Source.NOTHING:
            return " "
        case asked:
            # The leading blank stops `_arguments` from inserting its own words.
            return f" _clinvk_candidates {asked} {_HEADINGS.get(asked, asked)}"


_HEADINGS = {Source.SESSIONS: "session", Source.ARCHIVED: "session", Source.NAMES: "session"}


def _item(command: Command) -> str:
    return f"{command.path[-1]}:{_escaped(command.line, '')}"


def _name(path: tuple[str, ...]) -> str:
    return "_".join(("_clinvk", *(("", *path) if path else ())))


def _escaped(text: str, special: str) -> str:
    for char in ("\\", *special):
        text = text.replace(char, f"\\{char}")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
