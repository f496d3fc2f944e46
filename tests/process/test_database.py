"""An agent's own database: what is read of it, and that reading leaves no trace."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest

from clinvk.store.agent_files.database import read_rows

QUERY = "SELECT 1, said FROM message WHERE of = :of ORDER BY rowid"
OF = {"of": "one"}


SCRIPT = """
import sqlite3, sys
opened = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    opened.execute(line).fetchall()
    print(flush=True)
opened.close()
"""


class Agent:
    """An agent at work, in a process of its own: two messages are written, in the log alone."""

    def __init__(self, database: Path) -> None:
        command = [sys.executable, "-c", SCRIPT, str(database)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.do("PRAGMA journal_mode = WAL")
        self.do("CREATE TABLE message (of TEXT, said TEXT)")
        self.do("PRAGMA wal_checkpoint(TRUNCATE)")
        self.do("INSERT INTO message VALUES ('one', 'hello'), ('two', 'other')")

    def do(self, statement: str) -> None:
        """Carry it out."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{statement}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """What an agent leaves behind that did not close its database: the log is still there.

    Its name is one that a URI would have to quote.
    """
    left = tmp_path / "left? #%20"
    left.mkdir()
    with Agent(tmp_path / "agent.db"):
        for part in ("", "-wal", "-shm"):
            shutil.copy(tmp_path / f"agent.db{part}", left / f"agent.db{part}")
    return left / "agent.db"


def traces(database: Path) -> dict[str, tuple[int, str]]:
    """Every file of the folder, with its time and content."""
    return {
        file.name: (file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in database.parent.iterdir()
    }


def looked_at(database: Path) -> object:
    """What is read, of a folder that is then as it was."""
    before = traces(database)
    rows = read_rows(database, QUERY, OF)
    assert traces(database) == before
    return rows


def test_rows_in_the_log_are_read_without_changing_it(database: Path) -> None:
    """As after an agent that just ended; SQLite's read-only mode would write here."""
    assert looked_at(database) == ["hello"]
    before = traces(database)
    with closing(sqlite3.connect(f"{database.parent.as_uri()}/agent.db?mode=ro", uri=True)) as ours:
        ours.execute(QUERY, OF).fetchall()
    assert traces(database) != before


def test_a_database_without_a_log_gets_none(database: Path) -> None:
    """As an agent leaves it that closed it."""
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not Path(f"{database}-wal").exists()
    assert looked_at(database) == ["hello"]
    Path(f"{database}-wal").touch()
    assert looked_at(database) == ["hello"]


def test_an_agent_at_work_is_read_up_to_its_last_whole_change(tmp_path: Path) -> None:
    """Also after it has begun its log anew; what it has only half done is not there."""
    database = tmp_path / "agent.db"
    with Agent(database) as at_work:
        assert looked_at(database) == ["hello"]
        at_work.do("BEGIN IMMEDIATE")
        at_work.do("INSERT INTO message VALUES ('one', 'more')")
        assert looked_at(database) == ["hello"]
        at_work.do("COMMIT")
        assert looked_at(database) == ["hello", "more"]
        at_work.do("PRAGMA wal_checkpoint(RESTART)")
        at_work.do("INSERT INTO message VALUES ('one', 'and more')")
        assert looked_at(database) == ["hello", "more", "and more"]


def test_reading_does_not_keep_an_agent_from_its_work(tmp_path: Path) -> None:
    """Nothing is locked afterwards: it can write, and clear up after itself as it leaves."""
    database = tmp_path / "agent.db"
    with Agent(database) as at_work:
        assert read_rows(database, QUERY, OF) == ["hello"]
        at_work.do("INSERT INTO message VALUES ('one', 'more')")
    assert [file.name for file in tmp_path.iterdir()] == ["agent.db"]


def test_a_log_without_its_index_says_nothing(database: Path) -> None:
    """To read it an index would have to be made."""
    Path(f"{database}-shm").unlink()
    assert looked_at(database) is None


def test_an_exclusively_locked_database_is_not_read(database: Path) -> None:
    """The process that locks it may be removing its log at this moment."""
    script = (
        "import fcntl, sys; file = open(sys.argv[1], 'rb+');"
        "fcntl.lockf(file, fcntl.LOCK_EX, 510, 0x40000002); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert read_rows(database, QUERY, OF) is None
        holder.communicate()
    assert read_rows(database, QUERY, OF) == ["hello"]


def test_a_link_to_a_database_is_followed_to_its_log(database: Path, tmp_path: Path) -> None:
    """People put such things elsewhere."""
    link = tmp_path / "link.db"
    link.symlink_to(database)
    assert read_rows(link, QUERY, OF) == ["hello"]


@pytest.mark.parametrize("what", ["missing", "folder", "junk", "empty", "other tables"])
def test_another_kind_of_database_is_not_read(tmp_path: Path, what: str) -> None:
    """Of another version of the agent, or damaged: its content is unknown."""
    database = tmp_path / "agent.db"
    if what == "folder":
        database.mkdir()
    elif what in ("junk", "empty"):
        database.write_bytes(b"junk" * 1000 if what == "junk" else b"")
    elif what == "other tables":
        with closing(sqlite3.connect(database)) as opened:
            opened.execute("CREATE TABLE other (x)")
    assert read_rows(database, QUERY, OF) is None
    assert not Path(f"{database}-wal").exists()


def test_no_value_is_interpreted_as_sql(database: Path) -> None:
    """An id can contain anything."""
    assert read_rows(database, QUERY, {"of": "' OR 1 --"}) == []
