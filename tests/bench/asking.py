"""How soon a question is on the screen, and what a turn costs that could ask but does not.

`python tests/bench/asking.py [--turns N] [--agents N]`; with the demo agent, at a terminal of
pexpect's. `--agents` also runs N turns of every real agent that asks, against the mock model: each
on its live channel and then headless, so that whatever else the machine does falls on both.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect

sys.path.insert(0, str(Path(__file__).parents[1]))

from bed.agents import install_agents
from bed.bare import bare_command
from bed.command import Command
from bed.homes import AgentHome
from bed.mock_model import MockModel
from bed.setups import SETUPS
from clinvk.agents.base import Capability
from clinvk.agents.registry import get

AGENT = """#!{python} -I
import json, os, sys, time
def say(**fields):
    os.write(1, (json.dumps(fields) + "\\n").encode())
sys.stdin.readline()
say(type="start", session="one", model="m")
time.sleep(0.2)
given = {{"path": "a.txt", "text": "some lines\\n" * 20}}
say(type="ask", id="1", name="write", summary="", input=given, reason="at %.6f" % time.time())
sys.stdin.readline()
say(type="done", text="", usage={{}})
"""


def spawn(clinvk: Command, *words: str, home: str = "") -> "pexpect.spawn[str]":
    """The command at a terminal of 60 rows."""
    env = {**clinvk.home.env, "TERM": "xterm-256color"}
    if home:
        env["CLINVK_BACKENDS_DEMO_BINARY"] = home
    return pexpect.spawn(
        str(clinvk.program),
        ["-b", "demo", *words],
        env=env,
        cwd=str(clinvk.home.project),
        dimensions=(60, 120),
        encoding="utf-8",
    )


def question_s(clinvk: Command, agent: Path) -> float:
    """From the agent's line to its question on the screen."""
    child = spawn(clinvk, "hello", home=str(agent))
    child.expect("because: at ([0-9.]+)")
    shown_at, match = time.time(), child.match
    assert isinstance(match, re.Match)
    child.expect("Allow")
    child.send("n")
    child.expect(pexpect.EOF)
    child.close()
    return shown_at - float(match[1])


def turn_s(clinvk: Command, access: str) -> float:
    """A whole turn without any tool."""
    began = time.perf_counter()
    child = spawn(clinvk, "--access", access, "hello")
    child.expect(pexpect.EOF)
    took = time.perf_counter() - began
    child.close()
    return took


def agent_turn_s(clinvk: Command, backend: str, access: str) -> float:
    """A whole turn of a real agent without any tool."""
    began = time.perf_counter()
    ran = clinvk("-b", backend, "--access", access, "Say something.")
    took = time.perf_counter() - began
    if ran.exit_code:
        raise RuntimeError(ran.stderr)
    return took


def measure_agents(turns: int) -> None:
    """Each agent that can ask: its live channel beside its headless one."""
    agents = install_agents(os.environ)
    asking = [name for name in SETUPS if Capability.ASK not in get(name).lacks]
    for name in (*asking, "claude-next"):
        backend = name.partition("-")[0]
        claude = name if backend == "claude" else "claude"
        with tempfile.TemporaryDirectory() as folder, MockModel() as server:
            clinvk = Command(AgentHome(Path(folder), server, agents, claude=claude))
            agent_turn_s(clinvk, backend, "ask")
            pairs = [
                (agent_turn_s(clinvk, backend, "ask"), agent_turn_s(clinvk, backend, "edit"))
                for _ in range(turns)
            ]
        live, headless = (statistics.median(times) for times in zip(*pairs, strict=True))
        sys.stdout.write(
            f"{name:<12} asking {live * 1000:6.0f} ms, headless {headless * 1000:6.0f} ms:"
            f" {live / headless:.2f} times\n"
        )
        sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--turns", type=int, default=20)
    options.add_argument("--agents", type=int, default=0, help="turns of each real agent")
    chosen = options.parse_args()
    turns = chosen.turns
    with tempfile.TemporaryDirectory() as folder:
        clinvk = bare_command(Path(folder))
        agent = Path(folder) / "agent"
        agent.write_text(AGENT.format(python=sys.executable), encoding="utf-8")
        agent.chmod(0o755)
        waits = [question_s(clinvk, agent) for _ in range(turns)]
        pairs = [(turn_s(clinvk, "ask"), turn_s(clinvk, "edit")) for _ in range(turns)]
    asking, headless = (statistics.median(times) for times in zip(*pairs, strict=True))
    median, most = statistics.median(waits), max(waits)
    sys.stdout.write(
        f"question on the screen: median {median * 1000:.1f} ms, most {most * 1000:.1f} ms\n"
        f"turn with ask {asking * 1000:.0f} ms, with edit {headless * 1000:.0f} ms:"
        f" {asking / headless:.2f} times, on {os.cpu_count()} processors\n"
    )
    if chosen.agents:
        measure_agents(chosen.agents)


if __name__ == "__main__":
    main()
