# fish completion for clinvk
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
    set -q words[1] && test -z "$__clinvk_path" && set -g __clinvk_path run
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
    contains -- (string trim -- $argv[1]) 'run' 'resume' 'chat' 'sessions' 'sessions list' 'sessions show' 'sessions search' 'sessions files' 'sessions rename' 'sessions name' 'sessions tag' 'sessions untag' 'sessions close' 'sessions archive' 'sessions move' 'sessions unarchive' 'sessions export' 'sessions import' 'sessions delete' 'sessions clean' 'sessions reindex' 'config' 'config show' 'config get' 'config set' 'config unset' 'config path' 'config edit' 'config validate' 'backends' 'backends test' 'backends add' 'doctor' 'completion'
end

# Whether no command starts with that.
function __clinvk_is_no_command
    test -n "$argv[1]" && not string match -q -- "$argv[1]*" run resume chat sessions config backends doctor completion
end

# The options of the command at the cursor that take a value.
function __clinvk_valued
    switch "$__clinvk_path"
        case ''
            printf '%s\n' --backend -b --model -m --workdir -w --session -s --if-missing --output-format -o --access --allow --deny --system-prompt --image --schema --add-dir --effort --max-turns --timeout --idle-timeout --title --tag -t --backend-arg --config
        case 'run'
            printf '%s\n' --backend -b --model -m --workdir -w --session -s --if-missing --output-format -o --access --allow --deny --system-prompt --image --schema --add-dir --effort --max-turns --timeout --idle-timeout --title --tag -t --backend-arg --config
        case 'resume'
            printf '%s\n' --if-missing --backend -b --model -m --workdir -w --output-format -o --access --allow --deny --system-prompt --image --schema --add-dir --effort --max-turns --timeout --idle-timeout --backend-arg --config
        case 'chat'
            printf '%s\n' --backend -b --model -m --workdir -w --session -s --output-format -o --access --system-prompt --add-dir --effort --title --tag -t --backend-arg --config
        case 'sessions'
            printf '%s\n' --output-format -o --config
        case 'sessions list'
            printf '%s\n' --backend -b --status --dir --tag -t --since --until --touched --sort --limit -n --output-format -o --config
        case 'sessions show'
            printf '%s\n' --turn --output-format -o --config
        case 'sessions search'
            printf '%s\n' --backend -b --status --dir --tag -t --since --until --limit -n --output-format -o --config
        case 'sessions files'
            printf '%s\n' --turn --output-format -o --config
        case 'sessions rename'
            printf '%s\n' --output-format -o --config
        case 'sessions name'
            printf '%s\n' --output-format -o --config
        case 'sessions tag'
            printf '%s\n' --output-format -o --config
        case 'sessions untag'
            printf '%s\n' --output-format -o --config
        case 'sessions close'
            printf '%s\n' --output-format -o --config
        case 'sessions archive'
            printf '%s\n' --output-format -o --config
        case 'sessions move'
            printf '%s\n' --output-format -o --config
        case 'sessions unarchive'
            printf '%s\n' --output-format -o --config
        case 'sessions export'
            printf '%s\n' --output-format --format -o --output -O --config
        case 'sessions import'
            printf '%s\n' --output-format -o --config
        case 'sessions delete'
            printf '%s\n' --output-format -o --config
        case 'sessions clean'
            printf '%s\n' --older-than --status --backend -b --keep-last --archive --output-format -o --config
        case 'sessions reindex'
            printf '%s\n' --output-format -o --config
        case 'config'
            printf '%s\n' --output-format -o --config
        case 'config show'
            printf '%s\n' --output-format -o --config
        case 'config get'
            printf '%s\n' --output-format -o --config
        case 'config set'
            printf '%s\n' --output-format -o --config
        case 'config unset'
            printf '%s\n' --output-format -o --config
        case 'config path'
            printf '%s\n' --output-format -o --config
        case 'config edit'
            printf '%s\n' --output-format -o --config
        case 'config validate'
            printf '%s\n' --output-format -o --config
        case 'backends'
            printf '%s\n' --output-format -o --config
        case 'backends test'
            printf '%s\n' --output-format -o --config
        case 'backends add'
            printf '%s\n' --output-format -o --config
        case 'doctor'
            printf '%s\n' --output-format -o --config
        case 'completion'
            printf '%s\n' --output-format -o --config
    end
