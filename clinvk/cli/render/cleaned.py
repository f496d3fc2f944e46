"""`sessions clean`: one line that cron can mail, a line for each session, or a JSON object."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from clinvk.cli.render.changed import Form, kept_transcripts, say_unchanged
from clinvk.cli.render.errors import say_warning
from clinvk.cli.render.layout import format_age, format_size, in_columns, shown_title
from clinvk.cli.render.list import rows_of_screen
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.services.sessions.clean import Cleaned, Sweep, Swept, age_text
from clinvk.text.json_codec import json_line
from clinvk.text.sanitize import safe_line
from clinvk.text.units import plural
from clinvk.text.width import cut


def render_cleaned(
    cleaned: Cleaned, sweep: Sweep, streams: Streams, *, now: datetime, form: Form
) -> ExitStatus:
    """Show what was cleaned; return the exit status of the first error."""
    if form is Form.JSON:
        from clinvk.published.sessions import cleaned_to_json

        streams.out_json(json_line(cleaned_to_json(cleaned, sweep)).decode())
    else:
        if form is Form.LINES:
            room = rows_of_screen(streams) if sweep.dry_run else None
            streams.out("".join(_rows(cleaned.swept, streams, now, room)))
        if form is not Form.QUIET:
            streams.out(f"{safe_line('; '.join(_parts(cleaned, sweep)))}\n")
    for session_id, error in cleaned.failed:
        say_unchanged(streams, session_id, error)
    if cleaned.unlogged:
        say_warning(streams, f"the log of cleanings cannot be written: {cleaned.unlogged}")
    return next((error.exit_status for _, error in cleaned.failed), ExitStatus.OK)


def _rows(
    swept: Sequence[Swept], streams: Streams, now: datetime, room: int | None
) -> Iterator[str]:
    """A line each; with `room`, those that fit the screen, and how many more there are."""
    fits = len(swept) if room is None or len(swept) <= room else room - 1
    for line in in_columns([_cells(one, now) for one in swept[:fits]]):
        yield line if room is None else f"{cut(line.rstrip(), streams.columns())}\n"
    if more := len(swept) - fits:
        yield f"… {more:,} more: add `| less`\n"


def _cells(one: Swept, now: datetime) -> tuple[str, ...]:
    session = one.session
    return (
        session.id,
        safe_line(session.backend),
        format_age(session.last_used_at, now),
        format_size(one.size),
        shown_title(session),
    )


def _parts(cleaned: Cleaned, sweep: Sweep) -> list[str]:
    parts = [_summary(cleaned, sweep) if cleaned.swept else _why_none(sweep)]
    if count := len(cleaned.in_use):
        parts.append(f"kept {plural(count, 'session')} in use")
    if count := len(cleaned.undated):
        parts.append(f"kept {plural(count, 'session')} with a wrong date (see `clinvk doctor`)")
    if count := len(cleaned.failed):
        parts.append(f"could not clean {plural(count, 'session')}")
    if count := cleaned.leftovers:
        did = "would remove" if sweep.dry_run else "removed"
        parts.append(f"{did} {plural(count, 'temporary file')} of killed runs")
    parts += kept_transcripts(one.native for one in cleaned.swept)
    return parts


def _summary(cleaned: Cleaned, sweep: Sweep) -> str:
    count, freed = plural(len(cleaned.swept), "session"), format_size(cleaned.freed)
    would, did = ("clean", "cleaned") if sweep.archive is None else ("move", "moved")
    to = "" if sweep.archive is None else f" to {sweep.archive}"
    if sweep.dry_run:
        return f"would {would} {count}{to} and free {freed}"
    return f"{did} {count}{to}, freed {freed}"


def _why_none(sweep: Sweep) -> str:
    if sweep.older_than_s is None:
        return "nothing to clean: `session.retention_days` is 0, so sessions are kept forever"
    age = age_text(sweep.older_than_s)
    return f"nothing to clean: no such session was last used more than {age} ago"
