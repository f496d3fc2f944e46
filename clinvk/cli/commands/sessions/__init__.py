"""`clinvk sessions`: the subcommands, in one module each or by what they change."""

from clinvk.cli.command import command_table

LINES = {
    "list": "List sessions, most recently used first.",
    "show": "Show a session with its last prompt and answer.",
    "search": "Search titles, names, tags, prompts, answers and files.",
    "files": "List the files that a session's turns changed.",
    "rename": "Change the title of a session, which lists show.",
    "name": "Name a session, to continue it with `-s NAME`.",
    "tag": "Add tags to a session.",
    "untag": "Remove tags from a session.",
    "close": "Close sessions: `completed`, skipped by `-c` and `--last`.",
    "archive": "Archive sessions (hidden from lists).",
    "move": "Set the directory of sessions whose project was moved.",
    "unarchive": "Restore archived sessions to the list.",
    "export": "Export sessions as Markdown, or as JSON for `import`.",
    "import": "Import sessions from `export -o json`.",
    "delete": "Delete sessions permanently.",
    "clean": "Delete or archive sessions not used recently.",
    "reindex": "Rebuild the index from the session files.",
}

MODULES = {
    **dict.fromkeys(("rename", "name", "tag", "untag"), "labels"),
    **dict.fromkeys(("close", "archive", "unarchive", "delete"), "lifecycle"),
    "files": "show",
}

sessions = command_table(
    "sessions",
    package=__name__,
    lines=LINES,
    modules=MODULES,
    help="Find, show, name, tag, export and clean up sessions.",
)
