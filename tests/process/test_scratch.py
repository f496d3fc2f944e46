"""The temporary files of a run: there as long as it, and removed later if it was killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clinvk.process.scratch import ScratchFiles, iter_abandoned, iter_left, remove_left, sweep_left

LATER_S = 3600.0


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _later() -> float:
    return time.time() + LATER_S


def _killed_run(temporary: Path) -> tuple[Path, int]:
    """What a run leaves that was killed: its folder, and the number of its agent, which lives."""
    script = (
        "import os, subprocess, sys, tempfile\n"
        "from clinvk.process.scratch import ScratchFiles\n"
        "scratch = ScratchFiles({'a': 'text'})\n"
        "child = subprocess.Popen(['sleep', '60'], pass_fds=scratch.keep_open)\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    env = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        child = int(run.stdout.readline())
        run.wait(10)
    [folder] = temporary.iterdir()
    return folder, child


def test_files_of_a_killed_run_are_removed_after_its_agent_ended(temporary: Path) -> None:
    """The agent may still read them while it runs."""
    folder, child = _killed_run(temporary)
    try:
        assert list(iter_left(now_s=_later())) == []
        assert sweep_left(now_s=_later()) == 0
        assert not remove_left(folder, now_s=_later())
        assert (folder / "a").read_text() == "text"
    finally:
        os.kill(child, signal.SIGKILL)
    until = time.monotonic() + 10
    while not list(iter_left(now_s=_later())):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert sweep_left(now_s=_later()) == 1
    assert not folder.exists()


def test_a_run_that_lives_keeps_its_files(temporary: Path) -> None:
    """And takes them away itself."""
    scratch = ScratchFiles({"a": "text"})
    assert sweep_left(now_s=_later()) == 0
    scratch.remove()
    scratch.remove()
    assert list(temporary.iterdir()) == []


def _old_name(folder: Path) -> None:
    folder.rename(folder.with_name("clinvk-abcdefgh"))


def _longer_name(folder: Path) -> None:
    folder.rename(folder.with_name(f"{folder.name}-mine"))


def _open(folder: Path) -> None:
    folder.chmod(0o755)


def _link(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def _file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


def _foreign(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(folder, 12_345, 12_345)


@pytest.mark.parametrize("change", [_old_name, _longer_name, _open, _link, _file, _foreign])
def test_a_folder_that_may_not_be_clinvks_is_kept(
    temporary: Path, change: Callable[[Path], None]
) -> None:
    """Another name, other permissions, a link, a file, another owner."""
    folder = Path(tempfile.mkdtemp(prefix="clinvk-run-"))
    change(folder)
    before = sorted(temporary.rglob("*"))
    assert sweep_left(now_s=_later()) == 0
    assert sorted(temporary.rglob("*")) == before


def test_a_new_folder_is_not_removed(temporary: Path) -> None:
    """It is locked shortly after it is created."""
    folder = Path(tempfile.mkdtemp(prefix="clinvk-run-"))
    assert list(iter_left(now_s=time.time())) == []
    assert list(iter_left(now_s=_later())) == [folder]
    assert temporary in folder.parents


def test_without_a_temporary_folder_nothing_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to remove where there is nothing."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert sweep_left(now_s=_later()) == 0
    assert remove_left(tmp_path / "clinvk-run-abcdefgh", now_s=_later())


@pytest.mark.parametrize(
    ("kind", "is_draft"), [("draft", True), ("trial", False)], ids=["a draft", "a trial"]
)
def test_an_unused_folder_of_a_killed_clinvk_is_found(
    temporary: Path, kind: str, *, is_draft: bool
) -> None:
    """While the editor is open it is in use; it is never removed."""
    script = (
        "import os, subprocess\n"
        f"from clinvk.process.scratch import {kind}_folder\n"
        f"with {kind}_folder() as folder:\n"
        "    folder.draft.write_text('words')\n"
        "    child = subprocess.Popen(['sleep', '60'], pass_fds=folder.keep_open)\n"
        "    print(child.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    env = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        child = int(run.stdout.readline())
        run.wait(10)
    [folder] = temporary.iterdir()
    try:
        assert list(iter_abandoned(now_s=_later())) == []
    finally:
        os.kill(child, signal.SIGKILL)
    for _ in range(1000):
        if found := list(iter_abandoned(now_s=_later())):
            break
        time.sleep(0.01)
    assert found == [(folder, is_draft)]
    assert list(iter_abandoned(now_s=time.time())) == []
    assert sweep_left(now_s=_later()) == 0
    assert not remove_left(folder, now_s=_later())
    assert (folder / "PROMPT.md").read_text() == "words"


@pytest.mark.parametrize(
    ("name", "file", "found"),
    [
        ("clinvk-checkout", "README.md", False),
        ("clinvk-abcd_123", "README.md", False),
        ("clinvk-abcd_123", ".PROMPT.md.swp", True),
        ("clinvk-abcd_123", "PROMPT.md~", True),
        ("clinvk-abcd_1234", "PROMPT.md", False),
    ],
)
def test_a_folder_is_a_draft_only_with_a_prompt_in_it(
    temporary: Path, name: str, file: str, *, found: bool
) -> None:
    """A folder of the person's own may be named alike."""
    (temporary / name).mkdir(mode=0o700)
    (temporary / name / file).touch()
    assert bool(list(iter_abandoned(now_s=_later()))) is found
