"""`clinvk sessions show` and `files`."""

from contextlib import suppress
from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, command
from clinvk.cli.context import Cli
from clinvk.cli.streams import Streams
from clinvk.errors import ConfigError, UsageError


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
    no_pager: options.NoPager = False,
    as_json: options.Json = False,
) -> None:
    """Show a session with its last prompt and answer.

    On a terminal, a page that is longer than the screen is shown by `$CLINVK_PAGER`, else
    `$PAGER`, else `less`; if it is empty or `cat`, by none.
    """
    from clinvk.cli.pager import page
    from clinvk.services.sessions.list import show_session, turn_of, with_received

    asked = {"--answer": answer, "--markdown": markdown, "--json": as_json}
    forms = [option for option, given in asked.items() if given]
    if len(forms) > 1:
        raise UsageError(f"`{forms[0]}` cannot be used with `{forms[1]}`", hint="use one of them")
    shown = show_session(cli.world, session, outlined=not forms and turn is None)
    turns = shown.transcript.turns
    streams, rendered = _look(cli)

    def write(text: str) -> None:
        page(text, cli, streams, wanted=not no_pager)

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
        if streams.stdout_is_tty:
            write(safe_text(text))
        else:
            streams.out_utf8(text)
    elif turn is not None or answer:
        from clinvk.cli.render.turn import render_answer, render_turn

        one = turn_of(shown.session, turns, turn)
        if answer:
            render_answer(one, streams, write)
        else:
            session_id = shown.session.id
            render_turn(
                one, streams, session_id=session_id, as_json=as_json, markdown=rendered, write=write
            )
    else:
        from clinvk.cli.render.show import render_show

        render_show(
            shown if as_json else with_received(cli.world, shown),
            streams,
            now=cli.world.now(),
            as_json=as_json,
            # Only a session without figures needs to know why it has none.
            figures_kept=shown.session.usage.known or _figures_are_kept(cli),
            markdown=rendered,
            write=write,
        )


def _look(cli: Cli) -> tuple[Streams, bool]:
    """The terminal with the colours of the configuration, and whether to render Markdown there.

    A configuration with an error is no reason not to show a session.
    """
    from clinvk.services.config.settings import effective_settings

    if cli.streams.stdout_is_tty:
        with suppress(ConfigError):
            settings = effective_settings(cli.world)
            streams = cli.streams.with_color(settings.get("output.color"))
            return streams, settings.get("output.render") != "never"
    return cli.streams, True


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
    no_pager: options.NoPager = False,
    as_json: options.Json = False,
) -> None:
    """List the files that a session's turns changed.

    Files marked as observed were not reported by the agent: the git work tree was compared before
    and after the turn.
    """
    from clinvk.cli.pager import page
    from clinvk.cli.render.show import render_files
    from clinvk.services.sessions.list import show_session, turn_of

    shown = show_session(cli.world, session, outlined=True)
    turns = shown.transcript.turns
    if turn is not None:
        turns = (turn_of(shown.session, turns, turn),)
    render_files(
        turns,
        cli.streams,
        cwd=shown.session.cwd,
        as_json=as_json,
        write=lambda text: page(text, cli, cli.streams, wanted=not no_pager),
    )
