"""Agents that answer a resume from another conversation, or say loosely that it is gone.

The agents are stand-ins that print a recorded run of the real one, under an id of their own.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.published import check_home

STREAMS = Path(__file__).parents[1] / "contract/streams"
UUIDS = ("0a0a0a0a-0000-4000-8000-00000000000a", "0b0b0b0b-0000-4000-8000-00000000000b")
SES = ("ses_0a0a0a0a0a0a0a0a0a0a0a0a0a", "ses_0b0b0b0b0b0b0b0b0b0b0b0b0b")
IDS = {
    "claude": UUIDS,
    "codex": UUIDS,
    "gemini": UUIDS,
    "grok": UUIDS,
    "opencode": SES,
    "qwen": UUIDS,
}
KEPT = {
    "grok": (
        ".grok/sessions/%2Fp/{}/updates.jsonl",
        '{"params": {"update": {"sessionUpdate": "user_message_chunk"}}}',
    )
}
"""What an agent keeps of a conversation whose files alone say that it has it."""
RECORDED = ("00000000-0000-4000-8000-000000000001", "ses_00000000000000000000000001")
AGENTS = sorted(IDS)
pytestmark = pytest.mark.every_agent  # stand-ins start at once

_PROGRAM = """#!{python} -IS
import os, sys, time
if "--version" in sys.argv:
    print("1.0"); sys.exit()
with open(os.environ["RUNS"], "a") as runs:
    runs.write("run\\n")
sys.stdin.read()
text = open({stream!r}).read()
for recorded in {recorded!r}:
    text = text.replace(recorded, os.environ["STAND_IN_ID"])
how = os.environ.get("STAND_IN_HOW", "")
lines = text.splitlines(keepends=True)
if how == "headless":
    del lines[0]
for number, line in enumerate(lines):
    sys.stdout.write(line)
    sys.stdout.flush()
    if how == "slow" and number == 0:
        time.sleep(60)
