"""What many agents cost: at the start of a turn, and in `clinvk backends`; as ratios.

    python tests/bench/agents.py [--rounds N] [--no-agents]

The first table has the time from clinvk's start to the start of a stand-in for the agent, with 0,
12 and 40 further agents declared in the configuration, and with stand-ins for all built-in agents
on the PATH. The second one compares `clinvk backends` with the slowest `--version` of the real CLIs
and with all of them one after another; it needs Node. Prints, asserts nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.startup import CLINVK, Case, medians_of, print_table, timed
from clinvk.agents import registry

MANY = (0, 12, 40)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-agents", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _starts(Path(folder), options.rounds)
        if not options.no_agents:
            _versions(Path(folder), options.rounds)


def _starts(folder: Path, rounds: int) -> None:
    """From the start of clinvk to that of the agent: with `-b`, and with the default one."""
    cases: dict[str, Case] = {}
    for count in MANY:
        home = _home(folder / f"declared-{count}", ["claude"], count)
        cases[f"-b claude, {count} declared"] = _spawn(home, "-b", "claude")
        cases[f"default, {count} declared"] = _spawn(home)
    everything = [one for one in registry.built_in() if registry.get(one).preference is not None]
    home = _home(folder / "installed", everything, 0)
    cases[f"default, {len(everything)} installed"] = _spawn(home)
    print_table("start to spawn", medians_of(cases, rounds), base="-b claude, 0 declared")


def _home(home: Path, installed: list[str], declared: int) -> Path:
    """A home with stand-ins that note when they are started, and a configuration."""
    (home / "bin").mkdir(parents=True)
    for name in installed:
        program = home / "bin" / registry.get(name).executable
        program.write_text(f"#!/bin/sh\ndate +%s%N > {home}/stamp\n")
        program.chmod(0o700)
    (home / ".clinvk").mkdir()
    lines = ["backends:"] if declared else []
    for number in range(declared):
        lines += [
            f"  agent{number}:",
            "    declared:",
            f"      program: agent{number}",
            '      start: [ask, --json, "{options}"]',
            '      resume: [ask, "--session={conversation}", "{options}"]',
            '      options: {model: ["--model={model}"]}',
            "      access: {read-only: [--no-write]}",
            "      output: {format: jsonl, conversation: id, text: message}",
        ]
    (home / ".clinvk" / "config.yaml").write_text("\n".join(lines) + "\n")
    return home


def _spawn(home: Path, *options: str) -> Case:
    env = {"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}

    def run() -> float:
        started_ns = time.time_ns()
        subprocess.run(
            [CLINVK, *options, "hello"], env=env, check=False, capture_output=True, cwd=home
        )
        return (int((home / "stamp").read_text()) - started_ns) / 1e9

    return run


def _versions(folder: Path, rounds: int) -> None:
    from bed.agents import install_agents
    from bed.homes import AgentHome
    from bed.mock_model import MockModel
    from bed.setups import SETUPS

    with MockModel() as server:
        home = AgentHome(folder / "agents", server, install_agents(os.environ))

        def version_of(name: str) -> Case:
            return lambda: timed([str(home.bin / name), "--version"], home.env, cwd=home.home)

        alone = {f"{name} --version": version_of(name) for name in SETUPS}
        home.clinvk_home.mkdir()
        together: dict[str, Case] = {
            "clinvk backends, anew": lambda: _listed(home),
            "clinvk backends, again": lambda: timed([CLINVK, "backends"], home.env),
        }
        medians = medians_of({**alone, **together}, rounds)
    slowest = max(alone, key=lambda name: medians[name])
    medians["one after another"] = sum(medians[name] for name in alone)
    print_table(f"{len(SETUPS)} agents' versions, against the slowest", medians, base=slowest)


def _listed(home: "AgentHome") -> float:  # noqa: F821  imported when needed
    """The list as when no program has answered before."""
    shutil.rmtree(home.clinvk_home / "cache", ignore_errors=True)
    return timed([CLINVK, "backends"], home.env)


if __name__ == "__main__":
    main()
