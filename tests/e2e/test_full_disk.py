"""A disk that is full, or cannot be written: nothing earlier is lost, the answer still comes.

A turn that has begun goes on, whatever can no longer be recorded of it, and says so once. A turn
that cannot be put down as begun is not begun in a session that has earlier ones; a new prompt is
answered without a record. The long form tries every size.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.budget import is_long
from bed.command import Command, Ran
from bed.published import check_home

SIZES = (
    (0, 100, 400, 700, 1000, 1500, 2200, 4000, 20_000, 90_000)
    if is_long()
    else (0, 700, 2200, 20_000)
)
"""Bytes that a file may have: too few for a lock, a transcript, a record, an index, or for none."""

PAGE = 4096
FREE = range(16) if is_long() else (0, 1, 3, 5)
"""Pages left on the disk: from none to enough for every file of a turn."""

LONG = "/say" + " a long answer" * 120


@pytest.fixture
def bare(tmp_path: Path) -> Command:
    """The demo agent, which has all the room in the world, whatever clinvk has."""
    command = bare_command(tmp_path)
    agent = tmp_path / "roomy"
    agent.write_text(
        "#!/bin/sh\nulimit -S -f unlimited\n"
        f'exec "{sys.executable}" -P -m clinvk.agents.demo.program "$@"\n'
    )
    agent.chmod(0o700)
    command.home.env |= {"CLINVK_BACKEND": "demo", "CLINVK_BACKENDS_DEMO_BINARY": str(agent)}
    return command


def _run(bare: Command, *args: str, before: Callable[[], None] | None = None) -> Ran:
    ran = subprocess.run(
        [bare.program, *args],
        env=bare.home.env,
        cwd=bare.home.project,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=before,
    )
    return Ran(args=args, exit_code=ran.returncode, stdout=ran.stdout, stderr=ran.stderr)


def _small_files(size: int) -> Callable[[], None]:
    """Python ignores SIGXFSZ, so that a write beyond the size is an error (EFBIG)."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _begin(bare: Command) -> bytes:
    """A session with a turn, and an index; its transcript."""
    assert bare("-s", "work", "one").exit_code == 0
    bare("sessions", "list")
    [transcript] = bare.home.clinvk_home.glob("transcripts/*")
    return transcript.read_bytes()


def _check_refused_or_warned(ran: Ran, *, new: bool) -> None:
    """One warning at the most; a turn that did not begin is an error with the file and why."""
    warnings = [line for line in ran.stderr.splitlines() if line.startswith("warning:")]
    if new or ran.exit_code == 0:
        assert (ran.exit_code, ran.stdout) == (0, LONG.removeprefix("/say ") + "\n")
        assert len(warnings) <= 1, ran.stderr
        assert "Traceback" not in ran.stderr
        return
    assert (ran.exit_code, ran.stdout, warnings) == (4, "", []), ran.stderr
    kept = "error: session `work` cannot be saved: cannot "  # a named session says so
    assert ran.stderr.startswith(("error: cannot ", kept)), ran.stderr
    assert "/.clinvk/" in ran.stderr


def _check_afterwards(bare: Command, transcript: bytes, *, new: bool) -> None:
    """With room again: the earlier turn as it was, the index right, and the session goes on."""
    transcripts = [path.read_bytes() for path in bare.home.clinvk_home.glob("transcripts/*")]
    assert any(one.startswith(transcript) for one in transcripts)
    shown = bare("sessions", "show", "work", "--json").json()
    assert shown["turn_list"][0]["prompt"] == "one"
    assert shown["turn_list"][0]["usage"]["total_tokens"] is not None
    listed = bare("sessions", "list", "--json").json()
    assert len(listed) <= 1 + new
    assert all(one["status"] in {"active", "interrupted"} for one in listed), listed
    after = bare("-s", "work", "-o", "json", "after").json()
    assert (after["exit_status"], after["warnings"]) == (0, []), after
    assert "“one”" in after["text"]
    assert bare("sessions", "reindex", "--check").exit_code == 0
    check_home(bare.home.clinvk_home)


@pytest.mark.parametrize("new", [True, False], ids=["new", "resumed"])
@pytest.mark.parametrize("size", SIZES)
def test_files_that_cannot_grow_lose_nothing(bare: Command, size: int, new: bool) -> None:  # noqa: FBT001  a case
    """Whichever file meets its limit: lock, transcript, record, index."""
    transcript = _begin(bare)
    which = () if new else ("-s", "work")
    ran = _run(bare, *which, LONG, before=_small_files(size))
    _check_refused_or_warned(ran, new=new)
    _check_afterwards(bare, transcript, new=new)


@contextmanager
def a_small_disk(at: Path) -> Iterator[None]:
    """A file system of 1 MiB, which the home is copied to."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    inside = at.with_name("inside")
    at.rename(inside)
    at.mkdir(0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", at],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a file system here: {mounted.stderr.decode().strip()}")
    try:
        subprocess.run(["cp", "-a", f"{inside}/.", at], check=True)
        yield
    finally:
        subprocess.run(["umount", at], check=True)


def _fill(at: Path, pages: int) -> Path:
    """Leave so many pages."""
    ballast = at.parent / ".clinvk" / "ballast.json"
    with ballast.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(PAGE))
            except OSError:
                break
        file.truncate(max(0, os.fstat(file.fileno()).st_size - pages * PAGE))
    return ballast


@pytest.mark.parametrize("new", [True, False], ids=["new", "resumed"])
@pytest.mark.parametrize("pages", FREE)
def test_a_full_disk_loses_nothing(bare: Command, pages: int, new: bool) -> None:  # noqa: FBT001  a case
    """From no page left to just enough: each write of a turn is the one that fails."""
    transcript = _begin(bare)
    with a_small_disk(bare.home.clinvk_home):
        ballast = _fill(bare.home.clinvk_home, pages)
        ran = _run(bare, *(() if new else ("-s", "work")), LONG)
        _check_refused_or_warned(ran, new=new)
        ballast.unlink()
        _check_afterwards(bare, transcript, new=new)


@pytest.mark.parametrize("new", [True, False], ids=["new", "resumed"])
def test_a_home_that_cannot_be_written_loses_nothing(bare: Command, new: bool) -> None:  # noqa: FBT001  a case
    """A read-only file system: a new prompt is answered, a session is not gone on with."""
    transcript = _begin(bare)
    root = bare.home.clinvk_home
    with a_small_disk(root):
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        ran = _run(bare, *(() if new else ("-s", "work")), LONG)
        listed = bare("sessions", "list", "--json").json()
        subprocess.run(["mount", "-o", "remount,rw", root], check=True)
        _check_refused_or_warned(ran, new=new)
        assert [one["name"] for one in listed] == ["work"]
        assert ran.exit_code == (0 if new else 4)
        _check_afterwards(bare, transcript, new=new)
