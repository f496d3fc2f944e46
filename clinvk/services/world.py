"""What services use from outside, passed in: paths, environment, clock, ids, this process."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from clinvk.services.agents.catalog import Catalog
from clinvk.store.home import HOME_VARIABLE, Home, home_from
from clinvk.text.units import format_time

if TYPE_CHECKING:
    from clinvk.model.config import Settings
    from clinvk.store.sessions.store import SessionStore


class World(Struct, frozen=True, kw_only=True, dict=True):
    """Everything that a use case needs from outside; `now` is UTC, `monotonic` counts seconds.

    `age` receives a time and now, and returns in words when something was last used. `settings` are
    those of the command, None if it has not read any. `config` is the configuration file that was
    named instead of the one in the home.
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
    age: Callable[[datetime, datetime], str] = lambda at, _: f"used {format_time(at)}"
    settings: "Settings | None" = None
    config: Path | None = None

    @cached_property
    def agents(self) -> Catalog:
        """All agents; services find an agent only here."""
        return Catalog(self._settings_now)

    @cached_property
    def store(self) -> "SessionStore":
        """The sessions in the home."""
        from clinvk.store.sessions.store import SessionStore

        return SessionStore(self.home)

    @property
    def config_file(self) -> Path:
        """The configuration file."""
        return self.config or self.home.config_file

    def ago(self, at: datetime) -> str:
        """How long ago that was, in words."""
        return self.age(at, self.now())

    def _settings_now(self) -> "Settings":
        from clinvk.services.config.settings import effective_settings

        return self.settings or effective_settings(self)


def world_of_this_process() -> World:
    """The environment, clock and ids of this process."""
    environ = dict(os.environ)
    user_home = _user_home(environ)
    home, cwd = home_from(environ, user_home), _here()
    if environ.get(HOME_VARIABLE):
        # An agent works in the session's directory, where a relative path would be another home.
        environ[HOME_VARIABLE] = str(cwd / home.root)
    return World(
        home=home,
        environ=environ,
        cwd=cwd,
        user_home=user_home,
        python=sys.executable,
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=time.sleep,
        new_id=lambda: os.urandom(6).hex(),
        new_uuid=_new_uuid,
        pid=os.getpid(),
        hostname=os.uname().nodename,
    )


def missing_home(world: World) -> str | None:
    """A sentence if the variable names a home that does not exist: then there are no sessions."""
    root = world.home.root
    if not world.environ.get(HOME_VARIABLE) or os.path.isdir(root):
        return None
    return f"`{HOME_VARIABLE}` is `{root}`, which does not exist (yet)"


def _user_home(environ: Mapping[str, str]) -> Path:
    """The user's home; an empty `HOME` (cron, `env -i`) is ignored, and does not mean `/`."""
    if home := environ.get("HOME"):
        return Path(home)
    from pwd import getpwuid

    try:
        return Path(getpwuid(os.getuid()).pw_dir)
    except KeyError:
        # A user without a name in a container: code that needs the home reports an error later.
        return Path("/nonexistent")


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        # The current directory was deleted; code that needs it reports an error later.
        said = Path(os.environ.get("PWD", ""))
        return said if said.is_absolute() else Path("/nonexistent")


def _new_uuid() -> str:
    # A UUID of version 4; the library's module loads `platform`, which takes 2 ms of a run's 70.
    value = bytearray(os.urandom(16))
    value[6] = value[6] & 0x0F | 0x40
    value[8] = value[8] & 0x3F | 0x80
    digits = value.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
