"""A real terminal for the installed `clinvk`: tmux, in which keys are typed and a screen is read.

tmux draws what a person would see, answers what a terminal is asked, and is sized at will. Each
has a server of its own, which ends with the test.
"""

import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from bed.picture import self_contained

WAIT_S = 20.0
_POLL_S = 0.03

have_tmux = shutil.which("tmux") is not None


class Terminal:
    """A shell in a terminal; `run` types a command, `screen` is what is seen.

    The shell's prompt is `$ `.
    """

    def __init__(
        self, env: Mapping[str, str], cwd: Path, *, columns: int = 100, rows: int = 30
    ) -> None:
        # Not a folder of the test's: a socket's path has 107 bytes at most.
        self._folder = tempfile.mkdtemp(prefix="clinvk-tmux-")
        self._tmux = ("tmux", "-S", f"{self._folder}/tmux", "-f", "/dev/null")
        size = ("-x", str(columns), "-y", str(rows))
        self._env = {**env, "TERM": "xterm-256color", "ENV": "", "LC_ALL": "C.UTF-8"}
        try:
            self._call("new-session", "-d", *size, "-c", str(cwd), "/bin/sh", env=self._env)
            self._call("set-option", "-g", "remain-on-exit", "on")
            # Some shells set their prompt themselves at the start.
            self.write("PS1='$ '")
            self.press("Enter")
            self.clear()
        except BaseException:
            self.close()
            raise

    def run(self, *words: str | Path) -> None:
        """Type a command and Enter."""
        self.write(shlex.join(map(str, words)))
        self.press("Enter")

    def write(self, text: str) -> None:
        """Type the text as it is."""
        self._call("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by their names: `Enter`, `Escape`, `C-c`, `Up`."""
        self._call("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window larger or smaller."""
        self._call("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self) -> str:
        """What is seen: wrapped lines as one, without blanks at their ends."""
        shown = self._call("capture-pane", "-p", "-J")
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip()

    def rows(self) -> list[str]:
        """The rows of the screen as the terminal wraps them, down to the last with anything."""
        return self._call("capture-pane", "-p").rstrip().splitlines()

    def history(self) -> str:
        """The same with everything that has scrolled away."""
        return self._call("capture-pane", "-p", "-J", "-S", "-")

    def colored_lines(self) -> list[str]:
        """The lines that are seen, down to the last with anything in it, each with its colours."""
        lines = self._call("capture-pane", "-p", "-e").rstrip().splitlines()
        return list(self_contained(lines))  # tmux says a colour once, not on each line

    def state(self, name: str) -> str:
        """A fact about the pane, by tmux's name of it: `cursor_flag`, `alternate_on`."""
        return self._call("display-message", "-p", f"#{{{name}}}").strip()

    def wait_for(self, text: str, *, timeout_s: float = WAIT_S) -> str:
        """The screen as soon as the text is on it; `AssertionError` with the screen if never."""
        return self._wait(lambda shown: text in shown, f"{text!r} never came", timeout_s)

    def wait_until_gone(self, text: str, *, timeout_s: float = WAIT_S) -> str:
        """The screen once the text is not on it any more, and what goes with it has gone too."""
        self._wait(lambda shown: text not in shown, f"{text!r} stayed", timeout_s)
        return self.settle(0.2)

    def wait_for_shell(self, *, timeout_s: float = WAIT_S) -> str:
        """The screen once the shell asks for the next command."""
        return self._wait(lambda shown: shown.endswith("\n$"), "the shell is not back", timeout_s)

    def settle(self, quiet_s: float = 0.5, *, timeout_s: float = WAIT_S) -> str:
        """The screen once it has not changed for a while."""
        until, shown, since = time.monotonic() + timeout_s, self.screen(), time.monotonic()
        while time.monotonic() - since < quiet_s:
            assert time.monotonic() < until, f"it never settles; the screen was:\n{shown}"
            time.sleep(_POLL_S)
            if (now := self.screen()) != shown:
                shown, since = now, time.monotonic()
        return shown

    def exit_code(self, *, timeout_s: float = WAIT_S) -> int:
        """The exit code of the command that was run, once its shell is back."""
        self.wait_for_shell(timeout_s=timeout_s)
        self.write("echo code=$?=")
        self.press("Enter")
        shown = self._wait(
            lambda shown: any(_code(line) for line in shown.splitlines()), "no code", timeout_s
        )
        return int(next(code for line in reversed(shown.splitlines()) if (code := _code(line))))

    def clear(self) -> None:
        """An empty screen, with the shell's prompt on its first line."""
        self.run("clear")
        self._wait(lambda shown: shown == "$", "it is not clear", WAIT_S)

    def close(self) -> None:
        """Close the window as a person does: what runs in it is hung up."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, error, trace
        self.close()

    def _wait(self, done: Callable[[str], bool], trouble: str, timeout_s: float) -> str:
        until = time.monotonic() + timeout_s
        while not done(shown := self.screen()):
            assert time.monotonic() < until, f"{trouble}; the screen was:\n{shown}"
            time.sleep(_POLL_S)
        return shown

    def _call(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        ran = subprocess.run(
            [*self._tmux, *words],
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=dict(env if env is not None else self._env),
            timeout=WAIT_S,
        )
        return ran.stdout


def _code(line: str) -> str | None:
    found = line.strip()
    if not (found.startswith("code=") and found.endswith("=")):
        return None
    code = found.removeprefix("code=").removesuffix("=")
    return code if code.isdigit() else None
