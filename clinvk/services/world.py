"""The world a service may ask, passed in: paths, environment, clock, ids, this process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from clinvk.services.agents.catalog import Catalog
from clinvk.store.home import Home

if TYPE_CHECKING:
    from clinvk.model.config import Settings


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything outside that a use case needs; `now` is UTC, `monotonic` counts seconds.

    `settings` are those that a command runs with, None where it has not read any.
    """

    home: Home
    environ: Mapping[str, str]
    cwd: Path
    user_home: Path
    python: str
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    new_id: Callable[[], str]
    new_uuid: Callable[[], str]
    pid: int
    hostname: str
    settings: "Settings | None" = None

    @cached_property
    def agents(self) -> Catalog:
        """Every agent there is: the one place where a service looks one up."""
        return Catalog(self._settings_now)

    def _settings_now(self) -> "Settings":
        from clinvk.services.config.settings import effective_settings

        return self.settings or effective_settings(self)
