"""Completion in real shells: bash, zsh and fish, with somebody typing at a terminal."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.shells import COMPLETIONS, FILES, LiveShell, why_not
from clinvk.model.conversation import Conversation
from clinvk.model.session import Session
from clinvk.store.sessions.record_fields import encode

NAMED, OTHER, PLAIN = "aaaa00000001", "bbbb00000002", "cccc00000003"


def in_shells() -> list[object]:
    """Each shell, skipped with the reason where it is not there."""
    return [
        pytest.param(
            shell,
            id=shell,
            marks=[pytest.mark.skipif(bool(reason), reason=str(reason))]
            if (reason := why_not(shell))
            else [],
        )
        for shell in FILES
    ]


@pytest.fixture(scope="module")
def clinvk(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The installed `clinvk` with three sessions, and a project with a file and a folder."""
    command = bare_command(tmp_path_factory.mktemp("completion"))
    command.home.env["PATH"] = f"{command.program.parent}:/usr/bin:/bin"
    keep(
        command,
        NAMED,
        days=-1,  # so that its age is `now` however long the tests take
        name="pr:842",
        title="fix the bug in auth.go",
        tags=("work", "team:x"),
        model_asked="opus[1m]",
    )
    keep(command, OTHER, name="#12/@x", title="$(touch pwned) \x1b[31m`id`\tx\n日本", days=1)
    known = (Conversation(backend="demo", id="conv-1", model="router/big:free"),)
    keep(command, PLAIN, title="another one", conversations=known, days=2)
    (command.home.project / "notes.md").write_text("")
    (command.home.project / "source").mkdir()
    return command


