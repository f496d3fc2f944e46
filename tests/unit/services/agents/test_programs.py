"""Which program runs."""

from pathlib import Path

import pytest

from bed.worlds import world_in
from clinvk.agents.registry import get
from clinvk.errors import BackendNotInstalledError
from clinvk.services.agents.programs import started_program, which


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


def test_another_program_of_an_agent_is_found_beside_it(tmp_path: Path) -> None:
    """Where it is, where its link leads to, or on PATH; not beside it in the working directory."""
    vibe, world = get("vibe"), world_in(tmp_path)
    [name] = vibe.other_programs
    program = _program(tmp_path / "bin", "vibe")
    assert started_program(vibe, (str(program),), "vibe", world) == (str(program),)
    with pytest.raises(BackendNotInstalledError, match=f"no `{name}` beside"):
        started_program(vibe, (str(program),), name, world)
    other = _program(program.parent, name)
    link = tmp_path / "links" / "vibe"
    link.parent.mkdir()
    link.symlink_to(program)
    for started in (program, link):
        assert started_program(vibe, (str(started),), name, world) == (str(other),)
