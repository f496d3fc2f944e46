"""A home for `clinvk doctor` to look at, and what it says before and after a remedy."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bed.command import Command
from bed.published import check_doctor


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A home that is well: two sessions, an index, and `demo` as the agent."""

    clinvk: Command
    home: Path
    sessions: tuple[str, str]

    def examine(self, *args: str, env: dict[str, str] | None = None) -> tuple[int, Any]:
        """The exit code of `doctor --json` and what it said, held against its schema."""
        ran = self.clinvk("doctor", "--json", *args, env=env)
        check_doctor(ran.json())
        return ran.exit_code, ran.json()

    def finding(self, code: str, env: dict[str, str] | None = None) -> tuple[int, Any]:
        """The exit code, and the one finding of that code; there must be no other but notes."""
        exit_code, said = self.examine(env=env)
        found = [one for one in said["findings"] if one["code"] == code]
        assert len(found) == 1, said["findings"]
        others = [one for one in said["findings"] if one["code"] != code]
        assert [one["severity"] for one in others] == ["note"] * len(others), others
        return exit_code, found[0]

    def after(self, line: str, env: dict[str, str] | None = None) -> tuple[int, Any]:
        """Follow a remedy as it was printed, in a shell, and examine again in that shell."""
        ran = subprocess.run(
            ["bash", "-c", f"{line}\nclinvk doctor --json"],
            check=False,
            env={**self.environ, **(env or {})},
            cwd=self.clinvk.home.project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = json.loads(ran.stdout[ran.stdout.rindex('{\n  "schema"') :])
        return ran.returncode, said

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a person who has `clinvk` on the PATH."""
        env: dict[str, str] = self.clinvk.home.env
        return {**env, "PATH": f"{self.clinvk.program.parent}:{env['PATH']}"}

    def record(self, number: int = 0) -> Path:
        """The record of one of the sessions."""
        return self.home / "sessions" / f"{self.sessions[number]}.json"

    def transcript(self, number: int = 0) -> Path:
        """The transcript of one of the sessions."""
        return self.home / "transcripts" / f"{self.sessions[number]}.jsonl"

    def lock(self, number: int = 0) -> Path:
        """The lock of one of the sessions."""
        return self.home / "locks" / f"{self.sessions[number]}.lock"

    def edit(self, path: Path, **fields: Any) -> None:
        """Replace fields of a JSON file."""
        path.write_text(json.dumps(json.loads(path.read_text()) | fields))

    def reindex(self) -> None:
        """Let the index know what the test has changed, so that nothing else is found."""
        assert self.clinvk("sessions", "reindex").exit_code == 0
