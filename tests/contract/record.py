"""Record the real CLIs against the mock model: `python tests/contract/record.py [--backend B]`.

Each case becomes `streams/<backend>/<case>/`: `stdout.jsonl` as the CLI printed it, `stderr.txt`,
`case.json` with what was asked, `answers.json` with what its requests were answered, and
`kept.jsonl` with the agent's own file if only that says how the turn ended. Only what
changes from one recording to the next is replaced: this machine's paths, ids (in their order of
appearance), times and durations.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

TESTS = Path(__file__).resolve().parents[1]
STREAMS = Path(__file__).resolve().parent / "streams"
sys.path.insert(0, str(TESTS))  # run as a file, this finds `bed` itself

from bed.agents import Agents, install_agents  # noqa: E402  after the path is set
from bed.homes import AgentHome  # noqa: E402  after the path is set
from bed.mock_model import MockModel  # noqa: E402  after the path is set
from bed.normalise import Normaliser  # noqa: E402  after the path is set
from bed.scenes import SCENES, Scene, Turn  # noqa: E402  after the path is set
from bed.setups import SETUPS  # noqa: E402  after the path is set
from clinvk.agents.base import Backend, Capability, Parser  # noqa: E402  as the others
from clinvk.agents.registry import get  # noqa: E402  as the others
from clinvk.model.access import Access  # noqa: E402  as the others
from clinvk.model.events import Event, Init, Result  # noqa: E402  as the others
from clinvk.model.permission import NO_RULES  # noqa: E402  as the others
from clinvk.model.request import FOLDER, Invocation, TurnRequest  # noqa: E402  as the others
from clinvk.services.files.for_agent import reply_with_file  # noqa: E402  as the others
from clinvk.services.turns.permissions import Permissions  # noqa: E402  as the others
from clinvk.store.agent_files.conversations import lines_backwards  # noqa: E402  as the others
from contract.dialogue import SIGNALS, Talk, converse  # noqa: E402  as the others
from contract.replay import with_mode  # noqa: E402  as the others

_TIMEOUT_S = 300
_LONGEST_KEPT = 2_000
_SETTLE_S = 1
"""How long an agent has to print what it got before its answer came to the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one child process said."""

    turn: Turn
    answers: list[dict[str, Any]]
    request: dict[str, Any]
    argv: list[str]
    stdout: str
    stderr: str
    exit_code: int
    kept: list[str]


def main() -> None:
    """Record what the options choose."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--backend", choices=SETUPS, help="those of `tests/bed/setups`")
    options.add_argument("--case", help="a part of a case's name")
    options.add_argument("--into", type=Path, default=STREAMS, help="in place of `streams/`")
    chosen = options.parse_args()
    agents = install_agents(os.environ)
    for scene in SCENES:
        if chosen.case and not any(chosen.case in turn.case for turn in scene.turns):
            continue
        for agent in scene.agents:
            if chosen.backend in {None, agent.partition("-")[0]}:
                record_scene(scene, agent, agents, chosen.into)


def record_scene(scene: Scene, agent: str, agents: Agents, into: Path) -> None:
    """Play the scene in a fresh home and save every turn of it."""
    backend, _, newer = agent.partition("-")
    with tempfile.TemporaryDirectory() as scratch, MockModel() as server:
        claude = agent if backend == "claude" else "claude"
        home = AgentHome(
            Path(scratch),
            server,
            agents,
            claude=claude,
            retries=scene.retries,
            chatty=scene.chatty,
        )
        if not scene.signed_in:
            home.sign_out()
        if not scene.online:
            home.lose_network()
        version = _version(backend, home)
        suffix = f"__{version.replace('.', '_')}" if newer else ""
        tidy = Normaliser(home, agents, server)
        before = None
        for recording in play(scene, backend, home, server):
            folder = into / backend / f"{recording.turn.case}{suffix}"
            _save(folder, recording, tidy, {"cli_version": version, "follows": before})
            before = folder.name
            print(f"{backend}/{folder.name}: exit {recording.exit_code}")  # noqa: T201  progress


def play(scene: Scene, backend: str, home: AgentHome, server: MockModel) -> Iterator[Recording]:
    """Run the turns one after another, each going on with the conversation of the first."""
    own_id = Capability.OWN_ID not in get(backend).lacks
    conversation = str(uuid4()) if own_id else None
    resume = False
    for turn in scene.turns:
        request = {"conversation": conversation, "resume": resume, **turn.request}
        prompt = turn.prompt.format(project=home.project)
        asked = _with_files(_asked({"prompt": prompt, **request}, home.project), backend, home)
        invocation = get(backend).invocation(asked)
        parser = get(backend).parser(asked)
        rules = Permissions(asked, NO_RULES, can_ask=False)
        decide = rules.decide if asked.access is not Access.ASK else None
        talk = Talk(parser, turn.answers, with_file=reply_with_file, decide=decide)
        stdout, stderr, code = _run(invocation, talk, turn, home, server)
        if not invocation.dialogue:
            for line in stdout.splitlines():
                talk.feed(line)
        yield Recording(
            turn=turn,
            answers=[*turn.answers, *talk.decided],
            request={"prompt": prompt, **request},
            argv=list(invocation.argv),
            stdout=stdout,
            stderr=stderr,
            exit_code=code,
            kept=_kept(get(backend), asked, talk.finish(code, stderr)[-1], home),
        )
        conversation = conversation or _conversation_of(get(backend).parser(asked), stdout)
        resume = True


