# fish completion for clinvk
# Written by `python -m tools.generate`; `clinvk completion fish` prints it.

# Puts the command at the cursor into __clinvk_path, and into __clinvk_at how many words of its
# own stand before the cursor.
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

# Whether the cursor is at the command $argv[1], and at one of its words from $argv[2] to $argv[3].
function __clinvk_is
    __clinvk_look
    test "$__clinvk_path" = "$argv[1]" || return 1
    set -q argv[2] || return 0
    test $__clinvk_at -ge $argv[2] || return 1
    set -q argv[3] && test $__clinvk_at -gt $argv[3] && return 1
    return 0
end

function __clinvk_below
    contains -- (string trim -- $argv[1]) 'run' 'resume' 'chat' 'sessions' 'sessions list' 'sessions show' 'sessions search' 'sessions files' 'sessions rename' 'sessions name' 'sessions tag' 'sessions untag' 'sessions close' 'sessions archive' 'sessions unarchive' 'sessions export' 'sessions import' 'sessions delete' 'sessions clean' 'sessions reindex' 'config' 'config show' 'config get' 'config set' 'config unset' 'config path' 'config edit' 'config validate' 'backends' 'backends test' 'doctor' 'completion'
end

# Whether no command begins like that.
function __clinvk_is_no_command
    test -n "$argv[1]" && not string match -q -- "$argv[1]*" run resume chat sessions config backends doctor completion
end

# The options of the command at the cursor that take a value.
function __clinvk_valued
    switch "$__clinvk_path"
        case ''
            printf '%s\n' --backend -b --model -m --workdir -w --session -s --if-missing --output-format -o --access --system-prompt --max-turns --timeout --idle-timeout --title --tag -t --backend-arg --config
        case 'run'
            printf '%s\n' --backend -b --model -m --workdir -w --session -s --if-missing --output-format -o --access --system-prompt --max-turns --timeout --idle-timeout --title --tag -t --backend-arg --config
        case 'resume'
            printf '%s\n' --if-missing --backend -b --model -m --workdir -w --output-format -o --access --system-prompt --max-turns --timeout --idle-timeout --backend-arg --config
        case 'chat'
            printf '%s\n' --backend -b --model -m --workdir -w --session -s --access --system-prompt --title --tag -t --backend-arg --config
        case 'sessions list'
            printf '%s\n' --backend -b --status --dir --tag -t --since --until --touched --sort --limit -n
        case 'sessions show'
            printf '%s\n' --turn
        case 'sessions search'
            printf '%s\n' --backend -b --status --dir --tag -t --since --until --limit -n
        case 'sessions files'
            printf '%s\n' --turn
        case 'sessions export'
            printf '%s\n' --format --output -O
        case 'sessions import'
            printf '%s\n' --config
        case 'sessions clean'
            printf '%s\n' --older-than --status --backend -b --keep-last --archive
    end
end

# Its options that choose a session, so that no word does.
function __clinvk_choosing
    switch "$__clinvk_path"
        case 'resume'
            printf '%s\n' --last --interactive -i
    end
end

# $argv[1] is asked for at clinvk, each candidate with its title.
function __clinvk_candidates
    set -l typed (commandline -ct | string replace -r -- '^-(-[^=]*=|.*)' '')
    set typed (string replace -r '^["\']' '' -- "$typed" | string replace -ra '\\\\(.)' '$1')
    command -q clinvk && command clinvk completion --candidates $argv[1] "$typed" 2>/dev/null
end

complete -c clinvk -e
complete -c clinvk -f

