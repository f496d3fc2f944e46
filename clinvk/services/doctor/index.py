"""The index: whether it agrees with the session files, and how it is corrected."""

from clinvk.model.finding import RebuildIndex
from clinvk.model.progress import Progress, unwatched
from clinvk.services.doctor.findings import Report, command, note, warning
from clinvk.services.doctor.survey import Survey
from clinvk.store.home import Home
from clinvk.store.index.rebuild import IndexDiff, Look, check, look, rebuild


def check_index(survey: Survey) -> Report:
    """Compare the whole index. A missing index is fine: everything works without it."""
    home = survey.world.home
    found = look(home)
    if found is Look.NONE:
        return "none yet", ()
    if found is Look.UNUSABLE:
        return "cannot be read; the files are read without it", ()
    if found is Look.BROKEN:
        kind, code = note, "index_behind"
        message = "it is damaged; the next command that needs it rebuilds it"
    elif not found.diff.any:
        return f"{found.diff.indexed:,} entries", ()
    elif found.noticed:
        kind, code = note, "index_behind"
        message = "it is out of date; the next command that needs it updates it"
    else:
        kind, code = warning, "index_differs"
        message = "it differs from the files, so a list may miss changes"
    rebuild = command("clinvk", "sessions", "reindex")
    return "", (kind(code, message, str(home.index), command=rebuild, repair=RebuildIndex()),)


def reindex(home: Home, *, only_check: bool, progress: Progress = unwatched) -> IndexDiff:
    """Compare the index with all files and rebuild it; returns the differences.

    With `only_check`, nothing is written. Raises `StoreError`.
    """
    return check(home) if only_check else rebuild(home, progress)
