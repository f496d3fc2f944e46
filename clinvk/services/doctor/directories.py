"""The directories of the sessions: whether those that may be continued still exist."""

import os
from collections.abc import Iterator
from itertools import islice

from clinvk.model.finding import Finding
from clinvk.model.session import Session, Status
from clinvk.services.doctor.findings import command, note
from clinvk.services.doctor.survey import Survey
from clinvk.text.units import plural

_MOST = 20
"""Directories with a finding of their own, and sessions named in a remedy."""


def lost_directories(survey: Survey) -> Iterator[Finding]:
    """A note for each directory that is gone, those with the latest sessions first."""
    sessions: dict[str, list[Session]] = {}
    for one in sorted(survey.sessions, key=lambda one: one.last_used_at, reverse=True):
        if one.status is not Status.COMPLETED and not one.archived:
            sessions.setdefault(one.cwd, []).append(one)
    lost = [(cwd, found) for cwd, found in sessions.items() if not os.path.isdir(cwd)]
    for cwd, found in islice(lost, _MOST):
        ids = tuple(one.id for one in found)
        yield note(
            "directory_gone",
            f"the directory of {plural(len(ids), 'session')} does not exist",
            where=cwd,
            remedy="if the project was moved, set the new directory; else close the sessions",
            command=f"{command('clinvk', 'sessions', 'move', *ids[:_MOST])} DIR",
            sessions=ids,
        )
    if others := lost[_MOST:]:
        ids = tuple(one.id for _, found in others for one in found)
        yield note(
            "directory_gone",
            f"{len(others):,} more directories of {plural(len(ids), 'session')} do not exist",
            remedy="close the sessions that you do not want to continue",
            command=command("clinvk", "sessions", "close", *ids[:_MOST]),
            sessions=ids,
        )
