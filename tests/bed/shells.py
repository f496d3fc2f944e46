"""Real shells with our completion loaded, in which somebody types and presses TAB.

In each, `clinvk` is a function that shows the words it is given, so that what was completed is seen
as a program would get it: unquoted and cut into words. The script itself asks the program.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect

COMPLETIONS = Path(__file__).resolve().parents[2] / "completions"
FILES = {"bash": "clinvk.bash", "zsh": "_clinvk", "fish": "clinvk.fish"}
WAIT_S = 20.0

_ARGV = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
_SHOW = r"printf 'GOT'; printf '<%s>' {words}; printf '\n'"
_SET_UP = {
    "bash": [
        "PS1='> '; bind 'set enable-bracketed-paste off'; bind 'set bell-style none'",
        "source {script}",
        f"clinvk() {{{{ {_SHOW}; }}}}",
    ],
    "zsh": [
        "PS1='> '; unset zle_bracketed_paste; autoload -Uz compinit && compinit -D -u",
        "source {script}",
        f"clinvk() {{{{ {_SHOW} }}}}",
    ],
    "fish": [
        "function fish_prompt; printf '> '; end; function fish_greeting; end",
        "source {script}",
        f"function clinvk; {_SHOW}; end",
    ],
}
_WORDS = {"bash": '"$@"', "zsh": '"$@"', "fish": "$argv"}
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[=>()][AB0]?)")


def why_not(shell: str) -> str | None:
    """The reason that there is no such shell to test, None if there is one."""
    return None if shutil.which(shell) else f"{shell} is not installed"


class LiveShell:
    """An interactive shell in a terminal."""

    def __init__(self, shell: str, env: Mapping[str, str], cwd: Path) -> None:
        self.shell = shell
        self._child: pexpect.spawn[str] = pexpect.spawn(
            shell,
            _ARGV[shell],
            env={**env, "TERM": "dumb" if shell == "bash" else "xterm"},
            cwd=str(cwd),
            encoding="utf-8",
            dimensions=(50, 160),
            timeout=WAIT_S,
        )
        for line in _SET_UP[shell]:
            self.run(line.format(script=COMPLETIONS / FILES[shell], words=_WORDS[shell]))

    def run(self, line: str) -> str:
        """Run a line; everything that was seen meanwhile."""
        self._child.send(f"{line}\r")
        self._child.send("printf 'DO%s' NE\r")
        self._child.expect("DONE")
        return _ESCAPES.sub("", self._child.before or "")

    def completed(self, typed: str) -> list[str]:
        """The words of `clinvk` after typing so much of its line, TAB and Enter."""
        self._child.send(f"{typed}\t\r")
        self._child.expect(r"GOT((?:<[^>]*>)*)\r?\n")
        assert self._child.match
        return re.findall("<([^>]*)>", self._child.match[1])

    def listed(self, typed: str, *texts: str) -> str:
        """What is seen after typing so much and TAB twice, as soon as all the texts are seen."""
        self._child.send(f"{typed}\t\t")
        seen = ""
        missing = list(texts)
        while missing:
            self._child.expect([re.escape(text) for text in missing])
            seen += (self._child.before or "") + (self._child.after or "")
            missing = [text for text in missing if text not in _ESCAPES.sub("", seen)]
        self._child.send("\x15")  # the whole line, away
        self.run("")
        return _ESCAPES.sub("", seen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace
        self._child.close(force=True)
