"""What is completed: the scripts made from the commands, and what is asked for while typing."""

from datetime import UTC, datetime, timedelta

import pytest

from bed.kept import session_of
from clinvk.cli.app import COMMANDS
from clinvk.cli.commands.sessions import LINES
from clinvk.cli.completion import Shell, script
from clinvk.cli.completion.candidates import MOST, age, candidates
from clinvk.cli.completion.tree import Command, Option, Source, read_tree
from clinvk.model.session import Status
from clinvk.services.world import World
from clinvk.store.home import Home
from clinvk.store.sessions.store import SessionStore

NOW = datetime(2025, 1, 27, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def tree() -> Command:
    """All commands."""
    return read_tree()


def keep(home: Home, session_id: str, *, hours: int = 0, **fields: object) -> None:
    """Keep a session that was last used so many hours ago."""
    at = NOW - timedelta(hours=hours)
    said: dict[str, object] = {"backend": "demo", "cwd": "/p", **fields}
    session = session_of(id=session_id, created_at=at, last_used_at=at, **said)
    SessionStore(home).create(session)


def find(tree: Command, *path: str) -> Command:
    """The command of that path."""
    return next(command for command in tree.walk() if command.path == path)


def option(command: Command, name: str) -> Option:
    """Its option of that name."""
    return next(one for one in command.options if name in one.names)


def source(command: Command, name: str) -> Source | None:
    """Where the values of an option come from."""
    value = option(command, name).value
    return value and value.source


def test_every_command_of_the_tables_is_known(tree: Command) -> None:
    """A command that is added is completed without a word about it anywhere."""
    paths = {command.path for command in tree.walk()}
    assert {(name,) for name in COMMANDS} < paths
    assert {("sessions", name) for name in LINES} < paths


def test_without_a_command_the_options_are_those_of_a_prompt(tree: Command) -> None:
    """`clinvk -b demo hello` needs no `run`."""
    names = {name for one in tree.options for name in one.names}
    assert {name for one in find(tree, "run").options for name in one.names} < names
    assert "--version" in names


def test_a_value_is_completed_by_its_metavar(tree: Command) -> None:
    """The metavar in the help defines the kind of value, so no option declares it twice."""
    run = find(tree, "run")
    assert source(run, "-b") is Source.BACKENDS
    assert source(run, "--session") is Source.NAMES
    assert source(run, "-w") is Source.FOLDERS
    assert source(run, "--config") is Source.FILES
    assert source(run, "--tag") is Source.TAGS
    assert source(run, "--model") is Source.MODELS
    assert source(run, "--max-turns") is Source.NOTHING
    assert source(run, "--ephemeral") is None
    access = option(run, "--access").value
    assert access
    assert access.choices == ("read-only", "ask", "edit", "full")


def test_words_have_their_places(tree: Command) -> None:
    """A session first and then a prompt; an option that chooses the session leaves it out."""
    resume = find(tree, "resume")
    assert [word.source for word in resume.words] == [Source.SESSIONS, Source.FILES]
    assert [word.repeated for word in resume.words] == [False, True]
    assert "--last" in resume.choosing
    assert [word.repeated for word in find(tree, "sessions", "delete").words] == [True]
    assert [word.source for word in find(tree, "sessions", "unarchive").words] == [Source.ARCHIVED]


@pytest.mark.parametrize("shell", Shell)
def test_a_script_knows_every_command_and_option(tree: Command, shell: Shell) -> None:
    """What is not in it could not be completed."""
    text = script(shell)
    for command in tree.walk():
        assert " ".join(command.path[-1:]) in text
        for one in command.options:
            for name in one.names:
                assert (name if shell is not Shell.FISH else name.lstrip("-")) in text


def test_sessions_are_offered_by_name_and_by_id(world: World) -> None:
    """The most recent first, each with its title, its backend and its age."""
    keep(world.home, "aaaa00000001", hours=30, title="an older one")
    keep(world.home, "bbbb00000002", hours=2, name="pr:8", title="fix it")
    assert candidates("sessions", "", world) == [
        ("pr:8", "fix it (demo, 2h)"),
        ("bbbb00000002", "fix it (demo, 2h)"),
        ("aaaa00000001", "an older one (demo, 1d)"),
    ]
    assert candidates("names", "", world) == [("pr:8", "fix it (demo, 2h)")]


def test_only_what_begins_so_is_offered(world: World) -> None:
    """A prefix of an id, a name or a backend with sessions, and after its colon of their ids."""
    keep(world.home, "aaaa00000001", name="beef", conversation={"id": "conv-1"})
    keep(world.home, "beef00000002", name="dem")

    def offered(prefix: str, kind: str = "sessions") -> list[str]:
        return sorted(value for value, _ in candidates(kind, prefix, world))

    assert offered("aa") == ["aaaa00000001"]
    assert offered("be") == ["beef", "beef00000002"]
    assert offered("dem") == ["dem", "demo:"]
    assert offered("demo") == ["demo:"]
    assert offered("cl") == []  # an agent that has no session
    assert offered("demo:") == ["demo:conv-1"]
    assert offered("be", "names") == ["beef"]
    assert offered("x") == []


def test_the_last_one_is_offered_once_its_sign_is_typed(world: World) -> None:
    """`@last` is what `clinvk resume @last` would take, and nothing where there is none."""
    assert candidates("sessions", "@", world) == []
    keep(world.home, "aaaa00000001", hours=1, title="open")
    keep(world.home, "bbbb00000002", title="closed", status=Status.COMPLETED)
    assert candidates("sessions", "@", world) == [("@last", "open (demo, 1h)")]


def test_archived_ones_are_what_can_be_unarchived(world: World) -> None:
    """`sessions unarchive` offers nothing else."""
    keep(world.home, "aaaa00000001", archived=True)
    keep(world.home, "bbbb00000002")
    assert [value for value, _ in candidates("archived", "", world)] == ["aaaa00000001"]
    assert len(candidates("sessions", "", world)) == 2


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a\tb\nc", "a b c (demo, now)"),
        ("\x1b[31mred\x1b[0m \u202eevil\x00", "red evil (demo, now)"),
        ("$(rm -rf /) `id`", "$(rm -rf /) `id` (demo, now)"),
        ("", "(demo, now)"),
        ("x" * 10_000, f"{'x' * 59}… (demo, now)"),
        ("👩‍👩‍👧" * 40, f"{'👩‍👩‍👧' * 29}… (demo, now)"),
    ],
    ids=["blanks", "sequences", "commands", "none", "long", "emoji"],
)
def test_a_title_is_one_short_harmless_line(world: World, title: str, shown: str) -> None:
    """It came from an agent, and is going to stand in somebody's command line."""
    keep(world.home, "aaaa00000001", title=title)
    assert candidates("sessions", "", world) == [("aaaa00000001", shown)]


