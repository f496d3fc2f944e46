"""The demo agent as the program that it is; what it prints is pinned by its recorded streams."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clinvk.agents.demo.backend import Agent

PROGRAM = Agent().locate_program(sys.executable)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which the agent keeps its conversations below `tmp_path`, and hurries."""
    return {**os.environ, "CLINVK_DEMO_HOME": str(tmp_path / "store"), "CLINVK_DEMO_DELAY_MS": "0"}


def ask(prompt: str, *options: str, environ: dict[str, str], cwd: Path) -> str:
    """The final answer."""
    done = subprocess.run(
        [*PROGRAM, *options],
        input=prompt,
        env=environ,
        cwd=cwd,
        check=True,
        capture_output=True,
        text=True,
    )
    answer: str = json.loads(done.stdout.splitlines()[-1])["text"]
    return answer


def test_it_says_what_it_is_and_remembers(environ: dict[str, str], tmp_path: Path) -> None:
    """A first run tells a newcomer what is going on; a second one shows that it was heard."""
    first = ask("hello", "--session=one", environ=environ, cwd=tmp_path)
    assert first == (
        "I am clinvk's demo agent: a small program without a model. "
        "You said: “hello”. This is turn 1 of our conversation."
    )
    second = ask("again", "--resume=one", environ=environ, cwd=tmp_path)
    assert second.endswith("This is turn 2 of our conversation. Earlier you said: “hello”.")


def test_its_store_is_private_and_where_the_backend_says(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """0700 and 0600; the declared files find exactly this conversation."""
    ask("hello", "--session=one", environ=environ, cwd=tmp_path)
    files = Agent().conversation_files("one", tmp_path, environ)
    (found,) = files.root.glob(files.pattern)
    assert oct(found.stat().st_mode & 0o777) == "0o600"
    assert oct(files.root.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize("home", [None, "", "moved"], ids=["unset", "empty", "moved"])
def test_it_is_in_the_home_of_clinvk(
    environ: dict[str, str], tmp_path: Path, home: str | None
) -> None:
    """Program and declaration agree, with `CLINVK_HOME` and without."""
    del environ["CLINVK_DEMO_HOME"]
    environ.pop("CLINVK_HOME", None)
    environ["HOME"] = str(tmp_path)
    if home is not None:
        environ["CLINVK_HOME"] = home and str(tmp_path / home)
    ask("hello", "--session=one", environ=environ, cwd=tmp_path)
    files = Agent().conversation_files("one", tmp_path, environ)
    assert list(files.root.glob(files.pattern))
    assert files.root == tmp_path / (home or ".clinvk") / "demo"


def test_nothing_is_kept_of_what_shall_not_be(environ: dict[str, str], tmp_path: Path) -> None:
    """Without persistence there is not even a folder."""
    ask("hello", "--session=one", "--no-persistence", environ=environ, cwd=tmp_path)
    assert not (tmp_path / "store").exists()


def test_a_file_of_the_working_directory_does_not_take_its_place(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """A `clinvk.py`, or a `json.py`, in the project is never imported."""
    for name in ("clinvk.py", "json.py", "runpy.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')\n", encoding="ascii")
    assert "demo agent" in ask("hello", environ=environ, cwd=tmp_path)


def test_a_killed_turn_is_remembered(environ: dict[str, str], tmp_path: Path) -> None:
    """The prompt is in the store before the answer begins."""
    with subprocess.Popen(
        [*PROGRAM, "--session=one"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
        cwd=tmp_path,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"remember me\n/silent 60")
        child.stdin.close()
        assert b'"start"' in child.stdout.readline()
        child.kill()
    answer = ask("well?", "--resume=one", environ=environ, cwd=tmp_path)
    assert "Earlier you said: “remember me" in answer


def test_it_streams_and_a_long_answer_does_not_take_long(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Word by word with a pause, which is the shorter the more words there are."""
    del environ["CLINVK_DEMO_DELAY_MS"]
    began = time.monotonic()
    answer = ask("/long 400", environ=environ, cwd=tmp_path)
    assert len(answer.split()) == 400
    assert 0.5 < time.monotonic() - began < 5


def test_a_reader_that_leaves_gets_no_traceback(environ: dict[str, str], tmp_path: Path) -> None:
    """A closed pipe ends the turn quietly."""
    with subprocess.Popen(
        [*PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        cwd=tmp_path,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stdin.write(b"/long 1000")
        child.stdin.close()
        assert child.wait(10) == 1
        assert child.stderr.read() == b""


def test_it_loads_next_to_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    """Many tests start it: no argparse, pathlib or typing, and nothing of clinvk but its own."""
    code = "import sys, clinvk.agents.demo.program; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-P", "-S", "-c", code],
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = set(found.stdout.split())
    ours = {name for name in loaded if name.startswith("clinvk")}
    agent = "clinvk.agents.demo"
    parts = {f"{agent}.{name}" for name in ("program", "turn", "conversation")}
    assert ours == {"clinvk", "clinvk.agents", agent, *parts}
    assert not loaded & {"argparse", "pathlib", "typing", "subprocess", "tempfile", "uuid"}
