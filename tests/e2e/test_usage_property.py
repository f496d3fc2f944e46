"""Whatever happens in a session, its figures are what the mock model billed, or they are unknown.

One random sequence, always the same, in the gate; with `--long` many, and others each time.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bed.agents import Agents
from bed.budget import budget, is_long
from bed.command import Command
from bed.homes import AgentHome
from bed.mock_model import MockModel

CLIS = [
    ("claude", "claude"),
    ("claude", "claude-next"),
    ("codex", "claude"),
    ("gemini", "claude"),
    ("opencode", "claude"),
    ("qwen", "claude"),
]
IDS = ["claude", "claude-next", "codex", "gemini", "opencode", "qwen"]
FIGURES = ("input_tokens", "cached_tokens", "output_tokens")
OUTSIDE = {
    "claude": ["claude", "-p", "--resume"],
    "codex": ["codex", "exec", "--skip-git-repo-check", "resume"],
    "gemini": ["gemini", "--skip-trust", "--approval-mode=yolo", "--resume"],
    "opencode": ["opencode", "run", "--session"],
    "qwen": ["qwen", "--resume"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One turn of a sequence; `outside` goes on in the agent's own CLI, without clinvk."""

    how: str
    tools: int
    tokens_in: int
    cached: int
    written: int
    out: int
    other_model: bool

    @property
    def prompt(self) -> str:
        """What the mock model is told to do and to bill."""
        said = f"[[usage:in={self.tokens_in},cached={self.cached},write={self.written}"
        said += f",out={self.out}]] go"
        said += f" [[steps:{self.tools}]]" if self.tools else ""
        return said + {"fails": "[[error:400]]", "killed": "[[gate]]"}.get(self.how, "")


step = st.builds(
    Step,
    how=st.sampled_from(["answered", "fails", "killed", "outside", "answered"]),
    tools=st.integers(0, 2),
    tokens_in=st.integers(100, 5000),
    cached=st.integers(0, 90),
    written=st.integers(0, 9),
    out=st.integers(1, 500),
    other_model=st.booleans(),
)


def _plain(how: str, **changed: Any) -> Step:
    figures = {"tokens_in": 700, "cached": 50, "written": 5, "out": 40, "tools": 1}
    return Step(how=how, **{**figures, "other_model": False, **changed})


TOUR = [
    _plain("answered"),
    _plain("killed", tools=2),
    _plain("answered"),
    _plain("outside", tokens_in=1300),
    _plain("answered"),
    _plain("fails", tools=2),
    _plain("answered", other_model=True),
    _plain("answered"),
]
"""Everything that can happen, each thing followed by a turn that could be wrong because of it."""


class History:
    """One session in a home of its own, and what each of its turns was billed."""

    def __init__(
        self, folder: Path, server: MockModel, agents: Agents, cli: tuple[str, str]
    ) -> None:
        self.backend = cli[0]
        self.home = AgentHome(folder, server, agents, claude=cli[1])
        self.clinvk = Command(self.home)
        self.server = server
        self.billed: list[Mapping[str, int]] = []
        self.costs: dict[Step, float | None] = {}

    def take(self, step: Step) -> None:
        """Do the step, and hold what clinvk says of it against the bills."""
        since = len(self.server.billed)
        if step.how == "outside":
            self._outside(step)
            return
        begins = ["-b", self.backend, "--access", "full", "-s", "one"]
        words = begins if not self.billed else ["-s", "one"]
        words += ["-m", self.home.other_model(self.backend)] if step.other_model else []
        if step.how == "killed":
            self._kill(words, step)
            self.billed.append({})
            return
        result = self.clinvk(*words, "-o", "json", step.prompt).json()
        assert result["exit_status"] == (1 if step.how == "fails" else 0), result
        billed = self._finished(since)
        said = {name: result["usage"][name] for name in FIGURES}
        if step.how == "fails" and said["input_tokens"] is None:
            billed = {}
        else:
            assert said == billed, result
        self.billed.append(billed)
        cost = self.costs.setdefault(step, result["cost_usd"])
        assert result["cost_usd"] == (cost if cost is None else pytest.approx(cost))

    def check(self) -> None:
        """The session's totals are the sum over the turns that are known, and say how many."""
        shown: dict[str, Any] = self.clinvk("sessions", "show", "one", "--json").json()
        known = [billed for billed in self.billed if billed]
        total = {name: sum(billed[name] for billed in known) for name in FIGURES}
        assert {name: shown["usage"][name] or 0 for name in FIGURES} == total
        assert (shown["turns"], shown["turns_reported"]) == (len(self.billed), len(known))
        turns = [{name: turn["usage"][name] for name in FIGURES} for turn in shown["turn_list"]]
        unknown = dict.fromkeys(FIGURES)
        assert turns == [billed or unknown for billed in self.billed]
        if len(known) < len(self.billed):
            said = f"({len(known)} of {len(self.billed)} turns reported)"
            assert said in self.clinvk("sessions", "show", "one").stdout

    def _finished(self, since: int) -> Mapping[str, int]:
        bills = [bill.usage for bill in self.server.billed[since:] if bill.finished]
        return {name: sum(getattr(usage, name) for usage in bills) for name in FIGURES}

    def _outside(self, step: Step) -> None:
        if not self.billed or not self.home.kept(self.backend):
            return
        shown = self.clinvk("sessions", "show", "one", "--json").json()
        program, *words = [*OUTSIDE[self.backend], shown["backend_session_id"]]
        subprocess.run(
            [str(self.home.bin / program), *words, *(["-"] if self.backend == "codex" else [])],
            input=step.prompt,
            env=self.home.env,
            cwd=self.home.project,
            text=True,
            capture_output=True,
            timeout=60,
            check=True,
        )

    def _kill(self, words: Sequence[str], step: Step) -> None:
        child = self.clinvk.popen(*words, step.prompt)
        self.server.wait_at_gate()
        time.sleep(0.3)  # what claude was killed within about a tenth of a second it forgets
        child.kill()
        child.communicate(timeout=10)
        for agent in _running_in(self.home.home):
            os.kill(agent, signal.SIGKILL)
        self.server.release()


def _running_in(home: Path) -> list[int]:
    """The processes whose HOME is this one."""
    marker = f"HOME={home}".encode()
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if marker in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
            except OSError:
                continue
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("cli", CLIS, ids=IDS)
@settings(
    max_examples=budget(1, long=50),
    derandomize=not is_long(),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(steps=TOUR)
@given(steps=st.lists(step, min_size=3, max_size=6))
def test_the_sum_over_turns_is_what_was_billed(
    tmp_path_factory: pytest.TempPathFactory,
    agents: Agents,
    cli: tuple[str, str],
    steps: list[Step],
) -> None:
    """Steps, caches, resumes, kills, other models, failures after tools, turns outside clinvk."""
    with MockModel() as server:
        history = History(tmp_path_factory.mktemp("history"), server, agents, cli)
        for one in steps:
            history.take(one)
        if history.billed:
            history.check()
