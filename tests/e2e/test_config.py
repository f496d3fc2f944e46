"""`clinvk config` and `clinvk backends` as a person types them, and what the settings bring about.

These run without Node, with the demo agent.
"""

import json
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.published import check_home
from clinvk.agents import registry

HEAVY = {"pydantic", "yaml"}
SECRETS = ("xyzzy", "plugh", "frotz", "gnusto", "blorb", "the prompt said so")
PROMPT = "xyzzy first line\n/think plugh\n/write out.txt frotz\n/say gnusto"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


@pytest.fixture
def file(clinvk: Command) -> Path:
    """Where the configuration is, or will be."""
    path: Path = clinvk.home.clinvk_home / "config.yaml"
    return path


def _out(clinvk: Command, *words: str) -> str:
    ran = clinvk(*words)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return ran.stdout


def test_the_path_is_printed_whether_or_not_there_is_a_file(clinvk: Command, file: Path) -> None:
    """And asking for it creates nothing."""
    assert _out(clinvk, "config", "path") == f"{file}\n"
    assert clinvk("config", "path", env={"CLINVK_HOME": "/x/y"}).stdout == "/x/y/config.yaml\n"
    assert not file.parent.exists()


def test_a_set_value_is_printed_by_get_and_has_an_effect(clinvk: Command, file: Path) -> None:
    """The first `set` creates a private file; the next run uses it; `unset` removes the key.

    Each says what it changed, and where.
    """

    def said(*words: str) -> str:
        ran = clinvk("config", *words)
        assert (ran.exit_code, ran.stdout) == (0, "")
        assert ran.stderr.endswith(f", in {file}\n")
        return str(ran.stderr).removesuffix(f", in {file}\n")

    assert said("set", "default_backend", "demo") == "default_backend: null (default) -> demo"
    tags = said("set", "session.default_tags", "[a, b]")
    assert tags == 'session.default_tags: [] (default) -> ["a", "b"]'
    model = said("set", "backends.demo.model", "demo-2")
    assert model == "backends.demo.model: null (default) -> demo-2"
    assert said("set", "default_backend", "demo") == "default_backend: demo, as before"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _out(clinvk, "config", "get", "session.default_tags") == '["a", "b"]\n'
    assert _out(clinvk, "config", "get", "backends.demo.model") == "demo-2\n"
    assert _out(clinvk, "config", "get", "run.timeout") == "null\n"
    result = clinvk("-o", "json", "hello").json()
    assert (result["backend"], result["model"]) == ("demo", "demo-2")
    (listed,) = clinvk("sessions", "list", "--json").json()
    assert listed["tags"] == ["a", "b"]
    assert said("unset", "backends.demo.model") == "backends.demo.model: demo-2 -> null (default)"
    assert file.read_text() == "default_backend: demo\nsession:\n  default_tags: [a, b]\n"
    check_home(clinvk.home.clinvk_home)


def test_unset_of_a_missing_key_is_no_error(clinvk: Command, file: Path) -> None:
    """Exit 0 with a note, and no file is created."""
    ran = clinvk("config", "unset", "run.timeout")
    assert (ran.exit_code, ran.stderr) == (0, "`run.timeout` is not in the configuration file\n")
    assert not file.exists()


def test_a_variable_that_wins_over_what_was_set_is_named(clinvk: Command) -> None:
    """Nobody wonders why a setting has no effect."""
    ran = clinvk("config", "set", "run.timeout", "3h", env={"CLINVK_RUN_TIMEOUT": "1h"})
    assert ran.exit_code == 0
    assert "`CLINVK_RUN_TIMEOUT` is set in the environment and overrides" in ran.stderr
    ran = clinvk("config", "set", "backends.demo.model", "x", env={"CLINVK_MODEL": "y"})
    assert "`CLINVK_MODEL` is set" in ran.stderr


