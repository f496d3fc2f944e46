"""Sessions whose project was moved: where they were, while the agent may not have followed.

An agent that finds a conversation only in the directory where it began says after a move that there
is none, although its files have it. The record's field `moved_from` says that this can be true.
"""

from msgspec.structs import replace

from clinvk.model.session import Session

FIELD = "moved_from"


def moved_to(session: Session, directory: str) -> Session:
    """The session with this directory; back where it was, it is as if it had never been moved."""
    if session.cwd == directory:
        return session
    unknown = dict(session.unknown) if isinstance(session.unknown, dict) else {}
    before = unknown.pop(FIELD, session.cwd)
    if before != directory:
        unknown[FIELD] = before
    return replace(session, cwd=directory, unknown=unknown)


def is_moved(session: Session) -> bool:
    """Whether the session was moved from where its first turn ran."""
    return isinstance(session.unknown, dict) and FIELD in session.unknown
