"""The sessions: whether each is readable, has both of its files, and has plausible dates."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from clinvk.errors import StoreError
from clinvk.model.finding import Finding, RebuildRecord
from clinvk.model.session import SCHEMA, Session
from clinvk.services.doctor.directories import lost_directories
from clinvk.services.doctor.findings import FIX, Report, command, note, problem, warning
from clinvk.services.doctor.leftovers import unfinished_writes
from clinvk.services.doctor.survey import Survey
from clinvk.services.sessions.clean import last_used
from clinvk.store.home import is_session_id
from clinvk.store.locks import is_held
from clinvk.store.sessions.reading import TRANSCRIPT, read_orphan, why
from clinvk.store.sessions.records import DamagedRecord, id_inside
from clinvk.store.transcripts import transcript as transcripts
from clinvk.text.units import CLOCKS_AGREE, format_turns, plural


def check_records(survey: Survey) -> Report:
    """Check every session, and look for the remains of unfinished writes."""
    if survey.unreadable is not None and not survey.world.home.root.is_dir():
        return "none", ()
    if survey.unreadable is not None:
        found = problem(
            "folder_unreadable",
            survey.unreadable.message,
            where=str(survey.world.home.root),
            command=command("chmod", "u+rwx", survey.world.home.sessions),
        )
        return "cannot be read", (found,)
    return plural(len(survey.sessions), "session"), (
        *(_damaged(one, survey) for one in survey.damaged),
        *(found for one in survey.sessions for found in _of(one, survey)),
        *lost_directories(survey),
        *unfinished_writes(survey.world),
    )


def _damaged(found: DamagedRecord, survey: Survey) -> Finding:
    """A damaged record is never deleted: it gets its right name, or is set aside."""
    home, path = survey.world.home, found.path
    if found.unreadable:
        return _unreadable(found)
    if path.parent == home.transcripts:
        return _problem("transcript_unusable", found, _set_aside(path))
    inside = id_inside(path)
    if inside is not None and is_session_id(inside) and inside not in survey.records:
        return _problem("record_misnamed", found, command("mv", path, home.record(inside)))
    session_id = found.id_guess
    told = session_id in survey.transcripts and isinstance(read_orphan(home, session_id), Session)
    if inside is None and session_id is not None and told:
        repair = RebuildRecord(session_id=session_id)
        return replace(_problem("record_damaged", found, FIX), repair=repair)
    way_out = f"{_set_aside(path)} && {FIX}" if told else _set_aside(path)
    return _problem("record_damaged" if inside is None else "record_misnamed", found, way_out)


def _unreadable(found: DamagedRecord) -> Finding:
    """An unreadable file is not moved, since its content is unknown."""
    kind = "transcript" if found.path.suffix == TRANSCRIPT else "record"
    return problem(
        f"{kind}_unreadable",
        f"the file of a session cannot be read: {found.reason}",
        where=str(found.path),
        remedy="check its permissions and the disk; its content may be intact",
        command=command("chmod", "u+rw", found.path),
        sessions=(found.id_guess,) if found.id_guess else (),
    )


def _problem(code: str, found: DamagedRecord, way_out: str) -> Finding:
    rebuilt = FIX in way_out
    return problem(
        code,
        f"the file of a session is damaged: {found.reason}",
        where=str(found.path),
        remedy="its transcript is intact: the session is rebuilt from it" if rebuilt else None,
        command=way_out,
        sessions=(found.id_guess,) if found.id_guess else (),
    )


def _of(session: Session, survey: Survey) -> Iterator[Finding]:
    home = survey.world.home
    about = partial(warning, sessions=(session.id,))
    busy = is_held(home.session_lock(session.id))
    if session.id not in survey.records and not busy:
        yield about(
            "record_missing",
            f"session `{session.id}` has a transcript but no record",
            where=str(home.transcript(session.id)),
            command=FIX,
            repair=RebuildRecord(session_id=session.id),
        )
    if session.id not in survey.transcripts and session.next_turn > 1 and not busy:
        yield about(
            "transcript_missing",
            f"session `{session.id}` has a record but no transcript: its turns are lost",
            where=str(home.transcript(session.id)),
            remedy="restore it from a backup, continue the session without it, or delete it",
            command=command("clinvk", "sessions", "delete", "-y", session.id),
        )
    if session.id in survey.transcripts and not busy:
        yield from _compared(session, survey)
    if session.last_used_at > survey.world.now() + CLOCKS_AGREE:
        yield about(
            "date_in_future",
            f"session `{session.id}` was last used at a time in the future",
            where=str(home.record(session.id)),
            remedy="check the clock of this machine; the next turn corrects the date",
            command=command("clinvk", "resume", session.id, "go on"),
        )
    if last_used(survey.world, session) is None:
        yield about(
            "date_too_early",
            f"session `{session.id}` was last used before there was any coding agent:"
            " `sessions clean` keeps it",
            where=str(home.record(session.id)),
            remedy="check the clock of this machine; the next turn corrects the date",
            command=command("clinvk", "resume", session.id, "go on"),
        )
    if session.schema > SCHEMA:
        yield about(
            "record_newer",
            f"session `{session.id}` is from a newer clinvk: this version can only read it",
            where=str(home.record(session.id)),
            remedy="update clinvk",
        )


def _compared(session: Session, survey: Survey) -> Iterator[Finding]:
    """Compare what the record and the transcript say about the turns."""
    home = survey.world.home
    path = home.transcript(session.id)
    about = partial(warning, where=str(path), sessions=(session.id,))
    try:
        transcript = transcripts.read(path)
    except StoreError as error:
        yield _unreadable(DamagedRecord(path, session.id, why(error), unreadable=True))
        return
    if transcript.damaged_lines:
        count = plural(transcript.damaged_lines, "line")
        yield note(
            "transcript_lines_damaged",
            f"{count} of the transcript of session `{session.id}` cannot be read: skipped",
            where=str(path),
            sessions=(session.id,),
        )
    if session.schema > SCHEMA:
        return
    told = transcripts.reconcile(session, transcript)
    if told.turns_begun > session.turns_begun or (
        told.last_used_at > session.last_used_at and not session.interrupted
    ):
        yield about(
            "record_behind",
            f"the record of session `{session.id}` is older than its transcript: it counts"
            f" {session.turns_begun:,} of {told.turns_begun:,} turns",
            where=str(home.record(session.id)),
            remedy="every command uses the transcript; the repair updates the record from it",
            command=FIX,
            repair=RebuildRecord(session_id=session.id),
        )
    if lost := transcript.lost_turns(session):
        has = f"lacks {format_turns(lost)}" if transcript.turns else "has none of them"
        yield about(
            "transcript_behind",
            f"session `{session.id}` counts {session.turns:,} turns, but its transcript"
            f" {has}: their content is lost",
            remedy="restore it from a backup, continue the session (its figures and the agent's"
            " conversation are not affected), or delete it",
            command=command("clinvk", "sessions", "delete", "-y", session.id),
        )


def _set_aside(path: Path) -> str:
    """The command that moves a file aside, so that clinvk no longer reads it."""
    return command("mv", path, f"{path}.damaged")