end

# Its options that choose a session in place of a word.
function __clinvk_choosing
    switch "$__clinvk_path"
        case 'resume'
            printf '%s\n' --last --interactive -i
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

# clinvk
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a run -d 'Send a prompt to an agent (same as `clinvk PROMPT`).'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a resume -d 'Continue a session.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a chat -d 'Open an agent\'s interactive screen and record the session.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a sessions -d 'Find, show, name, tag, export and clean up sessions.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a config -d 'Show, check and change the configuration.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a backends -d 'List the agents; with a NAME, what it can do.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a doctor -d 'Check for problems, and show how to fix them.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a completion -d 'Print the completion script for a shell.'
complete -c clinvk -n '__clinvk_is \'\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'Backend (one of claude, codex, copilot, demo, droid, gemini, grok, kimi, opencode, pi, qwen, vibe).'
complete -c clinvk -n '__clinvk_is \'\'' -l model -s m -x -k -a '(__clinvk_candidates models)' -d 'Model to use.'
complete -c clinvk -n '__clinvk_is \'\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Working directory of the agent (default: current, or the session\'s).'
complete -c clinvk -n '__clinvk_is \'\'' -l continue -s c -d 'Continue the last session of this directory or repository; if there is none here, the last of all, in its own directory.'
complete -c clinvk -n '__clinvk_is \'\'' -l session -s s -x -k -a '(__clinvk_candidates names)' -d 'Continue the session NAME, or create it.'
complete -c clinvk -n '__clinvk_is \'\'' -l if-missing -x -a 'fail replay new' -d 'If the agent no longer has the conversation: fail (default), start a new one with the earlier turns (replay), or start an empty one (new).'
complete -c clinvk -n '__clinvk_is \'\'' -l ephemeral -d 'Save no session, neither in clinvk nor in the agent.'
complete -c clinvk -n '__clinvk_is \'\'' -l output-format -s o -x -a 'text json stream-json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'\'' -l access -x -a 'read-only ask edit full' -d 'What the agent may do. Default: the session\'s; for a new one `ask` at a terminal, and the agent\'s own default without one (most then only read).'
complete -c clinvk -n '__clinvk_is \'\'' -l allow -x -d 'Allow a tool without asking: Edit, \'Bash(git status)\' (repeatable).'
complete -c clinvk -n '__clinvk_is \'\'' -l deny -x -d 'Deny a tool without asking, also if another rule allows it (repeatable).'
complete -c clinvk -n '__clinvk_is \'\'' -l system-prompt -x -d 'Append TEXT to the agent\'s system prompt.'
complete -c clinvk -n '__clinvk_is \'\'' -l image -r -F -d 'Send a picture with the prompt: PNG, JPEG, GIF or WebP (repeatable).'
complete -c clinvk -n '__clinvk_is \'\'' -l schema -r -F -d 'The answer must be JSON that matches the JSON Schema in FILE.'
complete -c clinvk -n '__clinvk_is \'\'' -l add-dir -x -a '(__fish_complete_directories)' -d 'Let the agent work in DIR too, as far as its access goes (repeatable).'
complete -c clinvk -n '__clinvk_is \'\'' -l effort -x -a 'low medium high max' -d 'How much the model thinks. Default: the session\'s.'
complete -c clinvk -n '__clinvk_is \'\'' -l max-turns -x -d 'Maximum number of agent steps.'
complete -c clinvk -n '__clinvk_is \'\'' -l timeout -x -d 'Stop the turn after this time (30s, 15m, 2h).'
complete -c clinvk -n '__clinvk_is \'\'' -l idle-timeout -x -d 'Stop the turn after this time without output (default: run.idle_timeout).'
complete -c clinvk -n '__clinvk_is \'\'' -l title -x -d 'Title for a new session; an existing one keeps its title.'
complete -c clinvk -n '__clinvk_is \'\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'Tag for a new session (repeatable).'
complete -c clinvk -n '__clinvk_is \'\'' -l wait -d 'Wait while another run uses the session (default: exit 75).'
complete -c clinvk -n '__clinvk_is \'\'' -l dry-run -d 'Print the command without running it.'
complete -c clinvk -n '__clinvk_is \'\'' -l editor -s e -d 'Write the prompt in $VISUAL or $EDITOR.'
complete -c clinvk -n '__clinvk_is \'\'' -l quiet -s q -d 'Print only the answer.'
complete -c clinvk -n '__clinvk_is \'\'' -l verbose -s v -d 'Also show the agent\'s thinking, and the activity where stderr is no terminal.'
complete -c clinvk -n '__clinvk_is \'\'' -l backend-arg -x -d 'Pass ARG unchanged to the agent\'s CLI (repeatable). `clinvk backends NAME` lists useful ones, such as a limit of cost.'
complete -c clinvk -n '__clinvk_is \'\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'\'' -l version -s V -d 'Show the version.'
complete -c clinvk -n '__clinvk_is \'\' 1 1; and __clinvk_is_no_command (commandline -ct)' -F

