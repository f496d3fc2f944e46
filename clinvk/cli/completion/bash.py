"""The script for bash: a completion function and its table of commands."""

from clinvk.cli.completion.tree import IMPLICIT, Command, Source, Value

_SCRIPT = r"""# bash completion for clinvk
# Written by `python -m tools.generate`; `clinvk completion bash` prints it.

# Sets the options of the command $1, each with `=` and the source of its value if it takes one; the
# sources of its words, with `...` after the last if it can be repeated; and its subcommands. A
# source that starts with `@` is not a list of choices.
_clinvk_facts() {
    commands='' options='' places='' choosing=''
    case $1 in
@facts@
    esac
}

# Sets the words up to the cursor as typed: bash splits them at COMP_WORDBREAKS, and names of
# sessions can contain `:`, `@` and `#`.
_clinvk_words() {
    local rest=${COMP_LINE:0:COMP_POINT} piece i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        [[ $i -eq 0 || $rest == [[:space:]]* ]] && words+=('')
        rest=${rest#"${rest%%[![:space:]]*}"}
        piece=${COMP_WORDS[i]}
        [[ $i -eq $COMP_CWORD ]] && piece=$rest
        words[${#words[@]}-1]+=$piece
        rest=${rest#"$piece"}
    done
}

# Prints the candidates at the cursor, one per line, with the title after a tab.
_clinvk_candidates() {
    case $source in
        @files | @folders | @nothing | '') ;;
        @commands) printf '%s\n' $commands ;;
        @options)
            for word in $options; do printf '%s\n' "${word%%=*}"; done ;;
        @*) command clinvk completion --candidates "${source#@}" "$cur" 2>/dev/null ;;
        *) printf '%s\n' ${source//,/ } ;;
    esac
}

# Sets `path` to the command at the cursor, `source` to the source of its candidates, `cur` to the
# typed part, and `lead` to the text before it in the same word.
_clinvk_place() {
    local from=1 place=0 ended='' pending='' word
    local -a sources
    _clinvk_facts ''
    while [[ $commands && $from -lt ${#words[@]} && " $commands " == *" ${words[from]} "* ]]; do
        path+=${path:+ }${words[from++]}
        _clinvk_facts "$path"
    done
    if [[ ! $path && $from -lt ${#words[@]} ]]; then
        path=@implicit@
        _clinvk_facts "$path"
    fi
    for word in "${words[@]:from}"; do
        if [[ $pending ]]; then
            pending=''
        elif [[ ! $ended && $word == -?* ]]; then
            [[ $word == -- ]] && ended=1
            [[ " $options" == *" $word="* ]] && pending=$word
            [[ " $choosing " == *" $word "* ]] && choosing='' place=$((place + 1))
        else
            place=$((place + 1))
        fi
    done
    if [[ ! $pending && ! $ended && $cur == --*=* ]]; then
        pending=${cur%%=*} lead=${cur%%=*}= cur=${cur#*=}
    fi
    if [[ $pending ]]; then
        source=" $options "
        [[ $source == *" $pending="* ]] || { source=''; return; }
        source=${source#*" $pending="}
        source=${source%% *}
    elif [[ ! $ended && $cur == -* ]]; then
        source=@options
    elif [[ $commands && $from -eq ${#words[@]} ]]; then
        source=@commands
    else
        sources=($places)
        [[ $place -ge ${#sources[@]} && $places == *... ]] && place=$((${#sources[@]} - 1))
        source=${sources[place]-}
        source=${source%...}
    fi
}

_clinvk() {
    local IFS=$' \t\n' typed=$2 cur lead='' quote='' kept path='' source='' value title shown=''
    local commands options places choosing
    local -a words=()
    COMPREPLY=()
    _clinvk_words
    cur=${words[${#words[@]}-1]}
    unset "words[${#words[@]}-1]"
    case $cur in [\"\']*) quote=${cur:0:1} cur=${cur:1} ;; esac
    # The part that readline keeps, because it only completes the text after it.
    kept=${cur%"$typed"}
    [[ $quote ]] || cur=${cur//\\/}
    _clinvk_place
    case $source in
        @files) compopt -o default 2>/dev/null; return ;;
        @folders) compopt -o dirnames 2>/dev/null; return ;;
    esac
    # 63 (`?`): candidates are only listed, not inserted, so the titles can be added.
    [[ ${COMP_TYPE-} == 63 ]] && shown=1
    while IFS=$'\t' read -r value title; do
        [[ $value && $value == "$cur"* ]] || continue
        [[ $quote ]] || printf -v value %q "$value"
        value=$lead$value
        [[ $value == "$kept"* ]] || continue
        COMPREPLY+=("${value#"$kept"}${shown:+${title:+  $title}}")
    done < <(_clinvk_candidates)
    # `BACKEND:` goes on with an id.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null
    # No command starts with this, so it is a prompt, which can name files.
    if [[ $source == @commands && ! $path && $cur && ${#COMPREPLY[@]} -eq 0 ]]; then
        compopt -o default 2>/dev/null
    fi
}

complete -o nosort -F _clinvk clinvk 2>/dev/null || complete -F _clinvk clinvk
"""


def render(tree: Command) -> str:
    """The script for these commands."""
    facts = "\n".join(_facts(command) for command in tree.walk())
    return _SCRIPT.replace("@facts@", facts).replace("@implicit@", IMPLICIT)


def _facts(command: Command) -> str:
    options = [
        f"{name}={_source(option.value)}" if option.value else name
        for option in command.options
        for name in option.names
    ]
    places = [_source(word) + ("..." if word.repeated else "") for word in command.words]
    names = [below.path[-1] for below in command.commands]
    facts = {
        "commands": names,
        "options": options,
        "places": places,
        "choosing": command.choosing,
    }
    lines = [f"{name}='{' '.join(values)}'" for name, values in facts.items() if values]
    return "\n            ".join([f"        '{' '.join(command.path)}')", *lines, ";;"])


def _source(value: Value) -> str:
    return ",".join(value.choices) if value.source is Source.CHOICES else f"@{value.source}"