def keep(clinvk: Command, session_id: str, *, days: int = 0, **fields: object) -> None:
    """Write the record of a session, last used so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    said = {"backend": "demo", "cwd": str(clinvk.home.project), **fields}
    session = Session(id=session_id, created_at=at, last_used_at=at, turns=1, **said)
    folder = clinvk.home.clinvk_home / "sessions"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / f"{session_id}.json").write_text(json.dumps(encode(session)))


@pytest.fixture(scope="module", params=in_shells())
def shell(request: pytest.FixtureRequest, clinvk: Command) -> Iterator[LiveShell]:
    """One shell at a time, in the project."""
    with LiveShell(request.param, clinvk.home.env, clinvk.home.project) as running:
        yield running


TYPED = [
    ("clinvk resu", ["resume"]),
    ("clinvk sessions unar", ["sessions", "unarchive"]),
    ("clinvk config va", ["config", "validate"]),
    ("clinvk completion f", ["completion", "fish"]),
    ("clinvk --ephe", ["--ephemeral"]),
    ("clinvk --vers", ["--version"]),
    ("clinvk -q hello --ephe", ["-q", "hello", "--ephemeral"]),
    ("clinvk run --ephe", ["run", "--ephemeral"]),
    ("clinvk sessions list --stat", ["sessions", "list", "--status"]),
    ("clinvk sessions list --status act", ["sessions", "list", "--status", "active"]),
    ("clinvk sessions list --status=act", ["sessions", "list", "--status=active"]),
    ("clinvk -o stream", ["-o", "stream-json"]),
    ("clinvk -b de", ["-b", "demo"]),
    ("clinvk --backend=de", ["--backend=demo"]),
    ("clinvk sessions list -q -b de", ["sessions", "list", "-q", "-b", "demo"]),
    ("clinvk config get run.idle", ["config", "get", "run.idle_timeout"]),
    ("clinvk resume aa", ["resume", NAMED]),
    ("clinvk resume pr", ["resume", "pr:842"]),
    ("clinvk resume pr:", ["resume", "pr:842"]),
    ("clinvk resume pr:8", ["resume", "pr:842"]),
    ('clinvk resume "pr:8', ["resume", "pr:842"]),
    (r"clinvk resume \#", ["resume", "#12/@x"]),
    (r"clinvk resume \#12/@", ["resume", "#12/@x"]),
    ("clinvk resume @", ["resume", "@last"]),
    ("clinvk resume dem", ["resume", "demo:"]),
    ("clinvk resume demo:", ["resume", "demo:conv-1"]),
    ("clinvk resume demo:co", ["resume", "demo:conv-1"]),
    ("clinvk sessions show dem\tco", ["sessions", "show", "demo:conv-1"]),
    ("clinvk -m op", ["-m", "opus[1m]"]),
    ("clinvk --model=op", ["--model=opus[1m]"]),
    ('clinvk -m "op', ["-m", "opus[1m]"]),
    ("clinvk -m rou", ["-m", "router/big:free"]),
    ("clinvk -m router/big:", ["-m", "router/big:free"]),
    ("clinvk resume -m router/big:f", ["resume", "-m", "router/big:free"]),
    ("clinvk -t te", ["-t", "team:x"]),
    ("clinvk sessions list --tag team:", ["sessions", "list", "--tag", "team:x"]),
    ("clinvk sessions untag aaaa00000001 team:", ["sessions", "untag", NAMED, "team:x"]),
    ("clinvk -s pr:8", ["-s", "pr:842"]),
    ("clinvk --session=pr:8", ["--session=pr:842"]),
    ("clinvk sessions close aaaa00000001 bb", ["sessions", "close", NAMED, OTHER]),
    ("clinvk sessions tag aaaa00000001 wo", ["sessions", "tag", NAMED, "work"]),
    ("clinvk -t wo", ["-t", "work"]),
    ("clinvk resume pr:842 not", ["resume", "pr:842", "notes.md"]),
    ("clinvk resume --last not", ["resume", "--last", "notes.md"]),
    ("clinvk resume --last aaa", ["resume", "--last", "aaa"]),
    ("clinvk explain not", ["explain", "notes.md"]),
    ("clinvk not", ["notes.md"]),
    ("clinvk -- --ephe", ["--", "--ephe"]),
    ("clinvk -m not", ["-m", "not"]),
    ("clinvk sessions show aaaa00000001 bb", ["sessions", "show", NAMED, "bb"]),
    ("clinvk sessions nope x", ["sessions", "nope", "x"]),
    ("clinvk resume '$(touch pwned)' not", ["resume", "$(touch pwned)", "notes.md"]),
]


@pytest.mark.parametrize(("typed", "words"), TYPED, ids=[typed for typed, _ in TYPED])
def test_tab_completes_what_can_only_be_one_thing(
    shell: LiveShell, clinvk: Command, typed: str, words: list[str]
) -> None:
    """Commands, options, their values, sessions by id, name or conversation, tags, keys, files."""
    assert shell.completed(typed) == words
    assert not (clinvk.home.project / "pwned").exists()


def test_a_folder_is_completed_where_one_is_wanted(shell: LiveShell) -> None:
    """`-w` takes a directory, and no file is offered for it."""
    assert [word.rstrip("/") for word in shell.completed("clinvk -w sou")] == ["-w", "source"]
    assert shell.completed("clinvk -w not") == ["-w", "not"]


def test_the_choice_is_shown_with_its_titles(shell: LiveShell, clinvk: Command) -> None:
    """Whoever has no idea of ids knows a session by its title, the most recent one first.

    A title is a text, whatever it looks like.
    """
    titles = ("fix the bug in auth.go (demo, now)", "$(touch pwned) `id` x", "another one")
    seen = shell.listed("clinvk sessions show ", "pr:842", *titles)
    assert seen.index("fix the bug") < seen.index("another one")
    assert not (clinvk.home.project / "pwned").exists()


def test_the_commands_are_offered_first(shell: LiveShell) -> None:
    """`clinvk` and TAB shows what there is to do, and no files."""
    seen = shell.listed("clinvk ", "completion", "resume", "sessions")
    assert "notes.md" not in seen


@pytest.mark.parametrize("name", in_shells())
def test_without_the_program_there_is_nothing_to_see(
    name: str, clinvk: Command, tmp_path: Path
) -> None:
    """A TAB never puts an error into somebody's command line."""
    env = {**clinvk.home.env, "PATH": "/usr/bin:/bin"}
    with LiveShell(name, env, tmp_path) as shell:
        assert shell.completed("clinvk resume pr") == ["resume", "pr"]
        assert shell.completed("clinvk resu") == ["resume"]
        seen = shell.run("clinvk -b de\t")
    assert "not found" not in seen
    assert "nknown command" not in seen


@pytest.mark.parametrize("name", in_shells())
def test_a_program_that_breaks_is_not_heard(name: str, clinvk: Command, tmp_path: Path) -> None:
    """Whatever the program says on stderr stays out of the command line."""
    broken = tmp_path / "bin" / "clinvk"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho BROKEN >&2\nexit 1\n")
    broken.chmod(0o755)
    env = {**clinvk.home.env, "PATH": f"{broken.parent}:/usr/bin:/bin"}
    with LiveShell(name, env, tmp_path) as shell:
        assert "BROKEN" not in shell.run("clinvk resume pr\t")


