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
    keep_named: Annotated[
        bool, Option("--keep-named", help="Keep sessions that have a name.")
    ] = False,
    archive: Annotated[
        str | None,
        Option("--archive", metavar="DIR", help="Move the files to DIR instead of deleting them."),
    ] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would be cleaned; change nothing.")
    ] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Delete or archive sessions not used recently.

    This includes archived sessions. Running sessions, damaged records, sessions whose dates are
    from a wrong clock, and the agents' own files are never touched. Temporary files of killed runs
    are deleted too. There is no confirmation, so cron can run it. What was removed is listed in
    cleaned.jsonl in clinvk's home; `clinvk doctor` shows the last cleanings.
    """
    from clinvk.cli.filters import refuse_unknown_backend
    from clinvk.cli.render.changed import form_of
    from clinvk.cli.render.cleaned import render_cleaned
    from clinvk.cli.render.progress import ShownProgress
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
        keep_named=keep_named,
        archive=folder,
        dry_run=dry_run,
        locate=as_json,
    )
    words = ("cleaning sessions", "sessions cleaned")
    with ShownProgress(cli.streams, cli.world.monotonic, words, quiet=quiet) as told:
        cleaned = clean(replace(cli.world, settings=settings), sweep, told)
    form = form_of(quiet=quiet, verbose=verbose or (dry_run and not quiet), as_json=as_json)
    return render_cleaned(cleaned, sweep, cli.streams, now=cli.world.now(), form=form)