# clinvk
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a run -d 'Send a prompt to an agent; `clinvk PROMPT` is short for it.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a resume -d 'Go on with a session.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a chat -d 'Open an agent\'s own screen, and record what is said there.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a sessions -d 'Find, show, name, tag, export and clean up sessions.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a config -d 'Show, check and change the configuration.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a backends -d 'List the agents: installed, version, signed in, abilities.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a doctor -d 'Look for everything that could go wrong, each with its remedy.'
complete -c clinvk -n '__clinvk_is \'\' 1 1' -a completion -d 'Print the completion script of a shell.'
complete -c clinvk -n '__clinvk_is \'\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'One of: claude, codex, demo, gemini, opencode, qwen.'
complete -c clinvk -n '__clinvk_is \'\'' -l model -s m -x -d 'The model.'
complete -c clinvk -n '__clinvk_is \'\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Where the agent works; default: here, or the session\'s own.'
complete -c clinvk -n '__clinvk_is \'\'' -l continue -s c -d 'Go on with the most recent session, of this directory first.'
complete -c clinvk -n '__clinvk_is \'\'' -l session -s s -x -k -a '(__clinvk_candidates names)' -d 'Go on with the session NAME, or create it.'
complete -c clinvk -n '__clinvk_is \'\'' -l if-missing -x -a 'fail replay new' -d 'When the agent no longer has the conversation: fail (the default), begin a new one that is told the earlier turns, or an empty new one.'
complete -c clinvk -n '__clinvk_is \'\'' -l ephemeral -d 'Keep no session, here or at the agent.'
complete -c clinvk -n '__clinvk_is \'\'' -l output-format -s o -x -a 'text json stream-json' -d 'How the result is written to stdout.'
complete -c clinvk -n '__clinvk_is \'\'' -l access -x -a 'read-only edit full' -d 'What the agent may do; default: the session\'s, else the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'\'' -l system-prompt -x -d 'Appended to the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'\'' -l max-turns -x -d 'The agent\'s steps at most.'
complete -c clinvk -n '__clinvk_is \'\'' -l timeout -x -d 'Stop the turn after so long: 30s, 15m, 2h.'
complete -c clinvk -n '__clinvk_is \'\'' -l idle-timeout -x -d 'Stop it after so long a silence; default: run.idle_timeout.'
complete -c clinvk -n '__clinvk_is \'\'' -l title -x -d 'The title of a new session; an old one keeps its own.'
complete -c clinvk -n '__clinvk_is \'\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'A tag of a new session (repeatable).'
complete -c clinvk -n '__clinvk_is \'\'' -l wait -d 'Wait for a session that another run holds; without it exit 75.'
complete -c clinvk -n '__clinvk_is \'\'' -l dry-run -d 'Print the command that would run; start nothing.'
complete -c clinvk -n '__clinvk_is \'\'' -l editor -s e -d 'Write the prompt in $VISUAL or $EDITOR.'
complete -c clinvk -n '__clinvk_is \'\'' -l quiet -s q -d 'Only the answer.'
complete -c clinvk -n '__clinvk_is \'\'' -l verbose -s v -d 'The agent\'s thinking as well.'
complete -c clinvk -n '__clinvk_is \'\'' -l backend-arg -x -d 'Passed to the agent\'s CLI as it is (repeatable).'
complete -c clinvk -n '__clinvk_is \'\'' -l config -r -F -d 'A configuration file in place of your own.'
complete -c clinvk -n '__clinvk_is \'\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'\'' -l version -s V -d 'Show the version.'
complete -c clinvk -n '__clinvk_is \'\' 1 1; and __clinvk_is_no_command (commandline -ct)' -F

