"""Several processes change the same file: no change is lost."""

import subprocess
import sys
from pathlib import Path

from bed.kept import session_of
from bed.worlds import NOW
from clinvk.store.home import Home
from clinvk.store.sessions.store import SessionStore

ID = "0123456789ab"
COUNTS = """
import sys, time
from msgspec.structs import replace
from pathlib import Path
from clinvk.store.home import Home
from clinvk.store.sessions.store import SessionStore
store = SessionStore(Home(Path(sys.argv[1])))
for _ in range(15):
    store.update(sys.argv[2], lambda found: replace(found, turns=found.turns + 1), time.sleep)
"""

SETS = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from clinvk.store.config.edit import ConfigFile
from clinvk.store.locks import Claim
from clinvk.store.home import Home
home, key, count = Home(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
claim = Claim(
    pid=__import__("os").getpid(), host="here", now=lambda: datetime.now(UTC), sleep=time.sleep
)
file = ConfigFile(home=home, path=home.config_file, backends=("a", "b"), claim=claim)
for number in range(count):
    file.set(f"backends.{key}.model", f"m{number}")
    file.set(f"backends.{key}.binary", f"b{number}")
    file.unset(f"backends.{key}.binary")
"""


def test_no_update_is_lost_between_processes(tmp_path: Path) -> None:
    """Three processes add one fifteen times each."""
    store = SessionStore(Home(tmp_path / "home"))
    store.create(
        session_of(id=ID, backend="demo", cwd="/p", title="t", created_at=NOW, last_used_at=NOW)
    )
    command = [sys.executable, "-c", COUNTS, str(store.home.root), ID]
    children = [subprocess.Popen(command) for _ in range(3)]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0]
    assert store.load(ID).turns == 45


def test_changes_at_the_same_time_do_not_lose_one_another(tmp_path: Path) -> None:
    """Two processes that set different keys over and over end with both."""
    home = Home(tmp_path / "home")
    setters = [
        subprocess.Popen([sys.executable, "-c", SETS, home.root, key, "12"]) for key in ("a", "b")
    ]
    assert [setter.wait(60) for setter in setters] == [0, 0]
    lines = sorted(home.config_file.read_text().splitlines())
    assert lines == ["    model: m11", "    model: m11", "  a:", "  b:", "backends:"]
