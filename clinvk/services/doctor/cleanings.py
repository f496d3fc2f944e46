"""The last cleanings, from the log that `sessions clean` keeps."""

from clinvk.errors import StoreError
from clinvk.services.doctor.findings import Report, command, warning
from clinvk.services.doctor.survey import Survey
from clinvk.store.cleaning_log import last_cleanings
from clinvk.text.units import plural

_SHOWN = 3


def check_cleanings(survey: Survey) -> Report:
    """Say what was removed last; the log has every session."""
    path = survey.world.home.cleaning_log
    try:
        found = last_cleanings(path, _SHOWN)
    except StoreError as error:
        remedy = "move it away: the next cleaning starts a new one"
        move = command("mv", path, f"{path}.old")
        unusable = warning("log_unusable", error.message, str(path), remedy=remedy, command=move)
        return "the log cannot be read", (unusable,)
    if not found:
        return "none yet", ()
    told = (
        f"{plural(one.sessions, 'session')} ({max(one.size >> 10, 1):,} KiB) on {one.at:%Y-%m-%d}"
        for one in found
    )
    return f"{', '.join(told)}; listed in {path}", ()
