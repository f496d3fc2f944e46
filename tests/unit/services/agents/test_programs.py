"""Which program runs."""

from pathlib import Path

from clinvk.services.agents.programs import which


def _program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    return program


def test_a_relative_folder_on_path_is_skipped(tmp_path: Path) -> None:
    """`.` and an empty entry on PATH never let the working directory choose the program."""
    program = _program(tmp_path / "bin", "agent")
    for path in (f".:{program.parent}", f":{program.parent}", f"bin::{program.parent}"):
        assert which("agent", {"PATH": path}) == str(program)
    for path in ("", ".", "bin", ":"):
        assert which("agent", {"PATH": path}) is None


def test_an_absolute_program_is_itself(tmp_path: Path) -> None:
    """A configured binary is used where it stands, and a relative one never."""
    program = _program(tmp_path / "bin", "agent")
    assert which(str(program), {"PATH": ""}) == str(program)
    assert which("bin/agent", {"PATH": str(tmp_path)}) is None
