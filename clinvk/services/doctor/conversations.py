"""The agents' side: whether they still have the conversations, and for how long.

All findings are notes, because it is normal that agents delete old conversations. Closed and
archived sessions are not checked.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from msgspec import Struct

from clinvk.agents.base import Backend
from clinvk.model.conversation import ConversationRows, Conversations
from clinvk.model.finding import Finding
from clinvk.model.session import Session, Status
from clinvk.services.doctor.findings import Report, command, note
from clinvk.services.doctor.survey import Survey
from clinvk.services.sessions.known_conversation import conversation_files_of
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import (
    can_continue,
    conversation_exists,
    conversation_is_empty,
    conversation_paths,
    read_text,
)
from clinvk.store.agent_files.listing import Listings, depth_of
from clinvk.text.units import plural

SOON_DAYS = 3.0
_DAY_S = 86_400.0
_NAMED = 20
"""Number of sessions named in a remedy: nobody reads a line with hundreds."""


class _Kept(Struct, frozen=True):
    """A session and the agent's file of its conversation below `root`, None if that is gone."""

    session: Session
    root: Path
    file: Path | None


def check_conversations(survey: Survey) -> Report:
    """Check each backend whose files can be checked."""
    known = {state.name for state in survey.backends}
    asked = sorted(
        (one for one in survey.sessions if one.backend in known and _is_asked_about(one)),
        key=attrgetter("backend"),
    )
    counts: list[str] = []
    findings: list[Finding] = []
    for name, sessions in groupby(asked, key=attrgetter("backend")):
        backend = survey.world.agents.get(name)
        kept = list(_kept(backend, sessions, survey.world))
        counts.append(f"{len(kept):,} of {name}")
        findings += _gone(name, [one for one in kept if one.file is None])
        findings += _may_go(backend, kept, survey.world)
    return ", ".join(counts) or "nothing to check", findings


def _is_asked_about(session: Session) -> bool:
    return (
        session.conversation.id is not None
        and session.conversation.seen
        and session.status is not Status.COMPLETED
        and not session.archived
    )


def _kept(backend: Backend, sessions: Iterable[Session], world: World) -> Iterator[_Kept]:
    """The sessions whose conversations can be looked up in the agent's files."""
    listings = Listings()
    for session in sessions:
        files = conversation_files_of(backend, session.conversation.id or "", world)
        if files is None:
            continue
        file, known = _find(files, listings)
        if known:
            emptied = session.turns > 0 and conversation_is_empty(files)
            yield _Kept(session, files.root, None if emptied else file)


def _find(files: Conversations, listings: Listings) -> tuple[Path | None, bool]:
    """The agent's file (None if it is gone), and whether this is certain; lists a folder once."""
    if isinstance(files, ConversationRows) or (depth := depth_of(files.pattern)) is None:
        there = conversation_exists(files)
        return _latest(conversation_paths(files)) if there else None, there is not None
    listing = listings.of(files.root, depth)
    file = _latest(one for one in listing.find(files.pattern) if can_continue(one, files.holds))
    return file, file is not None or listing.complete


def _latest(files: Iterable[Path]) -> Path | None:
    """The file that was written last; the agent deletes it last."""
    return max(files, key=_written_s, default=None)


def _written_s(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # gone since it was listed
        return 0.0


def _gone(name: str, lost: list[_Kept]) -> Iterator[Finding]:
    if lost:
        gone = tuple(one.session.id for one in lost)
        yield note(
            "conversation_gone",
            f"`{name}` no longer has the conversation of {plural(len(gone), 'session')}",
            where=str(lost[0].root),
            remedy="`clinvk resume` with `--if-missing replay` starts a new one with the earlier "
            "turns; close the sessions that you do not want to continue",
            command=command("clinvk", "sessions", "close", *gone[:_NAMED]),
            sessions=gone,
        )


def _may_go(backend: Backend, kept: list[_Kept], world: World) -> Iterator[Finding]:
    """The conversations that the agent may delete: resumed ones, and those not used for long."""
    path = backend.retention_settings(world.user_home, world.environ)
    text = read_text(path) if path else None
    setting, retention = backend.keeps_resumed(text), backend.retention(text)
    resumed = tuple(one.session.id for one in kept if one.file and one.session.turns_begun > 1)
    if setting and resumed:
        yield note(
            "conversation_at_risk",
            f"`{backend.name}` may delete a resumed conversation as soon as a new one begins in "
            f"the same directory: {plural(len(resumed), 'session')}",
            where=str(path),
            remedy=f"set {setting}; if one is already deleted, `clinvk resume` with"
            " `--if-missing replay` starts a new one with its text",
            sessions=resumed,
        )
    if retention is None:
        return
    until_s = world.now().timestamp() - (retention.days - SOON_DAYS) * _DAY_S
    going = tuple(one.session.id for one in kept if one.file and 0 < _written_s(one.file) < until_s)
    if going:
        yield note(
            "conversation_going",
            f"`{backend.name}` deletes conversations not used for "
            f"{retention.days:g} days; within {SOON_DAYS:g} days this affects"
            f" {plural(len(going), 'session')}",
            where=str(path) if path else None,
            remedy=f"continue the sessions that you want to keep, or raise {retention.setting}",
            sessions=going,
        )
