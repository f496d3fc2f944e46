"""Nothing that somebody else wrote drives or deceives a terminal, whatever the command.

A real terminal on all three streams keeps every byte that it is sent. What is left after clinvk's
own colours and wiped lines must hold no control, no escape, no bidi mark, nothing invisible, and
no byte that is no UTF-8. What is piped is as it was. These run without Node.
"""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.hostile import DAMAGED, GONE, NAMED, STRANGER, TEXT, Hostile, make_hostile, prompt
from bed.inside import commands
from bed.raw_terminal import bytes_shown, not_our_own

RUNS = [
    ("run", "-b", "demo", "--access", "edit", "PROMPT"),
    ("-b", "demo", "-v", "PROMPT"),
    ("-b", "demo", "-q", "PROMPT"),
    ("-b", "demo", "-o", "json", "PROMPT"),
    ("-b", "demo", "-o", "stream-json", "PROMPT"),
    ("-b", "demo", "/fail TEXT"),
    ("-b", "demo", "/raw TEXT\n/exit 3"),
    (
        "-b",
        "demo",
        "--dry-run",
        "-m",
        "TEXT",
        "--system-prompt",
        "TEXT",
        "--backend-arg",
        "TEXT",
        "x",
    ),
    ("-b", "demo", "--config", "GOOD_CONFIG", "x"),
    ("-b", "demo", "--config", "BAD_CONFIG", "x"),
    ("-c", "go on"),
    ("-s", "nm", "go on"),
    ("-s", "nm", "--wait=TEXT", "go on"),
    ("resume", GONE, "--if-missing", "TEXT", "x"),
    *(("-b", "demo", option, "TEXT", "x") for option in ("-m", "-w", "-s", "-t", "--title", "-o")),
    *(("-b", "demo", option, "TEXT", "x") for option in ("--timeout", "--max-turns", "--config")),
    ("-b", "TEXT", "x"),
    ("--TEXT", "x"),
    ("TEXT",),
    *(
        ("resume", session, "x")
        for session in (NAMED, STRANGER, GONE, DAMAGED, "demo:TEXT", "TEXT")
    ),
    ("resume", "--last", "x"),
    ("resume", "--here", GONE, "x"),
    ("chat", "-b", "demo", "--dry-run", "--system-prompt", "TEXT"),
]
SESSIONS = [
    ("list",),
    ("list", "--json"),
    *(
        ("list", option, "TEXT")
        for option in ("--tag", "--dir", "--since", "--status", "--backend")
    ),
    *(("show", one) for one in (NAMED, STRANGER, GONE, DAMAGED, "TEXT")),
    *(("show", NAMED, form) for form in ("--json", "--markdown", "--answer")),
    ("show", NAMED, "--turn", "1"),
    ("show", NAMED, "--turn", "TEXT"),
    ("search", "a"),
    ("search", "clipboard"),
    ("search", "TEXT"),
    ("search", "a", "--json"),
    ("files", NAMED),
    ("files", NAMED, "--json"),
    ("export", NAMED),
    ("export", NAMED, STRANGER, "--format", "json"),
    ("export", NAMED, "--redact"),
    ("export", NAMED, "-O", "OUT/x"),
    ("import", "GOOD_EXPORT"),
    ("import", "BAD_EXPORT"),
    ("import", "TEXT"),
    ("rename", STRANGER, "xTEXT"),
    ("name", STRANGER, "TEXT"),
    ("tag", STRANGER, "TEXT"),
    ("untag", STRANGER, "gTEXT"),
    ("move", STRANGER, "TEXT"),
    ("move", STRANGER, "OUT"),
    ("close", STRANGER, GONE),
    ("archive", STRANGER, "TEXT"),
    ("unarchive", STRANGER),
    ("delete", STRANGER, DAMAGED),
    ("delete", STRANGER, DAMAGED, "-y"),
    ("clean", "--older-than", "TEXT"),
    ("clean", "--older-than", "1s", "--dry-run"),
    ("clean", "--older-than", "1s", "--archive", "OUT"),
    ("reindex",),
    ("reindex", "--check"),
    ("TEXT",),
]
CONFIG = [
    ("show",),
    ("show", "--origin"),
    ("show", "--json"),
    ("get", "backends.demo.system_prompt"),
    ("get", "TEXT"),
    ("set", "run.timeout", "TEXT"),
    ("set", "TEXT", "x"),
    ("unset", "TEXT"),
    ("path",),
    ("validate",),
    ("validate", "BAD_CONFIG"),
    ("validate", "TEXT"),
    ("edit",),
]
TABLE: list[Sequence[str]] = [
    *RUNS,
    *(("sessions", *words) for words in SESSIONS),
    *(("config", *words) for words in CONFIG),
    *(("doctor", *options) for options in ((), ("--json",), ("--fix",), ("--TEXT",))),
    ("backends",),
    ("backends", "--json"),
    ("backends", "add", "TEXT"),
    ("backends", "test", "TEXT"),
    ("backends", "test", "demo"),
    ("completion", "TEXT"),
    *(("completion", "--candidates", kind, "") for kind in ("sessions", "names", "tags", "keys")),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Command, Hostile]:
    """The home that all these tests begin with."""
    folder = tmp_path_factory.mktemp("hostile")
    clinvk = bare_command(folder)
    return clinvk, make_hostile(clinvk, folder)


