"""The sessions of `docs/asking.md`, in a terminal with the demo agent; and its picture.

`python tests/e2e/asking_session.py` writes both again; a test compares them with what is shown
today.
"""

import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bed.bare import bare_command
from bed.picture import picture_of
from bed.terminal import Terminal

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = DOCS / "asking.svg"
COLUMNS = 88
PAGE = DOCS / "asking.md"
_SESSION = re.compile(r"<!-- keys: (.*?)-->\n```console\n\$ (.*?)\n(.*?)```\n", re.DOTALL)
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")
_DURATION = re.compile(r"\b\d+\.\ds\b")
ELAPSED = re.compile(r"Allow\? \d+s")
ASKED = "\nAllow?"

PLACE = "/home/you/shop"
"""The directory in the picture."""


@contextmanager
def open_terminal() -> Iterator[tuple[Terminal, Path]]:
    """A terminal with `clinvk` on its PATH, in a project of an empty home, and the project.

    Its path is short, so that no line is cut at it.
    """
    with tempfile.TemporaryDirectory() as made, _open(Path(made)) as terminal:
        yield terminal, Path(made) / "project"


def _open(folder: Path) -> Terminal:
    clinvk = bare_command(folder)
    programs = folder / "bin"
    programs.mkdir()
    (programs / "clinvk").symlink_to(clinvk.program)
    env = {**clinvk.home.env, "PATH": f"{programs}:{clinvk.home.env['PATH']}"}
    return Terminal(env, clinvk.home.project, columns=COLUMNS, rows=40)


def play(terminal: Terminal, typed: str, keys: str) -> str:
    """What is shown after the command line, when these keys have answered its questions."""
    terminal.clear()
    terminal.write(typed)
    terminal.wait_for(typed)
    terminal.press("Enter")
    for key in shlex.split(keys):
        if len(key) == 1:
            terminal.wait_for(ASKED)
        if len(key) == 1 or key == "Enter":
            terminal.press(key)
        else:
            terminal.wait_for("No, because:")
            terminal.write(key)
            terminal.wait_for(key)
    return terminal.wait_for_shell().removesuffix("\n$").partition("\n")[2]


def sessions_of_page() -> Iterator[tuple[re.Match[str], str]]:
    """The sessions of the page, the third group being what it shows, and what is shown today.

    They are played one after the other, with the keys in the remark above each; ids and times are
    made up.
    """
    with open_terminal() as (terminal, _):
        for session in _SESSION.finditer(PAGE.read_text(encoding="utf-8")):
            shown = _DURATION.sub("0.3s", play(terminal, session[2], session[1]))
            yield session, _ID.sub("7f3a9c2b41d0", shown).rstrip() + "\n"


def write_today() -> None:
    """Put what is shown today into the page."""
    text = PAGE.read_text(encoding="utf-8")
    for session, shown in reversed([*sessions_of_page()]):
        text = f"{text[: session.start(3)]}{shown}{text[session.end(3) :]}"
    PAGE.write_text(text, encoding="utf-8")


def draw() -> str:
    """The picture: an agent asks to change a file."""
    typed = 'clinvk -b demo "/write settings.py TIMEOUT_S = 60"'
    with open_terminal() as (terminal, project):
        (project / "settings.py").write_text("TIMEOUT_S = 30\n")
        terminal.write(typed)
        terminal.press("Enter")
        terminal.wait_for(ASKED)
        lines = terminal.colored_lines()
        terminal.press("C-c")
        terminal.wait_for_shell()
    text = ELAPSED.sub("Allow? 2s", "\n".join(lines)).replace(str(project), PLACE)
    return picture_of(
        text.splitlines(),
        columns=COLUMNS,
        title="An agent asks to change a file: the change as a diff, and the keys that answer",
        typed=[typed],
    )


if __name__ == "__main__":
    write_today()
    PICTURE.write_text(draw(), encoding="utf-8")
