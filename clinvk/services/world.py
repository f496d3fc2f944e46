"""The world a service may ask, passed in: paths, environment, clock, ids, this process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinvk.store.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything outside that a use case needs; `now` is UTC, `monotonic` counts seconds."""

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
