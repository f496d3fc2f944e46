"""What each setting brings about, said in the file or in the environment, and the flag over it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.kept import keep
from clinvk.model.config import BACKEND_DEFAULTS, DEFAULTS, environment_variable
from clinvk.model.session import Status

PLAIN = ("-b", "demo", "hi")
DRY = ("-b", "demo", "--dry-run", "hi")
WRITE = ("-b", "demo", "/write new.txt hello")
SILENT = ("-b", "demo", "/silent 2\n/say still here")


class Effect(NamedTuple):
    """A setting, what a command exits with and says then; an option over it, and the same."""

    key: str
    value: str
    words: Sequence[str]
    exit_code: int
    text: str
    option: str = ""
    then: int = 0
    otherwise: str = ""


EFFECTS = [
    Effect("default_backend", "demo", ["hi"], 0, "demo agent", "-bclaude", 5, "not installed"),
    Effect("run.timeout", "1s", SILENT, 6, "longer than", "--timeout=20s", 0, "still here"),
    Effect("run.idle_timeout", "1s", SILENT, 6, "nothing", "--idle-timeout=20s", 0, "still here"),
    Effect("run.access", "edit", DRY, 0, "=edit", "--access=full", 0, "=full"),
    Effect("run.allow", "[Edit]", WRITE, 0, "I wrote", "--deny=Edit", 0, "I may not"),
    Effect("run.deny", "[Edit]", WRITE, 0, "rule `Edit`", "--access=edit", 0, "I wrote"),
    Effect("run.max_turns", "3", DRY, 0, "--max-turns=3", "--max-turns=5", 0, "--max-turns=5"),
    Effect("output.format", "json", PLAIN, 0, '"schema"', "-otext", 0, "I am"),
    Effect("output.color", "always", ["-b", "demo", "/fail auth"], 7, "\x1b[1;31merror:"),
    Effect("output.render", "always", ["-b", "demo", "/say _very_ well"], 0, "very well"),
    Effect("backends.demo.model", "m", DRY, 0, "--model=m", "-mn", 0, "--model=n"),
    Effect("backends.demo.access", "edit", DRY, 0, "=edit", "--access=full", 0, "=full"),
    Effect(
        *("backends.demo.system_prompt", "be brief", PLAIN, 0, "told: “be brief”"),
        *("--system-prompt=be kind", 0, "told: “be kind”"),
    ),
    Effect("backends.demo.extra_args", "[--x, y]", DRY, 0, "--x y", "--backend-arg=z", 0, "y z"),
    Effect("backends.demo.effort", "high", PLAIN, 5, "--effort"),
    Effect("backends.demo.binary", "/no/such", PLAIN, 5, "correct `backends.demo.binary`"),
    Effect("backends.demo.enabled", "false", PLAIN, 5, "is disabled"),
]
ELSEWHERE = {
    "session.auto_resume": "below",
    "session.retention_days": "below",
    "session.default_tags": "below",
    "session.store_token_usage": "test_config.py",
    "session.store_transcript": "test_config.py",
    "run.max_depth": "test_runaway.py",
}

Say = Callable[[str, str], None]


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


@pytest.fixture(params=["file", "variable"])
def say(request: pytest.FixtureRequest, clinvk: Command) -> Say:
    """Say a setting, in the file or in the environment."""

    def said(key: str, value: str) -> None:
        if request.param == "variable":
            clinvk.home.env[environment_variable(key)] = value
        else:
            assert clinvk("config", "set", key, value).exit_code == 0

    return said


def test_every_key_is_tried() -> None:
    """A key that is new needs a test of what it does."""
    backends = {f"backends.demo.{key}" for key in BACKEND_DEFAULTS}
    assert {*DEFAULTS, *backends} == {effect.key for effect in EFFECTS} | ELSEWHERE.keys()


@pytest.mark.parametrize("effect", EFFECTS, ids=[effect.key for effect in EFFECTS])
def test_a_setting_applies_unless_an_option_overrides_it(
    clinvk: Command, say: Say, effect: Effect
) -> None:
    """The default, then the setting, then the option."""

    def told(*words: str) -> tuple[int, str]:
        ran = clinvk(*words)
        return ran.exit_code, ran.stdout + ran.stderr

    assert effect.text not in told(*effect.words)[1]
    say(effect.key, effect.value)
    exit_code, text = told(*effect.words)
    assert (exit_code, effect.text in text) == (effect.exit_code, True), text
    if effect.option:
        exit_code, text = told(effect.option, *effect.words)
        assert (exit_code, effect.otherwise in text) == (effect.then, True), text


def test_an_access_of_the_backend_comes_before_that_of_every_run(clinvk: Command) -> None:
    """What is said for one agent is meant more than what is said for all."""
    clinvk("config", "set", "run.access", "full")
    clinvk("config", "set", "backends.demo.access", "read-only")
    assert "--access=read-only" in clinvk(*DRY).stdout


def test_every_new_session_has_the_default_tags(clinvk: Command, say: Say) -> None:
    """Those of its own as well, and each once; a further turn adds none."""
    clinvk("-b", "demo", "-s", "old", "hi")
    say("session.default_tags", "[work, ci]")
    clinvk("-b", "demo", "-s", "new", "-t", "mine", "-t", "ci", "hi")
    clinvk("-s", "old", "again")
    told = {one["name"]: one["tags"] for one in clinvk("sessions", "list", "--json").json()}
    assert told == {"old": [], "new": ["work", "ci", "mine"]}


def test_cleaning_goes_by_the_retention(clinvk: Command, say: Say) -> None:
    """Sessions that nobody used for so many days go, and no others."""
    keep(clinvk, 1, days=7.5)
    stays = keep(clinvk, 2, days=6.5)
    say("session.retention_days", "7")
    assert clinvk("sessions", "clean").stdout.startswith("cleaned 1 session, ")
    assert clinvk("sessions", "list", "-q").stdout.split() == [stays]


def test_a_plain_prompt_continues_its_directorys_session(
    clinvk: Command, say: Say, tmp_path: Path
) -> None:
    """Of the same backend and exactly this directory; closed and archived ones are skipped."""
    meant = clinvk("-b", "demo", "-o", "json", "one").json()["session_id"]
    below = clinvk.home.project / "below"
    below.mkdir()
    (clinvk.home.project / ".git").mkdir()
    keep(clinvk, 1, days=-0.01, backend="codex")
    keep(clinvk, 2, days=-0.01, status=Status.COMPLETED)
    keep(clinvk, 3, days=-0.01, archived=True)
    keep(clinvk, 4, days=-0.01, cwd=str(tmp_path))
    keep(clinvk, 5, days=-0.01, cwd=str(below))
    say("session.auto_resume", "true")
    again = clinvk("-b", "demo", "-o", "json", "two").json()
    assert (again["session_id"], again["turn"]) == (meant, 2)
    alone = clinvk("-b", "demo", "--ephemeral", "-o", "json", "three").json()
    assert (alone["session_id"], alone["resumed"]) == (None, False)
    clinvk("sessions", "close", meant)
    new = clinvk("-b", "demo", "-o", "json", "four").json()
    assert (new["turn"], new["resumed"]) == (1, False)
