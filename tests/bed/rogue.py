"""A home where `claude` is an agent that misbehaves, and clinvk run there, its memory watched."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parents[1]
_AGENT = _TESTS / "process" / "rogue_agent.py"
_PEAK = _TESTS / "bed" / "peak.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What became of one run; `peak_mb` is clinvk's own memory, without the agent's."""

    exit_code: int
    stdout: bytes
    stderr: str
    seconds: float
    peak_mb: float

    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)


class RogueHome:
    """`env` is added to a bare environment, which has nothing but the agent."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.clinvk_home = folder / "home" / ".clinvk"
        self.project = folder / "project"
        for made in (folder / "bin", folder / "home", self.project):
            made.mkdir()
        agent = folder / "bin" / "claude"
        agent.write_text(f"#!/bin/sh\nexec {sys.executable} -I -S {_AGENT}\n", encoding="utf-8")
        agent.chmod(0o700)
        self._env = env

    def environ(self, behaviour: str) -> dict[str, str]:
        """The whole environment for an agent that behaves like this."""
        return {
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join([str(self.folder / "bin"), "/usr/bin", "/bin"]),
            "LANG": "C.UTF-8",
            "CLINVK_TEST_BEHAVIOUR": behaviour,
            **self._env,
        }

    def argv(self, *args: str) -> list[str]:
        """Clinvk's command line, with its memory watched."""
        return [sys.executable, str(_PEAK), str(self.folder / "peak"), *args]

    def run(self, behaviour: str, *args: str, prompt: bytes = b"hello") -> Watched:
        """Run it to its end, the prompt on its stdin; the output goes into files."""
        out, err = self.folder / "stdout", self.folder / "stderr"
        began = time.monotonic()
        with out.open("wb") as stdout, err.open("wb") as stderr:
            ran = subprocess.run(
                self.argv(*args),
                input=prompt,
                stdout=stdout,
                stderr=stderr,
                cwd=self.project,
                env=self.environ(behaviour),
                check=False,
            )
        return Watched(
            exit_code=ran.returncode,
            stdout=out.read_bytes(),
            stderr=err.read_text(encoding="utf-8"),
            seconds=time.monotonic() - began,
            peak_mb=int((self.folder / "peak").read_text(encoding="ascii")) / 1024,
        )
