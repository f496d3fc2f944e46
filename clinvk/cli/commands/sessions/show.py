"""`clinvk sessions show` and `files`."""

from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, command
from clinvk.cli.context import Cli
from clinvk.errors import UsageError


@command()
def show(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    session: Annotated[
        str,
        Argument(
            metavar="[SESSION]",
            help="Session id or unique prefix, name, @last (default) or BACKEND:ID.",
            show_default=False,
        ),
    ] = "@last",
    *,
    turn: options.TurnNumber = None,
    answer: Annotated[
        bool,
        Option("--answer", help="Print only the final answer, of the last turn or turn N."),
    ] = False,
    markdown: Annotated[
        bool, Option("--markdown", help="Print the whole conversation, as `export` does.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show the details and the cost of a session."""
    from clinvk.services.sessions.list import show_session, turn_of

    asked = {"--answer": answer, "--markdown": markdown, "--json": as_json}
    forms = [option for option, given in asked.items() if given]
    if len(forms) > 1:
        raise UsageError(f"`{forms[0]}` cannot be used with `{forms[1]}`", hint="use one of them")
    shown = show_session(cli.world, session, outlined=not forms and turn is None)
    turns = shown.transcript.turns
    if markdown:
        from clinvk.cli.render.markdown_export import markdown_of
        from clinvk.services.sessions.export import ExportedSession
        from clinvk.text.sanitize import safe_text

        exported = ExportedSession(
            session=shown.session,
            status=shown.status,
            turns=turns if turn is None else (turn_of(shown.session, turns, turn),),
        )
        text = markdown_of([exported])
        cli.streams.out_utf8(safe_text(text) if cli.streams.stdout_is_tty else text)
    elif turn is not None or answer:
        from clinvk.cli.render.turn import render_answer, render_turn

        one = turn_of(shown.session, turns, turn)
        if answer:
            render_answer(one, cli.streams)
        else:
            render_turn(one, cli.streams, session_id=shown.session.id, as_json=as_json)
    else:
        from clinvk.cli.render.show import render_show

        # Only a session without figures needs to know why it has none.
        kept = shown.session.usage.known or _figures_are_kept(cli)
        render_show(shown, cli.streams, now=cli.world.now(), as_json=as_json, figures_kept=kept)


def _figures_are_kept(cli: Cli) -> bool:
    from clinvk.services.config.settings import effective_settings
    from clinvk.services.turns.recording_policy import recording_policy

    return recording_policy(effective_settings(cli.world)).usage


@command()
def files(
    cli: Cli,
    session: options.SessionReference,
    *,
    turn: options.TurnNumber = None,
    as_json: options.Json = False,
) -> None:
    """List the files that a session's turns changed.

    Files marked as observed were not reported by the agent: the git work tree was compared before
    and after the turn.
    """
    from clinvk.cli.render.show import render_files
    from clinvk.services.sessions.list import show_session, turn_of

    shown = show_session(cli.world, session, outlined=True)
    turns = shown.transcript.turns
    if turn is not None:
        turns = (turn_of(shown.session, turns, turn),)
    render_files(turns, cli.streams, cwd=shown.session.cwd, as_json=as_json)
