"""The installed `clinvk`, run as a user runs it: a program, in a home, with pipes or a signal."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bed.homes import AgentHome

TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of one command."""

    args: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)

    def json_lines(self) -> list[Any]:
        """The JSON documents on stdout, one a line."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Command:
    """`clinvk` in a home; call it with arguments. `program` is also what pexpect is to spawn."""

    def __init__(self, home: AgentHome) -> None:
        self.home = home
        self.program = Path(sys.executable).with_name("clinvk")

    def wait_until_recorded(self, text: str) -> None:
        """Return once a transcript of the home has that text; raise `TimeoutError` if none gets it.

        `"backend_session"` is there as soon as the agent has spoken: it is at work.
        """
        until = time.monotonic() + TIMEOUT_S
        transcripts = self.home.clinvk_home / "transcripts"
        while not any(text in one.read_text("utf-8") for one in transcripts.glob("*.jsonl")):
            if time.monotonic() > until:
                raise TimeoutError(f"no transcript has {text}")
            time.sleep(0.02)

    def __call__(
        self,
        *args: str | Path,
        cwd: Path | None = None,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Ran:
        """Run it to its end; past `timeout_s` its whole process group is killed and this raises.

        `cwd` is the home's project unless given, `env` is added to the home's, and without `stdin`
        the program has none (`/dev/null`).
        """
        child = self.popen(*args, cwd=cwd, env=env, piped_stdin=stdin is not None)
        try:
            stdout, stderr = child.communicate(stdin, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            kill_group(child)
            raise
        return Ran(
            args=tuple(map(str, args)), exit_code=child.returncode, stdout=stdout, stderr=stderr
        )

    def popen(
        self,
        *args: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        piped_stdin: bool = False,
    ) -> "subprocess.Popen[str]":
        """Start it in a session of its own, to be signalled or killed by the test."""
        return subprocess.Popen(
            [self.program, *args],
            stdin=subprocess.PIPE if piped_stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=cwd or self.home.project,
            env={**self.home.env, **(env or {})},
            start_new_session=True,
        )


def kill_group(child: "subprocess.Popen[str]") -> None:
    """Kill the child with everything in its process group, and reap it."""
    if child.poll() is None:
        os.killpg(child.pid, 9)
    child.communicate()
