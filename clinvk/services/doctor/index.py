"""The index: whether it agrees with the session files, and how it is made to."""

from msgspec.structs import replace

from clinvk.model.finding import Area, Checked, Finding, RebuildIndex, Severity
from clinvk.services.doctor.shell import command
from clinvk.services.doctor.survey import Survey
from clinvk.store.home import Home
from clinvk.store.index.diff import Compared, IndexDiff, Look, check, look, rebuild


def check_index(survey: Survey) -> Checked:
    """Compare the whole index. A missing index is fine: everything works without it."""
    home = survey.world.home
    found = look(home)
    if found is Look.NONE:
        return Checked(area=Area.INDEX, summary="none yet")
    if found is Look.UNUSABLE:
        return Checked(area=Area.INDEX, summary="cannot be read; the files are read without it")
    if isinstance(found, Compared) and not found.diff.any:
        return Checked(area=Area.INDEX, summary=f"{found.diff.indexed:,} entries")
    finding = Finding(
        area=Area.INDEX,
        severity=Severity.NOTE,
        code="index_behind",
        message="it is damaged; the next command that needs it rebuilds it"
        if found is Look.BROKEN
        else "it is out of date; the next command that needs it updates it",
        where=str(home.index),
        command=command("clinvk", "sessions", "reindex"),
        repair=RebuildIndex(),
    )
    if isinstance(found, Compared) and not found.noticed:
        finding = replace(
            finding,
            severity=Severity.WARNING,
            code="index_differs",
            message="it differs from the files, so a list may miss changes",
        )
    return Checked(area=Area.INDEX, summary="", findings=(finding,))


def reindex(home: Home, *, only_check: bool) -> IndexDiff:
    """Compare the index with all files and rebuild it; returns the differences.

    With `only_check`, nothing is written. Raises `StoreError`.
    """
    return check(home) if only_check else rebuild(home)