def bash_replies(
    clinvk: Command, line: str, *, kind: int = 9, point: int | None = None
) -> list[str]:
    """What the function for bash offers for that line, asked as bash asks it."""
    words = line.split(" ")
    arrays = " ".join(f"'{word}'" for word in words)
    at = len(line) if point is None else point
    script = f"""
        set -u
        source {COMPLETIONS / FILES["bash"]}
        COMP_WORDS=({arrays}) COMP_CWORD={len(words) - 1} COMP_LINE='{line}' COMP_POINT={at}
        COMP_TYPE={kind}
        _clinvk clinvk '{line[:at].rsplit(" ", maxsplit=1)[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ran = subprocess.run(
        ["bash", "-c", script],
        env=clinvk.home.env,
        cwd=clinvk.home.project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    return [reply for reply in ran.stdout.splitlines() if reply]


def test_bash_shows_titles_only_if_nothing_is_inserted(clinvk: Command) -> None:
    """It has no room for descriptions, except in a list that is only shown."""
    assert bash_replies(clinvk, "clinvk resume pr") == ["pr:842"]
    (shown,) = bash_replies(clinvk, "clinvk resume pr", kind=63)
    assert shown == "pr:842  fix the bug in auth.go (demo, now)"


def test_bash_completes_in_the_middle_of_a_word(clinvk: Command) -> None:
    """What stands behind the cursor is left alone."""
    assert bash_replies(clinvk, "clinvk resxyz", point=len("clinvk res")) == ["resume"]


@pytest.mark.parametrize("name", in_shells())
def test_the_program_prints_the_scripts(name: str, clinvk: Command) -> None:
    """`clinvk completion SHELL` is the file in `completions/`, and the shell finds no fault."""
    ran = clinvk("completion", name)
    assert ran.exit_code == 0
    assert ran.stdout == (COMPLETIONS / FILES[name]).read_text(encoding="utf-8")
    assert subprocess.run([name, "-n"], input=ran.stdout, text=True, check=True).returncode == 0


def test_a_shell_that_we_do_not_know_is_refused(clinvk: Command) -> None:
    """One sentence, and which there are."""
    ran = clinvk("completion", "tcsh")
    assert ran.exit_code == 2
    assert ran.stderr.startswith("error: ")
    assert "fish" in ran.stderr


@pytest.mark.parametrize(
    "words",
    [(), ("sessions",), ("nope", ""), ("sessions", "", "x"), ("sessions", "\udcff"), ("", "")],
    ids=repr,
)
def test_a_question_that_makes_no_sense_has_no_answer(
    clinvk: Command, words: Sequence[str]
) -> None:
    """Exit status 0 and not a word, on either stream."""
    ran = clinvk("completion", "--candidates", *words)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, "", "")


def test_nothing_is_made_by_asking(tmp_path: Path) -> None:
    """A TAB before the first use leaves no folder behind."""
    clinvk = bare_command(tmp_path)
    for kind in ("sessions", "names", "tags", "models", "backends", "keys"):
        assert clinvk("completion", "--candidates", kind, "").stderr == ""
    assert list(clinvk.home.home.iterdir()) == []


@pytest.mark.parametrize("trouble", ["a file", "damaged record", "broken configuration"])
def test_an_error_in_the_home_prints_nothing(tmp_path: Path, trouble: str) -> None:
    """Files that cannot be read are left out, without a message."""
    clinvk = bare_command(tmp_path)
    home = clinvk.home.clinvk_home
    if trouble == "a file":
        home.write_text("")
    else:
        keep(clinvk, NAMED, name="pr")
        (home / "sessions" / f"{OTHER}.json").write_text("{")
        (home / "config.yaml").write_text("nope: [")
    ran = clinvk("completion", "--candidates", "sessions", "")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ("pr\t" in ran.stdout) == (trouble != "a file")


def test_asking_loads_nothing_that_is_heavy(clinvk: Command) -> None:
    """A TAB takes as long as it takes to start; so it starts with as little as it can."""
    heavy = ("typer", "click", "rich", "pydantic", "yaml", "questionary", "asyncio")
    code = (
        "import sys; from clinvk.cli.completion.candidates import answer;"
        f"answer(['sessions', '']); print([name for name in {heavy} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **clinvk.home.env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "[]"
    assert NAMED in ran.stdout
