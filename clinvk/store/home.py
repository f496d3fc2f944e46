"""The paths of all files in the home. Nothing is created here.

Only a valid session id becomes part of a path; a user's reference is resolved to an id first, and a
name is hashed.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from msgspec import Struct

SESSION_ID = re.compile(r"[0-9a-f]{12}")
"""The pattern of clinvk's session ids, for `fullmatch`."""

HOME_VARIABLE = "CLINVK_HOME"


def is_session_id(text: str) -> bool:
    """Whether `text` has the form of a session id; the session need not exist."""
    return SESSION_ID.fullmatch(text) is not None


class Home(Struct, frozen=True, dict=True):
    """The folder of all clinvk's files, and the paths inside it.

    Methods with a session id raise `ValueError` if it is not one. That would be a bug, because
    references are resolved before.
    """

    root: Path

    @cached_property
    def config_file(self) -> Path:
        """The user's configuration."""
        return self.root / "config.yaml"

    @cached_property
    def config_lock(self) -> Path:
        """The lock that is held while the configuration is changed."""
        return self.locks / "config.lock"

    @cached_property
    def cleaning_log(self) -> Path:
        """The log of what `sessions clean` removed; it may be deleted at any time."""
        return self.root / "cleaned.jsonl"

    @cached_property
    def sessions(self) -> Path:
        """The folder of the records."""
        return self.root / "sessions"

    @cached_property
    def transcripts(self) -> Path:
        """The folder of the transcripts."""
        return self.root / "transcripts"

    @cached_property
    def locks(self) -> Path:
        """The folder of the locks; it may be deleted while no run is active."""
        return self.root / "locks"

    @cached_property
    def cache(self) -> Path:
        """The folder of files that can be rebuilt; it may be deleted at any time."""
        return self.root / "cache"

    @cached_property
    def index(self) -> Path:
        """The database of the index."""
        return self.cache / "index.sqlite3"

    @cached_property
    def versions(self) -> Path:
        """What the agents' programs printed as their versions."""
        return self.cache / "versions.json"

    @cached_property
    def choice_told(self) -> Path:
        """Exists after a person was told which of several agents is used."""
        return self.cache / "choice-told"

    def record(self, session_id: str) -> Path:
        """The record of a session."""
        return self.sessions / f"{_checked(session_id)}.json"

    def transcript(self, session_id: str) -> Path:
        """The transcript of a session."""
        return self.transcripts / f"{_checked(session_id)}.jsonl"

    def session_lock(self, session_id: str) -> Path:
        """The lock of a session."""
        return self.locks / f"{_checked(session_id)}.lock"

    def name_lock(self, name: str) -> Path:
        """The lock held while the session called `name` is searched and created."""
        from hashlib import sha256  # takes 2 ms, and only `-s NAME` needs it

        digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        return self.locks / f"name-{digest[:32]}.lock"


def home_from(environ: Mapping[str, str], user_home: Path) -> Home:
    """The home at `CLINVK_HOME` (`~` is `user_home`), by default `.clinvk` in `user_home`."""
    given = environ.get(HOME_VARIABLE, "")
    if not given:
        return Home(user_home / ".clinvk")
    if given == "~" or given.startswith("~/"):
        return Home(user_home / given[2:])
    return Home(Path(given))


def _checked(session_id: str) -> str:
    if not is_session_id(session_id):
        raise ValueError(f"not a session id: {session_id!r}")
    return session_id
