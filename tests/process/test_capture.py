"""Asking a short program, with real ones."""

import sys
import time
from pathlib import Path

import pytest

from clinvk.process.capture import capture


def test_the_output_of_a_program_is_returned_with_its_code(tmp_path: Path) -> None:
    """Both streams, complete, with the given folder and environment."""
    code = (
        "import os,sys; sys.stdout.buffer.write(b'o' * 300000); sys.stderr.write(os.getcwd());"
        "sys.exit(len(os.environ['A']) if sys.stdin.read() == '' else 9)"
    )
    said = capture([sys.executable, "-c", code], cwd=tmp_path, environ={"A": "abc"}, timeout_s=30)
    assert (said.code, len(said.stdout), said.stderr.decode()) == (3, 300_000, str(tmp_path))


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    """The caller waits no longer than its limit."""
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        capture(
            ["/bin/sh", "-c", "sleep 60 & echo $! > pid; wait"],
            cwd=tmp_path,
            environ={"PATH": "/usr/bin:/bin"},
            timeout_s=0.5,
        )
    assert time.monotonic() - started < 10
    pid = (tmp_path / "pid").read_text().strip()
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_a_program_that_says_too_much_is_stopped(tmp_path: Path) -> None:
    """It cannot fill our memory."""
    with pytest.raises(OSError, match="more than"):
        capture(["/usr/bin/yes"], cwd=tmp_path, environ={}, timeout_s=30, most=1_000_000)


def test_a_program_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    """As is one in a folder that is gone."""
    for argv, cwd in ((["/no/such"], tmp_path), (["/bin/true"], tmp_path / "gone")):
        with pytest.raises(FileNotFoundError):
            capture(argv, cwd=cwd, environ={}, timeout_s=5)
