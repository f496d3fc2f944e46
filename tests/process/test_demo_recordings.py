"""The demo agent's recorded streams are what its program prints today.

Run as a program, this file records all of them anew: `python tests/process/test_demo_recordings.py`.
"""  # noqa: E501  a command in one piece

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.demo.backend import Agent
from clinvk.model.access import Access
from clinvk.model.request import TurnRequest
from clinvk.process.scratch import ScratchFiles
from contract.dialogue import SIGNALS, Talk, converse
from contract.replay import Case, with_mode

STREAMS = Path(__file__).parents[1] / "contract" / "streams" / "demo"
_NOT_REQUESTED = {"follows", "stop", "answers"}
CONVERSATION = "00000000-0000-4000-8000-000000000001"

SCENES: dict[str, dict[str, Any]] = {
    "one_shot": {"prompt": "hello"},
    "resumed": {"prompt": "and now?", "resume": True, "follows": "one_shot"},
    "resumed_twice": {"prompt": "and then?", "resume": True, "follows": "resumed"},
    "conversation_gone": {"prompt": "hello again", "resume": True},
    "conversation_exists": {"prompt": "hello", "follows": "one_shot"},
    "ephemeral": {"prompt": "hello", "ephemeral": True},
    "model_chosen": {"prompt": "hello", "model": "demo-2"},
    "model_unknown": {"prompt": "hello", "model": "demo-none"},
    "system_prompt": {"prompt": "hello", "system_prompt": "Be kind.\nAnd brief."},
    "thinking": {"prompt": "/think Let me see.\n/think Yes.\n/say done"},
    "tool_edit": {"prompt": "/write a.txt one\n/write a.txt two\nplease", "access": "edit"},
    "tool_denied": {"prompt": "/write a.txt one"},
    "tool_read_only": {"prompt": "/write a.txt one\nplease", "access": "read-only"},
    "tool_outside": {"prompt": "/write ../a.txt one", "access": "edit"},
    "tool_fails": {"prompt": "/write missing/a.txt one", "access": "full"},
    "asks": {
        "prompt": "/write a.txt one\n/run echo two\n/write b.txt three\n/write c.txt four",
        "access": "ask",
        "answers": [
            {"decision": "allow"},
            {"decision": "allow", "command": "echo edited"},
            {"decision": "deny"},
            {"decision": "deny", "reason": "not in this folder"},
        ],
    },
    "asks_and_nobody_answers": {
        "prompt": "/write a.txt one",
        "access": "ask",
        "stop": "hangup",
    },
    "asks_and_withdraws": {
        "prompt": '/raw {"type": "ask", "id": "x", "name": "write", "summary": "x", "input": {}}\n'
        '/raw {"type": "ask", "id": "x", "name": "write", "summary": "x", "input": {}}\n'
        '/raw {"type": "withdraw", "id": "x"}\n/raw {"type": "withdraw", "id": "y"}\n/say done',
        "access": "ask",
    },
    "command_full": {"prompt": "/run echo one\n/run exit 3", "access": "full"},
    "command_denied": {"prompt": "/run echo one", "access": "edit"},
    "max_turns": {"prompt": "/write a.txt one", "access": "edit", "max_turns": 1},
    "error_429": {"prompt": "/say so far\n/fail rate_limited"},
    "error_auth": {"prompt": "/fail auth"},
    "error_unknown_code": {"prompt": "/fail something_new"},
    "prompt_refused": {"prompt": "/sleep long"},
    "option_refused": {"prompt": "hello", "backend_args": ["--nonsense"]},
    "cancelled": {"prompt": "/say partly\n/silent 60", "stop": "interrupt"},
    "killed": {"prompt": "/say partly\n/silent 60", "stop": "kill"},
    "after_an_interruption": {"prompt": "well?", "resume": True, "follows": "cancelled"},
    "no_result": {"prompt": "/say so far\n/exit 0"},
    "exit_code": {"prompt": "/say so far\n/exit 3"},
    "raw_lines": {"prompt": '/raw no json\n/raw {"type": "new"}\n/raw []\n/say done'},
    "signs_of_life": {"prompt": "/sleep 0.2\n/say done"},
    "strange_text": {"prompt": "/say grüße 你好 👋 \u2028 a\tb"},
    "markdown": {"prompt": "/say # Title\n/say \n/say * one\n/say * two"},
    "empty_prompt": {"prompt": ""},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one child said, and how it was called."""

    argv: list[str]
    stdout: bytes
    stderr: bytes
    exit_code: int


def request_of(case: str) -> dict[str, Any]:
    """What the scene asks for, in the words of `case.json`."""
    asked = {name: value for name, value in SCENES[case].items() if name not in _NOT_REQUESTED}
    return {"conversation": CONVERSATION, **asked}


def answers_of(case: str) -> list[dict[str, Any]]:
    """What its requests are answered."""
    answers: list[dict[str, Any]] = SCENES[case].get("answers", [])
    return answers


def play(case: str, home: Path) -> Played:
    """Run the case, and before it the one it follows, with the store and the project in `home`."""
    if before := SCENES[case].get("follows"):
        play(before, home)
    project = home / "project"
    project.mkdir(exist_ok=True)
    asked = {"access": None, "backend_args": (), **request_of(case), "cwd": project}
    asked["access"] = asked["access"] and Access(asked["access"])
    agent = Agent()
    invocation = agent.invocation(TurnRequest(**with_mode(asked)))
    files = ScratchFiles(invocation.files)
    argv = [*agent.locate_program(sys.executable), *files.fill_in(invocation.argv)[1:]]
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=project,
        env={**os.environ, "CLINVK_DEMO_HOME": str(home / "store"), "CLINVK_DEMO_DELAY_MS": "0"},
        start_new_session=True,
    ) as child:
        stop = SCENES[case].get("stop")
        if invocation.dialogue:
            talk = Talk(agent.parser(TurnRequest(**with_mode(asked))), answers_of(case))
            stdout = converse(child, invocation.stdin, talk, stop)
            _, stderr = child.communicate(timeout=30)
        else:
            stdout, stderr = hear(child, invocation.stdin, stop)
    files.remove()
    return Played(
        argv=list(invocation.argv), stdout=stdout, stderr=stderr, exit_code=child.returncode
    )


def hear(child: subprocess.Popen[bytes], prompt: bytes, stop: str | None) -> tuple[bytes, bytes]:
    """What the child prints; one that is to be stopped is so after the first word it says."""
    if stop is None:
        return child.communicate(prompt, timeout=30)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(prompt)
    child.stdin.close()
    child.stdin = None
    said = b""
    while b'"text"' not in said:
        said += child.stdout.readline()
    child.send_signal(SIGNALS[stop])
    rest, stderr = child.communicate(timeout=30)
    return said + rest, stderr


def facts(case: str, played: Played) -> str:
    """The content of `case.json`."""
    content = {
        "cli_version": Agent.tested_versions[0],
        "follows": SCENES[case].get("follows"),
        "argv": played.argv,
        "exit_code": played.exit_code,
        "stop": SCENES[case].get("stop"),
        "request": request_of(case),
    }
    if content["follows"] is None:
        del content["follows"]
    return f"{json.dumps(content, indent=2, ensure_ascii=False)}\n"


@pytest.mark.parametrize("case", SCENES)
def test_the_recording_is_what_the_program_prints(case: str, tmp_path: Path) -> None:
    """The same request gives the same argv, bytes and exit code."""
    played = play(case, tmp_path)
    folder = STREAMS / case
    assert played.stdout == (folder / "stdout.jsonl").read_bytes()
    assert played.stderr == (folder / "stderr.txt").read_bytes()
    assert facts(case, played) == (folder / "case.json").read_text(encoding="utf-8")
    assert answers_of(case) == Case("demo", case).answers


def test_every_recording_has_a_scene() -> None:
    """Each recording can be made again."""
    assert {folder.name for folder in STREAMS.iterdir()} == set(SCENES)


def record() -> None:
    """Play every scene in a fresh home and write down what was said."""
    shutil.rmtree(STREAMS, ignore_errors=True)
    for case in SCENES:
        with tempfile.TemporaryDirectory() as home:
            played = play(case, Path(home))
        folder = STREAMS / case
        folder.mkdir(parents=True)
        (folder / "case.json").write_text(facts(case, played), encoding="utf-8")
        if answers := answers_of(case):
            (folder / "answers.json").write_text(json.dumps(answers, indent=2) + "\n")
        (folder / "stdout.jsonl").write_bytes(played.stdout)
        (folder / "stderr.txt").write_bytes(played.stderr)


if __name__ == "__main__":
    record()
