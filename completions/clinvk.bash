# bash completion for clinvk
# Written by `python -m tools.generate`; `clinvk completion bash` prints it.

# Sets the options of the command $1, each with `=` and the source of its value if it takes one; the
# sources of its words, with `...` after the last if it can be repeated; and its subcommands. A
# source that starts with `@` is not a list of choices.
_clinvk_facts() {
    commands='' options='' places='' choosing=''
    case $1 in
        '')
            commands='run resume chat sessions config backends doctor completion'
            options='--backend=@backends -b=@backends --model=@models -m=@models --workdir=@folders -w=@folders --continue -c --session=@names -s=@names --if-missing=fail,replay,new --ephemeral --output-format=text,json,stream-json -o=text,json,stream-json --json --access=read-only,ask,edit,full --allow=@nothing --deny=@nothing --system-prompt=@nothing --image=@files --schema=@files --add-dir=@folders --effort=low,medium,high,max --max-turns=@nothing --timeout=@nothing --idle-timeout=@nothing --title=@nothing --tag=@tags -t=@tags --wait --dry-run --editor -e --quiet -q --verbose -v --backend-arg=@nothing --config=@files --help -h --version -V'
            places='@files...'
            ;;
        'run')
            options='--backend=@backends -b=@backends --model=@models -m=@models --workdir=@folders -w=@folders --continue -c --session=@names -s=@names --if-missing=fail,replay,new --ephemeral --output-format=text,json,stream-json -o=text,json,stream-json --json --access=read-only,ask,edit,full --allow=@nothing --deny=@nothing --system-prompt=@nothing --image=@files --schema=@files --add-dir=@folders --effort=low,medium,high,max --max-turns=@nothing --timeout=@nothing --idle-timeout=@nothing --title=@nothing --tag=@tags -t=@tags --wait --dry-run --editor -e --quiet -q --verbose -v --backend-arg=@nothing --config=@files --help -h'
            places='@files...'
            ;;
        'resume')
            options='--last --interactive -i --here --if-missing=fail,replay,new --backend=@backends -b=@backends --model=@models -m=@models --workdir=@folders -w=@folders --output-format=text,json,stream-json -o=text,json,stream-json --json --access=read-only,ask,edit,full --allow=@nothing --deny=@nothing --system-prompt=@nothing --image=@files --schema=@files --add-dir=@folders --effort=low,medium,high,max --max-turns=@nothing --timeout=@nothing --idle-timeout=@nothing --wait --dry-run --editor -e --quiet -q --verbose -v --backend-arg=@nothing --config=@files --help -h'
            places='@sessions @files...'
            choosing='--last --interactive -i'
            ;;
        'chat')
            options='--backend=@backends -b=@backends --model=@models -m=@models --workdir=@folders -w=@folders --session=@names -s=@names --output-format=text,json,stream-json -o=text,json,stream-json --json --access=read-only,ask,edit,full --system-prompt=@nothing --add-dir=@folders --effort=low,medium,high,max --title=@nothing --tag=@tags -t=@tags --dry-run --backend-arg=@nothing --config=@files --help -h'
            ;;
        'sessions')
            commands='list show search files rename name tag untag close archive move unarchive export import delete clean reindex'
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'sessions list')
            options='--backend=@backends -b=@backends --status=running,active,interrupted,error,completed --here --dir=@folders --tag=@tags -t=@tags --since=@nothing --until=@nothing --archived --touched=@files --sort=last,created,tokens,cost,title --limit=@nothing -n=@nothing --quiet -q --json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'sessions show')
            options='--turn=@nothing --answer --markdown --no-pager --json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions'
            ;;
        'sessions search')
            options='--backend=@backends -b=@backends --status=running,active,interrupted,error,completed --here --dir=@folders --tag=@tags -t=@tags --since=@nothing --until=@nothing --archived --limit=@nothing -n=@nothing --quiet -q --json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@nothing...'
            ;;
        'sessions files')
            options='--turn=@nothing --no-pager --json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions'
            ;;
        'sessions rename')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions @nothing...'
            ;;
        'sessions name')
            options='--clear --json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions @nothing...'
            ;;
        'sessions tag')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions @tags...'
            ;;
        'sessions untag')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions @tags...'
            ;;
        'sessions close')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions...'
            ;;
        'sessions archive')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions...'
            ;;
        'sessions move')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions @folders...'
            ;;
        'sessions unarchive')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@archived...'
            ;;
        'sessions export')
            options='--all --output-format=markdown,json --format=markdown,json -o=markdown,json --json --output=@files -O=@files --force --redact --config=@files --help -h'
            places='@sessions...'
            ;;
        'sessions import')
            options='--update --trust --json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@files'
            ;;
        'sessions delete')
            options='--yes -y --quiet -q --verbose -v --json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@sessions...'
            ;;
        'sessions clean')
            options='--older-than=@nothing --status=running,active,interrupted,error,completed --backend=@backends -b=@backends --keep-last=@nothing --keep-named --archive=@folders --dry-run --quiet -q --verbose -v --json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'sessions reindex')
            options='--check --json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'config')
            commands='show get set unset path edit validate'
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'config show')
            options='--origin --json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'config get')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@keys'
            ;;
        'config set')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@keys @nothing'
            ;;
        'config unset')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@keys'
            ;;
        'config path')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'config edit')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'config validate')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@files'
            ;;
        'backends')
            commands='test add'
            options='--verbose -v --json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'backends test')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@backends'
            ;;
        'backends add')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='@nothing'
            ;;
        'doctor')
            options='--fix --json --output-format=text,json -o=text,json --config=@files --help -h'
            ;;
        'completion')
            options='--json --output-format=text,json -o=text,json --config=@files --help -h'
            places='bash,zsh,fish'
            ;;
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
        path=run
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
