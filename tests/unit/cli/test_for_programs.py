"""`--json` on every command about sessions: one JSON document on stdout, and nothing else."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.cli.app import execute
from clinvk.cli.commands.sessions import LINES
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.streams import Streams
from clinvk.model.session import Session
from clinvk.store.home import home_from
from clinvk.store.sessions.store import SessionStore

AT = datetime(2025, 1, 27, 10, tzinfo=UTC)
WORDS = {
    "list": "",
    "show": "@last",
    "search": "fix",
    "files": "@last",
    "rename": "@last new",
    "name": "@last new",
    "tag": "@last new",
    "untag": "@last old",
    "close": "@last",
    "archive": "@last",
    "move": "@last .",
    "unarchive": "@last",
    "export": "@last",
    "import": "export.json",
    "delete": "-y @last",
    "clean": "--older-than 1d",
    "reindex": "",
}


@pytest.mark.parametrize("command", [f"sessions {name}" for name in LINES] + ["config show"])
def test_every_command_speaks_to_programs(command: str, tmp_path: Path) -> None:
    """Whatever it does, and if it goes wrong, too."""
    world = replace(
        build_cli().world,
        environ={"PATH": "/usr/bin:/bin"},
        home=home_from({}, tmp_path),
        cwd=tmp_path,
        user_home=tmp_path,
    )
    plain = Session(id="aaaa00000001", backend="demo", cwd="/p", created_at=AT, last_used_at=AT)
    SessionStore(world.home).create(replace(plain, title="fix it", tags=("old",)))

    def told(line: str) -> tuple[int, object, str]:
        stdout, stderr = io.StringIO(), io.StringIO()
        streams = Streams(stdin=None, stdout=stdout, stderr=stderr)
        status = execute([*line.split(), "--json"], Cli(streams, world))
        return status, json.loads(stdout.getvalue()), stderr.getvalue()

    (tmp_path / "export.json").write_text(json.dumps(told("sessions export @last")[1]))
    status, value, stderr = told(f"{command} {WORDS.get(command.removeprefix('sessions '), '')}")
    assert (status, bool(value)) == (0, command != "sessions files")
    assert stderr == ""
    status, value, stderr = told(f"{command} --no-such-option")
    assert status == 2
    assert stderr.startswith("error: ")
    assert isinstance(value, dict)
    assert value["error"]["code"] == "usage"
