"""A moment as people say it: `30 minutes ago`."""

from datetime import datetime, timedelta


def ago(at: datetime, now: datetime) -> str:
    """How long ago; a moment ahead of our clock is `now`."""
    from humanize import naturaltime

    return naturaltime(max(now - at, timedelta()))
