"""`clinvk sessions reindex`."""

from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus


@command()
def reindex(
    cli: Cli,
    *,
    check: Annotated[
        bool, Option("--check", help="Only compare; exit 1 if there is a difference.")
    ] = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Rebuild the index from the session files.

    This is rarely needed: the index is updated automatically, and can be deleted at any time.
    """
    from clinvk.cli.render.progress import ShownProgress
    from clinvk.published.sessions import index_diff_to_json
    from clinvk.services.doctor.index import reindex
    from clinvk.text.json_codec import json_line

    words = ("comparing sessions" if check else "indexing sessions", "sessions indexed")
    with ShownProgress(cli.streams, cli.world.monotonic, words) as told:
        diff = reindex(cli.world.home, only_check=check, progress=told)
    counts = index_diff_to_json(diff)
    if as_json:
        cli.streams.out_json(json_line(counts).decode())
    else:
        cli.streams.out(", ".join(f"{word} {count:,}" for word, count in counts.items()) + "\n")
    return ExitStatus.FAILED if check and diff.any else ExitStatus.OK