def test_a_name_or_a_tag_that_would_break_the_line_is_left_out(world: World) -> None:
    """A record can be edited by hand; what it says is not taken on trust."""
    keep(
        world.home,
        "aaaa00000001",
        name="x\ny\tz",
        conversation={"id": "a\nb"},
        tags=("fine", "\x1b[2J"),
    )
    assert [value for value, _ in candidates("names", "", world)] == []
    assert [value for value, _ in candidates("sessions", "demo:", world)] == []
    assert candidates("tags", "", world) == [("fine", "")]


def test_models_and_tags_of_all_sessions_are_offered(world: World) -> None:
    """However long ago they were used; models that were asked for, and those that answered."""
    keep(world.home, "aaaa00000001", hours=1, model_asked="opus", tags=("work", "team:x"))
    keep(world.home, "bbbb00000002", hours=9_999, conversation={"model": "router/big:free[1m]"})
    assert candidates("models", "", world) == [("opus", ""), ("router/big:free[1m]", "")]
    assert candidates("models", "router/big:", world) == [("router/big:free[1m]", "")]
    assert candidates("tags", "t", world) == [("team:x", "")]


def test_no_more_are_offered_than_anybody_would_read(world: World) -> None:
    """The most recent ones, up to a limit."""
    for number in range(MOST + 5):
        keep(world.home, f"{number:012x}", hours=number)
    offered = candidates("sessions", "", world)
    assert len(offered) == MOST
    assert offered[0][0] == f"{0:012x}"


def test_backends_and_keys_are_offered(world: World) -> None:
    """From the registry and from the settings, so that nothing of them stands in a script."""
    assert ("demo", "Demo") in candidates("backends", "", world)
    assert candidates("keys", "run.idle", world) == [("run.idle_timeout", "")]


@pytest.mark.parametrize("kind", ["nope", "", "files", "sessions\n"])
def test_nothing_is_offered_for_what_is_unknown(world: World, kind: str) -> None:
    """A script of another version asks for what there is not."""
    assert candidates(kind, "", world) == []
    assert not world.home.root.exists()


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(days=400), "400d"),
        (timedelta(hours=23, minutes=59), "23h"),
        (timedelta(seconds=60), "1m"),
        (timedelta(seconds=59), "now"),
        (timedelta(days=-3), "now"),
    ],
    ids=str,
)
def test_an_age_is_short(ago: timedelta, said: str) -> None:
    """There is little room beside a candidate; a time in the future is `now`."""
    assert age(NOW - ago, NOW) == said
