"""`clinvk backends test`: what it says of agents that keep the contract, and of those that do not.

The toys are declared in the configuration and break one promise each; claude and codex are real.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command, kill_group
from bed.published import check_trial

TOY = r"""
import json, os, pathlib, re, signal, sys, time, uuid

flaw = os.environ["TOY_FLAW"]
said = dict(word[2:].split("=", 1) for word in sys.argv[1:])
if flaw == "stubborn":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
prompt = sys.stdin.read()
kept = pathlib.Path(os.environ["HOME"], ".toy")
kept.mkdir(exist_ok=True)
ident = said.get("resume") or uuid.uuid4().hex
file = kept / ident
if flaw == "endless" or (flaw == "endless on errors" and "no-such" in said.get("model", "")):
    time.sleep(600)
careful = flaw != "careless"
if careful and "no-such" in said.get("model", ""):
    sys.exit("there is no such model")
if careful and "resume" in said and not file.exists():
    sys.exit("there is no such conversation")
time.sleep(0.4)
before = file.read_text() if file.exists() and flaw != "forgetful" else ""
if "keep" not in said:
    file.write_text(before + prompt)
found = re.search("Create a file named `(.*?)`", prompt)
if found and (said.get("mode") != "ro" or flaw == "writes"):
    pathlib.Path(found[1]).write_text("OK")
if found and flaw == "fails":
    sys.exit("I must not write")
told = {} if flaw == "nameless" else {"id": ident}
words = re.findall(r"Remember the word (\w+)", before) if "Which word" in prompt else ["OK"]
text = "" if flaw == "silent" else " ".join(words) or "I do not know"
print(json.dumps({**told, "text": text}), flush=True)
"""

CONFIG = """\
backends:
  toy:
    declared:
      program: {python}
      start: [{toy}, "{{options}}"]
      resume: [{toy}, "--resume={{conversation}}", "{{options}}"]
      ephemeral: [{toy}, "--keep=no", "{{options}}"]
      options: {{model: ["--model={{model}}"]}}
      access: {{read-only: ["--mode=ro"]}}
      environment: {{TOY_FLAW: {flaw}}}
      output: {{format: jsonl, conversation: id, text: text}}
"""
ALL = ("installed", "start", "resume", "ephemeral", "read-only", "error", "gone", "timeout")


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` without agents."""
    command = bare_command(tmp_path)
    command.home.env["TMPDIR"] = str(tmp_path / "tmp")
    (tmp_path / "tmp").mkdir()
    return command


def declare(clinvk: Command, flaw: str, config: str = CONFIG) -> None:
    """Declare the toy with that flaw."""
    toy = Path(clinvk.home.home, "toy.py")
    toy.write_text(TOY)
    Path(clinvk.home.clinvk_home).mkdir(mode=0o700, exist_ok=True)
    text = config.format(python=sys.executable, toy=toy, flaw=flaw)
    Path(clinvk.home.clinvk_home, "config.yaml").write_text(text)


