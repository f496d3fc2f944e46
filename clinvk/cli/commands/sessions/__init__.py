"""`clinvk sessions`: one file a subcommand."""

import typer

from clinvk.cli.lazy import CommandTable, new_app

LINES = {
    "list": "List sessions, most recently used first.",
    "show": "Show one session: what it is, and what it cost.",
    "search": "Search titles, names, tags, prompts, answers and files.",
    "files": "List the files that a session's turns changed.",
    "rename": "Give a session a title.",
    "name": "Give a session a name to call it by.",
    "tag": "Tag a session.",
    "untag": "Take tags off a session.",
    "close": "Close sessions: `-c` and `--last` pass them by.",
    "archive": "Archive sessions: no list shows them unasked.",
    "unarchive": "Bring archived sessions back into the list.",
    "export": "Write sessions as Markdown, or as JSON for `import`.",
    "import": "Take sessions in that `export --format json` wrote.",
    "delete": "Delete sessions for good.",
    "clean": "Delete or move away sessions that nobody used for long.",
    "reindex": "Make the index of the sessions anew, from their files.",
}


class SessionCommands(CommandTable):
    """The commands of `clinvk sessions`."""

    package = "clinvk.cli.commands.sessions"
    lines = LINES


app = new_app(cls=SessionCommands, help="Find, show, name, tag, export and clean up sessions.")


@app.callback(invoke_without_command=True)
def sessions(ctx: typer.Context) -> None:
    """Show the help when no subcommand is named."""
    if ctx.invoked_subcommand is None:
        ctx.obj.streams.out(ctx.get_help() + "\n")
