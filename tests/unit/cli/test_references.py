"""A SESSION is called the same in every command that takes one, in all the ways that there are."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bed.kept import session_of
from clinvk.cli.app import execute
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.streams import Streams
from clinvk.store.home import home_from
from clinvk.store.sessions.store import SessionStore

AT = datetime(2025, 1, 27, 10, tzinfo=UTC)
MEANT, OTHER = "aaaa00000001", "aaab00000002"

READ = ("sessions show {} --json", "sessions export {}", "sessions files {}")
WRITE = (
    *("sessions rename {} new", "sessions name {} new", "sessions tag {} new"),
    *("sessions untag {} old", "sessions close {}", "sessions archive {}", "sessions delete -y {}"),
)

Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    """Two sessions whose ids begin alike; the one that is meant was used last."""
    kept = SessionStore(home_from({}, tmp_path))
    plain = {"backend": "demo", "cwd": "/p", "created_at": AT, "tags": ("old",)}
    kept.create(session_of(**plain, id=OTHER, title="another", last_used_at=AT))
    kept.create(
        session_of(
            **plain,
            id=MEANT,
            title="the one that is meant",
            name="pr-842",
            conversation={"id": "conv-1"},
            last_used_at=AT + timedelta(hours=1),
        )
    )
    return kept


@pytest.fixture
def run(store: SessionStore, tmp_path: Path) -> Run:
    """Run a command; its exit status and what it wrote."""
    world = replace(
        build_cli().world,
        environ={"PATH": "/usr/bin:/bin"},
        home=store.home,
        cwd=tmp_path,
        user_home=tmp_path,
    )

    def ran(line: str) -> tuple[int, str, str]:
        stdout, stderr = io.StringIO(), io.StringIO()
        cli = Cli(Streams(stdin=None, stdout=stdout, stderr=stderr), world)
        return execute(line.split(), cli), stdout.getvalue(), stderr.getvalue()

    return ran


def records(store: SessionStore) -> dict[str, bytes]:
    """Every record by its id."""
    return {path.stem: path.read_bytes() for path in store.home.sessions.iterdir()}


@pytest.mark.parametrize("reference", [MEANT, MEANT[:4], "pr-842", "@last", "demo:conv-1"])
@pytest.mark.parametrize("command", [*READ, *WRITE, "sessions unarchive {}"])
@pytest.mark.thorough
def test_every_command_accepts_every_kind_of_reference(
    store: SessionStore, run: Run, command: str, reference: str
) -> None:
    """An id, the start of one, a name, `@last`, the agent's own id: exactly this session."""
    before = records(store)
    status, stdout, stderr = run(command.format(reference))
    assert (status, stderr.replace("no file was changed\n", "")) == (0, "")
    after = records(store)
    assert after[OTHER] == before[OTHER]
    assert (after.get(MEANT) != before[MEANT]) == (command in WRITE)
    assert MEANT in stdout or "files" in command


@pytest.mark.parametrize("command", [*READ, *WRITE, "sessions unarchive {}", "resume {} hi"])
@pytest.mark.thorough
def test_an_ambiguous_reference_changes_nothing(
    store: SessionStore, run: Run, command: str
) -> None:
    """Exit 4 with both candidates, for every command; also for a reference without a match."""
    before = records(store)
    line = command.removesuffix(" --json")
    for reference, said in (("aaa", "there is no session"), ("aaaaa", "there is no session")):
        status, stdout, stderr = run(line.format(reference))
        assert (status, stdout) == (4, "")
        assert said in stderr
    third = replace(store.load(MEANT), id="aaaa00000003", name=None, conversations=())
    store.create(third)
    status, stdout, stderr = run(line.format("aaaa"))
    assert (status, stdout) == (4, "")
    for part in ("matches 2 sessions", MEANT, third.id, "the one that is meant", "ago", "/p"):
        assert part in stderr
    after = records(store)
    assert {one: after[one] for one in before} == before
