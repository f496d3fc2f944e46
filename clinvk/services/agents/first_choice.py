"""Says once which of several installed agents is used, and how to change that."""

import os
from contextlib import suppress

from clinvk.errors import StoreError
from clinvk.model.config import Settings
from clinvk.services.agents.programs import preferred_backends
from clinvk.services.world import World
from clinvk.store.files import ensure_private_dir, write_private

_SEVERAL = 2


def first_choice(settings: Settings, world: World) -> str | None:
    """The sentence for the first prompt that no choice was made for; then None for ever.

    None also if at most one agent is installed. A marker in the home's cache keeps that it was
    said; if the marker is lost, it is said again.
    """
    marker = world.home.choice_told
    if settings.get("default_backend") is not None or os.path.exists(marker):
        return None
    installed = list(preferred_backends(settings, world))
    if len(installed) < _SEVERAL:
        return None
    with suppress(StoreError):
        ensure_private_dir(world.home.cache)
        write_private(marker, b"")
    used, *others = installed
    names = ", ".join(f"`{one.name}`" for one in others)
    return (
        f"using {used.title} (also installed: {names}): `-b NAME` uses another one for one prompt,"
        " `clinvk config set default_backend NAME` for all"
    )
