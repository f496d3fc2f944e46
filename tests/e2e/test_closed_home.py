"""The home is the person's alone: 0700 and 0600 under any umask, and no id leads out of it.

What stands in a file's place is in `process/test_links.py`. These run without Node.
"""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.kept import with_conversation

ID, OTHER = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
FOLDERS = ("sessions", "transcripts", "locks", "cache")
TOUR = (
    "sessions list --json",
    f"sessions show {ID}",
    "sessions search hello",
    f"sessions rename {ID} x",
    f"sessions tag {ID} t",
    f"sessions export {ID} --format json",
    f"resume {ID} again",
    "-b demo -s new hello",
    "-b demo -c more",
    "config set run.timeout 5m",
    "config show",
    "config unset run.timeout",
    "sessions archive new",
    "sessions reindex",
    "sessions list -n 1",
    "sessions clean --older-than 1s --keep-last 9",
    f"sessions delete {ID} -y",
    "sessions clean --older-than 1s",
    "sessions list -n 1",
)


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home with two sessions, an index and a configuration."""
    clinvk = bare_command(tmp_path)
    for session_id in (ID, OTHER):
        ran = clinvk("-b", "demo", "hello")
        assert ran.exit_code == 0, ran.stderr
        _rename(clinvk.home.clinvk_home, session_id)
    clinvk("config", "set", "run.idle_timeout", "10m")
    clinvk("config", "show")
    clinvk("sessions", "list")
    return clinvk


def _rename(home: Path, session_id: str) -> None:
    """Give the newest session an id that the test can name."""
    made = next(path.stem for path in (home / "sessions").glob("*.json") if path.stem != ID)
    for folder, ending in (("sessions", "json"), ("transcripts", "jsonl"), ("locks", "lock")):
        old = home / folder / f"{made}.{ending}"
        old.write_text(old.read_text("utf-8").replace(made, session_id), "utf-8")
        old.rename(old.with_name(f"{session_id}.{ending}"))


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Whatever is created is open to everybody, unless somebody takes care."""
    old = os.umask(0)
    yield
    os.umask(old)


@pytest.mark.usefixtures("open_umask")
def test_only_the_user_can_read_what_is_created(tmp_path: Path) -> None:
    """After a run of all commands with `umask 000`, in the home and in `--archive DIR`."""
    clinvk = bare_command(tmp_path)
    editor = tmp_path / "editor"
    editor.write_text(
        f'#!/bin/sh\nstat -c "%a" "$1" "$(dirname "$1")" >> {tmp_path}/modes\n'
        'cp "$1" "$1.new"; echo "# hello" >> "$1.new"; mv "$1.new" "$1"\n'
    )
    editor.chmod(0o700)
    archive = tmp_path / "archive"
    clinvk("-b", "demo", "-s", "new", "--system-prompt", "be brief", "hello")
    clinvk("-b", "demo", "--ephemeral", "hello")
    clinvk("-b", "demo", "-e", "hello", env={"EDITOR": str(editor)})
    assert (tmp_path / "modes").read_text().split() == ["600", "700"]
    clinvk("config", "edit", env={"EDITOR": str(editor)})
    for line in TOUR:
        clinvk(*line.split())
    clinvk("-b", "demo", "-s", "kept", "hello")
    exported = tmp_path / "export.json"
    assert clinvk("sessions", "export", "kept", "--format", "json", "-O", exported).exit_code == 0
    moved = clinvk("sessions", "clean", "--older-than", "0.001s", "--archive", archive)
    assert moved.exit_code == 0, moved.stderr
    clinvk("sessions", "import", exported)
    clinvk("sessions", "list")
    clinvk("config", "set", "run.timeout", "5m")
    home = clinvk.home.clinvk_home
    made = [home, archive, exported, *home.rglob("*"), *archive.rglob("*")]
    assert {path.parent.name for path in made} >= {*FOLDERS, "archive"}
    modes = {str(path): stat.S_IMODE(path.lstat().st_mode) for path in made}
    wrong = {
        name: oct(mode)
        for name, mode in modes.items()
        if mode != (0o700 if Path(name).is_dir() else 0o600)
    }
    assert wrong == {}


@pytest.mark.usefixtures("open_umask")
def test_files_for_an_agent_are_private(tmp_path: Path) -> None:
    """The folder and the file of a system prompt while the agent runs; later they are deleted."""
    clinvk = bare_command(tmp_path)
    agent = tmp_path / "agent"
    agent.write_text(
        "#!/bin/sh\n"
        f'for word in "$@"; do case "$word" in --system-prompt-file=*) file="${{word#*=}}";'
        f' stat -c "%a" "$file" "$(dirname "$file")" > {tmp_path}/modes;; esac; done\n'
        """echo '{"type": "done", "text": "ok"}'\n"""
    )
    agent.chmod(0o700)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    env = {"CLINVK_BACKENDS_DEMO_BINARY": str(agent), "TMPDIR": str(scratch)}
    assert clinvk("-b", "demo", "--system-prompt", "be brief", "hello", env=env).exit_code == 0
    assert (tmp_path / "modes").read_text().split() == ["600", "700"]
    assert not list(scratch.iterdir())


def test_a_home_that_is_a_link_is_the_persons_choice(clinvk: Command, tmp_path: Path) -> None:
    """`~/.clinvk` may stand elsewhere; it is used there, and the link stays one."""
    home, elsewhere = clinvk.home.clinvk_home, tmp_path / "elsewhere"
    home.rename(elsewhere)
    home.symlink_to(elsewhere)
    assert clinvk("-b", "demo", "-s", "new", "hello").exit_code == 0
    assert home.is_symlink()
    assert len(list((elsewhere / "sessions").glob("*.json"))) == 3
    elsewhere.rename(tmp_path / "away")  # a disk that is not mounted
    ran = clinvk("-b", "demo", "hello")
    assert (ran.exit_code, ran.stderr.startswith("warning: this run is not recorded")) == (0, True)
    assert not elsewhere.exists()


@pytest.mark.parametrize("bad", ["../../x", "/x", "..", "", "a/b", "A" * 12, "aaaaaaaaaaaa\n"])
def test_an_id_that_is_a_path_leads_nowhere(clinvk: Command, tmp_path: Path, bad: str) -> None:
    """In a record, in an import, as a conversation's id and as what is typed."""
    home = clinvk.home.clinvk_home
    record = home / "sessions" / f"{ID}.json"
    said = json.loads(record.read_text("utf-8"))
    export = clinvk("sessions", "export", OTHER, "--format", "json").json()
    export["sessions"][0]["record"]["id"] = bad
    file = tmp_path / "import.json"
    file.write_text(json.dumps(export))
    record.write_text(json.dumps({**said, "id": bad, "parent": bad, "name": bad}))
    outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(home)}
    assert clinvk("sessions", "import", file).exit_code == 4
    for line in TOUR[:-2]:
        ran = clinvk(*line.split())
        assert ran.exit_code in {0, 1, 2, 4}, (line, ran.stderr)
    named = {"backend_session_id": bad, "backend_session_seen": True}
    record.write_text(json.dumps(with_conversation(said, **named)))
    for line in (["resume", ID, "x"], ["sessions", "show", bad], ["sessions", "delete", bad, "-y"]):
        ran = clinvk(*line)
        assert ran.exit_code in {0, 2, 4}, (line, ran.stderr)
    now = {path for path in tmp_path.rglob("*") if not path.is_relative_to(home)}
    assert now - outside == set()
