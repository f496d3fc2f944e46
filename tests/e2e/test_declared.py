"""A backend of one's own, declared in the configuration: the same contract as every other.

The agent is a small program that keeps its conversations in files; these run without Node.
"""

import json
import sys
import time
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command

TOY = """
import json, os, pathlib, sys, time, uuid

said = dict(word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word)
kept = pathlib.Path(os.environ["HOME"], ".toy")
kept.mkdir(exist_ok=True)
prompt = sys.stdin.read()
ident = said.get("resume") or uuid.uuid4().hex
if "resume" in said and not (kept / ident).exists():
    print(json.dumps({"error": {"message": f"I know of no conversation {ident}"}}))
    sys.exit(1)
print(json.dumps({"type": "begin", "id": ident, "model": said.get("model", "toy-1")}), flush=True)
if prompt.startswith("sleep"):
    time.sleep(60)
if prompt.startswith("fail"):
    sys.exit("Error: 429 too many requests")
if prompt.startswith("where"):
    prompt = f"{os.getcwd()} {os.environ.get('PWD')} {os.environ.get('OLDPWD')}"
before = (kept / ident).read_text() if (kept / ident).exists() else ""
(kept / ident).write_text(before + prompt + ";")
for word in ("before: ", before, " now: ", prompt, f" mode: {os.environ.get('TOY_MODE')}"):
    print(json.dumps({"type": "piece", "text": word}), flush=True)
cost = {} if prompt.startswith("free") else {"cost": 0.25}
print(json.dumps({"usage": {"in": 10, "out": 5}, **cost}))
"""

