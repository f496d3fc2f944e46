"""An answer on a terminal while it arrives: each word at once, rendered, once, and in its place.

The agent prints what the test hands it through a pipe, so each step is seen before the next.
"""

import json
import os
import re
from pathlib import Path
from typing import TextIO

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.terminal import Terminal, have_tmux

pytestmark = pytest.mark.skipif(not have_tmux, reason="needs tmux")

CONFIG = """\
backends:
  piper:
    declared:
      program: /bin/sh
      start: [-c, 'cat > /dev/null; exec cat "$0"', {pipe}]
      output:
        format: jsonl
        delta: piece
"""


class Piper:
    """An agent that says what the test says; the first word opens it."""

    def __init__(self, command: Command, pipe: Path) -> None:
        self.command = command
        self.pipe = pipe
        self._file: TextIO | None = None

    def say(self, *pieces: str) -> None:
        """Print the pieces, each as one event."""
        if self._file is None:
            self._file = self.pipe.open("w", encoding="utf-8")
        for piece in pieces:
            self._file.write(json.dumps({"piece": piece}) + "\n")
        self._file.flush()

    def end(self) -> None:
        """Let the agent end."""
        assert self._file is not None
        self._file.close()
        self._file = None

    def terminal(self, columns: int, *before: str) -> Terminal:
        """A terminal in which the agent is asked."""
        home = self.command.home
        env = {**home.env, "PATH": f"{self.command.program.parent}:{home.env['PATH']}"}
        shown = Terminal(env, home.project, columns=columns, rows=24)
        shown.run(*before, "clinvk", "-b", "piper", "go")
        return shown


@pytest.fixture
def piper(tmp_path: Path) -> Piper:
    """The agent, declared in a home of its own."""
    command = bare_command(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command.home.clinvk_home.mkdir(mode=0o700)
    (command.home.clinvk_home / "config.yaml").write_text(CONFIG.format(pipe=pipe))
    return Piper(command, pipe)


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_code_and_words_appear_while_they_arrive(piper: Piper, columns: int) -> None:
    """120 lines of code and 400 words: each part is seen before the next is printed."""
    with piper.terminal(columns) as screen:
        piper.say("Here it is:\n\n```py\n")
        screen.wait_for("Here it is:")
        for part in range(12):
            piper.say(*(f"line_{part * 10 + at} = {at}\n" for at in range(10)))
            screen.wait_for(f"  line_{part * 10 + 9} = 9")
        piper.say("```\n\n")
        for part in range(20):
            words = [f"word{part * 20 + at}" for at in range(20)]
            piper.say(*(f" {'**' if at == 0 else ''}{word}{'**' if at == 0 else ''}"
                        for at, word in enumerate(words)))  # fmt: skip
            screen.wait_for(words[-1])
        piper.end()
        screen.wait_for_shell()
        whole = screen.history()
    lines = re.findall(r"^  (line_\d+) = \d *$", whole, re.MULTILINE)
    assert lines == [f"line_{number}" for number in range(120)]
    assert re.findall(r"word\d+", whole) == [f"word{number}" for number in range(400)]
    assert "*" not in whole
    assert all(len(line.rstrip()) <= columns for line in whole.splitlines())


def test_lists_tables_quotes_and_long_lines_arrive_too(piper: Piper) -> None:
    """In single characters; also wide letters, a very long line, and a fence that is not closed."""
    text = (
        "1. first\n2. second\n   - inner\n\n> a quote\n> > in a quote\n\n"
        "| name | what |\n|---|---|\n| `a` | one |\n| longer | two |\n\n"
        "日本語の文章 👩🏽\u200d🚀 wide\n\n" + "x" * 200 + "\n\n```\nopen fence\n"
    )
    with piper.terminal(60) as screen:
        piper.say(*text)
        shown = screen.wait_for("open fence")
        piper.end()
        screen.wait_for_shell()
    lines = [line.rstrip() for line in shown.splitlines()]
    for line in (
        *(" 1. first", " 2. second", "     • inner", "▌ a quote", "▌ ▌ in a quote"),
        *("name    what", "──────  ────", "a       one", "longer  two"),
        *("x" * 60, "x" * 20, "  open fence"),
    ):
        assert lines.count(line) == (3 if line == "x" * 60 else 1), line
    assert any(line.startswith("日本語の文章") and line.endswith("wide") for line in lines)


@pytest.mark.parametrize("sizes", [(40, 100, 60), (100, 30, 80)])
def test_a_resized_window_doubles_and_loses_no_word(piper: Piper, sizes: tuple[int, ...]) -> None:
    """In the middle of a word, of a paragraph and of a list."""
    with piper.terminal(70) as screen:
        number = 0
        for columns in sizes:
            for _ in range(30):
                piper.say("wo", f"rd{number} ")
                number += 1
            piper.say("wo")
            screen.wait_for(f"word{number - 1}")
            screen.resize(columns, 24)
            piper.say(f"rd{number} ")
            number += 1
            screen.wait_for(f"word{number - 1}")
            piper.say(f"\n\n- word{number} ")
            number += 1
        piper.end()
        screen.wait_for_shell()
        whole = screen.history()
    seen = re.findall(r"wo\s*rd(\d+)", whole.split("go\n", 1)[1])
    assert seen == [str(at) for at in range(number)]


def test_without_colour_there_is_bold_and_underlined_text(piper: Piper) -> None:
    """`NO_COLOR` is about colour."""
    with piper.terminal(60, "env", "NO_COLOR=1") as screen:
        piper.say("# Title\n\n**bold** `code`\n\n1. one\n")
        piper.end()
        screen.wait_for_shell()
        lines = screen.colored_lines()
    shown = "\n".join(lines)
    assert re.search(r"\x1b\[(?:0;)?1;4m(?:\x1b\[[34]9m)*Title", shown)
    assert re.search(r"\x1b\[(?:0;)?1m(?:\x1b\[[34]9m)*bold", shown)
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7])m", shown)
    assert " 1. one" in re.sub(r"\x1b\[[\d;]*m", "", shown)