def test_show_says_every_value_and_its_origin(clinvk: Command, file: Path, tmp_path: Path) -> None:
    """The default, the line of the file, or the variable; and it is a valid file itself."""
    clinvk("config", "set", "run.timeout", "3h")
    clinvk("config", "set", "run.access", "edit")
    env = {"CLINVK_MODEL": "m", "CLINVK_OUTPUT_COLOR": "never"}
    shown = clinvk("config", "show", "--origin", env=env).stdout
    assert f"\n  timeout: 3h  # {file}:2\n" in shown
    assert f"\n  access: edit  # {file}:3\n" in shown
    assert "\n    model: m  # CLINVK_MODEL\n" in shown
    assert "\n  color: never  # CLINVK_OUTPUT_COLOR\n" in shown
    assert "\n  format: text  # default\n" in shown
    copy = tmp_path / "copy.yaml"
    copy.write_text(shown)
    assert clinvk("config", "validate", copy).exit_code == 0
    flat = clinvk("config", "show", "--origin", "--json", env=env).json()
    assert flat["run.timeout"] == {"value": "3h", "origin": f"{file}:2"}
    nested = clinvk("config", "show", "--json").json()
    assert nested["run"]["timeout"] == "3h"
    assert nested["backends"]["demo"]["enabled"] is True


