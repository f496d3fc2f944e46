"""`clinvk sessions rename`, `name`, `tag` and `untag`."""

from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, command
from clinvk.cli.context import Cli
from clinvk.cli.spelling import typed
from clinvk.errors import UsageError

Tags = Annotated[
    list[str], Argument(metavar="TAG...", help="Tags of 1 to 64 printable characters.")
]


@command()
def rename(
    cli: Cli,
    session: options.SessionReference,
    words: Annotated[
        list[str],
        Argument(metavar="TITLE...", help="New title; put `--` before a leading dash."),
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Change the title of a session, which lists show.

    The agent's own title never replaces it. The order of the list does not change.
    """
    from clinvk.cli.render.changed import render_changed
    from clinvk.services.sessions import labels

    changed = labels.rename(cli.world, session, " ".join(words))
    sentence = f"session {changed.session.id} is now titled: {changed.session.title}"
    render_changed(changed, sentence, cli.streams, as_json=as_json)


@command()
def name(
    cli: Cli,
    session: options.SessionReference,
    words: Annotated[
        list[str] | None,
        Argument(metavar="[NAME]", help="A unique name of 1 to 64 letters, digits and `._-/#@:`."),
    ] = None,
    *,
    clear: Annotated[bool, Option("--clear", help="Remove the name.")] = False,
    as_json: options.Json = False,
) -> None:
    """Name a session, to continue it with `-s NAME`.

    The name also stands for its id in other commands. Two sessions cannot have the same name.
    """
    from clinvk.cli.render.changed import render_changed
    from clinvk.services.sessions import labels

    if words and len(words) > 1:
        names, called = "-".join(words), typed([session])
        raise UsageError(
            "a name is one word",
            hint=f"`clinvk sessions name {called} {typed([names])}`, or change the title:"
            f" `clinvk sessions rename {called} {typed([' '.join(words)])}`",
        )
    name = words[0] if words else None
    if (name is None) is not clear:
        raise UsageError(
            "give either a name or `--clear`",
            hint="`clinvk sessions name SESSION NAME` sets a name, `--clear` removes it",
        )
    if name is None:
        changed = labels.clear_name(cli.world, session)
        sentence = f"session {changed.session.id} has no name"
    else:
        changed = labels.give_name(cli.world, session, name)
        sentence = f"session {changed.session.id} is now named {changed.session.name}"
    render_changed(changed, sentence, cli.streams, as_json=as_json)


@command()
def tag(
    cli: Cli,
    session: options.SessionReference,
    tags: Tags,
    *,
    as_json: options.Json = False,
) -> None:
    """Add tags to a session.

    Tags that it already has are ignored.
    """
    from clinvk.cli.render.changed import render_tagged
    from clinvk.services.sessions import labels

    render_tagged(labels.add_tags(cli.world, session, tags), cli.streams, as_json=as_json)


@command()
def untag(
    cli: Cli,
    session: options.SessionReference,
    tags: Tags,
    *,
    as_json: options.Json = False,
) -> None:
    """Remove tags from a session.

    If the session lacks one of them, none is removed.
    """
    from clinvk.cli.render.changed import render_tagged
    from clinvk.services.sessions import labels

    render_tagged(labels.remove_tags(cli.world, session, tags), cli.streams, as_json=as_json)