def tried(clinvk: Command, *words: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """What each check came to, by its name; the JSON has the published form."""
    ran = clinvk("backends", "test", *words, "--json", env=env)
    said = ran.json()
    check_trial(said)
    assert ran.exit_code == (0 if said["ok"] else 1)
    assert [one["check"] for one in said["checks"]] == list(ALL)
    return {one["check"]: one for one in said["checks"]}


def held(checks: dict[str, Any]) -> dict[str, str]:
    """The outcomes alone."""
    return {name: one["held"] for name, one in checks.items()}


def test_a_backend_that_keeps_the_contract_passes(clinvk: Command) -> None:
    """A line a check, exit 0, and a word on stderr before the first prompt."""
    declare(clinvk, "none")
    ran = clinvk("backends", "test", "toy")
    assert ran.exit_code == 0, ran.stdout
    assert [line.split()[:2] for line in ran.stdout.splitlines()] == [["✓", one] for one in ALL]
    assert ran.stderr == "sending a few real prompts to `toy`, which can cost money\n"


@pytest.mark.parametrize(
    ("flaw", "broken", "why"),
    [
        ("forgetful", "resume", "it forgot the word"),
        ("careless", "error gone", "it accepted"),
        ("writes", "read-only", "it wrote `clinvk-trial.txt`"),
        ("fails", "read-only", "I must not write"),
        ("endless on errors", "error", "it did not end in time"),
    ],
)
def test_only_the_failed_checks_are_reported_as_failed(
    clinvk: Command, flaw: str, broken: str, why: str
) -> None:
    """Exit 1, and the line of the check says what happened."""
    declare(clinvk, flaw)
    checks = tried(clinvk, "toy", env={"CLINVK_RUN_TIMEOUT": "5s"})
    assert held(checks) == {name: "no" if name in broken.split() else "yes" for name in ALL}
    for name in broken.split():
        assert why in checks[name]["detail"]


@pytest.mark.parametrize(
    ("flaw", "why"),
    [
        ("nameless", "the id of its conversation was not found"),
        ("silent", "no_result: the agent ended without a result"),
        ("endless", "timeout: the turn took longer than its time limit"),
    ],
)
def test_nothing_is_concluded_from_one_that_does_not_start(
    clinvk: Command, flaw: str, why: str
) -> None:
    """A failure everywhere would prove that errors are typed, and prove nothing."""
    declare(clinvk, flaw)
    checks = tried(clinvk, "toy", env={"CLINVK_RUN_TIMEOUT": "2s"})
    assert held(checks) == {"installed": "yes", "start": "no"} | dict.fromkeys(ALL[2:], "not_tried")
    assert why in checks["start"]["detail"]


def test_one_that_ignores_every_signal_is_stopped_all_the_same(clinvk: Command) -> None:
    """It keeps its promises, and none of its processes is left."""
    declare(clinvk, "stubborn")
    checks = tried(clinvk, "toy")
    assert held(checks) == dict.fromkeys(ALL, "yes")
    assert "no process of it is left" in checks["timeout"]["detail"]
    assert not running(str(Path(clinvk.home.home, "toy.py")))


def test_checks_of_missing_features_are_skipped_with_a_reason(clinvk: Command) -> None:
    """`cat` answers at once and has no other feature."""
    config = "backends: {{toy: {{declared: {{program: cat, start: []}}}}}}\n"
    declare(clinvk, "none", config)
    checks = tried(clinvk, "toy")
    assert checks["resume"]["detail"] == "its declaration has no resume"
    assert checks["error"]["detail"] == "its declaration has no options.model"
    lacking = ("resume", "ephemeral", "read-only", "error", "gone")
    assert {held(checks)[name] for name in lacking} == {"not_tried"}
    assert "\N{EN DASH} resume     not tried: its" in clinvk("backends", "test", "toy").stdout


def test_a_program_that_is_not_there_fails_and_is_sent_nothing(clinvk: Command) -> None:
    """Nor does stderr say that anything is sent."""
    config = "backends: {{toy: {{declared: {{program: no-such-program, start: []}}}}}}\n"
    declare(clinvk, "none", config)
    ran = clinvk("backends", "test", "toy")
    assert (ran.exit_code, ran.stderr) == (1, "")
    assert "✗ installed  toy is not installed: there is no `no-such-program` on PATH" in ran.stdout
    unknown = clinvk("backends", "test", "toi")
    assert (unknown.exit_code, unknown.stdout) == (5, "")
    assert "there is no backend `toi`" in unknown.stderr


def test_sessions_and_projects_of_the_person_stay_as_they_are(
    clinvk: Command, tmp_path: Path
) -> None:
    """Settings that would mix turns up do not matter, and no temporary folder stays."""
    declare(clinvk, "none")
    clinvk("-b", "toy", "mine")
    listed = clinvk("sessions", "list", "--json").json()
    env = {"CLINVK_SESSION_AUTO_RESUME": "true", "CLINVK_RUN_MAX_DEPTH": "1"}
    assert held(tried(clinvk, "toy", env=env)) == dict.fromkeys(ALL, "yes")
    assert clinvk("sessions", "list", "--json").json() == listed
    assert list(clinvk.home.project.iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_interrupt_ends_it_and_leaves_nothing(clinvk: Command, tmp_path: Path) -> None:
    """The agent is stopped, the folder is gone, and the exit status says so."""
    declare(clinvk, "endless")
    child = clinvk.popen("backends", "test", "toy")
    until = time.monotonic() + 30
    toys = Path(clinvk.home.home, ".toy")
    while time.monotonic() < until and not toys.is_dir():
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    try:
        _, stderr = child.communicate(timeout=30)
    finally:
        kill_group(child)
    assert (child.returncode, "Traceback" in stderr) == (130, False)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not running(str(Path(clinvk.home.home, "toy.py")))


def test_the_demo_keeps_the_contract(clinvk: Command) -> None:
    """So that anybody can see what it looks like."""
    checks = tried(clinvk, "demo", env={"CLINVK_DEMO_DELAY_MS": "100"})
    assert held(checks) == dict.fromkeys(ALL, "yes")


def test_backends_is_listed_as_before(clinvk: Command) -> None:
    """With a subcommand below it, `clinvk backends` is what it was."""
    names = [one["name"] for one in clinvk("backends", "--json").json()]
    assert "demo" in names
    assert clinvk("backends").stdout.startswith("NAME")
    assert clinvk("backends", "tset").exit_code == 2
    assert clinvk("backends", "demo", "--json").json()["name"] == "demo"
    offered = clinvk("completion", "--candidates", "backends", "de")
    assert "demo" in offered.stdout


def running(word: str) -> bool:
    """Whether a process has that word on its command line."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if word.encode() in words:
                return True
    return False
