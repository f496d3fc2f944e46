"""`docs/first-session.svg`: two agents, a question and its answer, and one history of both.

It is a terminal's own text: the real CLIs run, and a mock model answers. `python
tests/e2e/first_session.py` draws the picture again; a test compares it with what is shown today.
"""

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bed.agents import Agents, install_agents
from bed.command import Command
from bed.homes import AgentHome
from bed.mock_model import MockModel
from bed.picture import picture_of
from bed.terminal import Terminal
from e2e.asking_session import ASKED

PICTURE = Path(__file__).parents[2] / "docs/first-session.svg"
TITLE = (
    "Claude Code asks before it changes a file, Codex reviews the change,"
    " and one list has both sessions"
)
COLUMNS = 94
PATIENCE_S = 90.0
PLACE = "~/shop"

# Ids and durations are never the same: those of the picture are made up.
_IDS = ("7f3a9c2b41d0", "c09d11e7a5f2")
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")
_DURATION = re.compile(r"(?<![\d.])\d+\.\ds\b")
_ELAPSED = re.compile(r"Allow\? \d+s")

CODE = """\
def total(items, discount=0):
    amount = sum(item.price for item in items)
    return amount
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A line that is typed, what the model is to do with its prompt, and the key that answers."""

    typed: str
    script: str = ""
    key: str = ""

    @property
    def prompt(self) -> str:
        """The words that the agent gets."""
        return self.typed.partition('"')[2].partition('"')[0]


SCENE = (
    Step(
        'clinvk "the discount is ignored, fix it"',
        '[[tool:Read|{"file_path": "{project}/cart.py"}]]'
        "[[edit:{project}/cart.py|return amount|return amount * (1 - discount)]]"
        "[[say:`total` took the discount and never used it. Now it does.]]"
        "[[usage:in=5510,out=186]]",
        key="y",
    ),
    Step(
        'clinvk -b codex -s review "is cart.py right now?"  # another agent, a named session',
        "[[say:Almost: a discount above 1 makes the total negative.]]"
        "[[usage:in=8214,cached=7168,out=94]]",
    ),
    Step(
        'cd / && clinvk resume -q 7f3a "refuse such a discount"  # from anywhere, only the answer',
        "[[say:Done: `total` raises a `ValueError`.]][[usage:in=6120,cached=5696,out=121]]",
    ),
    Step("clinvk sessions list"),
)
"""What is typed, in a project with one file."""


def draw(agents: Agents) -> str:
    """The picture, from a session in an empty home with a short path, at which no line is cut."""
    with tempfile.TemporaryDirectory() as made:
        return _draw(Path(made), agents)


def _draw(folder: Path, agents: Agents) -> str:
    project = folder / "home/shop"
    scripts = {step.prompt: step.script.replace("{project}", str(project)) for step in SCENE}
    ids: dict[str, str] = {}
    with MockModel(scripts=scripts) as server:
        home = AgentHome(folder, server, agents)
        (home.bin / "clinvk").symlink_to(Command(home).program)
        project.mkdir()
        (project / "cart.py").write_text(CODE)
        home.clinvk_home.mkdir(mode=0o700)
        # Else the first line says which of the installed agents it uses.
        (home.clinvk_home / "config.yaml").write_text("default_backend: claude\n")
        env = {**home.env, "ANTHROPIC_MODEL": "claude-opus-4-8"}
        with Terminal(env, project, columns=COLUMNS, rows=50) as terminal:
            lines = [line for step in SCENE for line in _play(terminal, step, ids)]
    text = "\n".join(lines).replace(str(project), PLACE)
    return picture_of(
        text.splitlines(), columns=COLUMNS, title=TITLE, typed=[step.typed for step in SCENE]
    )


def _play(terminal: Terminal, step: Step, ids: dict[str, str]) -> list[str]:
    """What the terminal shows for one line, with the question as it was when it was answered."""
    terminal.clear()
    terminal.write(_replaced(step.typed, {shown[:4]: real[:4] for real, shown in ids.items()}))
    terminal.press("Enter")
    asked = []
    if step.key:
        terminal.wait_for(ASKED, timeout_s=PATIENCE_S)
        asked = terminal.colored_lines()
        asked[-1] += f" \x1b[1;34m{step.key}\x1b[0m"
        terminal.press(step.key)
    terminal.wait_for_shell(timeout_s=PATIENCE_S)
    *shown, _ = terminal.colored_lines()
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(asked, shown, strict=False))
    )
    text = "\n".join([f"$ {step.typed}", *shown[1:same], *asked[same:], *shown[max(same, 1) :], ""])
    for found in _ID.findall(text):
        if found not in ids:
            ids[found] = _IDS[len(ids)]
    return _normal(_replaced(text, ids)).splitlines()


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def _normal(text: str) -> str:
    return _ELAPSED.sub("Allow? 2s", _DURATION.sub("4.2s", text))


if __name__ == "__main__":
    PICTURE.write_text(draw(install_agents(os.environ)), encoding="utf-8")
