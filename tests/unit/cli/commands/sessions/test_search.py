"""The words of `sessions search`, some of which begin with a dash."""

import io
import shlex
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.cli.app import execute
from clinvk.cli.commands.sessions.search import with_words_last
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.streams import Streams
from clinvk.model.session import Session
from clinvk.store.home import home_from
from clinvk.store.sessions.store import SessionStore

VALUED = {"--limit", "-n", "--backend", "-b", "--since"}


@pytest.mark.parametrize(
    ("typed", "options", "words"),
    [
        ("login", "", "login"),
        ("login -bug", "", "login -bug"),
        ("-bug login", "", "-bug login"),
        ("login -b demo page", "-b demo", "login page"),
        ("-n 5 login", "-n 5", "login"),
        ("login -n5 --json", "-n5 --json", "login"),
        ("--since -7d login", "--since -7d", "login"),
        ("login --limit=3 -q", "--limit=3 -q", "login"),
        ("login -- -b --json", "", "login -b --json"),
        ("-> -.env -", "", "-> -.env -"),
        ("login -b", "-b", "login"),
        ("login --bogus -x", "--bogus -x", "login"),
    ],
)
def test_options_are_told_from_words_to_leave_out(typed: str, options: str, words: str) -> None:
    """An option of one letter stands alone; anything longer with one dash is a word."""
    told = with_words_last(typed.split(), VALUED)
    assert told == [*options.split(), "--", *words.split()]


def test_options_in_one_argument_with_other_words_are_words() -> None:
    """No option has a blank in its name."""
    told = with_words_last(["--no-verify is new", "--status=a b"], VALUED)
    assert told == ["--status=a b", "--", "--no-verify is new"]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A command line in a home with one session."""
    world = replace(build_cli().world, environ={}, home=home_from({}, tmp_path), cwd=tmp_path)
    at = world.now()
    session = Session(id="aaaa00000001", backend="demo", cwd="/p", created_at=at, last_used_at=at)
    title = "commit --no-verify -x at -5 degrees, 5 times"
    SessionStore(world.home).create(replace(session, title=title))
    return Cli(Streams(stdin=None, stdout=io.StringIO(), stderr=io.StringIO()), world)


@pytest.mark.parametrize(
    ("typed", "status", "leads_to"),
    [
        ("--no-verify", 2, "-- --no-verify"),
        ("commit -n 3 --no-verify", 2, "-n 3 -- commit --no-verify"),
        ("-x commit", 2, "'\"-x\"' commit"),
        ("commit --until=9999-01-01 --no-verify", 2, "--until=9999-01-01 -- commit --no-verify"),
        ("-5", 2, "'\"-5\"'"),
        ("'-5 degrees'", 1, "'\"-5 degrees\"'"),
        ("degrees -5", 1, "'\"-5\"'"),
        ("'-6 degrees'", 0, None),
    ],
)
def test_a_hint_leads_to_what_was_sought(
    cli: Cli, typed: str, status: int, leads_to: str | None
) -> None:
    """Text that starts with a dash is not lost: the command of the hint finds it."""
    assert execute(["sessions", "search", *shlex.split(typed)], cli) == status
    said = cli.streams.stderr.getvalue()  # type: ignore[union-attr]
    hint = said.rpartition("hint: ")[2]
    if leads_to is None:
        assert "to find `-6 degrees` itself" in hint
        return
    assert f"`clinvk sessions search {leads_to}`" in hint
    assert execute(["sessions", "search", "-q", *shlex.split(leads_to)], cli) == 0
    assert cli.streams.stdout.getvalue() == "aaaa00000001\n"  # type: ignore[union-attr]


def test_a_word_that_is_excluded_on_purpose_needs_no_hint(cli: Cli) -> None:
    """In an argument of its own, with a hit or without a number."""
    for words in (["commit", "-bug"], ["commit", "-7"], ["commit", "-degrees"]):
        execute(["sessions", "search", *words], cli)
    assert "hint:" not in cli.streams.stderr.getvalue()  # type: ignore[union-attr]
