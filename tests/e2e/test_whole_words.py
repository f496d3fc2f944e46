"""No word of clinvk's own is broken by the edge of a terminal: help, errors, doctor, questions.

tmux knows which of its rows are one line that it had to wrap.
"""

import re
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.terminal import Terminal, have_tmux

pytestmark = pytest.mark.skipif(not have_tmux, reason="needs tmux")

SAYS = [
    ("clinvk",),
    ("clinvk", "run", "--help"),
    ("clinvk", "sessions", "--help"),
    ("clinvk", "sessions", "clean", "--help"),
    ("clinvk", "config", "set", "--help"),
    ("clinvk", "doctor"),
    ("clinvk", "backends"),
    ("clinvk", "backends", "claude"),
    ("clinvk", "hello there"),
    ("clinvk", "-b", "cluade", "hello"),
    ("clinvk", "--timeout", "soon", "-b", "demo", "hello"),
    ("clinvk", "sessions", "show", "a-session-that-is-not-there"),
    ("clinvk", "sessions", "list", "--since", "the day before yesterday"),
    ("clinvk", "config", "set", "run.tiemout", "15"),
    ("clinvk", "-b", "demo", "--access", "read-only", "/write a-file.txt hello"),
    ("clinvk", "-b", "demo", "/fail rate_limited"),
]
LONGEST = 40
"""What is longer may be broken: a path of this test, the forms of an option."""


def broken(screen: Terminal, columns: int, start: int = 0) -> list[str]:
    """The words of the lines from `start` on that the terminal had to break."""
    found = []
    for line in screen.screen().splitlines()[start:]:
        for edge in range(columns, len(line), columns):
            if not (line[edge - 1].isspace() or line[edge].isspace()):
                word = re.split(r"\s", line[:edge])[-1] + re.split(r"\s", line[edge:])[0]
                found += [word] if len(word) < LONGEST else []
    return found


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_no_word_is_broken(tmp_path: Path, columns: int) -> None:
    """On terminals of three widths."""
    command = bare_command(tmp_path)
    home = command.home
    env = {**home.env, "PATH": f"{command.program.parent}:{home.env['PATH']}"}
    with Terminal(env, home.project, columns=columns, rows=200) as screen:
        for words in SAYS:
            screen.clear()
            screen.run(*words)
            screen.wait_for_shell()
            # The line that was typed is the shell's.
            assert broken(screen, columns, 1) == [], words


@pytest.mark.parametrize("columns", [50, 80])
def test_no_word_of_a_question_is_broken(tmp_path: Path, columns: int) -> None:
    """Neither of the command that it is about, nor of its own help."""
    command = bare_command(tmp_path)
    home = command.home
    env = {**home.env, "PATH": f"{command.program.parent}:{home.env['PATH']}"}
    asked = "/run echo " + " ".join(f"argument-{number}" for number in range(20))
    with Terminal(env, home.project, columns=columns, rows=60) as screen:
        screen.run("clinvk", "-b", "demo", asked)
        screen.wait_for("Allow?")
        rows = screen.rows()
        shown = [row for row in rows if row.startswith(("│", "┆"))]
        assert len(shown) > 1
        said = "".join(row[2:].rstrip() + " " for row in shown)
        assert said.split() == ["$", *asked.removeprefix("/run ").split()]
        screen.press("?")
        screen.wait_for("press any key")
        assert broken(screen, columns, 1) == []
        screen.press("x")
        screen.wait_for("Allow?")
        screen.press("n")
        screen.wait_for_shell()
