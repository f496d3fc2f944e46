"""What may come on stdin, and as a prompt's bytes. These run without Node."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home of its own; the demo agent says what it was sent."""
    return bare_command(tmp_path)


def _run(
    clinvk: Command, *words: str | bytes, stdin: int | bytes | None = None
) -> "subprocess.CompletedProcess[bytes]":
    piped = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    return subprocess.run(
        [clinvk.program, "-b", "demo", *words],
        cwd=clinvk.home.project,
        env=clinvk.home.env,
        capture_output=True,
        check=False,
        timeout=60,
        **piped,
    )


@pytest.mark.parametrize("where", ["file", os.devnull])
def test_a_stdin_that_is_only_open_for_writing_has_no_prompt(
    clinvk: Command, tmp_path: Path, where: str
) -> None:
    """With words it is ignored; if it is requested, exit 2 with the reason, and no traceback."""
    descriptor = os.open(tmp_path / where, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        beside = _run(clinvk, "hello", stdin=descriptor)
        assert (beside.returncode, "“hello”" in beside.stdout.decode()) == (0, True)
        for words in (["-"], ["sessions", "import", "-"]):
            asked = _run(clinvk, *words, stdin=descriptor) if words == ["-"] else None
            if asked is None:
                asked = subprocess.run(
                    [clinvk.program, *words],
                    env=clinvk.home.env,
                    stdin=descriptor,
                    capture_output=True,
                    check=False,
                )
            assert asked.returncode == 2
            assert asked.stderr.startswith(b"error: stdin cannot be read: bad file descriptor\n")
        assert _run(clinvk, stdin=descriptor).returncode == 2
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("words", [["-"], [], ["words"]], ids=["dash", "none", "words"])
def test_bytes_that_are_no_text_are_never_sent(clinvk: Command, words: list[str]) -> None:
    """Latin-1 and UTF-16 without a mark are refused, alone and below words; nothing is recorded."""
    for data in (b"caf\xe9", "hello".encode("utf-16-le")):
        ran = _run(clinvk, *words, stdin=data)
        assert (ran.returncode, ran.stdout) == (2, b"")
        assert ran.stderr.startswith(b"error: the text on stdin ")
    assert not clinvk.home.clinvk_home.exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_makes_it_certain(clinvk: Command, encoding: str) -> None:
    """As PowerShell writes a file: the agent is sent the same text in UTF-8."""
    ran = _run(clinvk, "-", stdin="café".encode(encoding))
    assert (ran.returncode, "“café”" in ran.stdout.decode()) == (0, True)


def test_arguments_are_held_to_the_same(clinvk: Command) -> None:
    """A prompt and a system prompt whose bytes are no UTF-8."""
    for words in ([b"caf\xe9"], ["--system-prompt", b"caf\xe9", "hello"]):
        ran = _run(clinvk, *words, stdin=subprocess.DEVNULL)
        assert ran.returncode == 2
        assert b"is not UTF-8 text" in ran.stderr


def test_a_draft_is_held_to_the_same(clinvk: Command, tmp_path: Path) -> None:
    """What an editor saved in another encoding is not sent either."""
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'caf\\351' > \"$1\"\n")
    editor.chmod(0o700)
    ran = clinvk("-b", "demo", "-e", env={"EDITOR": str(editor)})
    assert ran.exit_code == 2
    assert "the draft is not UTF-8 text: its byte 4 is 0xe9" in ran.stderr


LONGEST = 10 * 1024 * 1024


@pytest.mark.parametrize("words", [["-"], ["words"]], ids=["dash", "words"])
@pytest.mark.parametrize("text", [b"\0", b"log\n"], ids=["zeros", "lines"])
def test_a_stdin_that_never_ends_is_refused(clinvk: Command, words: list[str], text: bytes) -> None:
    """As `/dev/zero` or `yes` would fill the memory: it is read no further than a prompt goes."""
    endless = "import os\nwhile True: os.write(1, %r)" % (text * 16_384)
    with subprocess.Popen(["python3", "-c", endless], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        ran = _run(clinvk, *words, stdin=writer.stdout.fileno())
        writer.stdout.close()
        writer.kill()
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.startswith(b"error: the text on stdin is longer than 10.5 MB\n")


def test_the_longest_prompt_is_recorded_so_that_it_can_be_read(clinvk: Command) -> None:
    """Also where each byte takes six in the transcript; a longer one would be a damaged line."""
    prompt = b"see" + b"\x01" * (LONGEST - 3)
    assert _run(clinvk, "-", stdin=prompt + b"x").returncode == 2
    assert _run(clinvk, "-q", "-", stdin=prompt).returncode == 0
    shown = clinvk("sessions", "show", "@last", "--json").json()
    assert (shown["damaged_lines"], shown["turns"]) == (0, 1)
    assert shown["turn_list"][0]["prompt"].encode() == prompt


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_while_stdin_is_awaited_ends_as_in_a_turn(
    clinvk: Command, number: signal.Signals
) -> None:
    """Exit 143, as once the agent runs, and not the death that a shell calls 129."""
    with subprocess.Popen(
        [clinvk.program, "-b", "demo", "-"],
        cwd=clinvk.home.project,
        env=clinvk.home.env,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as waiting:
        assert waiting.stderr is not None
        assert waiting.stderr.readline().startswith(b"waiting for the end of stdin")
        waiting.send_signal(number)
        assert waiting.wait(timeout=30) == 143
    assert not clinvk.home.clinvk_home.exists()
