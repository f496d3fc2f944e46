"""What `doctor` finds: one thing that is not as it should be, where, and the way out."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """How much it matters.

    A problem keeps something from working or lies open to others; a warning does not work as it was
    meant, or soon will not. A note is worth knowing and leaves all well.
    """

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


class Area(StrEnum):
    """What was looked at, in the order in which it is told."""

    BACKENDS = "backends"
    CONFIGURATION = "configuration"
    HOME = "home"
    SESSIONS = "sessions"
    LOCKS = "locks"
    INDEX = "index"
    CONVERSATIONS = "conversations"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseToOthers:
    """Take every right on these files and folders from group and others."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLeftover:
    """Remove a temporary file of a write that never ended."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLock:
    """Remove a lock file that nobody holds."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildRecord:
    """Write the record of a session anew, from its transcript."""

    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildIndex:
    """Make the index anew, from the session files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveScratch:
    """Remove the temporary folder of a run that was killed."""

    path: Path


Repair = CloseToOthers | RemoveLeftover | RemoveScratch | RemoveLock | RebuildRecord | RebuildIndex
"""What `--fix` may do: nothing else, and nothing in an agent's own files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. `message` is a lower-case sentence, `where` a path or a variable.

    `remedy` says what to do, `command` is a line for the shell that does it; there is at least one
    of them for whatever is more than a note. `sessions` are those that it is about.
    """

    area: Area
    severity: Severity
    code: str
    message: str
    where: str | None = None
    remedy: str | None = None
    command: str | None = None
    sessions: tuple[str, ...] = ()
    repair: Repair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One area: what there is, in a few words, and what was found."""

    area: Area
    summary: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Everything that was looked at; `fixed` says what was done first, `unfixed` what failed."""

    checked: tuple[Checked, ...]
    fixed: tuple[str, ...] = ()
    unfixed: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, area by area."""
        return tuple(finding for one in self.checked for finding in one.findings)

    @property
    def ok(self) -> bool:
        """Whether all is well: nothing was found, or nothing but notes."""
        return not self.unfixed and all(
            finding.severity is Severity.NOTE for finding in self.findings
        )