def _with_files(asked: TurnRequest, backend: str, home: AgentHome) -> TurnRequest:
    """The request with what the backend reads of the agent's own settings."""
    files = get(backend).reads_files(asked.access, home.home, home.env)
    texts = {name: file.read_text("utf-8") for name, file in files.items() if file.is_file()}
    return replace(asked, texts=texts)


def _kept(backend: Backend, asked: TurnRequest, end: Event, home: AgentHome) -> list[str]:
    """The short lines of its file, if that adds to the result; the long ones are instructions."""
    conversation = end.backend_session_id if isinstance(end, Result) else None
    where = conversation and backend.conversation_files(conversation, home.home, home.env)
    if not where or not isinstance(end, Result) or end.failure:
        return []
    lines = [line for line in lines_backwards(where) if len(line) <= _LONGEST_KEPT]
    adds = backend.with_figures(end, asked, lines) != replace(end, counters=None)
    return [*reversed(lines)] if adds else []


def _asked(request: dict[str, Any], cwd: Path) -> TurnRequest:
    access = Access(request["access"]) if "access" in request else None
    return TurnRequest(**{**with_mode(request), "cwd": cwd, "access": access})


def _run(
    invocation: Invocation, talk: Talk, turn: Turn, home: AgentHome, server: MockModel
) -> tuple[str, str, int]:
    """Run the child to its end, or to the end that the turn wants for it."""
    files = _files(invocation, home.tmp)
    env = {**home.env, **{name: files(value) for name, value in invocation.env.items()}}
    for name in invocation.env_unset:
        env.pop(name, None)
    child = subprocess.Popen(
        [files(token) for token in invocation.argv],
        executable=home.bin / invocation.argv[0],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=invocation.cwd,
        env=env,
        start_new_session=True,
    )
    if invocation.dialogue:
        watch = Thread(target=_stop_at_gate, args=(child, turn, server))
        if "[[gate]]" in turn.prompt:
            watch.start()
        printed = converse(child, invocation.stdin, talk, turn.stop)
        return _heard(printed, *child.communicate(timeout=_TIMEOUT_S), child)
    assert child.stdin is not None
    child.stdin.write(invocation.stdin)
    child.stdin.close()
    child.stdin = None
    _stop_at_gate(child, turn, server)
    try:
        patience = turn.patience_s if turn.stop == "timeout" else _TIMEOUT_S
        stdout, stderr = child.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, SIGNALS["kill"])
        stdout, stderr = child.communicate()
    return _heard(b"", stdout, stderr, child)


def _heard(
    first: bytes, stdout: bytes, stderr: bytes, child: subprocess.Popen[bytes]
) -> tuple[str, str, int]:
    return (first + stdout).decode(), stderr.decode(), child.returncode


def _stop_at_gate(child: subprocess.Popen[bytes], turn: Turn, server: MockModel) -> None:
    """End it as the turn wants it, as soon as its answer waits."""
    if turn.stop in SIGNALS:
        server.wait_at_gate()
        time.sleep(_SETTLE_S)
        # The whole group: codex is a wrapper around a child that outlives it.
        os.killpg(child.pid, SIGNALS[turn.stop])


def _files(invocation: Invocation, folder: Path) -> Callable[[str], str]:
    """Write the files; what puts their paths in place of their names."""
    for key, text in invocation.files.items():
        (folder / key).write_text(text)

    def filled(value: str) -> str:
        for key in invocation.files:
            value = value.replace(f"{{{key}}}", str(folder / key))
        return value.replace(f"{{{FOLDER}}}", str(folder))

    return filled


def _version(backend: str, home: AgentHome) -> str:
    run = subprocess.run(
        [home.bin / backend, "--version"], env=home.env, text=True, capture_output=True, check=True
    )
    return next(word.rstrip(".") for word in run.stdout.split() if word[0].isdigit())


def _conversation_of(parser: Parser, stdout: str) -> str | None:
    """The id that the agent chose, read as clinvk reads it."""
    events = [event for line in stdout.splitlines() for event in parser.feed(line)]
    told = [event.backend_session_id for event in events if isinstance(event, Init)]
    return told[0] if told else None


def _save(folder: Path, recording: Recording, tidy: Normaliser, facts: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)  # the goldens beside it are changed on purpose only
    case = {
        **{name: value for name, value in facts.items() if value is not None},
        "argv": recording.argv,
        "exit_code": recording.exit_code,
        "stop": recording.turn.stop,
        "request": {name: value for name, value in recording.request.items() if value},
    }
    text = json.dumps(case, indent=2, ensure_ascii=False) + "\n"
    (folder / "case.json").write_text(tidy(text))
    if answers := recording.answers:
        text = json.dumps(answers, indent=2, ensure_ascii=False) + "\n"
        (folder / "answers.json").write_text(tidy(text))
    if recording.kept:
        (folder / "kept.jsonl").write_text(tidy("\n".join(recording.kept) + "\n"))
    (folder / "stdout.jsonl").write_text(tidy(recording.stdout))
    (folder / "stderr.txt").write_text(tidy(recording.stderr))


if __name__ == "__main__":
    main()