def test_a_dumb_terminal_gets_the_markdown_itself(piper: Piper) -> None:
    """Without any sequence: as it was written, while it arrives."""
    with piper.terminal(60, "env", "TERM=dumb") as screen:
        piper.say("# Title\n\n**bo")
        screen.wait_for("**bo")
        piper.say("ld** `code`\n")
        piper.end()
        screen.wait_for_shell()
        shown = screen.colored_lines()
    assert "# Title" in shown
    assert "**bold** `code`" in shown


def test_the_spinner_is_there_while_the_answer_goes_into_a_file(piper: Piper) -> None:
    """Only a person sees it."""
    with piper.terminal(80, *("sh", "-c", '"$@" > answer.txt', "sh")) as screen:
        screen.wait_for("starting piper")
        piper.say("one two")
        screen.wait_for("writing")
        piper.end()
        shown = screen.wait_for_shell()
    assert "piper" in shown
    assert (piper.command.home.project / "answer.txt").read_text() == "one two\n"
    assert "writing" not in shown


def test_a_pager_has_the_screen_for_itself(piper: Piper) -> None:
    """Its reader sees the answer, and nothing is written over it."""
    with piper.terminal(80, *("sh", "-c", '"$@" | less', "sh")) as screen:
        piper.say(*(f"line {number}\n" for number in range(100)))
        screen.wait_for("line 20")
        before = screen.settle(0.3)
        piper.say("the end\n")
        piper.end()
        assert screen.settle(0.5) == before
        screen.press("G")
        shown = screen.wait_for("the end")
        assert "piper" not in shown
        screen.press("q")
        assert "tokens" not in screen.wait_for_shell()


def test_after_ctrl_c_every_place_says_interrupted(piper: Piper) -> None:
    """The screen, the list, the session, its turn, their JSON, and the export."""
    clinvk = piper.command
    with piper.terminal(100) as screen:
        piper.say("one two")
        screen.wait_for("one two")
        screen.press("C-c")
        screen.wait_for("interrupted · ")
        piper.end()
        screen.wait_for_shell()
    assert clinvk("sessions", "list", "--json").json()[0]["status"] == "interrupted"
    assert "interrupted" in clinvk("sessions", "list").stdout
    assert "Status:            interrupted\n" in clinvk("sessions", "show", "@last").stdout
    turn = clinvk("sessions", "show", "@last", "--turn", "1")
    assert "Stop Reason:       interrupted\n" in turn.stdout
    told = clinvk("sessions", "show", "@last", "--turn", "1", "--json").json()
    assert (told["interrupted"], told["stop_reason"]) == (True, "interrupted")
    assert "was interrupted" in clinvk("sessions", "show", "@last", "--answer").stderr
    exported = clinvk("sessions", "export", "@last").stdout
    assert 'status: "interrupted"' in exported
    assert "*interrupted: the answer is incomplete*" in exported
    for place in (turn.stdout, exported):
        assert "cancel" not in place