CONFIG = """\
backends:
  toy:
    declared:
      title: The Toy
      program: {python}
      start: [{toy}, "{{options}}"]
      resume: [{toy}, "--resume={{conversation}}", "{{options}}"]
      options: {{model: ["--model={{model}}"]}}
      environment: {{TOY_MODE: quiet}}
      output:
        format: jsonl
        conversation: id
        model: model
        delta: {{path: text, where: {{type: piece}}}}
        error: error.message
        usage: {{input: usage.in, output: usage.out}}
        cost: cost
      errors: {{'know of no conversation': conversation_gone}}
"""


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk`, where the configuration declares `toy`."""
    command = bare_command(tmp_path)
    toy = tmp_path / "toy.py"
    toy.write_text(TOY)
    home: Path = command.home.clinvk_home
    home.mkdir(mode=0o700)
    (home / "config.yaml").write_text(CONFIG.format(python=sys.executable, toy=toy))
    return command


def test_three_turns_are_one_conversation_with_exact_figures(clinvk: Command) -> None:
    """`-b`, `-c` and an id, as with any other backend."""
    first = clinvk("-b", "toy", "-m", "toy-9", "-o", "json", "one").json()
    assert first["text"] == "before:  now: one mode: quiet"
    assert (first["backend"], first["model"], first["cost_usd"]) == ("toy", "toy-9", 0.25)
    assert clinvk("-c", "two").stdout == "before: one; now: two mode: quiet\n"
    third = clinvk("resume", first["session_id"], "-o", "json", "three").json()
    assert third["text"].startswith("before: one;two; now: three")
    assert third["backend_session_id"] == first["backend_session_id"]
    assert third["model"] == "toy-9"
    [session] = clinvk("sessions", "list", "-b", "toy", "--json").json()
    assert session["usage"]["total_tokens"] == 45
    assert session["cost_usd"] == 0.75


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (["fail"], 8, "429 too many requests"),
        (["--timeout", "1s", "sleep"], 6, "took longer than"),
        (["--access", "edit", "x"], 5, "its declaration has no access.edit"),
        (["--ephemeral", "x"], 0, "its declaration has no ephemeral"),
    ],
)
def test_an_impossible_request_has_the_usual_exit_code(
    clinvk: Command, words: list[str], exit_code: int, sentence: str
) -> None:
    """For words of the agent, and for features that the declaration does not define."""
    ran = clinvk("-b", "toy", *words)
    assert ran.exit_code == exit_code
    assert sentence in ran.stderr


def test_a_missing_conversation_is_reported_as_gone(clinvk: Command) -> None:
    """By the words in the declaration; `--if-missing replay` starts a new one."""
    clinvk("-b", "toy", "one")
    for file in Path(clinvk.home.home, ".toy").iterdir():
        file.unlink()
    gone = clinvk("-c", "two")
    assert gone.exit_code == 4
    assert "I know of no conversation" in gone.stderr
    assert "--if-missing" in gone.stderr
    again = clinvk("resume", "--last", "--if-missing", "replay", "two")
    assert again.exit_code == 0
    assert "one" in again.stdout


def test_a_dry_run_prints_its_command(clinvk: Command) -> None:
    """Nothing is started."""
    ran = clinvk("-b", "toy", "-m", "m 1", "--dry-run", "x")
    assert "toy.py '--model=m 1'" in ran.stdout
    assert not Path(clinvk.home.home, ".toy").exists()


def test_it_is_in_every_list_of_backends(clinvk: Command) -> None:
    """`backends`, the settings, their variables, filters and completion know it."""
    states = {one["name"]: one for one in clinvk("backends", "--json").json()}
    assert states["toy"]["title"] == "The Toy"
    assert states["toy"]["installed"]
    assert states["toy"]["lacks"]["ephemeral"] == "its declaration has no ephemeral"
    assert clinvk("config", "set", "backends.toy.model", "toy-3").exit_code == 0
    assert clinvk("config", "get", "backends.toy.model").stdout == "toy-3\n"
    env = {"CLINVK_BACKENDS_TOY_MODEL": "toy-4", "CLINVK_BACKEND": "toy"}
    assert clinvk("-o", "json", "x", env=env).json()["model"] == "toy-4"
    assert "backends.toy.access: read-only" not in clinvk("config", "show").stdout
    refused = clinvk("-b", "toi", "x")
    assert refused.exit_code == 5
    assert "toy" in refused.stderr


def test_resume_offers_sessions_of_a_backend_that_another_file_declares(
    clinvk: Command, tmp_path: Path
) -> None:
    """`--config FILE` is asked which backends there are, as for the turn itself."""
    own = clinvk.home.clinvk_home / "config.yaml"
    file = own.rename(tmp_path / "other.yaml")
    started = clinvk("-b", "toy", "--config", file, "-o", "json", "one").json()["session_id"]
    for form in ([], ["-i", "two"]):
        ran = clinvk("resume", "-b", "toy", "--config", file, *form)
        assert (ran.exit_code, started in ran.stderr) == (2, True), ran.stderr
    assert "there is no backend `toy`" in clinvk("resume", "-b", "toy").stderr


def test_a_declaration_is_shown_and_is_not_set_piece_by_piece(clinvk: Command) -> None:
    """It makes sense as a whole only."""
    assert clinvk("config", "get", "backends.toy.declared").stdout.startswith('{"title": "The Toy"')
    refused = clinvk("config", "set", "backends.toy.declared.program", "x")
    assert refused.exit_code == 2
    assert "clinvk config edit" in refused.stderr


def test_sessions_stay_when_the_declaration_goes(clinvk: Command) -> None:
    """They are listed and shown; only going on needs the backend, and says so."""
    clinvk("-b", "toy", "one")
    Path(clinvk.home.clinvk_home, "config.yaml").unlink()
    assert "toy" in clinvk("sessions", "list").stdout
    assert clinvk("sessions", "show", "@last").exit_code == 0
    gone = clinvk("-c", "two")
    assert gone.exit_code == 5
    assert "there is no backend `toy`" in gone.stderr
    assert clinvk("sessions", "delete", "@last", "-y").exit_code == 0


def test_a_working_directory_declares_nothing(clinvk: Command) -> None:
    """Only the user's own configuration may name programs to run."""
    config = Path(clinvk.home.clinvk_home, "config.yaml")
    text = config.read_text()
    config.unlink()
    project = Path(clinvk.home.project)
    (project / "config.yaml").write_text(text)
    (project / ".clinvk").mkdir()
    (project / ".clinvk" / "config.yaml").write_text(text)
    assert clinvk("-b", "toy", "x").exit_code == 5


@pytest.mark.parametrize("way", ["-w", "-c", "-s", "resume"])
def test_it_works_where_clinvk_says(clinvk: Command, tmp_path: Path, way: str) -> None:
    """Its directory and its `PWD` are the session's own, whatever the shell's are."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {"PWD": str(elsewhere), "OLDPWD": "/before"}
    project = str(clinvk.home.project)
    first = clinvk("-b", "toy", "-s", "mine", "-o", "json", "one").json()
    words = {
        "-w": ["-b", "toy", "-w", project],
        "-c": ["-c"],
        "-s": ["-s", "mine"],
        "resume": ["resume", first["session_id"]],
    }[way]
    ran = clinvk(*words, "-o", "json", "where", cwd=elsewhere, env=env).json()
    assert f"now: {project} {project} None" in ran["text"]


@pytest.mark.parametrize("way", ["delete", "clean", "dry-run"])
def test_delete_says_where_the_agent_keeps_its_transcript(clinvk: Command, way: str) -> None:
    """By the `conversation_file` of its declaration, as for every other agent."""
    config = clinvk.home.clinvk_home / "config.yaml"
    line = "      conversation_file: '{home}/.toy/{conversation}'\n      output:\n"
    config.write_text(config.read_text().replace("      output:\n", line, 1))
    started = clinvk("-b", "toy", "-o", "json", "one").json()
    kept = clinvk.home.home / ".toy" / started["backend_session_id"]
    assert kept.is_file()
    if way != "delete":
        time.sleep(1.1)
    ran = {
        "delete": lambda: clinvk("sessions", "delete", "-y", started["session_id"], "--json"),
        "clean": lambda: clinvk("sessions", "clean", "--older-than", "1s", "--json"),
        "dry-run": lambda: clinvk("sessions", "clean", "--older-than", "1s", "--dry-run", "--json"),
    }[way]()
    assert ran.exit_code == 0, ran.stderr
    assert str(kept) in ran.stdout
    assert kept.is_file()


def test_a_total_says_of_how_many_turns_each_figure_is(clinvk: Command, tmp_path: Path) -> None:
    """A turn told its tokens and no cost: so in every form, after a rebuild and an import too."""
    ident = clinvk("-b", "toy", "-o", "json", "one").json()["session_id"]
    clinvk("-c", "free")
    clinvk("-c", "three")
    [listed] = clinvk("sessions", "list", "--json").json()
    assert (listed["turns"], listed["turns_reported"], listed["cost_usd"]) == (3, 3, 0.5)
    told = listed["figures_reported"]
    assert (told["total_tokens"], told["cost_usd"], told["reasoning_tokens"]) == (3, 2, 0)
    text = clinvk("sessions", "show", ident).stdout
    assert "Cost:              $0.50 (2 of 3 turns reported)\n" in text
    assert "≥" not in clinvk("sessions", "list").stdout

    record = clinvk.home.clinvk_home / "sessions" / f"{ident}.json"
    export = tmp_path / "export.json"
    clinvk("sessions", "export", ident, "--format", "json", "--output", str(export))
    fields = json.loads(record.read_text())
    assert fields["figures_reported"] == told
    record.unlink()  # it is rebuilt from its transcript
    assert clinvk("sessions", "show", ident, "--json").json()["figures_reported"] == told
    clinvk("sessions", "delete", "-y", ident)
    clinvk("sessions", "import", str(export))
    assert clinvk("sessions", "show", ident, "--json").json()["figures_reported"] == told

    del fields["figures_reported"]  # as an older version wrote it
    record.write_text(json.dumps(fields))
    [listed] = clinvk("sessions", "list", "--json").json()
    assert listed["figures_reported"] is None
    assert "≥45" in clinvk("sessions", "list").stdout
    assert clinvk("sessions", "show", ident, "--json").json()["figures_reported"] == told