# clinvk run
complete -c clinvk -n '__clinvk_is \'run\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'One of: claude, codex, demo, gemini, opencode, qwen.'
complete -c clinvk -n '__clinvk_is \'run\'' -l model -s m -x -d 'The model.'
complete -c clinvk -n '__clinvk_is \'run\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Where the agent works; default: here, or the session\'s own.'
complete -c clinvk -n '__clinvk_is \'run\'' -l continue -s c -d 'Go on with the most recent session, of this directory first.'
complete -c clinvk -n '__clinvk_is \'run\'' -l session -s s -x -k -a '(__clinvk_candidates names)' -d 'Go on with the session NAME, or create it.'
complete -c clinvk -n '__clinvk_is \'run\'' -l if-missing -x -a 'fail replay new' -d 'When the agent no longer has the conversation: fail (the default), begin a new one that is told the earlier turns, or an empty new one.'
complete -c clinvk -n '__clinvk_is \'run\'' -l ephemeral -d 'Keep no session, here or at the agent.'
complete -c clinvk -n '__clinvk_is \'run\'' -l output-format -s o -x -a 'text json stream-json' -d 'How the result is written to stdout.'
complete -c clinvk -n '__clinvk_is \'run\'' -l access -x -a 'read-only edit full' -d 'What the agent may do; default: the session\'s, else the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'run\'' -l system-prompt -x -d 'Appended to the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'run\'' -l max-turns -x -d 'The agent\'s steps at most.'
complete -c clinvk -n '__clinvk_is \'run\'' -l timeout -x -d 'Stop the turn after so long: 30s, 15m, 2h.'
complete -c clinvk -n '__clinvk_is \'run\'' -l idle-timeout -x -d 'Stop it after so long a silence; default: run.idle_timeout.'
complete -c clinvk -n '__clinvk_is \'run\'' -l title -x -d 'The title of a new session; an old one keeps its own.'
complete -c clinvk -n '__clinvk_is \'run\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'A tag of a new session (repeatable).'
complete -c clinvk -n '__clinvk_is \'run\'' -l wait -d 'Wait for a session that another run holds; without it exit 75.'
complete -c clinvk -n '__clinvk_is \'run\'' -l dry-run -d 'Print the command that would run; start nothing.'
complete -c clinvk -n '__clinvk_is \'run\'' -l editor -s e -d 'Write the prompt in $VISUAL or $EDITOR.'
complete -c clinvk -n '__clinvk_is \'run\'' -l quiet -s q -d 'Only the answer.'
complete -c clinvk -n '__clinvk_is \'run\'' -l verbose -s v -d 'The agent\'s thinking as well.'
complete -c clinvk -n '__clinvk_is \'run\'' -l backend-arg -x -d 'Passed to the agent\'s CLI as it is (repeatable).'
complete -c clinvk -n '__clinvk_is \'run\'' -l config -r -F -d 'A configuration file in place of your own.'
complete -c clinvk -n '__clinvk_is \'run\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'run\' 1' -F

# clinvk resume
complete -c clinvk -n '__clinvk_is \'resume\'' -l last -d 'The most recent session; every word is prompt.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l interactive -s i -d 'Pick from a list (type to filter); every word is prompt.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l here -d 'Only sessions of this directory or its repository.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l if-missing -x -a 'fail replay new' -d 'When the agent no longer has the conversation: fail (the default), begin a new one that is told the earlier turns, or an empty new one.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'One of: claude, codex, demo, gemini, opencode, qwen.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l model -s m -x -d 'The model.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Where the agent works; default: here, or the session\'s own.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l output-format -s o -x -a 'text json stream-json' -d 'How the result is written to stdout.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l access -x -a 'read-only edit full' -d 'What the agent may do; default: the session\'s, else the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l system-prompt -x -d 'Appended to the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l max-turns -x -d 'The agent\'s steps at most.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l timeout -x -d 'Stop the turn after so long: 30s, 15m, 2h.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l idle-timeout -x -d 'Stop it after so long a silence; default: run.idle_timeout.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l wait -d 'Wait for a session that another run holds; without it exit 75.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l dry-run -d 'Print the command that would run; start nothing.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l editor -s e -d 'Write the prompt in $VISUAL or $EDITOR.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l quiet -s q -d 'Only the answer.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l verbose -s v -d 'The agent\'s thinking as well.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l backend-arg -x -d 'Passed to the agent\'s CLI as it is (repeatable).'
complete -c clinvk -n '__clinvk_is \'resume\'' -l config -r -F -d 'A configuration file in place of your own.'
complete -c clinvk -n '__clinvk_is \'resume\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'resume\' 1 1' -k -a '(__clinvk_candidates sessions)'
complete -c clinvk -n '__clinvk_is \'resume\' 2' -F