@pytest.mark.parametrize(
    ("words", "sentence", "hint"),
    [
        (["get", "run.timout"], "there is no key `run.timout`", "did you mean `run.timeout`?"),
        (["get", "run"], "`run` is a section, not a key", "it has run.timeout"),
        (["get", ""], "there is no key ``", "`clinvk config show`"),
        (["get", "../x"], "there is no key `../x`", "`clinvk config show`"),
        (["get", "x" * 10_000], f"there is no key `{'x' * 100}`", "`clinvk config show`"),
        (["get", "🙂"], "there is no key `🙂`", "`clinvk config show`"),
        (["get", "שלום"], "there is no key `שלום`", "`clinvk config show`"),
        (["get", "-x"], "there is no option", "see `clinvk config get --help`"),
        (["get"], "missing argument", "see `clinvk config get --help`"),
        (["set", "run.timeout"], "missing argument", "see `clinvk config set --help`"),
        (["set", "nope", "1"], "there is no key `nope`", "`clinvk config show`"),
        (["set", "backends.demi.model", "x"], "there is no key", "`backends.demo.model`"),
        (["set", "default_backend", "demi"], "there is no backend `demi`", "`demo`"),
        (["set", "default_backend", "🙂"], "there is no backend `🙂`", "one of: "),
        (["set", "run.timeout", "15"], "`run.timeout`: `15` needs a unit", "write it as `30s`"),
        (["set", "run.timeout", "soon"], "`run.timeout`: `soon` is not a duration", "`15m`"),
        (["set", "run.timeout", "-5s"], "`run.timeout`: `-5s` is not a duration", None),
        (["set", "run.timeout", ""], "`run.timeout`: ", None),
        (["set", "run.max_turns", "0"], "expected a whole number from 1 or null, got `0`", None),
        (["set", "session.auto_resume", "maybe"], "expected true or false, got `maybe`", None),
        (["set", "session.default_tags", "[a"], "it is not a YAML list", None),
        (["set", "session.default_tags", "[1]"], "expected a text, got `1`", None),
        (["set", "session.default_tags", "['']"], "a tag is 1 to 64", None),
        (["set", "backends.demo.model", ""], "it is empty", None),
        (["set", "output.format", "x" * 10_000], "expected `text`, `json` or", None),
        (["unset", "nope"], "there is no key `nope`", "`clinvk config show`"),
        (["unset", "session"], "`session` is a section", "it has session.auto_resume"),
        (["edit"], "there is no editor", "set `EDITOR`"),
        (["nope"], "there is no command `nope`", "see `clinvk config --help`"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_a_mistake_is_one_sentence_and_changes_nothing(
    clinvk: Command, file: Path, words: list[str], sentence: str, hint: str | None
) -> None:
    """Exit 2, what was wrong with the words, and the file as it was."""
    file.parent.mkdir(mode=0o700)
    file.write_text("# mine\nrun: {timeout: 1h}\n")
    ran = clinvk("config", *words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert sentence in ran.stderr.splitlines()[0]
    assert hint is None or hint in ran.stderr
    assert len(ran.stderr) < 500
    assert file.read_text() == "# mine\nrun: {timeout: 1h}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("KEY", "--max-turns=3 -x"),
        ("KEY", "--", "--max-turns=3 -x"),
        ("--", "KEY", "--max-turns=3 -x"),
        ("--json", "KEY", "--", "--max-turns=3 -x"),
        ("KEY", "--max-turns=3 -x", "--json"),
    ],
)
def test_an_argument_for_the_agent_can_be_set_though_it_looks_like_an_option(
    clinvk: Command, words: tuple[str, ...]
) -> None:
    """`--` is not needed for a value that begins with a dash, and allowed."""
    key = "backends.demo.extra_args"
    ran = clinvk("config", "set", *(word.replace("KEY", key) for word in words))
    assert ran.exit_code == 0, ran.stderr
    assert json.loads(_out(clinvk, "config", "get", key)) == ["--max-turns=3", "-x"]


def test_a_time_without_a_unit_has_the_hint_that_the_option_has(
    clinvk: Command, file: Path
) -> None:
    """In the file, in the environment and in `set`, as on the command line."""
    wanted = clinvk("-b", "demo", "--timeout", "15", "hi").stderr.partition("hint: ")[2]
    assert wanted.startswith("write it as `30s`, `15m`")
    assert clinvk("config", "set", "run.timeout", "15").stderr.endswith(wanted)
    in_variable = clinvk("-b", "demo", "hi", env={"CLINVK_RUN_TIMEOUT": "15"})
    file.parent.mkdir()
    file.write_text("run:\n  idle_timeout: 15\n")
    in_file = clinvk("-b", "demo", "hi")
    for ran in (in_variable, in_file):
        assert ran.exit_code == 3
        assert "`15` needs a unit" in ran.stderr
        assert ran.stderr.endswith(wanted)


def test_another_configuration_holds_for_every_command(
    clinvk: Command, file: Path, tmp_path: Path
) -> None:
    """It is read, shown, changed and checked in place of the user's own, which is unchanged."""
    other = tmp_path / "other.yaml"
    other.write_text("run:\n  timeout: 7m\n")
    clinvk("config", "set", "run.timeout", "9h")
    for words in (["--config", other, "config"], ["config", f"--config={other}"]):
        assert _out(clinvk, *words, "get", "run.timeout") == "7m\n"
        assert _out(clinvk, *words, "path") == f"{other}\n"
        assert f"# {other}:2" in _out(clinvk, *words, "show", "--origin")
    changed = clinvk("config", "set", "run.access", "edit", "--config", other)
    assert changed.stderr == f"run.access: null (default) -> edit, in {other}\n"
    assert other.read_text() == "run:\n  timeout: 7m\n  access: edit\n"
    assert file.read_text() == "run:\n  timeout: 9h\n"
    assert clinvk("config", "validate", "--config", other).stderr == f"`{other}` is valid\n"
    gone = clinvk("sessions", "list", "--config", tmp_path / "gone.yaml")
    assert gone.exit_code == 3
    assert "there is no configuration file" in gone.stderr


def test_a_program_reads_what_was_set(clinvk: Command, file: Path) -> None:
    """As JSON on stdout, with nothing on stderr."""
    told = json.loads(_out(clinvk, "config", "set", "run.timeout", "2h", "--json"))
    assert told == {
        "key": "run.timeout",
        "file": str(file),
        "old": None,
        "new": "2h",
        "overridden_by": None,
    }
    told = json.loads(_out(clinvk, "config", "unset", "run.timeout", "-o", "json"))
    assert (told["old"], told["new"]) == ("2h", None)
    told = json.loads(_out(clinvk, "config", "get", "output.format", "--json"))
    assert told == {"key": "output.format", "value": "text", "origin": "default"}
    assert json.loads(_out(clinvk, "config", "path", "--json")) == {"path": str(file)}
    assert json.loads(_out(clinvk, "config", "validate", "--json"))["valid"] is True


def test_validate_says_everything_that_is_wrong(clinvk: Command, file: Path) -> None:
    """Exit 3 with a line for each; exit 0 when all is well or there is nothing to check."""
    ran = clinvk("config", "validate")
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert ran.stderr == "there is no configuration file: the defaults apply\n"
    file.parent.mkdir()
    file.write_text("run:\n  timeout: soon\n  acces: edit\ndefault_backend: demi\n")
    ran = clinvk("config", "validate")
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert f"{file}:2: `run.timeout`: `soon` is not a duration" in ran.stderr
    assert f"{file}:3: there is no key `run.acces`; did you mean `access`?" in ran.stderr
    assert f"{file}:4: `default_backend`: there is no backend `demi`" in ran.stderr
    file.write_text("run:\n  timeout: 2h\n")
    ran = clinvk("config", "validate")
    assert (ran.exit_code, ran.stderr) == (0, f"`{file}` is valid\n")
    assert clinvk("config", "validate", env={"CLINVK_RUN_ACCESS": "wide"}).exit_code == 3
    assert clinvk("config", "validate", "/no/such.yaml").exit_code == 3
    assert clinvk("config", "validate", "/").exit_code == 3


@pytest.mark.parametrize(
    "words", [["-b", "demo", "hi"], ["config", "show"], ["config", "get", "run.access"]]
)
def test_an_invalid_file_stops_everything_that_needs_it(
    clinvk: Command, file: Path, words: list[str]
) -> None:
    """Exit 3 each time, not only the first."""
    file.parent.mkdir()
    file.write_text("# head\nrun:\n  timeout: soon\n")
    for _ in range(2):
        ran = clinvk(*words)
        assert (ran.exit_code, ran.stdout) == (3, "")
        assert f"{file}:3: `run.timeout`: `soon` is not a duration" in ran.stderr


def _editor(tmp_path: Path, script: str) -> dict[str, str]:
    program = tmp_path / "an editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return {"EDITOR": f"'{program}' --wait", "VISUAL": ""}


def test_edit_opens_the_file_and_checks_what_was_left(
    clinvk: Command, file: Path, tmp_path: Path
) -> None:
    """A first file starts with a few words of help and is private, also after the editor."""
    script = 'cat "$2" >seen; rm "$2"; umask 022; printf "run:\\n  timeout: 2h\\n" >"$2"'
    ran = clinvk("config", "edit", env=_editor(tmp_path, script))
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert (clinvk.home.project / "seen").read_text().startswith("# clinvk's configuration.")
    assert _out(clinvk, "config", "get", "run.timeout") == "2h\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_invalid_edit_is_kept_and_can_be_corrected(
    clinvk: Command, file: Path, tmp_path: Path
) -> None:
    """The user need not type it again."""
    wrong = 'printf "run:\\n  timeout: soon\\n" >"$2"'
    ran = clinvk("config", "edit", env=_editor(tmp_path, wrong))
    assert ran.exit_code == 3
    assert f"{file}:2: `run.timeout`: `soon` is not a duration" in ran.stderr
    assert "hint: your changes are kept" in ran.stderr
    assert "soon" in file.read_text()
    right = 'sed -i s/soon/2h/ "$2"'
    assert clinvk("config", "edit", env=_editor(tmp_path, right)).exit_code == 0


def test_an_editor_that_changes_nothing_leaves_nothing(
    clinvk: Command, file: Path, tmp_path: Path
) -> None:
    """Looking into a configuration that is not there does not make one."""
    assert clinvk("config", "edit", env=_editor(tmp_path, "true")).exit_code == 0
    assert not file.exists()
    ran = clinvk("config", "edit", env=_editor(tmp_path, "exit 3"))
    assert (ran.exit_code, "ended with exit code 3" in ran.stderr) == (2, True)
    assert not file.exists()
    assert clinvk("config", "edit", env={"EDITOR": "'"}).exit_code == 2
    assert clinvk("config", "edit", env={"EDITOR": "/no/such/editor"}).exit_code == 5


def test_settings_made_at_the_same_time_are_all_kept(clinvk: Command) -> None:
    """No change of one process is lost to another's."""
    keys = {
        "run.timeout": "1h",
        "run.max_turns": "3",
        "backends.demo.model": "demo-2",
        "session.retention_days": "7",
        "output.color": "never",
        "default_backend": "demo",
    }
    with ThreadPoolExecutor(len(keys)) as pool:
        ran = list(pool.map(lambda item: clinvk("config", "set", *item), keys.items()))
    assert [one.exit_code for one in ran] == [0] * len(keys)
    for key, value in keys.items():
        assert _out(clinvk, "config", "get", key) == f"{value}\n"


def _loaded(clinvk: Command, env: dict[str, str]) -> set[str]:
    """Which of the heavy modules a run of the demo loads."""
    probe = (
        "import sys; from clinvk.cli.app import run_command_line as run;"
        "run(['-b', 'demo', 'hello']); print('\\nLOADED', *sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", probe],
        env={**clinvk.home.env, **env},
        cwd=clinvk.home.project,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return HEAVY & set(ran.stdout.rpartition("\nLOADED ")[2].split())


@pytest.mark.parametrize("env", [{}, {"CLINVK_RUN_TIMEOUT": "1h"}, {"CLINVK_MODEL": "demo-2"}])
def test_a_file_that_was_checked_once_costs_later_runs_nothing(
    clinvk: Command, file: Path, env: dict[str, str]
) -> None:
    """Neither YAML nor pydantic is loaded again until something has changed."""
    clinvk("config", "set", "run.max_turns", "3")
    assert _loaded(clinvk, env) == HEAVY
    assert _loaded(clinvk, env) == set()
    file.write_text(file.read_text() + "# another word\n")
    assert _loaded(clinvk, env) == HEAVY
    assert _loaded(clinvk, env) == set()


def test_a_model_in_the_environment_loads_nothing(clinvk: Command) -> None:
    """A plain text has nothing to be parsed, and no memory is made of it."""
    env = {"CLINVK_MODEL": "demo-2", "CLINVK_BACKEND": "demo"}
    assert _loaded(clinvk, env) == set()
    assert not (clinvk.home.clinvk_home / "cache" / "config.json").exists()


def test_the_model_is_the_flags_the_variables_the_files(clinvk: Command) -> None:
    """In this order, and `CLINVK_MODEL` before the backend's own variable."""
    clinvk("config", "set", "backends.demo.model", "of-the-file")
    own, both = {"CLINVK_BACKENDS_DEMO_MODEL": "own"}, {"CLINVK_MODEL": "any"}

    def model(*words: str, env: dict[str, str] | None = None) -> str:
        shown = clinvk("-b", "demo", "--dry-run", *words, "hi", env=env).stdout
        return shown.partition("--model=")[2].split()[0]

    assert model() == "of-the-file"
    assert model(env=own) == "own"
    assert model(env={**own, **both}) == "any"
    assert model("-m", "flag", env={**own, **both}) == "flag"


def _everything_on_disk(home: Path) -> str:
    """All files of clinvk's; the demo agent keeps its own conversations, like every agent."""
    own = home / "demo"
    files = [one for one in home.rglob("*") if one.is_file() and not one.is_relative_to(own)]
    return "\n".join(path.read_bytes().decode(errors="replace") for path in files)


def test_without_the_transcript_nothing_that_was_said_is_on_disk(clinvk: Command) -> None:
    """Neither prompt nor answer nor tool nor title nor error, and the session goes on all the same.

    What the turn was stays: times, figures, the changed file.
    """
    clinvk("config", "set", "session.store_transcript", "false")
    ran = clinvk("-b", "demo", "--access", "edit", PROMPT)
    assert "gnusto" in ran.stdout
    assert clinvk("-c", "blorb\n/fail auth").exit_code == 7
    ran = clinvk("-c", "and now?")
    assert (ran.exit_code, "xyzzy" in ran.stdout) == (0, True)
    disk = _everything_on_disk(clinvk.home.clinvk_home)
    assert [word for word in SECRETS if word in disk] == []
    (listed,) = clinvk("sessions", "list", "--json").json()
    assert (listed["turns"], listed["status"]) == (3, "active")
    assert listed["usage"]["input_tokens"] > 0
    assert "out.txt" in clinvk("sessions", "show", "@last").stdout
    check_home(clinvk.home.clinvk_home)


def test_without_the_transcript_a_name_and_a_title_of_ones_own_stay(clinvk: Command) -> None:
    """They were given to find the session again."""
    env = {"CLINVK_SESSION_STORE_TRANSCRIPT": "no"}
    clinvk("-b", "demo", "-s", "mine", "--title", "My title", "xyzzy", env=env)
    (listed,) = clinvk("sessions", "list", "--json").json()
    assert (listed["name"], listed["title"]) == ("mine", "My title")


def test_without_figures_none_is_on_disk_and_show_reports_it(clinvk: Command) -> None:
    """The turn itself still shows them; the session can be continued."""
    clinvk("config", "set", "session.store_token_usage", "false")
    for words in (["-b", "demo", "one two three"], ["-c", "four"]):
        result = clinvk(*words, "-o", "json").json()
        assert result["usage"]["total_tokens"] > 0
    home = clinvk.home.clinvk_home
    lines = [json.loads(line) for line in next(home.glob("transcripts/*")).read_text().splitlines()]
    record = json.loads(next(home.glob("sessions/*")).read_text())
    assert "usage" not in {line["type"] for line in lines}
    for page in (record, *(line for line in lines if line["type"] == "turn_finished")):
        assert set(page["usage"].values()) == {None}
        counted = page if "counters" in page else page["conversations"][0]
        assert (page["cost_usd"], counted["counters"]) == (None, None)
    assert set(record["figures_reported"].values()) == {0}  # of how many turns there is any
    said = re.sub(r'"figures_reported": \{[^}]*\}', "", _everything_on_disk(home))
    assert re.findall(r'(?:token|cost|cached|input|output)\w*": *[0-9]', said) == []
    shown = clinvk("sessions", "show", "@last").stdout
    assert "Token Usage:       not recorded\n" in shown
    assert "Cost:              not recorded\n" in shown
    assert (
        "not recorded"
        not in clinvk(
            "sessions", "show", "@last", env={"CLINVK_SESSION_STORE_TOKEN_USAGE": "yes"}
        ).stdout
    )
    check_home(home)


def test_the_backends_are_listed_for_people_and_programs(clinvk: Command) -> None:
    """What is not installed says how to get it; the demo is always there."""
    shown = _out(clinvk, "backends")
    assert shown.splitlines()[0].split() == ["NAME", "AGENT", "VERSION", "STATE", "SIGNED", "IN"]
    absent = shown.splitlines()[-1]
    assert absent.startswith("not installed (`clinvk backends NAME` says how): ")
    for name in absent.rpartition(": ")[2].split(", "):
        assert f"not installed: {registry.get(name).install_hint}" in _out(clinvk, "backends", name)
    states = {state["name"]: state for state in clinvk("backends", "--json").json()}
    assert (states["demo"]["installed"], states["demo"]["version"]) == (True, "1")
    others = [state for name, state in states.items() if name != "demo"]
    assert others
    assert not any(state["installed"] or state["version"] for state in others)
    assert not clinvk.home.clinvk_home.exists()


def test_a_program_that_was_configured_is_asked_for_its_version(
    clinvk: Command, tmp_path: Path
) -> None:
    """`backends.NAME.binary` is what is listed, in a directory that means nothing."""
    program = tmp_path / "my-agent"
    program.write_text('#!/bin/sh\npwd >"$0.cwd"\necho 9.8.7\n')
    program.chmod(0o700)
    clinvk("config", "set", "backends.claude.binary", str(program))
    states = {state["name"]: state for state in clinvk("backends", "--json").json()}
    assert states["claude"]["program"] == [str(program)]
    assert states["claude"]["version"] == "9.8.7"
    assert Path(f"{program}.cwd").read_text().strip() == os.path.realpath(clinvk.home.home)


@pytest.mark.parametrize("variable", ["CLINVK_RUN_TIMEOUT", "CLINVK_BACKEND", "CLINVK_MODEL"])
def test_a_variable_that_is_not_text_is_an_error(clinvk: Command, variable: str) -> None:
    """Bytes that are not UTF-8 are an invalid setting: exit 3, no traceback."""
    ran = clinvk("-b", "demo", "hi", env={variable: "2\udcff"})
    assert ran.exit_code == 3
    assert f"{variable}: this is not text" in ran.stderr
    assert "Traceback" not in ran.stderr
