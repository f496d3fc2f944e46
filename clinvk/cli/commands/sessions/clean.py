"""`clinvk sessions clean`."""

from typing import Annotated

from msgspec.structs import replace

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli, expanded
from clinvk.errors import ExitStatus, UsageError
from clinvk.model.session import Status


@command()
def clean(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    *,
    older_than: Annotated[
        str | None,
        Option(
            "--older-than",
            metavar="DUR",
            help="Not used for this time (30d, 2w, 12h; default: session.retention_days).",
        ),
    ] = None,
    status: options.StatusFilter = None,
    backend: options.Backend = None,
    keep_last: Annotated[
        int, Option("--keep-last", metavar="N", min=0, help="Keep the N most recently used.")
    ] = 0,
    archive: Annotated[
        str | None,
        Option("--archive", metavar="DIR", help="Move the files to DIR instead of deleting them."),
    ] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would be cleaned; change nothing.")
    ] = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Delete or archive sessions not used recently.

    This includes archived sessions. Running sessions, damaged records and the agents' own files are
    never touched. Temporary files of killed runs are deleted too. There is no confirmation, so cron
    can run it.
    """
    from clinvk.cli.filters import refuse_unknown_backend
    from clinvk.cli.render.cleaned import render_cleaned
    from clinvk.services.config.settings import effective_settings
    from clinvk.services.sessions.clean import Sweep, archive_folder, clean, retention_s

    if status is Status.RUNNING:
        raise UsageError("running sessions are never cleaned", hint="choose another `--status`")
    settings = effective_settings(cli.world)
    age_s = retention_s(settings, older_than)
    refuse_unknown_backend(cli, backend)
    folder = None
    if archive is not None:
        folder = archive_folder(cli.world, expanded("--archive", archive, "a folder"))
    sweep = Sweep(
        older_than_s=age_s,
        backend=backend,
        status=status,
        keep_last=keep_last,
        archive=folder,
        dry_run=dry_run,
    )
    cleaned = clean(replace(cli.world, settings=settings), sweep)
    return render_cleaned(cleaned, sweep, cli.streams, now=cli.world.now(), as_json=as_json)