# clinvk chat
complete -c clinvk -n '__clinvk_is \'chat\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'One of: claude, codex, demo, gemini, opencode, qwen.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l model -s m -x -d 'The model.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l workdir -s w -x -a '(__fish_complete_directories)' -d 'Where the agent works; default: here, or the session\'s own.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l session -s s -x -k -a '(__clinvk_candidates names)' -d 'Go on with the session NAME, or create it.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l access -x -a 'read-only edit full' -d 'What the agent may do; default: the session\'s, else the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l system-prompt -x -d 'Appended to the agent\'s own.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l title -x -d 'The title of a new session; an old one keeps its own.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'A tag of a new session (repeatable).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l dry-run -d 'Print the command that would run; start nothing.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l backend-arg -x -d 'Passed to the agent\'s CLI as it is (repeatable).'
complete -c clinvk -n '__clinvk_is \'chat\'' -l config -r -F -d 'A configuration file in place of your own.'
complete -c clinvk -n '__clinvk_is \'chat\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a list -d 'List sessions, most recently used first.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a show -d 'Show one session: what it is, and what it cost.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a search -d 'Search titles, names, tags, prompts, answers and files.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a files -d 'List the files that a session\'s turns changed.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a rename -d 'Give a session a title.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a name -d 'Give a session a name to call it by.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a tag -d 'Tag a session.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a untag -d 'Take tags off a session.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a close -d 'Close sessions: `-c` and `--last` pass them by.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a archive -d 'Archive sessions: no list shows them unasked.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a unarchive -d 'Bring archived sessions back into the list.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a export -d 'Write sessions as Markdown, or as JSON for `import`.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a import -d 'Take sessions in that `export --format json` wrote.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a delete -d 'Delete sessions for good.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a clean -d 'Delete or move away sessions that nobody used for long.'
complete -c clinvk -n '__clinvk_is \'sessions\' 1 1' -a reindex -d 'Make the index of the sessions anew, from their files.'
complete -c clinvk -n '__clinvk_is \'sessions\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions list
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'One of: claude, codex, demo, gemini, opencode, qwen.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l status -x -a 'running active interrupted error completed' -d 'Only sessions with this status.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l here -d 'Only sessions of this directory or its repository.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l dir -x -a '(__fish_complete_directories)' -d 'Only sessions of DIR or below it, or of its repository.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'Only sessions with this tag (repeatable).'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l since -x -d 'Used since: 7d, 2025-01-27, 2025-01-27T10:00, today.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l until -x -d 'Used before; a day counts as a whole.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l archived -d 'Only archived ones; else they are hidden.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l touched -r -F -d 'Only sessions that changed PATH, or below it.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l sort -x -a 'last created tokens title' -d 'What comes first.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l limit -s n -x -d 'At most so many.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l quiet -s q -d 'Ids alone, one a line.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions list\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions show
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l turn -x -d 'Only turn N.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l answer -d 'Only the final answer, of the last turn or of N.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l markdown -d 'All that was said, as `export` writes it.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions show\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions show\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions search
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'One of: claude, codex, demo, gemini, opencode, qwen.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l status -x -a 'running active interrupted error completed' -d 'Only sessions with this status.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l here -d 'Only sessions of this directory or its repository.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l dir -x -a '(__fish_complete_directories)' -d 'Only sessions of DIR or below it, or of its repository.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l tag -s t -x -k -a '(__clinvk_candidates tags)' -d 'Only sessions with this tag (repeatable).'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l since -x -d 'Used since: 7d, 2025-01-27, 2025-01-27T10:00, today.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l until -x -d 'Used before; a day counts as a whole.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l archived -d 'Only archived ones.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l limit -s n -x -d 'At most so many.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l quiet -s q -d 'Ids alone, one a line.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions search\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions files
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l turn -x -d 'Only turn N.'
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions files\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions files\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions rename
complete -c clinvk -n '__clinvk_is \'sessions rename\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions rename\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions rename\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions name
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l clear -d 'Take its name away.'
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions name\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions name\' 1 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions tag
complete -c clinvk -n '__clinvk_is \'sessions tag\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions tag\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions tag\' 1 1' -k -a '(__clinvk_candidates sessions)'
complete -c clinvk -n '__clinvk_is \'sessions tag\' 2' -k -a '(__clinvk_candidates tags)'

# clinvk sessions untag
complete -c clinvk -n '__clinvk_is \'sessions untag\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions untag\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions untag\' 1 1' -k -a '(__clinvk_candidates sessions)'
complete -c clinvk -n '__clinvk_is \'sessions untag\' 2' -k -a '(__clinvk_candidates tags)'

# clinvk sessions close
complete -c clinvk -n '__clinvk_is \'sessions close\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions close\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions close\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions archive
complete -c clinvk -n '__clinvk_is \'sessions archive\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions archive\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions archive\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions unarchive
complete -c clinvk -n '__clinvk_is \'sessions unarchive\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions unarchive\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions unarchive\' 1' -k -a '(__clinvk_candidates archived)'

