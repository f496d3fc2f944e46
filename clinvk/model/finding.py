"""What `doctor` finds: a problem, its place, and what to do."""

from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class Severity(StrEnum):
    """How serious it is.

    A problem: something does not work, or is readable by others. A warning: something does not work
    as intended, or soon will not. A note is only information.
    """

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


class Area(StrEnum):
    """What is checked, in the order of the report."""

    BACKENDS = "backends"
    CONFIGURATION = "configuration"
    HOME = "home"
    SESSIONS = "sessions"
    LOCKS = "locks"
    INDEX = "index"
    CONVERSATIONS = "conversations"
    CLEANINGS = "cleanings"
    MACHINE = "machine"


class CloseToOthers(Struct, frozen=True, kw_only=True):
    """Remove all permissions of group and others on these files and folders."""

    paths: tuple[Path, ...]


class RemoveLeftover(Struct, frozen=True, kw_only=True):
    """Delete a temporary file of an interrupted write."""

    path: Path


class RemoveLock(Struct, frozen=True, kw_only=True):
    """Delete a lock file that no process holds."""

    path: Path


class RebuildRecord(Struct, frozen=True, kw_only=True):
    """Rebuild the record of a session from its transcript."""

    session_id: str


class RebuildIndex(Struct, frozen=True, kw_only=True):
    """Rebuild the index from the session files."""


class RemoveScratch(Struct, frozen=True, kw_only=True):
    """Delete the temporary folder of a killed run."""

    path: Path


Repair = CloseToOthers | RemoveLeftover | RemoveScratch | RemoveLock | RebuildRecord | RebuildIndex
"""Everything that `--fix` may do; it never changes an agent's own files."""


class Finding(Struct, frozen=True):
    """One finding. `message` is a lower-case sentence, `where` a path or a variable.

    `remedy` says what to do, `command` is a shell command for it; every finding except a note has
    at least one of them. `sessions` are the ids of the affected sessions.
    """

    severity: Severity
    code: str
    message: str
    where: str | None = None
    remedy: str | None = None
    command: str | None = None
    sessions: tuple[str, ...] = ()
    repair: Repair | None = None


class Checked(Struct, frozen=True, kw_only=True):
    """One area: a short summary and the findings."""

    area: Area
    summary: str
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there are no findings except notes."""
        return all(finding.severity is Severity.NOTE for finding in self.findings)


class Examination(Struct, frozen=True, kw_only=True):
    """All areas; `fixed` lists the repairs that were done first, `unfixed` the failed ones."""

    checked: tuple[Checked, ...]
    fixed: tuple[str, ...] = ()
    unfixed: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all areas, in order."""
        return tuple(finding for one in self.checked for finding in one.findings)

    @property
    def ok(self) -> bool:
        """Whether there are no findings except notes, and no failed repairs."""
        return not self.unfixed and all(one.ok for one in self.checked)
