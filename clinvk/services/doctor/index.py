"""The index: whether it says what the session files say."""

from dataclasses import replace

from clinvk.model.finding import Area, Checked, Finding, RebuildIndex, Severity
from clinvk.services.doctor.shell import command
from clinvk.services.doctor.survey import Survey
from clinvk.store.index.diff import Compared, Look, look


def check_index(survey: Survey) -> Checked:
    """Compare all of it; without an index everything works, so that is as it should be."""
    home = survey.world.home
    found = look(home)
    if found is Look.NONE:
        return Checked(area=Area.INDEX, summary="none yet")
    if found is Look.UNUSABLE:
        return Checked(area=Area.INDEX, summary="cannot be read; the files are read without it")
    if isinstance(found, Compared) and not found.drift.any:
        return Checked(area=Area.INDEX, summary=f"{found.drift.indexed:,} entries")
    finding = Finding(
        area=Area.INDEX,
        severity=Severity.NOTE,
        code="index_behind",
        message="the next command that needs it makes it anew: it makes no sense"
        if found is Look.BROKEN
        else "the next command that needs it brings it up to the files: it is behind",
        where=str(home.index),
        command=command("clinvk", "sessions", "reindex"),
        repair=RebuildIndex(),
    )
    if isinstance(found, Compared) and not found.noticed:
        finding = replace(
            finding,
            severity=Severity.WARNING,
            code="index_differs",
            message="a list may miss what was changed in the files: it differs from them",
        )
    return Checked(area=Area.INDEX, summary="", findings=(finding,))