"""


class Stand:
    """A home with one stand-in on its PATH."""

    def __init__(self, folder: Path, agent: str) -> None:
        self.agent = agent
        self.command: Command = bare_command(folder)
        self.runs = folder / "runs"
        self.bin = folder / "bin"
        self.bin.mkdir()
        program = self.bin / agent
        stream = str(STREAMS / agent / "one_shot" / "stdout.jsonl")
        program.write_text(_PROGRAM.format(python=sys.executable, stream=stream, recorded=RECORDED))
        program.chmod(0o700)

    def __call__(self, *args: str, told: str, how: str = "") -> Any:
        """Run clinvk while the stand-in names its conversation `told`."""
        env = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "STAND_IN_ID": told,
            "STAND_IN_HOW": how,
            "RUNS": str(self.runs),
        }
        return self.command(*args, env=env)

    @property
    def started(self) -> int:
        """How often the stand-in has run."""
        return len(self.runs.read_text().splitlines())

    def shown(self) -> dict[str, Any]:
        """The session as it is recorded."""
        shown: dict[str, Any] = self.command("sessions", "show", "@last", "--json").json()
        return shown


@pytest.fixture(params=AGENTS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    """Each agent in turn, with one turn in its conversation."""
    made = Stand(tmp_path, request.param)
    own, _ = IDS[made.agent]
    if made.agent in KEPT:
        name, content = KEPT[made.agent]
        for told in IDS[made.agent]:
            file = made.command.home.home / name.format(told)
            file.parent.mkdir(parents=True)
            file.write_text(content)
    begun = made("-b", made.agent, "-o", "json", "one", told=own).json()
    assert (begun["exit_status"], begun["backend_session_id"]) == (0, own), begun
    return made


def test_the_same_id_continues(stand: Stand) -> None:
    """The fake agent works if it answers with the requested id."""
    own, _ = IDS[stand.agent]
    told = stand("-c", "-o", "json", "two", told=own).json()
    assert (told["exit_status"], told["turn"]) == (0, 2)
    assert not any(own in warning for warning in told["warnings"])


def test_an_answer_from_another_conversation_is_a_failure(stand: Stand) -> None:
    """Exit 4; the record keeps its id, what was said stays, and no figure of it is counted."""
    own, other = IDS[stand.agent]
    before = stand.shown()
    told = stand("-c", "-o", "json", "two", told=other).json()
    assert (told["exit_status"], told["error"]["code"]) == (4, "conversation_gone")
    assert other in told["error"]["message"]
    assert told["usage"]["input_tokens"] is None
    assert told["cost_usd"] is None
    after = stand.shown()
    assert after["backend_session_id"] == own
    assert after["usage"]["input_tokens"] == before["usage"]["input_tokens"]
    assert stand("-c", "-o", "json", "three", told=own).json()["exit_status"] == 0
    check_home(stand.command.home.clinvk_home)


def test_it_is_stopped_before_it_did_anything(stand: Stand) -> None:
    """The first line tells: the agent is not waited for, and the turn did not take place."""
    own, other = IDS[stand.agent]
    began = time.monotonic()
    ran = stand("-c", "-o", "json", "two", told=other, how="slow")
    assert time.monotonic() - began < 45
    assert (ran.exit_code, ran.json()["error"]["code"]) == (4, "conversation_gone")
    shown = stand.shown()
    assert (shown["turns"], shown["backend_session_id"]) == (1, own)


def test_if_missing_applies_where_nothing_was_done(stand: Stand) -> None:
    """A new conversation is begun in its place, once."""
    _, other = IDS[stand.agent]
    started = stand.started
    ran = stand(
        "-c", "--if-missing", "new", "--timeout", "20s", "-o", "json", "two", told=other, how="slow"
    )
    assert stand.started == started + 2
    assert ran.exit_code == 6  # the second one is as slow, and it is believed
    assert stand.shown()["backend_session_id"] == other


def test_a_prompt_that_was_answered_is_not_run_again(stand: Stand) -> None:
    """With `--if-missing` too: something was said."""
    _, other = IDS[stand.agent]
    program = stand.bin / stand.agent
    program.write_text(program.read_text().replace("sys.stdout.write(line)", "out = line"))
    program.write_text(
        program.read_text().replace("    sys.stdout.flush()\n", "    sys.stdout.write(out)\n")
    )  # all of it in one piece
    started = stand.started
    told = stand("-c", "--if-missing", "replay", "-o", "json", "two", told=other).json()
    assert (told["exit_status"], told["error"]["code"]) == (4, "conversation_gone")
    assert told["text"]
    assert stand.started == started + 1
    assert json.dumps(stand.shown()).count("two") >= 1
    # What it was told to do about it holds from the next prompt on.
    anew = stand("-c", "--if-missing", "new", "-o", "json", "three", told=other).json()
    assert (anew["exit_status"], anew["resumed"]) == (0, False), anew
    assert anew["backend_session_id"] == other


def test_another_id_is_seen_in_any_line(stand: Stand) -> None:
    """The first line may be lost; where no other names the conversation, none is known."""
    own, other = IDS[stand.agent]
    told = stand("-c", "-o", "json", "two", told=other, how="headless").json()
    if stand.agent in {"codex", "gemini"}:
        assert (told["exit_status"], told["backend_session_id"]) == (0, own)
    else:
        assert (told["exit_status"], told["error"]["code"]) == (4, "conversation_gone"), told
        assert other in told["error"]["message"]


def test_a_conversation_that_was_never_named_is_not_silently_begun_again(tmp_path: Path) -> None:
    """Codex's first line was lost: the turn says so, and the next one is refused, exit 4."""
    made = Stand(tmp_path, "codex")
    own, _ = IDS["codex"]
    first = made("-b", "codex", "-o", "json", "one", told=own, how="headless").json()
    assert first["exit_status"] == 0
    assert any("reported no conversation id" in warning for warning in first["warnings"])
    refused = made("-c", "-o", "json", "two", told=own)
    assert (refused.exit_code, refused.json()["error"]["code"]) == (4, "conversation_gone")
    assert made.started == 1
    anew = made("-c", "--if-missing", "replay", "-o", "json", "two", told=own).json()
    assert (anew["exit_status"], anew["backend_session_id"]) == (0, own)
    assert not any("never saw" in warning for warning in anew["warnings"])
