"""Whatever is typed in the place of a value: an answer, or one sentence with the way out."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from bed.budget import some
from clinvk.cli.app import execute
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.streams import Streams
from clinvk.model.session import Session
from clinvk.store.home import home_from
from clinvk.store.sessions.store import SessionStore

AT = datetime(2025, 1, 27, 10, tzinfo=UTC)
ID = "0123456789ab"

MALFORMED = (
    *("", " ", ".", "..", "../x", "/", "~nosuchuser/x", "-x", "--", "--x", "@", "@LAST", "@last "),
    *(":", "demo:", "demo:x", "*", "%s", "a\nb", "a\0b", "\x1b[2J", "\udcff", "👍🏽", "\u202eabc"),
    *("مرحبا", "日本", "0", "-1", "1e5", "nan", "١٢", "9" * 30, "9" * 30 + "d", "0d", "-5d", "5"),
    *("2025-13-45", "2025-02-30", "10000-01-01", "0000-00-00", "0123", "true", "null", "[a", "{"),
    *("x" * 10_000, "日" * 10_000),
)

PLACES = [
    *("sessions show {}", "sessions show @last --turn={}", "sessions files {}"),
    *("sessions files @last --turn={}", "sessions export {}", "sessions export @last --format={}"),
    *("sessions import {}", "sessions rename {} t", "sessions rename @last -- {}"),
    *("sessions name {} n", "sessions name @last -- {}", "sessions tag {} t"),
    *("sessions tag @last -- {}", "sessions untag @last -- {}", "sessions close {}"),
    *("sessions archive {}", "sessions unarchive {}", "sessions delete -y {}"),
    *("sessions list --backend={}", "sessions list --status={}", "sessions list --dir={}"),
    *("sessions list --tag={}", "sessions list --since={}", "sessions list --until={}"),
    *("sessions list --limit={}", "sessions list --sort={}", "sessions list --touched={}"),
    *("sessions search {}", "sessions search fix --since={}", "sessions search fix --limit={}"),
    *("sessions clean --dry-run --older-than={}", "sessions clean --dry-run --keep-last={}"),
    *(
        "sessions clean --dry-run --status={}",
        "sessions clean --dry-run --older-than=1d --archive={}",
    ),
    *("config get {}", "config set {} x", "config unset {}", "config set run.timeout -- {}"),
    *("config set session.retention_days -- {}", "config validate {}", "completion {}"),
    *("resume --dry-run {} hi", "--dry-run -b demo -s {} hi", "--dry-run -b={} hi"),
    *(
        "--dry-run -b demo -w {} hi",
        "--dry-run -b demo --title={} hi",
        "--dry-run -b demo -t={} hi",
    ),
    *("--dry-run -b demo --timeout={} hi", "--dry-run -b demo --config={} hi"),
    *("--dry-run -b demo --max-turns={} hi", "--dry-run -b demo --access={} hi"),
    *("--dry-run -b demo --idle-timeout={} hi", "--dry-run -b demo --wait={} hi"),
    *("--dry-run -b demo -m={} hi", "--dry-run -b demo --system-prompt={} hi"),
    *("--dry-run -b demo -o={} hi", "--dry-run -b demo --backend-arg={} hi"),
    *("resume --dry-run --last -b {} hi", "resume --dry-run -i -b {} hi"),
    *("resume --dry-run --here {} hi", "resume --dry-run @last --if-missing={} hi"),
    *("chat --dry-run -b={}", "chat --dry-run -b demo -s={}", "backends test {}"),
    *("sessions search fix --until={}", "sessions search fix --dir={}"),
    *("sessions search fix --tag={}", "sessions search fix --status={}"),
    *("sessions search fix --backend={}", "sessions search -- {}"),
    *("sessions clean --dry-run --backend={}", "sessions export @last --output={}"),
    *("config set session.default_tags -- {}", "config set default_backend -- {}"),
    *("config set backends.demo.extra_args -- {}", "config set backends.{}.model x"),
    *("config set {}.model x", "resume demo:{} hi"),
]
"""Each place in which a person names something."""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.thorough
def test_no_word_in_any_place_is_a_bug(place: str, tmp_path: Path) -> None:
    """An exit status of the contract; an error is short, and nothing else is on stdout."""
    world = replace(
        build_cli().world,
        environ={"PATH": "/usr/bin:/bin"},
        home=home_from({}, tmp_path),
        cwd=tmp_path,
        user_home=tmp_path,
    )
    for word in some(MALFORMED, 8, first=PLACES.index(place)):
        if not SessionStore(world.home).find(ID):
            plain = Session(
                id=ID, backend="demo", cwd="/p", created_at=AT, last_used_at=AT, title="fix it"
            )
            SessionStore(world.home).create(plain)
        stdout, stderr = io.StringIO(), io.StringIO()
        cli = Cli(Streams(stdin=None, stdout=stdout, stderr=stderr), world)
        status = execute([part.replace("{}", word) for part in place.split()], cli)
        said = stderr.getvalue()
        assert status in {0, 1, 2, 3, 4, 5}, (word, said)
        assert "Traceback" not in said
        if status > 1:
            assert said.startswith("error: "), word
            assert stdout.getvalue() == "", word
            assert len(said) < 2_000, (word, said[:300])
