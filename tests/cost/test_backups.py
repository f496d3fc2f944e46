"""Backups of homes of any size: the memory does not grow with the sessions or with their turns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bed.counted import memory_of
from bed.large_homes import make_home
from bed.worlds import world_in
from clinvk.model.config import merge
from clinvk.published.sessions import export_parts
from clinvk.services.sessions.export import ExportNotes, export_sessions, ids_to_export
from clinvk.services.sessions.importing import import_sessions

PEAK = Path(__file__).parents[1] / "bed" / "peak.py"
LIMIT_MB = 100
SESSIONS = 60


def export(home: Path, file: Path) -> None:
    """Write a backup of the home."""
    world = world_in(home)
    ids = ids_to_export(world, None)
    with file.open("wb") as opened:
        opened.writelines(export_parts(export_sessions(world, ids, ExportNotes())))


def read(file: Path) -> Iterator[bytes]:
    """The blocks of the file."""
    with file.open("rb") as opened:
        yield from iter(lambda: opened.read(1 << 16), b"")


def exported(folder: Path, sessions: int) -> tuple[Path, Path]:
    """A home with so many sessions, and its backup."""
    home, file = folder / f"home{sessions}", folder / f"{sessions}.json"
    make_home(home, sessions, 2, 50_000)
    export(home, file)
    return home, file


def test_twice_the_sessions_need_the_same_memory(tmp_path: Path) -> None:
    """Exporting them, and importing them: what is held at once is not what there is."""
    few, many = exported(tmp_path, SESSIONS), exported(tmp_path, 2 * SESSIONS)
    more = many[1].stat().st_size - few[1].stat().st_size
    assert more > 10_000_000

    def imported(home: Path, file: Path) -> None:
        import_sessions(world_in(home.with_suffix(".new")), read(file), "f", merge({}, {}))

    def exported_again(home: Path, file: Path) -> None:
        export(home, file.with_suffix(".again"))

    for work in (imported, exported_again):
        work(*few)  # what is loaded once
        small, large = (memory_of([partial(work, *one)]) for one in (few, many))
        assert large - small < more / 4, (work.__name__, small, large)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says the peak")
def test_a_huge_session_fits_into_a_hundred_megabytes(tmp_path: Path) -> None:
    """Several turns with an answer of ten million characters, which as text takes 40 MB each."""
    answer = 10_000_000
    home, file = tmp_path / "home", tmp_path / "all.json"
    (one,) = make_home(home, 1, 3, answer)
    assert peak_mb(tmp_path, home, "export", "--all", "--json", "-O", str(file)) < LIMIT_MB
    other = tmp_path / "other"
    assert peak_mb(tmp_path, other, "import", str(file)) < LIMIT_MB
    assert peak_mb(tmp_path, other, "import", str(file), "--update") < LIMIT_MB
    name = f"transcripts/{one}.jsonl"
    assert (other / name).stat().st_size == (home / name).stat().st_size > 6 * answer
    with (home / name).open("rb") as ours, (other / name).open("rb") as theirs:
        assert all(mine == its for mine, its in zip(ours, theirs, strict=True))
    with (home / name).open("rb") as lines:
        assert all(json.loads(line) for line in lines)


def peak_mb(folder: Path, home: Path, *words: str) -> float:
    """The most memory that the command takes."""
    env = {**os.environ, "HOME": str(folder), "CLINVK_HOME": str(home)}
    subprocess.run(
        [sys.executable, str(PEAK), str(folder / "peak"), "sessions", *words], env=env, check=True
    )
    return int((folder / "peak").read_text(encoding="ascii")) / 1024