@pytest.fixture
def home(made: tuple[Command, Hostile], tmp_path: Path) -> tuple[Command, Hostile]:
    """A copy of it for each test: some of them delete."""
    clinvk, files = made
    shutil.copytree(clinvk.home.clinvk_home, tmp_path / "copy")
    clinvk.home.env["CLINVK_HOME"] = str(tmp_path / "copy")
    return clinvk, files


def words_of(line: Sequence[str], files: Hostile) -> list[str]:
    """The words with what stands for a text or a file put in."""
    stands_for = {
        "GOOD_EXPORT": str(files.good_export),
        "BAD_EXPORT": str(files.bad_export),
        "GOOD_CONFIG": str(files.good_config),
        "BAD_CONFIG": str(files.bad_config),
        "PROMPT": prompt(),
        "OUT": str(files.elsewhere),
        "TEXT": TEXT,
    }
    words = list(line)
    for name, text in stands_for.items():
        words = [word.replace(name, text) for word in words]
    return words


@pytest.mark.parametrize("line", TABLE, ids=" ".join)
def test_no_command_shows_a_terminal_what_drives_it(
    home: tuple[Command, Hostile], line: Sequence[str]
) -> None:
    """In a home, a directory and a configuration full of hostile text, for every command."""
    clinvk, files = home
    env = {**clinvk.home.env, "EDITOR": f"/no/{TEXT}", "CLINVK_BACKENDS_DEMO_SYSTEM_PROMPT": TEXT}
    code, shown = bytes_shown(
        clinvk.program, words_of(line, files), env=env, cwd=str(files.project), typed="n\n"
    )
    assert not_our_own(shown) == []
    assert code != 70
    assert b"Traceback" not in shown


def test_every_command_is_in_the_table() -> None:
    """A command that is added has to be tried as well."""
    tried = {" ".join(line[:2]) for line in TABLE} | {line[0] for line in TABLE}
    known = {" ".join(words) for words, _ in commands() if words} - {"sessions", "config"}
    assert known - tried == set()


def test_piped_output_is_exactly_what_the_agent_printed(home: tuple[Command, Hostile]) -> None:
    """A program gets the unchanged answer, and the JSON has the same text."""
    clinvk, _ = home
    said = TEXT.replace("\r", "").replace("\x85", "")
    child = clinvk.popen("-b", "demo", "--ephemeral", "-", piped_stdin=True)
    out, _ = child.communicate(f"/say {said}")
    assert out == f"{said}\n"
    ran = clinvk("-b", "demo", "--ephemeral", "-o", "json", "-", stdin=f"/say {said}")
    assert json.loads(ran.stdout)["text"] == said
    assert ran.stdout.isascii() or "\u202e" not in ran.stdout


def test_a_sequence_in_two_pieces_is_still_none(home: tuple[Command, Hostile]) -> None:
    """The demo says word by word, so these sequences come in pieces."""
    clinvk, files = home
    split = "one \x1b]0;TI TLE\x07 two \x1b[ 5m three \x1b \x1b ]52;c; x\x07 four \x9b 31m five"
    for options in (["-v"], ["-q"], []):
        _, shown = bytes_shown(
            clinvk.program,
            ["-b", "demo", "--ephemeral", *options, f"/say {split}\n/think {split}"],
            env=clinvk.home.env,
            cwd=str(files.project),
        )
        assert not_our_own(shown) == []
        assert b"five" in shown


def test_a_home_with_a_hostile_name_is_harmless_too(
    home: tuple[Command, Hostile], tmp_path: Path
) -> None:
    """Paths of clinvk's own files are shown in messages, too."""
    clinvk, files = home
    strange = tmp_path / f"home{TEXT}"
    strange.mkdir()
    (strange / "config.yaml").write_bytes(files.good_config.read_bytes())
    (strange / "sessions").mkdir()
    (strange / "sessions" / f"{NAMED}.json").write_text("{")
    env = {**clinvk.home.env, "CLINVK_HOME": str(strange), "EDITOR": "/bin/true"}
    for line in (
        "config path",
        "config show --origin",
        "config validate",
        "config edit",
        "config set run.timeout 5",
        f"sessions show {NAMED}",
        "sessions list",
        "sessions clean --older-than 1s",
        "sessions reindex",
    ):
        _, shown = bytes_shown(clinvk.program, line.split(), env=env, cwd=str(files.project))
        assert not_our_own(shown) == [], line


def test_the_picker_shows_titles_that_move_nothing(home: tuple[Command, Hostile]) -> None:
    """It moves the cursor itself, and nothing else than that is left of its lines."""
    clinvk, files = home
    env, cwd = clinvk.home.env, str(files.project)
    code, shown = bytes_shown(clinvk.program, ["resume", "-i"], env=env, cwd=cwd, typed="\x1b")
    assert code == 130
    assert b"\x1b[5;41m" not in shown
    moves = re.compile(rb"\x1b\[[0-9;?]*[A-HJKhlmr]|\r|\x08")
    assert not_our_own(moves.sub(b"", shown)) == []
