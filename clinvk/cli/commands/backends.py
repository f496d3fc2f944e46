"""`clinvk backends`: the list, the test of one backend, and the examples."""

from typing import Annotated, Any

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, Table, command, table
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus, UsageError

Verbose = Annotated[bool, Option("--verbose", "-v", help="Also show what each one can do.")]


class Backends(Table):
    """`clinvk backends`, with a backend's name where a command's could be."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  Typer's classes have no public names
        """A word that is no command is the name of a backend."""
        if args[0] in self.commands or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from clinvk.cli.meant import refuse_subcommand

        refuse_subcommand(ctx.info_name, args)
        return args[0], show_backend, args


def backends_(cli: Cli, *, verbose: Verbose = False, as_json: options.Json = False) -> None:
    """List the backends when none is named."""
    from clinvk.cli.render.backends import render_backends
    from clinvk.services.agents.catalog import unusable
    from clinvk.services.agents.states import backend_states
    from clinvk.services.config.settings import effective_settings
    from clinvk.text.sanitize import safe_line

    states = backend_states(effective_settings(cli.world), cli.world, confirmed=True)
    render_backends(states, cli.streams, as_json=as_json, verbose=verbose)
    for message in unusable():
        cli.streams.err(safe_line(f"warning: {message}"))


@command("NAME")
def show_backend(
    cli: Cli,
    name: Annotated[str, Argument(metavar="BACKEND", help="A backend from `clinvk backends`.")],
    *,
    as_json: options.Json = False,
) -> None:
    """Show one backend: its version, whether you are signed in, and what it can do."""
    from clinvk.cli.render.backends import render_backend
    from clinvk.model.names import nearest
    from clinvk.services.agents.states import backend_states
    from clinvk.services.config.settings import effective_settings

    settings = effective_settings(cli.world)
    if name not in (known := cli.world.agents.names()):
        raise UsageError(f"there is no backend `{name}`", hint=nearest(name, known))
    for state in backend_states(settings, cli.world, only=name, confirmed=True):
        render_backend(state, cli.streams, as_json=as_json)


@command("test")
def try_backend(
    cli: Cli,
    name: Annotated[str, Argument(metavar="BACKEND", help="A backend from `clinvk backends`.")],
    *,
    as_json: options.Json = False,
) -> ExitStatus:
    """Test a backend against the contract, with real prompts.

    This sends a few short prompts to the agent, which can cost money. They use a temporary
    directory and history: your sessions and projects are not touched. Exit 1 if a check fails, else
    0. Checks of features that the backend lacks are skipped, with the reason.
    """
    from clinvk.cli.render.backends import render_trial
    from clinvk.services.config.settings import effective_settings
    from clinvk.services.trial.run import trial

    verdicts = trial(name, effective_settings(cli.world), cli.world)
    kept = render_trial(name, verdicts, cli.streams, as_json=as_json)
    return ExitStatus.OK if kept else ExitStatus.FAILED


@command("add")
def add_backend(
    cli: Cli,
    name: Annotated[
        str | None, Argument(metavar="EXAMPLE", help="An agent; without one, all are listed.")
    ] = None,
    *,
    as_json: options.Json = False,
) -> None:
    """Add the declaration of a further agent to your configuration.

    clinvk has no backend of its own for these agents, only a declaration that you can change. The
    list says with which version it was tested.
    """
    from clinvk.cli.render.examples import render_added, render_examples
    from clinvk.services.agents.examples import add_example, all_examples

    if name is None:
        render_examples(all_examples(), cli.streams, as_json=as_json)
    else:
        render_added(add_example(name, cli.world), cli.streams, as_json=as_json)


backends = table(
    Backends,
    "backends",
    backends_,
    help="List the agents; with a NAME, what it can do.",
    subcommand_metavar="[NAME | test BACKEND | add EXAMPLE]",
    commands=[try_backend, add_backend],
)