# clinvk run
complete -c clinvk -n '__clinvk_is \'run\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'Backend (one of claude, codex, copilot, demo, droid, gemini, grok, kimi, opencode, pi, qwen, vibe).'
complete -c clinvk -n '__clinvk_is \'run\'' -l model -s m -x -k -a '(__clinvk_candidates models)' -d 'Model to use.'
complete -c clinvk -n '__clinvk_is \'run\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Working directory of the agent (default: current, or the session\'s).'
complete -c clinvk -n '__clinvk_is \'run\'' -l continue -s c -d 'Continue the last session of this directory or repository; if there is none here, the last of all, in its own directory.'
complete -c clinvk -n '__clinvk_is \'run\'' -l session -s s -x -k -a '(__clinvk_candidates names)' -d 'Continue the session NAME, or create it.'
complete -c clinvk -n '__clinvk_is \'run\'' -l if-missing -x -a 'fail replay new' -d 'If the agent no longer has the conversation: fail (default), start a new one with the earlier turns (replay), or start an empty one (new).'
complete -c clinvk -n '__clinvk_is \'run\'' -l ephemeral -d 'Save no session, neither in clinvk nor in the agent.'
complete -c clinvk -n '__clinvk_is \'run\'' -l output-format -s o -x -a 'text json stream-json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'run\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'run\'' -l access -x -a 'read-only ask edit full' -d 'What the agent may do. Default: the session\'s; for a new one `ask` at a terminal, and the agent\'s own default without one (most then only read).'
complete -c clinvk -n '__clinvk_is \'run\'' -l allow -x -d 'Allow a tool without asking: Edit, \'Bash(git status)\' (repeatable).'
complete -c clinvk -n '__clinvk_is \'run\'' -l deny -x -d 'Deny a tool without asking, also if another rule allows it (repeatable).'
complete -c clinvk -n '__clinvk_is \'run\'' -l system-prompt -x -d 'Append TEXT to the agent\'s system prompt.'
complete -c clinvk -n '__clinvk_is \'run\'' -l image -r -F -d 'Send a picture with the prompt: PNG, JPEG, GIF or WebP (repeatable).'
complete -c clinvk -n '__clinvk_is \'run\'' -l schema -r -F -d 'The answer must be JSON that matches the JSON Schema in FILE.'
complete -c clinvk -n '__clinvk_is \'run\'' -l add-dir -x -a '(__fish_complete_directories)' -d 'Let the agent work in DIR too, as far as its access goes (repeatable).'
complete -c clinvk -n '__clinvk_is \'run\'' -l effort -x -a 'low medium high max' -d 'How much the model thinks. Default: the session\'s.'
complete -c clinvk -n '__clinvk_is \'run\'' -l max-turns -x -d 'Maximum number of agent steps.'
complete -c clinvk -n '__clinvk_is \'run\'' -l timeout -x -d 'Stop the turn after this time (30s, 15m, 2h).'
complete -c clinvk -n '__clinvk_is \'run\'' -l idle-timeout -x -d 'Stop the turn after this time without output (default: run.idle_timeout).'
complete -c clinvk -n '__clinvk_is \'run\'' -l title -x -d 'Title for a new session; an existing one keeps its title.'
complete -c clinvk -n '__clinvk_is \'run\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'Tag for a new session (repeatable).'
complete -c clinvk -n '__clinvk_is \'run\'' -l wait -d 'Wait while another run uses the session (default: exit 75).'
complete -c clinvk -n '__clinvk_is \'run\'' -l dry-run -d 'Print the command without running it.'
complete -c clinvk -n '__clinvk_is \'run\'' -l editor -s e -d 'Write the prompt in $VISUAL or $EDITOR.'
complete -c clinvk -n '__clinvk_is \'run\'' -l quiet -s q -d 'Print only the answer.'
complete -c clinvk -n '__clinvk_is \'run\'' -l verbose -s v -d 'Also show the agent\'s thinking, and the activity where stderr is no terminal.'
complete -c clinvk -n '__clinvk_is \'run\'' -l backend-arg -x -d 'Pass ARG unchanged to the agent\'s CLI (repeatable). `clinvk backends NAME` lists useful ones, such as a limit of cost.'
complete -c clinvk -n '__clinvk_is \'run\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'run\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'run\' 1' -F