# clinvk sessions export
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l format -x -a 'markdown json' -d 'To be read (default), or to be imported again.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l output -s O -r -F -d 'Into a new file; `-` is stdout.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l redact -d 'Without the home\'s path and what looks like a secret.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions export\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions export\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions import
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l trust -d 'Also apply the access and the system prompt that it says.'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l config -r -F -d 'A configuration file in place of your own.'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions import\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions import\' 1 1' -F

# clinvk sessions delete
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l yes -s y -d 'Delete without asking.'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions delete\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'sessions delete\' 1' -k -a '(__clinvk_candidates sessions)'

# clinvk sessions clean
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l older-than -x -d 'Not used for so long: 30d, 2w, 12h; default: session.retention_days.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l status -x -a 'running active interrupted error completed' -d 'Only sessions with this status.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l backend -s b -x -k -a '(__clinvk_candidates backends)' -d 'One of: claude, codex, demo, gemini, opencode, qwen.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l keep-last -x -d 'But keep the N used last.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l archive -x -a '(__fish_complete_directories)' -d 'Move their files there, delete none.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l dry-run -d 'Show what would go; change nothing.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions clean\'' -l help -s h -d 'Show this message and exit.'

# clinvk sessions reindex
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l check -d 'Only compare; exit 1 if there is any difference.'
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'sessions reindex\'' -l help -s h -d 'Show this message and exit.'

# clinvk config
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a show -d 'Show every setting as it is now.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a get -d 'Print one setting.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a set -d 'Set a key in the configuration file.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a unset -d 'Take a key out of the configuration file.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a path -d 'Print where the configuration file is.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a edit -d 'Open the configuration file in your editor, then check it.'
complete -c clinvk -n '__clinvk_is \'config\' 1 1' -a validate -d 'Check the configuration, or another file of that form.'
complete -c clinvk -n '__clinvk_is \'config\'' -l help -s h -d 'Show this message and exit.'

# clinvk config show
complete -c clinvk -n '__clinvk_is \'config show\'' -l origin -d 'Say where each value is from.'
complete -c clinvk -n '__clinvk_is \'config show\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'config show\'' -l help -s h -d 'Show this message and exit.'

# clinvk config get
complete -c clinvk -n '__clinvk_is \'config get\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config get\' 1 1' -k -a '(__clinvk_candidates keys)'

# clinvk config set
complete -c clinvk -n '__clinvk_is \'config set\'' -l help -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config set\' 1 1' -k -a '(__clinvk_candidates keys)'

# clinvk config unset
complete -c clinvk -n '__clinvk_is \'config unset\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config unset\' 1 1' -k -a '(__clinvk_candidates keys)'

# clinvk config path
complete -c clinvk -n '__clinvk_is \'config path\'' -l help -s h -d 'Show this message and exit.'

# clinvk config edit
complete -c clinvk -n '__clinvk_is \'config edit\'' -l help -s h -d 'Show this message and exit.'

# clinvk config validate
complete -c clinvk -n '__clinvk_is \'config validate\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'config validate\' 1 1' -F

# clinvk backends
complete -c clinvk -n '__clinvk_is \'backends\' 1 1' -a test -d 'Try a backend for real, and say what of the contract holds.'
complete -c clinvk -n '__clinvk_is \'backends\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'backends\'' -l help -s h -d 'Show this message and exit.'

# clinvk backends test
complete -c clinvk -n '__clinvk_is \'backends test\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'backends test\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'backends test\' 1 1' -k -a '(__clinvk_candidates backends)'

# clinvk doctor
complete -c clinvk -n '__clinvk_is \'doctor\'' -l fix -d 'First put right what is safe to, and say what was done.'
complete -c clinvk -n '__clinvk_is \'doctor\'' -l json -d 'As JSON.'
complete -c clinvk -n '__clinvk_is \'doctor\'' -l help -s h -d 'Show this message and exit.'

# clinvk completion
complete -c clinvk -n '__clinvk_is \'completion\'' -l help -s h -d 'Show this message and exit.'
complete -c clinvk -n '__clinvk_is \'completion\' 1 1' -a 'bash zsh fish'
