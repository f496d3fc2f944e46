"""`clinvk backends`: the list, and the test of one backend."""

from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Argument, Table, command, table
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus


def backends_(cli: Cli, *, as_json: options.Json = False) -> None:
    """List the backends when no subcommand is named."""
    from clinvk.cli.render.backends import render_backends
    from clinvk.services.agents.catalog import unusable
    from clinvk.services.agents.states import backend_states
    from clinvk.services.config.settings import effective_settings
    from clinvk.text.sanitize import safe_line

    states = backend_states(effective_settings(cli.world), cli.world)
    render_backends(states, cli.streams, as_json=as_json)
    for message in unusable():
        cli.streams.err(safe_line(f"warning: {message}"))


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


backends = table(
    Table,
    "backends",
    backends_,
    help="List the agents with version, sign-in and abilities.",
    commands=[try_backend],
)