# clinvk resume
complete -c clinvk -n '__clinvk_is \'resume\'' -l last -d 'Continue the most recent session; all words are the prompt.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l interactive -s i -d 'Pick from a list (type to filter); all words are the prompt.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l here -d 'Only sessions in this directory or its repository.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l if-missing -x -a 'fail replay new' -d 'If the agent no longer has the conversation: fail (default), start a new one with the earlier turns (replay), or start an empty one (new).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'Backend (one of claude, codex, copilot, demo, droid, gemini, grok, kimi, opencode, pi, qwen, vibe).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l model -s m -x -k -a '(__clinvk_candidates models)' -d 'Model to use.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Working directory of the agent (default: current, or the session\'s).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l output-format -s o -x -a 'text json stream-json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l access -x -a 'read-only ask edit full' -d 'What the agent may do. Default: the session\'s; for a new one `ask` at a terminal, and the agent\'s own default without one (most then only read).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l allow -x -d 'Allow a tool without asking: Edit, \'Bash(git status)\' (repeatable).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l deny -x -d 'Deny a tool without asking, also if another rule allows it (repeatable).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l system-prompt -x -d 'Append TEXT to the agent\'s system prompt.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l image -r -F -d 'Send a picture with the prompt: PNG, JPEG, GIF or WebP (repeatable).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l schema -r -F -d 'The answer must be JSON that matches the JSON Schema in FILE.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l add-dir -x -a '(__fish_complete_directories)' -d 'Let the agent work in DIR too, as far as its access goes (repeatable).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l effort -x -a 'low medium high max' -d 'How much the model thinks. Default: the session\'s.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l max-turns -x -d 'Maximum number of agent steps.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l timeout -x -d 'Stop the turn after this time (30s, 15m, 2h).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l idle-timeout -x -d 'Stop the turn after this time without output (default: run.idle_timeout).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l wait -d 'Wait while another run uses the session (default: exit 75).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l dry-run -d 'Print the command without running it.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l editor -s e -d 'Write the prompt in $VISUAL or $EDITOR.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l quiet -s q -d 'Print only the answer.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l verbose -s v -d 'Also show the agent\'s thinking, and the activity where stderr is no terminal.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l backend-arg -x -d 'Pass ARG unchanged to the agent\'s CLI (repeatable). `clinvk backends NAME` lists useful ones, such as a limit of cost.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'resume\' 1 1' -k -a '(__clinvk_candidates sessions)'
complete -c clinvk -n '__clinvk_is \'resume\' 2' -F

# clinvk chat
complete -c clinvk -n '__clinvk_is \'chat\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'Backend (one of claude, codex, copilot, demo, droid, gemini, grok, kimi, opencode, pi, qwen, vibe).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l model -s m -x -k -a '(__clinvk_candidates models)' -d 'Model to use.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Working directory of the agent (default: current, or the session\'s).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l session -s s -x -k -a '(__clinvk_candidates names)' -d 'Continue the session NAME, or create it.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l output-format -s o -x -a 'text json stream-json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l access -x -a 'read-only ask edit full' -d 'What the agent may do. Default: the session\'s; for a new one `ask` at a terminal, and the agent\'s own default without one (most then only read).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l system-prompt -x -d 'Append TEXT to the agent\'s system prompt.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l add-dir -x -a '(__fish_complete_directories)' -d 'Let the agent work in DIR too, as far as its access goes (repeatable).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l effort -x -a 'low medium high max' -d 'How much the model thinks. Default: the session\'s.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l title -x -d 'Title for a new session; an existing one keeps its title.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'Tag for a new session (repeatable).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l dry-run -d 'Print the command without running it.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l backend-arg -x -d 'Pass ARG unchanged to the agent\'s CLI (repeatable). `clinvk backends NAME` lists useful ones, such as a limit of cost.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a list -d 'List sessions, most recently used first.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a show -d 'Show a session with its last prompt and answer.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a search -d 'Search titles, names, tags, prompts, answers and files.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a files -d 'List the files that a session\'s turns changed.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a rename -d 'Change the title of a session, which lists show.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a name -d 'Name a session, to continue it with `-s NAME`.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a tag -d 'Add tags to a session.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a untag -d 'Remove tags from a session.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a close -d 'Close sessions: `completed`, skipped by `-c` and `--last`.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a archive -d 'Archive sessions (hidden from lists).'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a move -d 'Set the directory of sessions whose project was moved.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a unarchive -d 'Restore archived sessions to the list.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a export -d 'Export sessions as Markdown, or as JSON for `import`.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a import -d 'Import sessions from `export -o json`.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a delete -d 'Delete sessions permanently.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a clean -d 'Delete or archive sessions not used recently.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a reindex -d 'Rebuild the index from the session files.'
complete -c clinvk -n '__clinvk_is \'sessions\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions list
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'Only sessions of this backend (one of claude, codex, copilot, demo, droid, gemini, grok, kimi, opencode, pi, qwen, vibe).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l status -x -a 'running active interrupted error completed' -d 'Only sessions with this status (active: the last turn ended well; completed: you closed it).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l here -d 'Only sessions in this directory or its repository.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l dir -x -a '(__fish_complete_directories)' -d 'Only sessions in or below DIR, or in its repository.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'Only sessions with this tag (repeatable).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l since -x -d 'Only sessions used since then (7d, 2025-01-27, 2025-01-27T10:00, today).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l until -x -d 'Only sessions used before then; a date includes that day.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l archived -d 'Only archived sessions (hidden by default).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l touched -r -F -d 'Only sessions that changed PATH or a file below it.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l sort -x -a 'last created tokens cost title' -d 'Sort order.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l limit -s n -x -d 'Maximum number of sessions, 0 for all (default: all that fit the screen).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l quiet -s q -d 'Print only ids, one per line.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions show
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l turn -x -d 'Show only turn N.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l answer -d 'Print only the final answer, of the last turn or turn N.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l markdown -d 'Print the whole conversation, as `export` does.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l no-pager -d 'Show no pager, however long the page is.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions show\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions search
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'Only sessions of this backend (one of claude, codex, copilot, demo, droid, gemini, grok, kimi, opencode, pi, qwen, vibe).'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l status -x -a 'running active interrupted error completed' -d 'Only sessions with this status (active: the last turn ended well; completed: you closed it).'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l here -d 'Only sessions in this directory or its repository.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l dir -x -a '(__fish_complete_directories)' -d 'Only sessions in or below DIR, or in its repository.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'Only sessions with this tag (repeatable).'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l since -x -d 'Only sessions used since then (7d, 2025-01-27, 2025-01-27T10:00, today).'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l until -x -d 'Only sessions used before then; a date includes that day.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l archived -d 'Only archived sessions.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l limit -s n -x -d 'Maximum number of sessions, 0 for all (default: all that fit the screen).'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l quiet -s q -d 'Print only ids, one per line.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions files
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l turn -x -d 'Show only turn N.'
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l no-pager -d 'Show no pager, however long the page is.'
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions files\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions rename
complete -c clinvk -n '__clinvk_is \'sessions rename\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions rename\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions rename\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions rename\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions rename\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions name
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l clear -d 'Remove the name.'
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions name\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions tag
complete -c clinvk -n '__clinvk_is \'sessions tag\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions tag\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions tag\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions tag\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions tag\' 1 1' -k -a '(__clinvk_candidates sessions)'
complete -c clinvk -n '__clinvk_is \'sessions tag\' 2' -k -a '(__clinvk_candidates tags)'

# clinvk sessions untag
complete -c clinvk -n '__clinvk_is \'sessions untag\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions untag\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions untag\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions untag\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions untag\' 1 1' -k -a '(__clinvk_candidates sessions)'
complete -c clinvk -n '__clinvk_is \'sessions untag\' 2' -k -a '(__clinvk_candidates tags)'

# clinvk sessions close
complete -c clinvk -n '__clinvk_is \'sessions close\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions close\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions close\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions close\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions close\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions archive
complete -c clinvk -n '__clinvk_is \'sessions archive\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions archive\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions archive\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions archive\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions archive\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions move
complete -c clinvk -n '__clinvk_is \'sessions move\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions move\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions move\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions move\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions move\' 1 1' -k -a '(__clinvk_candidates sessions)'
complete -c clinvk -n '__clinvk_is \'sessions move\' 2' -a '(__fish_complete_directories)'

# clinvk sessions unarchive
complete -c clinvk -n '__clinvk_is \'sessions unarchive\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions unarchive\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions unarchive\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions unarchive\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions unarchive\' 1' -k -a '(__clinvk_candidates archived)'

# clinvk sessions export
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l all -d 'Export all sessions, also archived ones.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l output-format -l format -s o -x -a 'markdown json' -d 'Markdown to read (default), or JSON for `import`.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l output -s O -r -F -d 'Write to FILE; `-` is stdout.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l force -d 'Replace the file of `--output` if it exists.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l redact -d 'Remove home paths and text that looks like a secret.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions export\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions import
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l update -d 'Also take the further turns of sessions that exist already.'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l trust -d 'Also apply the access and system prompt in FILE.'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions import\' 1 1' -F

# clinvk sessions delete
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l yes -s y -d 'Delete without asking.'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l quiet -s q -d 'Print only errors: no progress and no result.'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l verbose -s v -d 'Print a line for each session.'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions delete\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions clean
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l older-than -x -d 'Not used for this time (30d, 2w, 12h; default: session.retention_days).'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l status -x -a 'running active interrupted error completed' -d 'Only sessions with this status (active: the last turn ended well; completed: you closed it).'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'Only sessions of this backend (one of claude, codex, copilot, demo, droid, gemini, grok, kimi, opencode, pi, qwen, vibe).'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l keep-last -x -d 'Keep the N most recently used.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l keep-named -d 'Keep sessions that have a name.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l archive -x -a '(__fish_complete_directories)' -d 'Move the files to DIR instead of deleting them.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l dry-run -d 'Show what would be cleaned; change nothing.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l quiet -s q -d 'Print only errors: no progress and no result.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l verbose -s v -d 'Print a line for each session.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions reindex
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l check -d 'Only compare; exit 1 if there is a difference.'
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l help -s h -d 'Show this message and exit.'

# clinvk config
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a show -d 'Show the current settings.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a get -d 'Print one setting.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a set -d 'Set a key in the configuration file.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a unset -d 'Remove a key from the configuration file.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a path -d 'Print the path of the configuration file.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a edit -d 'Open the configuration file in your editor, then check it.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a validate -d 'Check the configuration, or another configuration file.'
complete -c clinvk -n '__clinvk_is \'config\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config\'' -l help -s h -d 'Show this message and exit.'

# clinvk config show
complete -c clinvk -n '__clinvk_is \'config show\'' -l origin -d 'Show where each value comes from.'
complete -c clinvk -n '__clinvk_is \'config show\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config show\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config show\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config show\'' -l help -s h -d 'Show this message and exit.'

# clinvk config get
complete -c clinvk -n '__clinvk_is \'config get\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config get\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config get\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config get\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config get\' 1 1' -k -a '(__clinvk_candidates keys)'

# clinvk config set
complete -c clinvk -n '__clinvk_is \'config set\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config set\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config set\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config set\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config set\' 1 1' -k -a '(__clinvk_candidates keys)'

# clinvk config unset
complete -c clinvk -n '__clinvk_is \'config unset\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config unset\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config unset\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config unset\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config unset\' 1 1' -k -a '(__clinvk_candidates keys)'

# clinvk config path
complete -c clinvk -n '__clinvk_is \'config path\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config path\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config path\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config path\'' -l help -s h -d 'Show this message and exit.'

# clinvk config edit
complete -c clinvk -n '__clinvk_is \'config edit\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config edit\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config edit\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config edit\'' -l help -s h -d 'Show this message and exit.'

# clinvk config validate
complete -c clinvk -n '__clinvk_is \'config validate\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'config validate\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'config validate\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'config validate\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config validate\' 1 1' -F

# clinvk backends
complete -c clinvk -n '__clinvk_is \'backends\' 1 1' -a test -d 'Test a backend against the contract, with real prompts.'
complete -c clinvk -n '__clinvk_is \'backends\' 1 1' -a add -d 'Add the declaration of a further agent to your configuration.'
complete -c clinvk -n '__clinvk_is \'backends\'' -l verbose -s v -d 'Also show what each one can do.'
complete -c clinvk -n '__clinvk_is \'backends\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'backends\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'backends\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'backends\'' -l help -s h -d 'Show this message and exit.'

# clinvk backends test
complete -c clinvk -n '__clinvk_is \'backends test\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'backends test\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'backends test\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'backends test\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'backends test\' 1 1' -k -a '(__clinvk_candidates backends)'

# clinvk backends add
complete -c clinvk -n '__clinvk_is \'backends add\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'backends add\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'backends add\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'backends add\'' -l help -s h -d 'Show this message and exit.'

# clinvk doctor
complete -c clinvk -n '__clinvk_is \'doctor\'' -l fix -d 'First repair what is safe to repair.'
complete -c clinvk -n '__clinvk_is \'doctor\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'doctor\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'doctor\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'doctor\'' -l help -s h -d 'Show this message and exit.'

# clinvk completion
complete -c clinvk -n '__clinvk_is \'completion\'' -l json -d 'Print JSON (same as `-o json`).'
complete -c clinvk -n '__clinvk_is \'completion\'' -l output-format -s o -x -a 'text json' -d 'Format of the output on stdout.'
complete -c clinvk -n '__clinvk_is \'completion\'' -l config -r -F -d 'Use FILE instead of your configuration file.'
complete -c clinvk -n '__clinvk_is \'completion\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'completion\' 1 1' -a 'bash zsh fish'
