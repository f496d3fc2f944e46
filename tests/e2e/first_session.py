"""`docs/first-session.svg`: a first session with the demo agent, as a terminal showed it.

`python tests/e2e/first_session.py` draws it again; a test compares it with what is shown today.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bed.bare import bare_command
from bed.picture import picture_of
from bed.terminal import Terminal

PICTURE = Path(__file__).parents[2] / "docs/first-session.svg"
COLUMNS = 88
# Ids and durations are never the same: those of the picture are made up.
_IDS = ("7f3a9c2b41d0", "c09d11e7a5f2")
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")
_DURATION = re.compile(r"\b\d+\.\ds\b")

SCENE = (
    'clinvk -b demo "hello"',
    'clinvk -c "what did I say?"',
    'clinvk -b demo -s pr-842 "review the diff"',
    "clinvk sessions list",
    "clinvk sessions search diff",
)
"""What is typed."""


def draw(folder: Path) -> str:
    """The picture, from a session in an empty home."""
    clinvk = bare_command(folder)
    programs = folder / "bin"
    programs.mkdir()
    (programs / "clinvk").symlink_to(clinvk.program)
    env = {**clinvk.home.env, "PATH": f"{programs}:{clinvk.home.env['PATH']}"}
    with Terminal(env, clinvk.home.project, columns=COLUMNS, rows=50) as terminal:
        for typed in SCENE:
            terminal.write(typed)
            terminal.wait_for(typed)
            terminal.press("Enter")
            terminal.wait_for_shell()
        lines = terminal.colored_lines()
    text = _DURATION.sub("0.3s", "\n".join(lines))
    return picture_of(
        _made_up(text).splitlines(),
        columns=COLUMNS,
        title="A first session in a terminal: a prompt, two more, the list, a search",
    )


def _made_up(text: str) -> str:
    seen: dict[str, str] = {}
    numbers: Iterator[int] = count()
    for found in _ID.findall(text):
        if found not in seen:
            seen[found] = _IDS[next(numbers)]
    return _ID.sub(lambda found: seen[found[0]], text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PICTURE.write_text(draw(Path(made)), encoding="utf-8")
